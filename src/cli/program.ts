import { createRequire } from 'node:module'
import { Command, CommanderError } from 'commander'
import { COMMANDS } from './commands.js'
import { Exit, printError, UsageError } from './output/failure.js'
import { helpWidth, wrapped } from './output/help.js'
import { Output } from './output/output.js'

const HELP = `
Exit codes:
  0    done; the journal is sound
  1    found damage, losses, or something bad; a gateway refused it
  2    could not run: not found, no permission, not a journal, wrong arguments, no such strategy
  3    no gateway runs that could do the command; it does not act later
  130  ended by Ctrl-C

Errors are one line on stderr, 'code: message'; with --json one object,
{"error":{"code","message","path","position"}}. TICKTAPE_DEBUG=1 adds a stack trace.

Examples:
  $ ticktape ls /dev/shm/desk
  $ ticktape tail /dev/shm/desk/market --follow
  $ ticktape verify /var/lib/desk/orders && echo sound

'ticktape help COMMAND' shows a command's options and examples.`

/** The program with one of its commands, or with all of them when the name is no command's. @param out for the help. */
async function program(name: string | undefined, out: Output): Promise<Command> {
  const { version } = createRequire(import.meta.url)('../../package.json') as { version: string }
  const root = new Command('ticktape')
    .description('Inspect, check, repair and prune memory-mapped journals.')
    .version(version)
    // Commander would print and exit by itself; this program prints the errors and sets the exit codes.
    .exitOverride()
    .configureOutput({
      writeOut: text => out.add(text),
      outputError: () => {},
      getOutHelpWidth: helpWidth,
      getErrHelpWidth: helpWidth,
    })
    .addHelpText('after', wrapped(HELP))
  const wanted = COMMANDS.filter(({ names }) => name !== undefined && names.includes(name))
  const modules = wanted.length > 0 ? wanted : COMMANDS
  for (const register of await Promise.all(modules.map(({ load }) => load()))) register(root)
  return root
}

/** Runs what the command line says and sets the exit code. */
export async function run(argv: readonly string[]): Promise<void> {
  const [, , first, second] = argv
  const help = new Output()
  const root = await program(first, help)
  const isCommand = (name: string): boolean => root.commands.some(command => command.name() === name)
  try {
    // For `help UNKNOWN` commander would print the general help; for running UNKNOWN it suggests similar commands.
    const unknown =
      first === 'help' && second !== undefined && second !== 'help' && !second.startsWith('-') && !isCommand(second)
    await root.parseAsync(unknown ? [argv[0], argv[1], second] : argv)
  } catch (error) {
    process.exitCode = exitCodeOf(
      error,
      argv.includes('--json'),
      first !== undefined && isCommand(first) ? first : undefined,
    )
  }
  try {
    // Its reader may want the beginning only: `ticktape help | head -5`.
    await help.flush()
  } catch (error) {
    process.exitCode = printError(error, false)
  }
}

/** Commander throws after it has printed help, or for a wrong argument. @param command undefined when there is none of that name. */
function exitCodeOf(error: unknown, json: boolean, command: string | undefined): number {
  if (!(error instanceof CommanderError)) return printError(error, json, command)
  if (error.exitCode === 0) return Exit.OK
  if (error.code === 'commander.help') return Exit.FAILED // no command: the help has been printed
  const help = command === undefined ? 'help' : `help ${command}`
  return printError(new UsageError(`${error.message.replace(/^error: /, '')}; see 'ticktape ${help}'`), json)
}

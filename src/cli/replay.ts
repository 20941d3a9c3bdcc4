import * as fs from 'node:fs'
import * as path from 'node:path'
import type { Command } from 'commander'
import type { OrderValues } from '../trading/frames.js'
import type { Speed } from '../trading/feed.js'
import type { ReplayDifference } from '../trading/order-comparison.js'
import { replayStrategy, type ReplayResult } from '../trading/replay.js'
import { Exit, printable, UsageError } from './failure.js'
import { Output, paint, toJson } from './output.js'
import { Progress } from './progress.js'
import { replayJournal } from './replay-journal.js'
import { parseSpeed } from './session-options.js'
import { grouped } from './units.js'

interface ReplayOptions {
  readonly strategy?: string
  readonly speed?: Speed
  readonly print?: boolean
  readonly json?: boolean
}

export function registerReplay(program: Command): void {
  program
    .command('replay')
    .description('hand a strategy its recorded input again and compare what it does; or read a journal again at any speed')
    .argument('<dir>', "a session's home, or a journal's directory")
    .argument('[file]', "with --strategy: the strategy's module; default: the one it ran from last")
    .option('--strategy <id>', 'the strategy to replay')
    .option('--speed <speed>', "of a journal: 'max', 'realtime' or so many times that: 10x; default: max", parseSpeed)
    .option('--print', 'of a journal: print the frames (default with a --speed other than max)')
    .option('--json', 'one JSON object; with --print one a line')
    .addHelpText('after', HELP)
    .action(async (directory: string, file: string | undefined, options: ReplayOptions) => {
      process.exitCode = await replay(directory, file, options)
    })
}

const HELP = `
With --strategy every start of the strategy is replayed: a new instance gets the frames that the recorded one got, and each order it sends
must be the recorded one, at the same frame, with the same values. What it did by clocks or random numbers will differ.
Without, the journal's frames are read and counted by kind, or printed at the pace they were written at.

Exit codes: 0 the same, or all read; 1 different; 2 could not; 130 ended by Ctrl-C.

Examples:
  $ ticktape replay /dev/shm/desk --strategy momentum
  $ ticktape replay /dev/shm/desk --strategy momentum momentum-new.mjs    what would this one have done?
  $ ticktape replay /dev/shm/desk/gateway                                 count its frames
  $ ticktape replay /dev/shm/desk/gateway --speed 10x                     watch it again`

async function replay(directory: string, file: string | undefined, options: ReplayOptions): Promise<number> {
  const leave = new AbortController()
  const interrupt = (): void => leave.abort()
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt)
  try {
    if (options.strategy !== undefined) return await compare(directory, options.strategy, file, options, leave.signal)
    if (file !== undefined) throw new UsageError('a module is replayed with --strategy ID, which says whose input it gets')
    if (fs.existsSync(path.join(directory, 'session.json'))) {
      throw new UsageError(`${directory} is a session: give --strategy ID, or one of its journals, such as ${path.join(directory, 'gateway')}`)
    }
    await replayJournal(directory, options, leave.signal)
  } catch (error) {
    if (!leave.signal.aborted) throw error
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt)
  }
  return leave.signal.aborted ? Exit.INTERRUPTED : Exit.OK
}

async function compare(home: string, strategy: string, file: string | undefined, options: ReplayOptions, signal: AbortSignal): Promise<number> {
  if (options.speed !== undefined || options.print === true) throw new UsageError('--speed and --print are for journals; a strategy is replayed at full speed')
  const progress = new Progress(`replay ${strategy}`)
  let result: ReplayResult
  try {
    result = await replayStrategy({ home, strategy, file, signal, onProgress: part => progress.update(part, 1) })
  } finally {
    progress.end()
  }
  const out = new Output()
  if (options.json === true) out.json({ same: result.difference === undefined, ...result })
  else for (const line of describe(result)) out.line(line)
  await out.flush()
  return result.difference === undefined ? Exit.OK : Exit.DAMAGED
}

function describe(result: ReplayResult): string[] {
  const { strategy, difference } = result
  const done = `${grouped(result.frames)} frames in ${result.runs} ${result.runs === 1 ? 'run' : 'runs'}, ${grouped(result.orders)} orders and cancels as recorded`
  if (difference === undefined) return [`${strategy}: ${paint('green', 'the same')}: ${done}`]
  return [`${strategy}: ${paint('red', 'different')} after ${done}`, ...differenceLines(difference).map(printable)]
}

function differenceLines({ what, input, position, recorded, replayed }: ReplayDifference): string[] {
  const where = input === undefined ? '' : ` (frame at ${input} of the gateway's journal)`
  const lines = [`  it ${what}${where}`]
  if (recorded !== undefined) lines.push(`  recorded, at ${position}: ${orderText(recorded)}`)
  if (replayed !== undefined) lines.push(`  replayed: ${orderText(replayed)}`)
  return lines
}

function orderText(order: OrderValues): string {
  return toJson(order)
}

import type { CommandOutcome } from '../../trading/operator/send-command.js'
import { printable } from '../output/failure.js'
import { Output } from '../output/output.js'

/** The options of all commands that a gateway does. */
export interface CommandFlags {
  readonly reason?: string
  readonly json?: boolean
}

/** What each problem means, for people. */
export function problemText({ problem, text, action }: CommandOutcome): string {
  switch (problem) {
    case 'expired':
      return 'the gateway took the command after it had expired; nothing was done'
    case 'bad-limits':
      return 'the gateway refuses these limits: one is not valid, or two contradict each other'
    case 'unknown-command':
      return `the gateway is of another version, and does not know '${action}'`
    default:
      return text === '' ? problem : text
  }
}

/** Prints what became of a command that was done. @param words what was done, for people. */
export async function printOutcome(outcome: CommandOutcome, json: boolean | undefined, words: string): Promise<void> {
  const out = new Output()
  if (json === true) out.json({ ...outcome, id: outcome.id.toString(16).padStart(16, '0') })
  else out.line(printable(words))
  await out.flush()
}

/** 'one order', '3 orders'. */
export function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}

/** The end of the help of each command. */
export const EXIT_CODES = `
Exit codes: 0 done, 1 the gateway refused it or could not do it, 2 wrong arguments, no such strategy or no home, 3 no gateway runs, or it did not
take the command within 5 s: then the command has expired, and does not act later.`

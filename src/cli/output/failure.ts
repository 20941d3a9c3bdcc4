/** How commands fail: `code: message` on stderr (one JSON object with --json), and an exit code scripts can rely on. */

export const Exit = {
  /** Done; sound. */
  OK: 0,
  /** The command found damage, losses, or a bad setting; a gateway refused what it was asked. */
  DAMAGED: 1,
  /** The command could not do its work: missing path, no permission, not a journal, wrong options, no such strategy. */
  FAILED: 2,
  /** No gateway runs, or it did not take the command in time: the command does not act later. */
  DOWN: 3,
  /** Ended by Ctrl-C, as shells count it. */
  INTERRUPTED: 130,
} as const

/** Wrong arguments. */
export class UsageError extends Error {
  readonly code = 'ERR_USAGE'
}

/** The reader of our output has closed it: the command ends without a message. */
export class OutputClosedError extends Error {
  readonly code = 'EPIPE'
}

/** Commands that look at journals: damage is what they find. For all others it is why they cannot do their work. */
const LOOKING: ReadonlySet<string> = new Set(['doctor', 'ls', 'repair', 'tail', 'verify'])

/** Problems of commands that are wrong arguments. */
const WRONG_NAMES: ReadonlySet<unknown> = new Set(['no-such-strategy', 'no-such-order'])

interface Placed extends Error {
  readonly code?: unknown
  readonly path?: unknown
  readonly position?: unknown
}

/**
 * Prints an error to stderr. A stack trace only with TICKTAPE_DEBUG.
 *
 * @param command its name, if it is known.
 * @returns the exit code that goes with it.
 */
export function printError(error: unknown, json: boolean, command = ''): number {
  if (error instanceof OutputClosedError) return Exit.OK
  const { code, path, position, message } = (error instanceof Error ? error : new Error(String(error))) as Placed
  const name = typeof code === 'string' ? code : 'ERR_INTERNAL'
  const text = json
    ? JSON.stringify({ error: { code: name, message, path, position } })
    : printable(`${name}: ${message.replace(/\s*\n\s*/g, ' ')}`)
  process.stderr.write(`${text}\n`)
  if (process.env['TICKTAPE_DEBUG']) console.error(error)
  else if (name === 'ERR_INTERNAL')
    process.stderr.write('That is a bug in ticktape. Set TICKTAPE_DEBUG=1 to see where, and report it.\n')
  return exitCodeOf(error, name, command)
}

function exitCodeOf(error: unknown, name: string, command: string): number {
  switch (name) {
    case 'ERR_GATEWAY_DOWN':
      return Exit.DOWN
    case 'ERR_COMMAND':
      // A name that is wrong is a wrong argument, whoever finds it.
      return WRONG_NAMES.has((error as { readonly problem?: unknown }).problem) ? Exit.FAILED : Exit.DAMAGED
    case 'ERR_CORRUPT_JOURNAL':
      return LOOKING.has(command) ? Exit.DAMAGED : Exit.FAILED
    default:
      return Exit.FAILED
  }
}

// oxlint-disable-next-line no-control-regex
const CONTROL_CHARACTERS = /[\u0000-\u001f\u007f-\u009f]/g

/** A text that is safe on a terminal, whatever file it is from: control characters are escaped. */
export function printable(text: string): string {
  return text.replace(CONTROL_CHARACTERS, one => `\\x${one.charCodeAt(0).toString(16).padStart(2, '0')}`)
}

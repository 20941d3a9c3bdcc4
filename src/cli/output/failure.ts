/** How commands fail: `code: message` on stderr (one JSON object with --json), and an exit code scripts can rely on. */

export const Exit = {
  /** Done; sound. */
  OK: 0,
  /** The command found damage, losses, or a bad setting. */
  DAMAGED: 1,
  /** The command could not do its work: missing path, no permission, not a journal, wrong options. */
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

interface Placed extends Error {
  readonly code?: unknown
  readonly path?: unknown
  readonly position?: unknown
}

/** Prints an error to stderr. Returns the exit code that goes with it. A stack trace only with TICKTAPE_DEBUG. */
export function printError(error: unknown, json: boolean): number {
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
  if (name === 'ERR_GATEWAY_DOWN') return Exit.DOWN
  return name === 'ERR_CORRUPT_JOURNAL' || name === 'ERR_COMMAND' ? Exit.DAMAGED : Exit.FAILED
}

// oxlint-disable-next-line no-control-regex
const CONTROL_CHARACTERS = /[\u0000-\u001f\u007f-\u009f]/g

/** A text that is safe on a terminal, whatever file it is from: control characters are escaped. */
export function printable(text: string): string {
  return text.replace(CONTROL_CHARACTERS, one => `\\x${one.charCodeAt(0).toString(16).padStart(2, '0')}`)
}

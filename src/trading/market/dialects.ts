import { BINANCE } from './binance.js'
import { bad, type Dialect, type Parsed } from './dialect.js'

/** The dialects that captures are understood in. A new one is a file of its own, and a line here and in docs/runtime.md. */
export const DIALECTS: readonly Dialect[] = [BINANCE]

/** All dialects in words, for messages and help. */
export const DIALECT_NAMES = DIALECTS.map(({ name, used }) => `${name}: ${used}`).join('; ')

/** Parses one line of a capture: `<receive time, ns since 1970> <JSON>`. */
export function parseCaptureLine(line: string): Parsed {
  const space = line.indexOf(' ')
  const received = line.slice(0, space)
  if (space < 1 || !/^\d{1,19}$/.test(received)) return bad('no receive time in ns at its beginning')
  let message: unknown
  try {
    message = JSON.parse(line.slice(space + 1))
  } catch {
    return bad('no JSON after its time')
  }
  if (typeof message !== 'object' || message === null) return bad('JSON that is not a message')
  // ns as ms: a number holds them to less than a µs, which is what pacing needs.
  const timeMs = Number(received) / 1e6
  for (const dialect of DIALECTS) {
    const parsed = dialect.parse(message, timeMs)
    if (parsed !== undefined) return parsed
  }
  return bad('a message of no known dialect')
}

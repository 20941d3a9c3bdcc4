import { bad, other, type Parsed } from './dialects/dialect.js'

/** A line of a capture: what was received, and when. */
export interface CaptureLine {
  /** ns since 1970, as digits. */
  readonly ns: string
  /** The message. */
  readonly json: string
}

/**
 * Splits a line of a capture. There are two forms: `<ns since 1970> <JSON>`, and `<s since 1970 with decimals>: <JSON>`. Files of the second
 * form also have lines that begin with an address: what was sent, connections, and answers to REST requests.
 */
export function splitLine(line: string): CaptureLine | Parsed {
  const space = line.indexOf(' ')
  const first = line.slice(0, Math.max(0, space))
  if (/^\d{1,19}$/.test(first)) return { ns: first, json: line.slice(space + 1) }
  const seconds = /^(\d{1,10})\.(\d{1,9}):$/.exec(first)
  if (seconds !== null) return { ns: seconds[1] + seconds[2].padEnd(9, '0'), json: line.slice(space + 1) }
  const [, arrow] = /^(?:wss?|https?):\/\/\S+ (<-|->|<->) \d/.exec(line) ?? []
  if (arrow === '<-') return other('message that was sent')
  if (arrow === '<->') return other('connection')
  if (arrow === '->') return other('answer of a REST server')
  return bad('no receive time in ns at its start')
}

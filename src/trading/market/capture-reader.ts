import { parseJson } from '../exact/parse-json.js'
import { splitLine } from './capture-line.js'
import { bad, type Dialect, type DialectReader, type Parsed } from './dialects/dialect.js'
import { DIALECTS } from './dialects/dialects.js'

interface Open {
  readonly dialect: Dialect
  readonly reader: DialectReader
}

/**
 * Reads the lines of one capture, in order. The dialect of the first messages is tried first for all that follow; a file may
 * have several.
 */
export class CaptureReader {
  /** The last message that was understood, with its dialect; undefined when the last line has none. */
  last: { readonly message: object; readonly dialect: Dialect; readonly reader: DialectReader } | undefined = undefined
  /** When the last line was received, ns since 1970 as digits; '' when it has no time. */
  lastNs = ''
  private readonly dialects: Open[]

  constructor(dialects: readonly Dialect[] = DIALECTS) {
    this.dialects = dialects.map(dialect => ({ dialect, reader: dialect.open() }))
  }

  read(line: string): Parsed | readonly Parsed[] {
    this.last = undefined
    this.lastNs = ''
    const split = splitLine(line)
    if ('kind' in split) return split
    this.lastNs = split.ns
    let message: unknown
    try {
      message = parseJson(split.json)
    } catch {
      return bad('no JSON after its time')
    }
    if (typeof message !== 'object' || message === null) return bad('JSON that is not a message')
    // As a number of ms this is accurate to less than a µs, which is enough for pacing.
    return this.parse(message, Number(split.ns) / 1e6)
  }

  private parse(message: object, timeMs: number): Parsed | readonly Parsed[] {
    const { dialects } = this
    for (let i = 0; i < dialects.length; i++) {
      const open = dialects[i]
      const parsed = open.reader.parse(message, timeMs)
      if (parsed === undefined) continue
      this.last = { message, dialect: open.dialect, reader: open.reader }
      if (i > 0) dialects.unshift(...dialects.splice(i, 1))
      return parsed
    }
    return bad('a message of no known dialect')
  }
}

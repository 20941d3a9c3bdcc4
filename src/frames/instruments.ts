import { InvalidOptionError } from '../base/errors.js'
import { formatContents, formatValue } from '../base/format-value.js'
import { CorruptJournalError, type FieldDifference, InstrumentMismatchError } from './errors.js'

/**
 * What the number of an instrument means, in one journal. `symbol` and `venue` are text of 1 to 255 bytes of UTF-8 without
 * control characters. Other keys, such as a price tick, are the program's own: they are kept as they are.
 */
export interface InstrumentEntry {
  /** 1 to 2^32 - 1. */
  readonly number: number
  readonly symbol: string
  readonly venue: string
  readonly [key: string]: string | number | boolean | null
}

/** The instruments of one journal: its instruments.json. Entries are only added, never changed or removed. */
export class InstrumentTable {
  private constructor(private readonly byNumber: ReadonlyMap<number, InstrumentEntry>) {}

  static readonly EMPTY = new InstrumentTable(new Map())

  /** In the order in which they were added. */
  get entries(): InstrumentEntry[] {
    return [...this.byNumber.values()]
  }

  get size(): number {
    return this.byNumber.size
  }

  get(number: number): InstrumentEntry | undefined {
    return this.byNumber.get(number)
  }

  /**
   * A table with these entries too; the same one when it has all of them.
   *
   * @param path of the instruments.json, for errors.
   * @throws {InvalidOptionError} for what is not an entry, {InstrumentMismatchError} when another entry has the number.
   */
  with(entries: readonly InstrumentEntry[], path: string): InstrumentTable {
    const byNumber = new Map(this.byNumber)
    for (const given of entries) {
      const entry = checkedCopy(given)
      const known = byNumber.get(entry.number)
      if (known === undefined) byNumber.set(entry.number, entry)
      else refuseOther(known, entry, path)
    }
    return byNumber.size === this.size ? this : new InstrumentTable(byNumber)
  }

  /** The text of instruments.json: one line for each entry. */
  toJson(): string {
    const lines = this.entries.map(entry => `\n    ${JSON.stringify(entry)}`)
    return `{\n  "format": ${INSTRUMENTS_FORMAT},\n  "instruments": [${lines.join(',')}${lines.length > 0 ? '\n  ' : ''}]\n}\n`
  }

  /**
   * Parses the text of instruments.json. The text is not trusted.
   *
   * @throws {CorruptJournalError} when it does not have the format.
   */
  static parse(text: string, path: string): InstrumentTable {
    const bad = (what: string, cause?: unknown): never => {
      throw new CorruptJournalError(`${path} ${what}; run 'ticktape repair'`, { path, cause })
    }
    let json: unknown
    try {
      json = JSON.parse(text)
    } catch (error) {
      return bad(`is not JSON: ${(error as Error).message}`, error)
    }
    if (!isObject(json)) return bad('is not a list of instruments: it is not an object')
    const { format, instruments } = json
    if (format !== INSTRUMENTS_FORMAT)
      return bad(`has format ${formatValue(format)}, but this library reads ${INSTRUMENTS_FORMAT}`)
    if (!Array.isArray(instruments)) return bad("is not a list of instruments: it has no list 'instruments'")
    const byNumber = new Map<number, InstrumentEntry>()
    for (const entry of instruments as unknown[]) {
      const fault = faultOf(entry)
      if (fault !== undefined) return bad(`is not a list of instruments: one ${fault}: ${formatContents(entry)}`)
      const { number } = entry as InstrumentEntry
      if (byNumber.has(number)) return bad(`is not a list of instruments: two have the number ${number}`)
      byNumber.set(number, Object.freeze(entry as InstrumentEntry))
    }
    return new InstrumentTable(byNumber)
  }

  /** The entries that can be read in the text of a damaged instruments.json: a line each, as `toJson` writes them. */
  static salvage(text: string): InstrumentTable {
    const byNumber = new Map<number, InstrumentEntry>()
    for (const line of text.split('\n')) {
      const entry = parsedLine(line.trim().replace(/,$/, ''))
      if (faultOf(entry) !== undefined) continue
      const { number } = entry as InstrumentEntry
      if (!byNumber.has(number)) byNumber.set(number, Object.freeze(entry as InstrumentEntry))
    }
    return new InstrumentTable(byNumber)
  }
}

const INSTRUMENTS_FORMAT = 1
const MAX_NUMBER = 2 ** 32 - 1
const MAX_TEXT_BYTES = 255

/** What is wrong with an entry, as the rest of a sentence; undefined when nothing is. */
function faultOf(entry: unknown): string | undefined {
  if (!isObject(entry)) return 'is not an object'
  const { number, symbol, venue } = entry
  if (!Number.isInteger(number) || (number as number) < 1 || (number as number) > MAX_NUMBER)
    return `needs a 'number' from 1 to ${MAX_NUMBER}`
  if (!isName(symbol)) return `needs a 'symbol' ${NAME}`
  if (!isName(venue)) return `needs a 'venue' ${NAME}`
  for (const [key, value] of Object.entries(entry)) {
    if (!isPlain(key) || !isPlain(value))
      return `has something else than text, a finite number, true, false or null in ${formatValue(key)}`
  }
  return undefined
}

const NAME = `of 1 to ${MAX_TEXT_BYTES} bytes of UTF-8 without control characters`

function isName(value: unknown): boolean {
  // Cc: control characters. Cs: half of a surrogate pair, which UTF-8 cannot hold.
  return typeof value === 'string' && /^[^\p{Cc}\p{Cs}]+$/u.test(value) && Buffer.byteLength(value) <= MAX_TEXT_BYTES
}

/** Whether JSON returns the value as it was. What is undefined is left out, as in all options. */
function isPlain(value: unknown): boolean {
  if (typeof value === 'string') return !/\p{Cs}/u.test(value)
  return value === undefined || value === null || typeof value === 'boolean' || Number.isFinite(value)
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A frozen copy, as it will be read from the file, with the three known keys first. @throws {InvalidOptionError} */
function checkedCopy(given: InstrumentEntry): InstrumentEntry {
  // The copy is checked, because properties may be getters.
  const { number, venue, symbol, ...rest } = isObject(given) ? given : ({} as InstrumentEntry)
  const copy = { number, venue, symbol, ...rest }
  const fault = isObject(given) ? faultOf(copy) : 'is not an object'
  if (fault !== undefined) throw new InvalidOptionError(`an instrument ${fault}: ${formatContents(given)}`)
  return Object.freeze(JSON.parse(JSON.stringify(copy)) as InstrumentEntry)
}

function refuseOther(known: InstrumentEntry, entry: InstrumentEntry, path: string): void {
  const differences: FieldDifference[] = []
  for (const key of new Set([...Object.keys(known), ...Object.keys(entry)])) {
    const [journal, program] = [known, entry].map(one => (Object.hasOwn(one, key) ? one[key] : undefined))
    if (journal !== program) differences.push({ field: key, journal: shown(journal), program: shown(program) })
  }
  if (differences.length === 0) return
  const list = differences.map(d => `${d.field}: ${d.journal} in the journal, ${d.program} in the program`).join('; ')
  throw new InstrumentMismatchError(
    `instrument ${known.number} has other terms in ${path}: ${list}. Give an instrument whose terms changed a new number`,
    differences,
    { path },
  )
}

function shown(value: unknown): string {
  return value === undefined ? 'absent' : formatValue(value)
}

function parsedLine(line: string): unknown {
  if (!line.startsWith('{')) return undefined
  try {
    return JSON.parse(line)
  } catch {
    return undefined // damaged
  }
}

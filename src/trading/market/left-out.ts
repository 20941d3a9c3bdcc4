import type { TicktapeError } from '../../base/errors.js'
import { formatValue } from '../../base/format-value.js'
import { CaptureError, CaptureLineError } from '../errors.js'
import { SYMBOLS } from '../instruments/instrument.js'
import type { Parsed } from './dialects/dialect.js'
import { DIALECT_NAMES } from './dialects/dialects.js'

/** The number of problems that get a report each; all others are one report at the end. */
const MOST_REPORTED = 10
/** The number of names that are counted separately: the content of a file must not fill the memory. */
const MOST_NAMES = 100
const LONGEST_NAME = 64
/** Names in one message. */
const MOST_SHOWN = 5

/** Counts by name. */
class Tally {
  readonly counts = new Map<string, number>()

  /** Returns whether the name is new. */
  add(text: string): boolean {
    const name = text.slice(0, LONGEST_NAME)
    const count = this.counts.get(name)
    if (count === undefined && this.counts.size >= MOST_NAMES) this.add('others')
    else this.counts.set(name, (count ?? 0) + 1)
    return count === undefined
  }
}

/** '6551 × depthUpdate, 1 × book snapshot': the most frequent names, most frequent first. */
export function countsText(counts: ReadonlyMap<string, number>): string {
  const sorted = [...counts].sort((a, b) => b[1] - a[1])
  const more = sorted.length - MOST_SHOWN
  const texts = sorted.slice(0, MOST_SHOWN).map(([name, count]) => `${count} × ${name}`)
  return [...texts, ...(more > 0 ? [`${more} others`] : [])].join(', ')
}

/** The lines of a capture that became no event: counts them, and reports them in a bounded number of messages. */
export class LeftOut {
  /** The number of lines that were not valid, or whose symbol does not fit into frames. */
  bad = 0
  private readonly others = new Tally()
  private readonly unfit = new Tally()
  private readonly reasons = new Tally()
  private reported = 0
  /** Reports are held until an event is understood: a file of another kind is one error, and not one per line. */
  private held: CaptureLineError[] | undefined = []
  private firstUnreported: number | undefined = undefined

  constructor(
    private readonly file: string,
    private readonly report: (problem: TicktapeError) => void,
  ) {}

  /** Valid messages that are neither a quote nor a trade of the market, counted by kind. */
  get passedOver(): ReadonlyMap<string, number> {
    return this.others.counts
  }

  /** Lines whose symbol does not fit into frames, counted by symbol. */
  get unfitSymbols(): ReadonlyMap<string, number> {
    return this.unfit.counts
  }

  /** Call this for each event: after the first one, problems are reported at once. */
  eventFound(): void {
    if (this.held === undefined) return
    const { held } = this
    this.held = undefined
    for (const problem of held) this.report(problem)
  }

  add(parsed: Exclude<Parsed, { readonly kind: 'quote' | 'trade' }>, line: number): void {
    if (parsed.kind === 'other') {
      this.others.add(parsed.what)
    } else if (parsed.kind === 'bad') {
      this.addBad(parsed.why, line)
    } else {
      this.bad++
      const { symbol } = parsed
      if (this.unfit.add(symbol))
        this.problem(
          `line ${line} of ${this.file} is of ${formatValue(symbol)}; frames hold ${SYMBOLS}, so all of this symbol is left out`,
          line,
        )
    }
  }

  /** @param what the part of the file that was left out. */
  addBad(why: string, line: number, what = 'it', cause?: unknown): void {
    this.bad++
    this.reasons.add(why)
    this.problem(`line ${line} of ${this.file} has ${why}; ${what} was left out`, line, cause)
  }

  /** Call this at the end of the file, which has `lines` lines. @throws {CaptureError} when it has no event. */
  checkAny(lines: number): void {
    if (this.held === undefined) return
    const found = [
      ...(this.others.counts.size > 0
        ? [`messages that are neither quotes nor trades of the market (${countsText(this.others.counts)})`]
        : []),
      ...(this.unfit.counts.size > 0
        ? [`symbols that frames cannot hold (${countsText(this.unfit.counts)}); they hold ${SYMBOLS}`]
        : []),
      ...(this.reasons.counts.size > 0 ? [`lines that are not understood (${countsText(this.reasons.counts)})`] : []),
    ]
    throw new CaptureError(
      `no event in ${this.file} is understood. It has ${lines === 0 ? 'no line' : `${lines} lines, ${found.join(' and ')}`}. Captures are read in these dialects: ${DIALECT_NAMES}; a line is \`<receive time, ns since 1970> <JSON>\``,
      { path: this.file },
    )
  }

  /** Reports the problems that have not been reported yet. */
  end(): void {
    if (this.held !== undefined || this.firstUnreported === undefined) return
    const parts = [
      ...(this.reasons.counts.size > 0 ? [countsText(this.reasons.counts)] : []),
      ...(this.unfit.counts.size > 0 ? [`of symbols that frames cannot hold: ${countsText(this.unfit.counts)}`] : []),
    ]
    this.report(
      new CaptureLineError(
        `line ${this.firstUnreported} of ${this.file} and others were left out too, ${this.bad} lines in all: ${parts.join('; ')}`,
        this.firstUnreported,
        { path: this.file },
      ),
    )
    this.firstUnreported = undefined
  }

  private problem(message: string, line: number, cause?: unknown): void {
    if (this.reported >= MOST_REPORTED) {
      this.firstUnreported ??= line
      return
    }
    this.reported++
    const problem = new CaptureLineError(message, line, { path: this.file, cause })
    if (this.held === undefined) this.report(problem)
    else this.held.push(problem)
  }
}

import type { TicktapeError } from '../../base/errors.js'
import { formatValue } from '../../base/format-value.js'
import { CaptureError, CaptureLineError } from '../errors.js'
import { SYMBOLS } from '../messages/frames.js'
import type { Parsed } from './dialect.js'
import { DIALECT_NAMES } from './dialects.js'

/** Problems that are told one by one; the rest are told in one message at the end. */
const MOST_TOLD = 10
/** Names that are counted apart: what a file holds must not fill the memory. */
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

/** '6551 × depthUpdate, 1 × book snapshot': the most frequent first, a bounded number of them. */
export function countsText(counts: ReadonlyMap<string, number>): string {
  const sorted = [...counts].sort((a, b) => b[1] - a[1])
  const more = sorted.length - MOST_SHOWN
  const texts = sorted.slice(0, MOST_SHOWN).map(([name, count]) => `${count} × ${name}`)
  return [...texts, ...(more > 0 ? [`${more} others`] : [])].join(', ')
}

/** The lines of a capture that became no event: counts them, and tells of them in a bounded number of messages. */
export class LeftOut {
  /** Lines that were not valid, and those of symbols that frames cannot hold. */
  bad = 0
  private readonly others = new Tally()
  private readonly unfit = new Tally()
  private readonly reasons = new Tally()
  private told = 0
  /** Kept back until an event is understood: a file of another kind is one error, and not one a line. */
  private held: CaptureLineError[] | undefined = []
  private firstUntold: number | undefined = undefined

  constructor(
    private readonly file: string,
    private readonly tell: (problem: TicktapeError) => void,
  ) {}

  /** Sound messages that are neither a quote nor a trade of the market, by kind. */
  get passedOver(): ReadonlyMap<string, number> {
    return this.others.counts
  }

  /** Lines of symbols that frames cannot hold, by symbol. */
  get unfitSymbols(): ReadonlyMap<string, number> {
    return this.unfit.counts
  }

  /** An event was understood. */
  understood(): void {
    if (this.held === undefined) return
    const { held } = this
    this.held = undefined
    for (const problem of held) this.tell(problem)
  }

  see(parsed: Exclude<Parsed, { readonly kind: 'quote' | 'trade' }>, line: number): void {
    if (parsed.kind === 'other') {
      this.others.add(parsed.what)
    } else if (parsed.kind === 'bad') {
      this.seeBad(parsed.why, line)
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

  /** @param what of the file was left out. */
  seeBad(why: string, line: number, what = 'it', cause?: unknown): void {
    this.bad++
    this.reasons.add(why)
    this.problem(`line ${line} of ${this.file} has ${why}; ${what} was left out`, line, cause)
  }

  /** The file has ended. @throws {CaptureError} when it has no event, after `lines` lines. */
  checkAny(lines: number): void {
    if (this.held === undefined) return
    const found = [
      ...(this.others.counts.size > 0
        ? [`messages that are no quotes and no trades of the market (${countsText(this.others.counts)})`]
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

  /** Tells of what has not been told by now. */
  end(): void {
    if (this.held !== undefined || this.firstUntold === undefined) return
    const parts = [
      ...(this.reasons.counts.size > 0 ? [countsText(this.reasons.counts)] : []),
      ...(this.unfit.counts.size > 0 ? [`of symbols that frames cannot hold: ${countsText(this.unfit.counts)}`] : []),
    ]
    this.tell(
      new CaptureLineError(
        `line ${this.firstUntold} of ${this.file} and others were left out too, ${this.bad} lines in all: ${parts.join('; ')}`,
        this.firstUntold,
        { path: this.file },
      ),
    )
    this.firstUntold = undefined
  }

  private problem(message: string, line: number, cause?: unknown): void {
    if (this.told >= MOST_TOLD) {
      this.firstUntold ??= line
      return
    }
    this.told++
    const problem = new CaptureLineError(message, line, { path: this.file, cause })
    if (this.held === undefined) this.tell(problem)
    else this.held.push(problem)
  }
}

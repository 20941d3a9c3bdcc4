import * as fs from 'node:fs'
import { TicktapeError } from '../../base/errors.js'
import { fromSystemError } from '../../base/system-error.js'
import { captureFile, isDamagedGzip, linesOf } from './capture-file.js'
import { CaptureReader } from './capture-reader.js'
import type { About, Parsed } from './dialects/dialect.js'
import { type SeriesGap, SeriesWatch } from './series-watch.js'
import { type TimeGap, TimeWatch } from './time-watch.js'

/** What a capture has, counted line by line. */
export interface CaptureInfo {
  readonly path: string
  /** Of the file, as it is on the disk. */
  readonly bytes: number
  readonly lines: number
  /** Receive times of the first and the last line, ns since 1970. */
  readonly from: bigint | undefined
  readonly to: bigint | undefined
  /** What a run gets. */
  readonly quotes: number
  readonly trades: number
  /** By dialect, market, symbol and kind; the most frequent first. */
  readonly contents: readonly CaptureContent[]
  readonly time: {
    readonly longestGapMs: number
    readonly backwards: number
    readonly gapCount: number
    /** The first ones. */
    readonly gaps: readonly TimeGap[]
  }
  readonly series: {
    /** Series of messages that the venue numbers. */
    readonly count: number
    readonly repeated: number
    readonly gapCount: number
    /** The first ones. */
    readonly gaps: readonly SeriesGap[]
  }
  /** Lines that are not understood, by reason; the most frequent first. */
  readonly problems: readonly CaptureProblem[]
}

export interface CaptureContent {
  /** The venue: 'Binance'; '' of lines that are no messages. */
  readonly dialect: string
  /** The part of the venue, '' when messages do not say. */
  readonly market: string
  /** '' of messages about no symbol. */
  readonly symbol: string
  /** 'quote', 'trade', or why it is neither. */
  readonly kind: string
  readonly count: number
}

export interface CaptureProblem {
  /** Continues the sentence 'a line has'. */
  readonly why: string
  readonly lines: number
  /** The first of them, counted from 1. */
  readonly firstLine: number
}

export interface CaptureInfoOptions {
  /** From which on a time without a line is listed as a gap, in ms. Default 10,000. */
  readonly gapMs?: number | undefined
  /** Called again and again with the bytes read so far and the bytes of the file. */
  readonly onProgress?: ((done: number, bytes: number) => void) | undefined
}

/**
 * Reads a capture from its first to its last line, and says what it has.
 *
 * @throws {InvalidOptionError} when there is no such file, or a line is too long for a capture.
 */
export async function captureInfo(path: string, options: CaptureInfoOptions = {}): Promise<CaptureInfo> {
  const file = captureFile(path)
  const count = new Count(options.gapMs ?? 10_000)
  const bytes = fs.statSync(file).size
  try {
    for await (const lines of linesOf(file, done => options.onProgress?.(done, bytes)))
      for (const line of lines) count.see(line)
  } catch (error) {
    if (error instanceof TicktapeError) throw error
    if (!isDamagedGzip(error)) throw fromSystemError(error, 'reading', file)
    count.cutOff()
  }
  return { path: file, bytes, ...count.result() }
}

/** Rows that are counted separately: a file's content must not fill the memory. */
const MOST_ROWS = 5000
const LONGEST_NAME = 64
const OTHERS = { dialect: '', market: '', symbol: '', kind: 'others' }

class Count {
  private line = 0
  private quotes = 0
  private trades = 0
  private readonly reader = new CaptureReader()
  private readonly time: TimeWatch
  private readonly series = new SeriesWatch()
  private readonly rows = new Map<string, { -readonly [K in keyof CaptureContent]: CaptureContent[K] }>()
  private readonly problems = new Map<string, { why: string; lines: number; firstLine: number }>()
  /** By dialect and symbol: what the first message that says it says. */
  private readonly markets = new Map<string, string>()

  constructor(gapMs: number) {
    this.time = new TimeWatch(gapMs)
  }

  see(text: string): void {
    this.line++
    if (text === '') return
    const { reader, line } = this
    const parsed = reader.read(text)
    if (reader.lastNs !== '') this.time.see(reader.lastNs, line)
    const { last } = reader
    const dialect = last?.dialect.venue ?? ''
    const about = last === undefined ? {} : last.reader.about(last.message)
    const market = this.marketOf(dialect, about)
    const { symbol = '', series } = about
    if (series !== undefined) this.series.see(`${dialect} ${market} ${symbol}`, symbol, series, line)
    if ('kind' in parsed) this.add(parsed, dialect, market, symbol)
    else for (const part of parsed) this.add(part, dialect, market, symbol)
  }

  /** The compressed data ends here. */
  cutOff(): void {
    this.problem('compressed data that is cut off or damaged; the rest of the file is missing', this.line + 1)
  }

  result(): Omit<CaptureInfo, 'path' | 'bytes'> {
    const { time, series } = this
    return {
      lines: this.line,
      from: time.first,
      to: time.last,
      quotes: this.quotes,
      trades: this.trades,
      contents: [...this.rows.values()].sort((a, b) => b.count - a.count),
      time: {
        longestGapMs: time.longestMs,
        backwards: time.backwards,
        gapCount: time.count,
        gaps: time.gaps,
      },
      series: { count: series.size, repeated: series.repeated, gapCount: series.count, gaps: series.gaps },
      problems: [...this.problems.values()].sort((a, b) => b.lines - a.lines),
    }
  }

  private marketOf(dialect: string, { market, symbol = '' }: About): string {
    const key = `${dialect} ${symbol}`
    const known = this.markets.get(key)
    if (market === undefined) return known ?? ''
    if (known === undefined && this.markets.size < MOST_ROWS) this.markets.set(key, market)
    return market
  }

  private add(parsed: Parsed, dialect: string, market: string, symbol: string): void {
    switch (parsed.kind) {
      case 'quote':
        this.quotes++
        return this.row(dialect, market, parsed.symbol, 'quote')
      case 'trade':
        this.trades++
        return this.row(dialect, market, parsed.symbol, 'trade')
      case 'other':
        return this.row(dialect, market, symbol, parsed.what)
      case 'unfit':
        return this.problem('a symbol that frames cannot hold', this.line)
      default:
        return this.problem(parsed.why, this.line)
    }
  }

  private row(dialect: string, market: string, fullSymbol: string, fullKind: string): void {
    const symbol = fullSymbol.slice(0, LONGEST_NAME)
    const kind = fullKind.slice(0, LONGEST_NAME)
    const key = JSON.stringify([dialect, market, symbol, kind])
    const isKnown = this.rows.has(key) || this.rows.size < MOST_ROWS
    const row = this.rows.get(isKnown ? key : '')
    if (row !== undefined) row.count++
    else if (isKnown) this.rows.set(key, { dialect, market, symbol, kind, count: 1 })
    else this.rows.set('', { ...OTHERS, count: 1 })
  }

  private problem(why: string, line: number): void {
    const known = this.problems.get(why)
    if (known === undefined) this.problems.set(why, { why, lines: 1, firstLine: line })
    else known.lines++
  }
}

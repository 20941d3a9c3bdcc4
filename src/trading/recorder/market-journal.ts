import { now } from '../../base/clock.js'
import { readInstruments } from '../../journal/files/instruments-file.js'
import { Reader } from '../../journal/read/reader.js'
import type { WriterRetention } from '../../journal/retain/plan.js'
import { positionBefore } from '../../journal/seek/last-frames.js'
import type { Durability } from '../../journal/write/options.js'
import { Writer } from '../../journal/write/writer.js'
import type { Instrument, InstrumentSpec } from '../instruments/instrument.js'
import { Instruments } from '../instruments/instruments.js'
import { guessInstrument } from '../market/guess-instrument.js'
import { entryOf, writeInstrument } from '../messages/instrument-frames.js'
import type { MarketEvent } from '../messages/market-event.js'
import { BookTop, Trade } from '../messages/market-frames.js'
import { MarketGap } from '../messages/recording-frames.js'
import { InstrumentTerms } from '../messages/sequence-frames.js'

export interface MarketJournalOptions {
  /** The venue of symbols whose terms are not given. Default 'recorded'. */
  readonly venue?: string | undefined
  /** As of a writer. Default: all pages are kept. */
  readonly retain?: WriterRetention | undefined
  /** As of a writer. */
  readonly durability?: Durability | undefined
  readonly pageSize?: number | undefined
}

const NS_PER_MS = 1e6
/** Bytes of the reason in a MarketGap. */
const REASON_BYTES = 80

/**
 * Records market data into a journal: a quote as a BookTop, a trade as a Trade, 64 bytes each, with the venue's time and the time of
 * receipt. Other processes can read it while it grows; `ticktape backtest` plays it.
 */
export class MarketJournal {
  /** Events written by this recorder. */
  events = 0
  /** Gaps written by this recorder. */
  gaps = 0
  private readonly bySymbol = new Map<string, Instrument>()

  private constructor(
    private readonly writer: Writer,
    private readonly instruments: Instruments,
    private readonly venue: string,
  ) {}

  /**
   * Opens a journal, which is created if needed, and continues the recording that it has.
   *
   * @throws as `Writer.open`: {WriterLockedError} when another process records there.
   */
  static open(directory: string, options: MarketJournalOptions = {}): MarketJournal {
    const { venue = 'recorded', ...own } = options
    const writer = Writer.open(directory, { ...own, frames: [BookTop, Trade, InstrumentTerms, MarketGap] })
    try {
      const instruments = new Instruments()
      for (const { number, ...spec } of readInstruments(writer.path).entries)
        instruments.restore(number, spec as unknown as InstrumentSpec)
      return new MarketJournal(writer, instruments, venue)
    } catch (error) {
      writer.close()
      throw error
    }
  }

  get path(): string {
    return this.writer.path
  }

  get position(): number {
    return this.writer.position
  }

  /** Takes the terms of an instrument. Changed terms make a new instrument, with the next number. */
  addInstrument(spec: InstrumentSpec): void {
    const { count } = this.instruments
    const instrument = this.instruments.add(spec)
    this.bySymbol.set(spec.symbol, instrument)
    if (this.instruments.count === count) return
    this.writer.addInstruments([entryOf(instrument)])
    writeInstrument(this.writer, instrument)
  }

  /** Records one event, with the time at which this is called. @throws as `Writer.write` */
  write(event: MarketEvent): void {
    const { writer } = this
    const instrument = this.instrumentOf(event)
    const venueTime = BigInt(Math.round(event.timeMs * 1000)) * 1000n
    if (event.kind === 'trade') {
      const trade = writer.begin(Trade)
      trade.instrument = instrument.number
      trade.venueTime = venueTime
      trade.side = event.side
      trade.price = event.price
      trade.quantity = event.quantity
      trade.tradeId = event.tradeId
    } else {
      const book = writer.begin(BookTop)
      book.instrument = instrument.number
      book.venueTime = venueTime
      book.bid = event.bid
      book.ask = event.ask
      book.bidSize = event.bidSize
      book.askSize = event.askSize
    }
    writer.commit()
    this.events++
  }

  /**
   * Records that something may be missing: since the last frame, or for longer.
   *
   * @param missingMs for how many ms at least.
   * @returns for how many ms it says so; undefined before the first frame, when nothing is recorded.
   */
  gap(reason: string, missingMs = 0): number | undefined {
    const { writer } = this
    const last = lastTimeOf(writer)
    if (last === undefined) return undefined
    const to = now()
    const begun = to - BigInt(Math.round(missingMs * NS_PER_MS))
    const from = begun < last ? begun : last
    writer.write(MarketGap, { from, to, reason: shortened(reason) })
    this.gaps++
    return Number(to - from) / NS_PER_MS
  }

  /** Makes what was written durable, if the journal is. */
  async flush(): Promise<void> {
    await this.writer.flush()
  }

  /** Ends the recording. Any number of times. */
  close(): void {
    this.writer.close()
  }

  [Symbol.dispose](): void {
    this.close()
  }

  private instrumentOf(event: MarketEvent): Instrument {
    const known = this.bySymbol.get(event.symbol) ?? this.instruments.lookUp(event.symbol, this.venue)
    if (known !== undefined) return known
    const price = event.kind === 'trade' ? event.price : event.ask > 0 ? event.ask : event.bid
    this.addInstrument(guessInstrument(event.symbol, this.venue, price))
    return this.bySymbol.get(event.symbol) as Instrument
  }
}

/** ns since 1970 of the last frame. */
function lastTimeOf(writer: Writer): bigint | undefined {
  const position = positionBefore(writer.path, writer.position)
  if (position === undefined) return undefined
  const reader = Reader.open(writer.path, { from: { position } })
  try {
    for (const frame of reader) return frame.time
    return undefined
  } finally {
    reader.close()
  }
}

/** The beginning of a text, so that its bytes fit and no character is cut. */
function shortened(text: string): string {
  let length = 0
  let end = 0
  for (const character of text) {
    length += Buffer.byteLength(character)
    if (length > REASON_BYTES) break
    end += character.length
  }
  return text.slice(0, end)
}

import * as fs from 'node:fs'
import * as path from 'node:path'
import { InvalidOptionError, type TicktapeError } from '../../base/errors.js'
import { Halves } from '../../frames/halves.js'
import { on } from '../../frames/handlers.js'
import type { InstrumentEntry } from '../../frames/instruments.js'
import type { FramePointer } from '../../frames/pointer.js'
import { type FrameView, pointerOf } from '../../frames/view.js'
import { isJournal } from '../../journal/inspect/inspect.js'
import { Reader } from '../../journal/read/reader.js'
import type { InstrumentSpec } from '../instruments/instrument.js'
import { CaptureFeed } from '../market/capture-feed.js'
import type { Feed } from '../market/feed.js'
import type { MarketEvent } from '../messages/market-event.js'
import { BookTop, Trade } from '../messages/market-frames.js'
import { isHome } from '../sequence/home.js'
import { BUFFER_EVENTS, EventBuffer } from './event-buffer.js'

/** Market events from somewhere, a buffer at a time. */
export interface EventStream {
  readonly buffer: EventBuffer
  /** The terms of its instruments, as far as it has them. */
  readonly instruments: readonly InstrumentSpec[]
  /** Fills the empty buffer again. Returns whether there was an event. */
  fill(): Promise<boolean>
  /** How much of it was read, 0 to 1; undefined when the total is not known. */
  readonly part: number | undefined
  close(): Promise<void>
}

/** A capture, a journal with market data, or a home. @throws {InvalidOptionError} */
export function openStream(file: string, onProblem?: (problem: TicktapeError) => void): EventStream {
  if (fs.statSync(file, { throwIfNoEntry: false })?.isDirectory() !== true)
    return new FeedStream(new CaptureFeed(file), onProblem)
  const journal = isHome(file) ? path.join(file, 'gateway') : file
  if (isJournal(journal)) return new JournalStream(journal)
  throw new InvalidOptionError(`${file} is no capture, no journal and no home`, { path: file })
}

/** The events of a feed. */
export class FeedStream implements EventStream {
  readonly buffer: EventBuffer
  readonly instruments = []
  readonly part = undefined
  private readonly numbers = new Map<string, number>()
  private readonly iterator: AsyncIterator<readonly MarketEvent[]>
  private batch: readonly MarketEvent[] = []
  private index = 0
  private readonly aborter = new AbortController()

  constructor(feed: Feed, onProblem?: (problem: TicktapeError) => void) {
    if (onProblem !== undefined) feed.onProblem = onProblem
    this.buffer = new EventBuffer(feed.identity ?? '')
    this.iterator = feed.events(0, { signal: this.aborter.signal })[Symbol.asyncIterator]()
  }

  async fill(): Promise<boolean> {
    const { buffer } = this
    buffer.clear()
    while (!buffer.isFull) {
      if (this.index < this.batch.length) this.add(this.batch[this.index++])
      else if (buffer.count > 0 && this.batch.length > 0 && buffer.count + this.batch.length > BUFFER_EVENTS) break
      else {
        const next = await this.iterator.next()
        if (next.done === true) break
        this.batch = next.value
        this.index = 0
      }
    }
    return buffer.count > 0
  }

  async close(): Promise<void> {
    this.aborter.abort()
    await this.iterator.return?.()
  }

  private add(event: MarketEvent): void {
    const { buffer, numbers } = this
    const { symbol, timeMs } = event
    let number = numbers.get(symbol)
    if (number === undefined) numbers.set(symbol, (number = buffer.symbols.push(symbol) - 1))
    if (event.kind === 'quote') buffer.addQuote(number, timeMs, event.bid, event.bidSize, event.ask, event.askSize)
    else buffer.addTrade(number, timeMs, event.price, event.quantity, event.tradeId, event.side)
  }
}

const BOOK_TIME = new Halves(BookTop, 'venueTime')
const TRADE_TIME = new Halves(Trade, 'venueTime')
/** Offset of the time in a frame's header, in words of 32 bits. */
const TIME_WORD = 2

/** The BookTop and Trade frames of a journal, up to its end now. */
export class JournalStream implements EventStream {
  readonly buffer: EventBuffer
  readonly instruments: readonly InstrumentSpec[]
  private readonly reader: Reader
  private readonly from: number
  private readonly end: number
  /** By the number of the instrument: its index among the buffer's symbols. */
  private readonly numbers: (number | undefined)[] = []
  private readonly handlers = on(BookTop, frame => this.addBook(frame)).on(Trade, frame => this.addTrade(frame))

  constructor(journal: string) {
    this.reader = Reader.open(journal)
    this.from = this.reader.position
    this.end = this.reader.position + this.reader.lag
    this.buffer = new EventBuffer(`journal ${nameOf(path.dirname(journal))}/${nameOf(journal)}`)
    this.instruments = this.reader.instruments().flatMap(entry => specOf(entry))
  }

  get part(): number {
    return this.end === this.from ? 1 : (this.reader.position - this.from) / (this.end - this.from)
  }

  fill(): Promise<boolean> {
    const { buffer, reader, end } = this
    buffer.clear()
    while (reader.position < end && reader.poll(this.handlers, BUFFER_EVENTS - buffer.count) > 0 && !buffer.isFull);
    return Promise.resolve(buffer.count > 0)
  }

  close(): Promise<void> {
    this.reader.close()
    return Promise.resolve()
  }

  private addBook(frame: FrameView<typeof BookTop>): void {
    const time = timeOf(frame, BOOK_TIME)
    this.buffer.addQuote(this.numberOf(frame), time, frame.bid, frame.bidSize, frame.ask, frame.askSize)
  }

  private addTrade(frame: FrameView<typeof Trade>): void {
    const time = timeOf(frame, TRADE_TIME)
    const { price, quantity, tradeId, side } = frame
    this.buffer.addTrade(this.numberOf(frame), time, price, quantity, tradeId, side)
  }

  private numberOf(frame: FrameView<typeof BookTop> | FrameView<typeof Trade>): number {
    const { instrument } = frame
    const known = this.numbers[instrument]
    if (known !== undefined) return known
    const entry = this.reader.instrument(instrument)
    const symbol = entry === undefined || specOf(entry).length === 0 ? frame.symbol : `${entry.symbol}.${entry.venue}`
    const number = this.buffer.symbols.push(symbol) - 1
    this.numbers[instrument] = number
    return number
  }
}

/** A part of a feed's identity, which is ASCII. */
function nameOf(directory: string): string {
  return path
    .basename(directory)
    .replaceAll(/[^\x21-\x7e]/g, '?')
    .slice(-32)
}

/** ms since 1970: when it happened, or, if the venue gave no time, when the frame was written. */
function timeOf(frame: FrameView, venueTime: Halves): number {
  const pointer = pointerOf(frame) as FramePointer
  const high = venueTime.high(pointer)
  const low = venueTime.low(pointer)
  if (high !== 0 || low !== 0) return (high * 2 ** 32 + low) / 1e6
  const word = (pointer.at >> 2) + TIME_WORD
  return (pointer.u32[word + 1] * 2 ** 32 + pointer.u32[word]) / 1e6
}

/** The terms in an entry of instruments.json; none when it has only a name. */
function specOf(entry: InstrumentEntry): InstrumentSpec[] {
  const needed = ['kind', 'base', 'quote', 'priceTick', 'quantityStep']
  if (!needed.every(name => typeof entry[name] === 'string')) return []
  const terms = Object.entries(entry).filter(([name]) => name !== 'number')
  return [Object.fromEntries(terms) as unknown as InstrumentSpec]
}

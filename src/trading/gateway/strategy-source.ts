import { FrameBatch } from '../../frames/frame-batch.js'
import { type Handlers, on } from '../../frames/handlers.js'
import { offsetsOf } from '../../frames/offsets.js'
import type { FramePointer } from '../../frames/pointer.js'
import { Reader } from '../../journal/read/reader.js'
import type { Desk } from '../desk/desk.js'
import { Order } from '../messages/order-frames.js'
import { ACTIONS } from '../messages/order-terms.js'
import { Pair } from '../messages/pair-frames.js'
import { TimerRequest } from '../sequence/frames.js'
import { STRATEGY_JOURNALS } from '../sequence/home.js'
import { type Sequence, SILENT_SLOTS } from '../sequence/sequence.js'

/** Frames that are taken in turn: few enough that the next strategy does not wait long. */
const BURST_FRAMES = 64

const NOTHING = (): void => {}

const ACTION = offsetsOf(Order).action
const NEW = ACTIONS.indexOf('new')
const AMEND = ACTIONS.indexOf('amend')

/** Takes what one strategy asks for from its journal into the sequence. */
export class StrategySource {
  readonly reader: Reader
  /** The journal's number. */
  readonly journal: number
  /** Requests taken in this run. */
  taken = 0
  /** The position of the next frame to take, and up to where the sequence says that it was taken. */
  private from: number
  private recorded: number
  private readonly batch = new FrameBatch(BURST_FRAMES * Pair.slots)
  private readonly handlers: Handlers

  /** @param position where the sequence has taken it to. */
  constructor(
    path: string,
    /** The strategy's number. */
    readonly strategy: number,
    position: number,
  ) {
    this.journal = STRATEGY_JOURNALS + strategy
    this.reader = Reader.open(path, { from: position === 0 ? 'start' : { position } })
    this.from = this.reader.position
    this.recorded = this.from
    // The strategy's own frames (its starts and ends, its progress) are not for the sequence.
    this.handlers = on(Order, frame => this.batch.add(frame))
      .on(Pair, frame => this.batch.add(frame))
      .on(TimerRequest, frame => this.batch.add(frame))
  }

  /**
   * Takes some frames, each order in a burst of its own: a halt between two orders is in the sequence between them, and so
   * replay decides the same. Returns how many frames were read.
   *
   * @param beforeOrder is called before each burst, and may write frames: it looks at the breaker.
   */
  take(sequence: Sequence, desk: Desk, beforeOrder: () => void = NOTHING): number {
    const { reader, batch } = this
    const read = reader.poll(this.handlers, BURST_FRAMES)
    if (read === 0) return 0
    const end = reader.position
    if (batch.count === 0 && end - this.recorded < SILENT_SLOTS) {
      this.from = end
      return read
    }
    const now = sequence.time.now()
    let first = 0
    do {
      const next = this.nextOrder(first + 1)
      beforeOrder()
      this.enter(sequence, desk, now, first, next, next < batch.count ? batch.positionOf(next) : end)
      first = next
    } while (first < batch.count)
    // Together: an adapter sends what it finds at once in one request.
    sequence.end()
    this.taken += batch.count
    batch.clear()
    desk.send()
    return read
  }

  close(): void {
    this.reader.close()
  }

  /** The index of the first frame from `index` on that may be denied; the number of frames when there is none. */
  private nextOrder(index: number): number {
    const { batch } = this
    for (let i = index; i < batch.count; i++) {
      const { u8, u16, at } = batch.select(i)
      const type = u16[at >> 1]
      if (type === Pair.id || (type === Order.id && isDeniable(u8[at + ACTION]))) return i
    }
    return batch.count
  }

  /** One burst: the frames from `first` to before `end`. @param to the position in the journal up to which it was taken. */
  private enter(sequence: Sequence, desk: Desk, now: number, first: number, end: number, to: number): void {
    const { batch } = this
    const { writer } = sequence
    let slots = 0
    for (let i = first; i < end; i++) slots += definitionOf(typeAt(batch.select(i))).slots
    sequence.begin(this.journal, this.from, to, now, slots)
    this.from = to
    this.recorded = to
    const begin = writer.position
    for (let i = first; i < end; i++) {
      const frame = batch.select(i)
      writer.copy(definitionOf(typeAt(frame)), frame)
    }
    desk.tick(now)
    let position = begin
    for (let i = first; i < end; i++) {
      const frame = batch.select(i)
      const type = typeAt(frame)
      if (type === Order.id) desk.order(frame, this.strategy, position)
      else if (type === Pair.id) desk.pair(frame, this.strategy, position)
      else desk.requestTimer(frame, this.strategy)
      position += definitionOf(type).slots
    }
  }
}

/** Cancels are never denied. */
function isDeniable(action: number): boolean {
  return action === NEW || action === AMEND
}

function typeAt({ u16, at }: FramePointer): number {
  return u16[at >> 1]
}

function definitionOf(type: number): typeof Order | typeof Pair | typeof TimerRequest {
  if (type === Order.id) return Order
  return type === Pair.id ? Pair : TimerRequest
}

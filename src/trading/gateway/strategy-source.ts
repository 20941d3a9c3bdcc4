import { FrameBatch } from '../../frames/frame-batch.js'
import { type Handlers, on } from '../../frames/handlers.js'
import { Reader } from '../../journal/read/reader.js'
import type { Desk } from '../desk/desk.js'
import { Order } from '../messages/order-frames.js'
import { Pair } from '../messages/pair-frames.js'
import { TimerRequest } from '../sequence/frames.js'
import { STRATEGY_JOURNALS } from '../sequence/home.js'
import { type Sequence, SILENT_SLOTS } from '../sequence/sequence.js'

/** Frames of one burst: few enough that the next strategy does not wait long. */
const BURST_FRAMES = 64

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

  /** Takes one burst. Returns how many frames were read. */
  take(sequence: Sequence, desk: Desk): number {
    const { reader, batch, from } = this
    const read = reader.poll(this.handlers, BURST_FRAMES)
    if (read === 0) return 0
    const to = reader.position
    this.from = to
    if (batch.count === 0 && to - this.recorded < SILENT_SLOTS) return read
    this.recorded = to
    const { writer } = sequence
    const now = sequence.time.now()
    sequence.begin(this.journal, from, to, now, batch.slots)
    const first = writer.position
    for (let i = 0; i < batch.count; i++) {
      const frame = batch.select(i)
      writer.copy(definitionOf(frame.u16[frame.at >> 1]), frame)
    }
    desk.tick(now)
    let position = first
    for (let i = 0; i < batch.count; i++) {
      const frame = batch.select(i)
      const type = frame.u16[frame.at >> 1]
      if (type === Order.id) desk.order(frame, this.strategy, position)
      else if (type === Pair.id) desk.pair(frame, this.strategy, position)
      else desk.requestTimer(frame, this.strategy)
      position += definitionOf(type).slots
    }
    sequence.end()
    this.taken += batch.count
    batch.clear()
    desk.send()
    return read
  }

  close(): void {
    this.reader.close()
  }
}

function definitionOf(type: number): typeof Order | typeof Pair | typeof TimerRequest {
  if (type === Order.id) return Order
  return type === Pair.id ? Pair : TimerRequest
}

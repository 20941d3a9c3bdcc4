import { Handlers } from '../../frames/handlers.js'
import type { FrameView } from '../../frames/view.js'
import { MergedReader, type MergeSource } from '../../journal/read/merged-reader.js'
import type { Writer } from '../../journal/write/writer.js'
import type { Wait } from '../../wait/run-loop.js'
import { VenueError } from '../errors.js'
import { Order, type OrderReportValues, type OrderValues, strategyOf } from '../messages/frames.js'
import { checkAnswer, slotsOf, writeReports } from '../venues/reports.js'
import type { Venue } from '../venues/venue.js'
import type { FailStop } from './fail-stop.js'

type OrderView = FrameView<typeof Order>

/** A strategy's journal, and the position of the last order in it that was answered, if any. */
export interface OrderSource {
  readonly number: number
  readonly path: string
  readonly lastAnswered: number | undefined
}

/**
 * Reads orders from the strategies' journals, in order of time, and writes the venue's answers into the gateway's
 * journal. Orders are answered one after another, so the sequence of their reports records the sequence in which they
 * were read.
 */
export class OrderDesk {
  /** The number of orders and cancels answered, and of reports on them, in this run. */
  answered = 0
  reports = 0
  private readonly merged: MergedReader
  private readonly handlers: Handlers

  constructor(
    private readonly sources: readonly OrderSource[],
    private readonly writer: Writer,
    private readonly venue: Venue,
    private readonly failStop: FailStop,
  ) {
    this.merged = MergedReader.open(sources.map(mergeSource))
    this.handlers = new Handlers().on(Order, (order, index) => {
      const source = sources[index]
      // Reading starts at the last answered order, to find the one after it.
      if (source.lastAnswered !== undefined && order.position <= source.lastAnswered) return
      this.answerOrder(order, source.number)
    })
  }

  /** Answers orders as they arrive, until the signal aborts. */
  async run(wait: Wait, signal: AbortSignal): Promise<void> {
    await this.merged.run(this.handlers, { wait, signal })
  }

  /** Answers all orders that exist now. */
  drain(): void {
    while (this.merged.poll(this.handlers) > 0);
  }

  close(): void {
    this.merged.close()
  }

  private answerOrder(order: OrderView, number: number): void {
    this.failStop.run(() => {
      const reports = answer(this.venue, order.toObject(), number)
      const slots = slotsOf(reports)
      const { pageSlots } = this.writer
      if (slots > pageSlots)
        throw new VenueError(
          `the venue answers an order with ${reports.length} reports; they must appear at once, and a page has ${pageSlots} slots`,
        )
      this.writer.atomic(slots, () => writeReports(this.writer, reports, order, number))
      this.answered++
      this.reports += reports.length
    })
  }
}

function mergeSource({ path, lastAnswered }: OrderSource): MergeSource {
  return { path, from: lastAnswered === undefined ? 'start' : { position: lastAnswered } }
}

/**
 * The reports on an order or cancel from a strategy's journal. Strategies write their own journals, so an order id of
 * another strategy is rejected.
 */
export function answer(venue: Venue, request: OrderValues, strategy: number): readonly OrderReportValues[] {
  if (strategyOf(request.orderId) === strategy) return checkAnswer(venue.answer(request), request.orderId)
  const { action, ...order } = request
  return [{ ...order, state: 'rejected', reason: action === 'new' ? 'bad order id' : 'unknown order' }]
}

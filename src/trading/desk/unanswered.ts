import { OrderQueue, type WaitingData, type WaitingOrder } from './order-queue.js'

/** How often the venue is asked again about an order whose outcome is unknown, in ns, and how long after its deadline first. */
const RETRY_NS = 1e9
const MARGIN_NS = 1e6

/**
 * Orders with a request that may be lost: when a request's deadline has passed without an answer, its outcome is unknown,
 * and the venue is asked, again and again.
 */
export class Unanswered {
  /** Deadlines come in their order, and so do the times of asking again: each queue has the next one at its head. */
  private readonly first = new OrderQueue()
  private readonly repeated = new OrderQueue()

  /** When the next one is due; Infinity for none. */
  get nextAt(): number {
    return Math.min(this.first.nextAt, this.repeated.nextAt)
  }

  /** A request with this deadline was decided. */
  add(idHigh: number, idLow: number, deadline: number): void {
    if (deadline !== 0) this.first.add(idHigh, idLow, deadline + MARGIN_NS, 0)
  }

  /** Its outcome is still unknown: it is due again later. */
  again(idHigh: number, idLow: number, now: number): void {
    this.repeated.add(idHigh, idLow, now + RETRY_NS, 0)
  }

  save(): WaitingData {
    return { first: this.first.save(), repeated: this.repeated.save() }
  }

  load({ first, repeated }: WaitingData): void {
    this.first.load(first)
    this.repeated.load(repeated)
  }

  /** Removes and returns the next one that is due. */
  take(now: number): WaitingOrder | undefined {
    return this.first.take(now) ?? this.repeated.take(now)
  }
}

import type { LiveOrder } from '../orders/life/live-order.js'
import { OrderQueue, type WaitingData, type WaitingOrder } from './order-queue.js'

/**
 * Fills may come after the venue's sum of them, so it is asked only after this time, in ns; and again after the other one,
 * so often.
 */
const WAIT_NS = 200e6
const RETRY_NS = 2e9
const MOST_TRIES = 30

/**
 * Orders of which the venue counts more as filled than it has reported one by one. Its fills are never invented: it is asked
 * for them.
 */
export class MissingFills {
  private readonly first = new OrderQueue()
  private readonly repeated = new OrderQueue()

  /** When the next question is due; Infinity for none. */
  get nextAt(): number {
    return Math.min(this.first.nextAt, this.repeated.nextAt)
  }

  add({ idHigh, idLow }: LiveOrder, now: number): void {
    this.first.add(idHigh, idLow, now + WAIT_NS, 0)
  }

  /** Schedules the next question about fills that are still missing. False when the venue was asked often enough. */
  again({ idHigh, idLow, tries }: WaitingOrder, now: number): boolean {
    if (tries >= MOST_TRIES) return false
    this.repeated.add(idHigh, idLow, now + RETRY_NS, tries + 1)
    return true
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

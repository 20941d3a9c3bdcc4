import { OrderQueue, type WaitingOrder } from './order-queue.js'

/** Times between two questions about an order whose outcome is unknown, in ns; the last one repeats. */
const RETRIES_NS = [1e9, 1e9, 2e9, 4e9, 8e9, 16e9, 30e9]
/** How long after the deadline the first question is asked. */
const MARGIN_NS = 1e6

export type UnansweredData = readonly (readonly WaitingOrder[])[]

/**
 * Orders with a request that may be lost: when a request's deadline has passed without an answer, its outcome is unknown,
 * and the venue is asked, again and again.
 */
export class Unanswered {
  /** One queue for deadlines, then one for each time between questions. The times within each queue increase. */
  private readonly queues = [new OrderQueue(), ...RETRIES_NS.map(() => new OrderQueue())]

  /** When the next question is due; Infinity for none. */
  get nextAt(): number {
    return this.next.nextAt
  }

  /** Adds a request with this deadline. */
  add(idHigh: number, idLow: number, deadline: number): void {
    if (deadline !== 0) this.queues[0].add(idHigh, idLow, deadline + MARGIN_NS, 0)
  }

  /** Schedules the next question about an outcome that is still unknown. @param tries how often the venue was asked before. */
  again(idHigh: number, idLow: number, tries: number, now: number): void {
    const level = Math.min(tries, RETRIES_NS.length - 1)
    this.queues[level + 1].add(idHigh, idLow, now + RETRIES_NS[level], tries + 1)
  }

  /** The queues as plain data: that of deadlines first. */
  save(): UnansweredData {
    return this.queues.map(queue => queue.save())
  }

  load(queues: UnansweredData): void {
    for (const [level, waiting] of queues.entries()) this.queues[level].load(waiting)
  }

  /** Removes and returns the next one that is due; its `tries` is 0 when it is due for the first time. */
  take(now: number): WaitingOrder | undefined {
    return this.next.take(now)
  }

  private get next(): OrderQueue {
    let next = this.queues[0]
    for (const queue of this.queues) if (queue.nextAt < next.nextAt) next = queue
    return next
  }
}

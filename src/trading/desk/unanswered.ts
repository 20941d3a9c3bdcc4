import { OrderQueue, type WaitingOrder } from './order-queue.js'

/** After which times the venue is asked again about an order whose outcome is unknown, in ns; the last one goes on. */
const RETRIES_NS = [1e9, 1e9, 2e9, 4e9, 8e9, 16e9, 30e9]
/** How long after its deadline it is asked first. */
const MARGIN_NS = 1e6

export type UnansweredData = readonly (readonly WaitingOrder[])[]

/**
 * Orders with a request that may be lost: when a request's deadline has passed without an answer, its outcome is unknown,
 * and the venue is asked, again and again.
 */
export class Unanswered {
  /** The first for deadlines, then one for each time of asking again: times come in their order in each. */
  private readonly queues = [new OrderQueue(), ...RETRIES_NS.map(() => new OrderQueue())]

  /** When the next one is due; Infinity for none. */
  get nextAt(): number {
    return this.next.nextAt
  }

  /** A request with this deadline was decided. */
  add(idHigh: number, idLow: number, deadline: number): void {
    if (deadline !== 0) this.queues[0].add(idHigh, idLow, deadline + MARGIN_NS, 0)
  }

  /** Its outcome is still unknown: it is due again later. @param tries how often the venue was asked before. */
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

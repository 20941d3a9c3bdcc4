/** How often the venue is asked again about an order whose outcome is unknown, in ns, and how long after its deadline first. */
const RETRY_NS = 1e9
const MARGIN_NS = 1e6

interface Waiting {
  idHigh: number
  idLow: number
  at: number
}

/**
 * Orders with a request that may be lost: when a request's deadline has passed without an answer, its outcome is unknown,
 * and the venue is asked. First in, first out: deadlines of one venue come in their order.
 */
export class Unanswered {
  private readonly queue: Waiting[] = []
  private head = 0

  /** When the next one is due; Infinity for none. */
  get nextAt(): number {
    return this.head < this.queue.length ? this.queue[this.head].at : Number.POSITIVE_INFINITY
  }

  /** A request with this deadline was decided. */
  add(idHigh: number, idLow: number, deadline: number): void {
    if (deadline !== 0) this.queue.push({ idHigh, idLow, at: deadline + MARGIN_NS })
  }

  /** Its outcome is still unknown: it is due again later. */
  again(idHigh: number, idLow: number, now: number): void {
    this.queue.push({ idHigh, idLow, at: now + RETRY_NS })
  }

  /** Removes and returns the next one that is due. */
  take(now: number): { readonly idHigh: number; readonly idLow: number } | undefined {
    if (this.nextAt > now) return undefined
    const waiting = this.queue[this.head++]
    if (this.head > 1024 && this.head * 2 > this.queue.length) {
      this.queue.splice(0, this.head)
      this.head = 0
    }
    return waiting
  }
}

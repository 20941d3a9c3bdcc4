export interface WaitingOrder {
  readonly idHigh: number
  readonly idLow: number
  /** ns since the home's origin. */
  readonly at: number
  /** How often it was in the queue before. */
  readonly tries: number
}

/** Two queues as plain data: of those that wait for the first time, and of those that wait again. */
export interface WaitingData {
  readonly first: readonly WaitingOrder[]
  readonly repeated: readonly WaitingOrder[]
}

/** Orders that wait until a time, first in, first out: times are added in their order. */
export class OrderQueue {
  private readonly queue: WaitingOrder[] = []
  private head = 0

  /** When the next one is due; Infinity for none. */
  get nextAt(): number {
    return this.head < this.queue.length ? this.queue[this.head].at : Number.POSITIVE_INFINITY
  }

  add(idHigh: number, idLow: number, at: number, tries: number): void {
    this.queue.push({ idHigh, idLow, at, tries })
  }

  /** All that wait, in their order. */
  save(): WaitingOrder[] {
    return this.queue.slice(this.head)
  }

  load(waiting: readonly WaitingOrder[]): void {
    this.queue.splice(0, this.queue.length, ...waiting)
    this.head = 0
  }

  /** Removes and returns the next one that is due. */
  take(now: number): WaitingOrder | undefined {
    if (this.nextAt > now) return undefined
    const waiting = this.queue[this.head++]
    if (this.head > 1024 && this.head * 2 > this.queue.length) {
      this.queue.splice(0, this.head)
      this.head = 0
    }
    return waiting
  }
}

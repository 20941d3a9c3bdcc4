/** A request that was asked and not answered. */
export interface PendingRequest {
  /** Within the order, from 1. */
  readonly number: number
  readonly isCancel: boolean
  /** The terms of an amend: the price, and the total quantity, the filled part included. */
  readonly ticks: number
  readonly steps: number
  /** The venue must not act on it after this time, ns; 0 without a limit. */
  readonly deadline: number
  readonly sent: boolean
  /** It waits in the gateway for the venue's limits: it has not left. */
  readonly held: boolean
}

class Request implements PendingRequest {
  number = 0
  isCancel = false
  ticks = 0
  steps = 0
  deadline = 0
  sent = false
  held = false
}

/** The unanswered amends and cancels of one order, in the order of their numbers. */
export class PendingRequests {
  amends = 0
  cancels = 0
  /** The largest total quantity that an unanswered amend asks for; 0 without one. */
  mostSteps = 0
  private readonly items: Request[] = []
  private count = 0

  add(number: number, isCancel: boolean, ticks: number, steps: number, deadline: number): void {
    // Objects stay in the list when their requests are answered, and are used again.
    if (this.count === this.items.length) this.items.push(new Request())
    const request = this.items[this.count++]
    request.number = number
    request.isCancel = isCancel
    request.ticks = ticks
    request.steps = steps
    request.deadline = deadline
    request.sent = false
    request.held = false
    if (isCancel) this.cancels++
    else this.amends++
    if (!isCancel && steps > this.mostSteps) this.mostSteps = steps
  }

  /** Whether any of them was sent, or may have been. */
  get hasSent(): boolean {
    for (let i = 0; i < this.count; i++) if (this.items[i].sent) return true
    return false
  }

  /** Whether any of them has left the gateway. */
  get hasLeft(): boolean {
    for (let i = 0; i < this.count; i++) if (!this.items[i].held) return true
    return false
  }

  setHeld(number: number, held: boolean): void {
    for (let i = 0; i < this.count; i++) if (this.items[i].number === number) this.items[i].held = held
  }

  get size(): number {
    return this.count
  }

  /** The request at an index, from 0 to `size - 1`. */
  at(index: number): PendingRequest {
    return this.items[index]
  }

  find(number: number): PendingRequest | undefined {
    for (let i = 0; i < this.count; i++) if (this.items[i].number === number) return this.items[i]
    return undefined
  }

  /** Whether one of the amends asks for these terms. */
  asksFor(ticks: number, steps: number): boolean {
    return this.amends > 0 && this.amendTo(ticks, steps) !== undefined
  }

  markSent(number: number, deadline: number): void {
    for (let i = 0; i < this.count; i++) {
      if (this.items[i].number !== number) continue
      this.items[i].sent = true
      if (deadline !== 0) this.items[i].deadline = deadline
    }
  }

  /** Removes a request. With number 0, all of its kind. Returns whether there was one. */
  remove(number: number, isCancel: boolean): boolean {
    return this.removeWhere(number, isCancel, Number.POSITIVE_INFINITY)
  }

  /** Removes the amends that ask for these terms. Returns whether there was one. */
  removeAmendsTo(ticks: number, steps: number): boolean {
    let wasAsked = false
    while (this.amends > 0) {
      const amend = this.amendTo(ticks, steps)
      if (amend === undefined || !this.remove(amend.number, false)) break
      wasAsked = true
    }
    return wasAsked
  }

  /** Removes the amends that can no longer act at a time of the venue. */
  removeAmendsBefore(venueTime: number): boolean {
    return this.removeWhere(0, false, venueTime)
  }

  clear(): void {
    this.count = 0
    this.sum()
  }

  private removeWhere(number: number, isCancel: boolean, before: number): boolean {
    const { items, count } = this
    if (count === 0) return false
    let kept = 0
    for (let i = 0; i < count; i++) {
      const request = items[i]
      const isOver = before === Number.POSITIVE_INFINITY || (request.deadline !== 0 && request.deadline < before)
      if (request.isCancel === isCancel && (number === 0 || request.number === number) && isOver) continue
      items[i] = items[kept]
      items[kept++] = request
    }
    this.count = kept
    if (kept < count) this.sum()
    return kept < count
  }

  private amendTo(ticks: number, steps: number): PendingRequest | undefined {
    for (let i = 0; i < this.count; i++) {
      const request = this.items[i]
      if (!request.isCancel && request.ticks === ticks && request.steps === steps) return request
    }
    return undefined
  }

  private sum(): void {
    this.amends = 0
    this.cancels = 0
    this.mostSteps = 0
    for (let i = 0; i < this.count; i++) {
      const { isCancel, steps } = this.items[i]
      if (isCancel) this.cancels++
      else this.amends++
      if (!isCancel && steps > this.mostSteps) this.mostSteps = steps
    }
  }
}

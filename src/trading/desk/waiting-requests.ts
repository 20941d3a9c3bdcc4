import type { LiveOrder } from '../orders/life/live-order.js'
import type { TokenBucket } from '../venues/token-bucket.js'

export type PacedAction = 'submit' | 'amend' | 'cancel'

/** A request that has passed all checks and waits for the venue's limits. */
export interface WaitingRequest {
  readonly action: PacedAction
  readonly order: LiveOrder
  readonly idHigh: number
  readonly idLow: number
  /** The number of the amend or cancel within the order; 0 of a submit. */
  readonly request: number
  /** Of an amend: the new terms. */
  readonly ticks: number
  readonly steps: number
  /** The venue may act on it until this time by its own clock, ns; 0 for no deadline. */
  readonly deadline: number
  /** A submit or amend that has not left by this time of the desk is not sent, ns; 0 for no deadline. */
  readonly expires: number
  /** The position of the frame that led to it. */
  readonly cause: number
}

export interface Entry extends WaitingRequest {
  /** Its number in the order in which requests arrived. */
  readonly number: number
  isDropped: boolean
}

/** The requests of one account that wait. */
export class AccountQueue {
  readonly cancels = new Fifo()
  readonly others = new Fifo()

  constructor(public bucket: TokenBucket | undefined) {}
}

/** First in, first out. Removed entries are skipped. */
export class Fifo {
  private list: Entry[] = []
  private head = 0

  get first(): Entry | undefined {
    while (this.head < this.list.length && this.list[this.head].isDropped) this.head++
    return this.list[this.head]
  }

  get entries(): readonly Entry[] {
    return this.list.slice(this.head)
  }

  push(entry: Entry): void {
    if (this.head > 1024 && this.head * 2 > this.list.length) {
      this.list = this.list.slice(this.head)
      this.head = 0
    }
    this.list.push(entry)
  }

  /** Only when there is a first one. */
  shift(): Entry {
    const entry = this.first as Entry
    this.head++
    return entry
  }
}

/** A request that waits, as plain data. */
export type WaitingData = Omit<Entry, 'order' | 'isDropped'>

export function saveEntry({
  action,
  idHigh,
  idLow,
  request,
  ticks,
  steps,
  deadline,
  expires,
  cause,
  number,
}: Entry): WaitingData {
  return { action, idHigh, idLow, request, ticks, steps, deadline, expires, cause, number }
}

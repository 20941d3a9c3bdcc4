import type { Instrument } from '../instruments/instrument.js'
import { FIRST_CLOSING, FIRST_LEG, MOST_CLOSINGS, PAIR_STATES } from '../messages/pair-frames.js'
import { type Excess, excessOf } from './balance.js'

/** Indexes into PAIR_STATES. */
export const PairStates = {
  WORKING: PAIR_STATES.indexOf('working'),
  SETTLING: PAIR_STATES.indexOf('settling'),
  CLOSING: PAIR_STATES.indexOf('closing'),
  DONE: PAIR_STATES.indexOf('done'),
  UNBALANCED: PAIR_STATES.indexOf('unbalanced'),
  DENIED: PAIR_STATES.indexOf('denied'),
} as const

/** What is known of an order of a pair: of a leg, or of an order that closes an excess. */
export interface PairOrder {
  /** Whole steps. */
  filled: number
  /** Nothing more can come of it, but a fill that the venue has forgotten: it is final, and its fills are complete. */
  over: boolean
  /** Its outcome is not known. */
  unknown: boolean
}

export interface Leg extends PairOrder {
  readonly instrument: Instrument
  /** The index of the account among the venue's accounts. */
  readonly account: number
  /** An index into SIDES. */
  readonly side: number
  /** The quantity asked for. */
  readonly steps: number
  /** The sum of ticks times steps of its fills. */
  paid: bigint
  /** What closing orders have filled of it. */
  closed: number
}

export interface Closing extends PairOrder {
  /** The index of the leg that it closes. */
  readonly leg: 0 | 1
  readonly steps: number
}

export interface PairTerms {
  readonly settleNs: number
  readonly retryNs: number
  readonly attempts: number
  /** A share, from 0 to below 1. */
  readonly maxSlippage: number
}

/**
 * Two orders that belong together: what was asked, what is known of both, and how far it has come. Only facts and times, no
 * orders: what follows from them is in next-step.ts, and who acts on it in trading/desk.
 */
export class Pair {
  /** One of PairStates. */
  state: number = PairStates.WORKING
  /** An index into REASONS. */
  reason = 0
  /** The strategy wants it to end now. */
  isEnding = false
  /** When open orders are cancelled again, ns; and the time after that. */
  cancelAt = 0
  cancelAgainNs = FIRST_CANCEL_AGAIN_NS
  readonly closings: Closing[] = []
  /** Closing orders that were sent, or that risk refused. */
  tried = 0
  /** Closing may be tried again at this time, ns. */
  retryAt = 0
  /** Why the last attempt has not closed everything: an index into REASONS. */
  lastReason = 0
  /** Closing was refused for something that time does not change. */
  isRefused = false
  /** Its amounts are others than in its last report. */
  isOutdated = false
  /** When something is due by time alone, ns; Infinity for nothing. */
  dueAt = Number.POSITIVE_INFINITY
  /** Once it has ended: when it last changed, ns. */
  endedAt = -1

  constructor(
    readonly idHigh: number,
    /** A multiple of PAIR_IDS. */
    readonly idLow: number,
    readonly strategy: number,
    readonly legs: readonly [Leg, Leg],
    readonly terms: PairTerms,
    /** When what is left of its legs is cancelled, ns. */
    readonly settleAt: number,
  ) {}

  /** Nothing more is sent for it, as it is. */
  get isEnded(): boolean {
    return this.state >= PairStates.DONE
  }

  get excess(): Excess {
    return excessOf(this.legs[0], this.legs[1])
  }

  /** The lower half of the id of a leg's order. */
  legId(leg: number): number {
    return this.idLow + FIRST_LEG + leg
  }

  closingId(index: number): number {
    return this.idLow + FIRST_CLOSING + index
  }

  /** The lower half of the id of the next closing order. */
  get nextClosingId(): number {
    return this.closingId(this.closings.length)
  }

  /** The orders that are open are cancelled for the first time, or a closing order was sent: again after a while. */
  beginCancels(now: number): void {
    this.cancelAgainNs = FIRST_CANCEL_AGAIN_NS
    this.cancelAt = now + this.cancelAgainNs
  }

  /** They are cancelled again: next time after twice as long. */
  repeatCancels(now: number): void {
    this.cancelAt = now + this.cancelAgainNs
    this.cancelAgainNs = Math.min(2 * this.cancelAgainNs, LONGEST_CANCEL_AGAIN_NS)
  }

  get mayTryAgain(): boolean {
    return this.tried < this.terms.attempts && this.closings.length < MOST_CLOSINGS && !this.isRefused
  }

  /** The order with this lower half of an id; undefined for one that was never sent. */
  orderOf(idLow: number): PairOrder | undefined {
    const index = idLow - this.idLow
    return index < FIRST_CLOSING ? this.legs[index - FIRST_LEG] : this.closings[index - FIRST_CLOSING]
  }

  /** Adds up what closing orders have filled. */
  sumClosings(): void {
    const [first, second] = this.legs
    first.closed = 0
    second.closed = 0
    for (const { leg, filled } of this.closings) this.legs[leg].closed += filled
  }
}

/** A cancel that is not answered is sent again, at first after this time, in ns. */
const FIRST_CANCEL_AGAIN_NS = 1e9
const LONGEST_CANCEL_AGAIN_NS = 60e9

import type { LiveOrder } from '../orders/life/live-order.js'
import { burstOf, type RequestLimits } from '../venues/request-limits.js'
import { TokenBucket } from '../venues/token-bucket.js'
import {
  AccountQueue,
  type Entry,
  type Fifo,
  type PacedAction,
  saveEntry,
  type WaitingData,
  type WaitingRequest,
} from './waiting-requests.js'

/**
 * Holds requests to one venue back to its limits: token buckets of the venue and of each account. What may not leave at once
 * waits here: cancels before everything else, otherwise in the order of arrival.
 *
 * Depends only on the calls and the times passed to them, and reads no clock.
 */
export class Pacing {
  /** Requests that wait. */
  waiting = 0
  private venue: TokenBucket | undefined = undefined
  private limits: RequestLimits | undefined = undefined
  private readonly accounts: AccountQueue[] = []
  private count = 0
  /** `nextAt`, until something changes. */
  private known: number | undefined = undefined

  /** Puts limits into effect; without any, nothing waits. Buckets of new limits begin full; waiting requests keep waiting. */
  setLimits(limits: RequestLimits | undefined): void {
    if (JSON.stringify(limits) === JSON.stringify(this.limits)) return
    this.limits = limits
    this.known = undefined
    this.venue = bucketOf(limits?.venue)
    for (const account of this.accounts) if (account !== undefined) account.bucket = bucketOf(limits?.account)
  }

  /** Takes tokens for a request that may leave at once. False: it must wait, see `add`. */
  admits(action: PacedAction, account: number, now: number): boolean {
    if (this.limits === undefined) return this.waiting === 0
    if (this.waiting > 0) return false
    const { bucket } = this.accountOf(account)
    const weight = this.weightOf(action)
    if (this.venue?.allows(weight, now) === false || bucket?.allows(weight, now) === false) return false
    this.venue?.take(weight, now)
    bucket?.take(weight, now)
    return true
  }

  add(request: WaitingRequest): void {
    const { cancels, others } = this.accountOf(request.order.account)
    ;(request.action === 'cancel' ? cancels : others).push({ ...request, number: this.count++, isDropped: false })
    this.waiting++
    this.known = undefined
  }

  /** When the next request may leave, or its deadline passes; Infinity when none waits. */
  get nextAt(): number {
    if (this.waiting === 0) return Number.POSITIVE_INFINITY
    return (this.known ??= this.findNextAt())
  }

  /** Removes and returns a submit or amend whose deadline has passed. */
  takeExpired(now: number): WaitingRequest | undefined {
    if (this.waiting === 0) return undefined
    for (const { others } of this.heads()) {
      const { first } = others
      if (first !== undefined && first.expires !== 0 && now > first.expires) return this.shift(others)
    }
    return undefined
  }

  /**
   * Removes and returns the next request that may leave, and takes its tokens.
   *
   * A request waiting for its account lets other accounts pass. One waiting for the venue blocks all, so that small requests
   * cannot overtake it without an end.
   */
  take(now: number): WaitingRequest | undefined {
    if (this.waiting === 0) return undefined
    let blockedFrom = Number.POSITIVE_INFINITY
    for (const { entry, queue, fifo } of this.inOrder()) {
      const ofAccount = this.accountReadyAt(entry, queue)
      const at = Math.max(ofAccount, this.venueReadyAt(entry))
      if (at <= now && at < blockedFrom) {
        const weight = this.weightOf(entry.action)
        this.venue?.take(weight, now)
        queue.bucket?.take(weight, now)
        return this.shift(fifo)
      }
      if (ofAccount < blockedFrom) blockedFrom = ofAccount
    }
    return undefined
  }

  /** Removes and returns the waiting submits and amends of the given orders. */
  drop(isMeant: (order: LiveOrder) => boolean): WaitingRequest[] {
    if (this.waiting === 0) return []
    const dropped: Entry[] = []
    for (const { others } of this.heads()) {
      for (const entry of others.entries) {
        if (entry.isDropped || !isMeant(entry.order)) continue
        entry.isDropped = true
        this.waiting--
        this.known = undefined
        dropped.push(entry)
      }
    }
    return dropped.sort((a, b) => a.number - b.number)
  }

  private findNextAt(): number {
    let next = Number.POSITIVE_INFINITY
    for (const { others } of this.heads()) {
      const deadline = others.first?.expires ?? 0
      if (deadline !== 0 && deadline + 1 < next) next = deadline + 1
    }
    let blockedFrom = Number.POSITIVE_INFINITY
    for (const { entry, queue } of this.inOrder()) {
      const ofAccount = this.accountReadyAt(entry, queue)
      const at = Math.max(ofAccount, this.venueReadyAt(entry))
      if (at < blockedFrom && at < next) next = at
      if (ofAccount < blockedFrom) blockedFrom = ofAccount
    }
    return next
  }

  /** The waiting requests and the tokens in the buckets, as plain data. The limits are in the configuration. */
  save(): PacingData {
    return {
      venueFullAt: this.venue?.fullAt ?? 0,
      count: this.count,
      accounts: this.accounts.flatMap(({ bucket, cancels, others }, account) => ({
        account,
        fullAt: bucket?.fullAt ?? 0,
        waiting: [...cancels.entries, ...others.entries].filter(({ isDropped }) => !isDropped).map(saveEntry),
      })),
    }
  }

  /** Restores what `save` returned, with the same limits. @param find the order with an id; it is in the book. */
  load(data: PacingData, find: (idHigh: number, idLow: number) => LiveOrder | undefined): void {
    if (this.venue !== undefined) this.venue.fullAt = data.venueFullAt
    this.count = data.count
    this.known = undefined
    for (const { account, fullAt, waiting } of data.accounts) {
      const queue = this.accountOf(account)
      if (queue.bucket !== undefined) queue.bucket.fullAt = fullAt
      for (const saved of waiting) {
        const order = find(saved.idHigh, saved.idLow)
        // The order of a cancel may have ended and been forgotten.
        if (order === undefined) continue
        if (saved.action === 'submit') order.isHeld = true
        else order.requests.setHeld(saved.request, true)
        const list = saved.action === 'cancel' ? queue.cancels : queue.others
        list.push({ ...saved, order, isDropped: false })
        this.waiting++
      }
    }
  }

  private accountOf(account: number): AccountQueue {
    return (this.accounts[account] ??= new AccountQueue(bucketOf(this.limits?.account)))
  }

  private heads(): AccountQueue[] {
    return this.accounts.filter(account => account !== undefined)
  }

  /** The first of each queue: cancels, then the others; the oldest first. */
  private inOrder(): Candidate[] {
    const cancels: Candidate[] = []
    const others: Candidate[] = []
    for (const queue of this.heads()) {
      const cancel = queue.cancels.first
      if (cancel !== undefined) cancels.push({ entry: cancel, queue, fifo: queue.cancels })
      const other = queue.others.first
      if (other !== undefined) others.push({ entry: other, queue, fifo: queue.others })
    }
    const byAge = (a: Candidate, b: Candidate): number => a.entry.number - b.entry.number
    return [...cancels.sort(byAge), ...others.sort(byAge)]
  }

  private accountReadyAt({ action }: Entry, { bucket }: AccountQueue): number {
    return bucket === undefined ? 0 : bucket.readyAt(this.weightOf(action))
  }

  private venueReadyAt({ action }: Entry): number {
    return this.venue === undefined ? 0 : this.venue.readyAt(this.weightOf(action))
  }

  private weightOf(action: PacedAction): number {
    return this.limits?.weights?.[action] ?? 1
  }

  private shift(fifo: Fifo): WaitingRequest {
    this.waiting--
    this.known = undefined
    return fifo.shift()
  }
}

export interface PacingData {
  readonly venueFullAt: number
  readonly count: number
  readonly accounts: readonly {
    readonly account: number
    readonly fullAt: number
    readonly waiting: readonly WaitingData[]
  }[]
}

interface Candidate {
  readonly entry: Entry
  readonly queue: AccountQueue
  readonly fifo: Fifo
}

function bucketOf(rate: { readonly perSecond: number; readonly burst?: number } | undefined): TokenBucket | undefined {
  return rate === undefined ? undefined : new TokenBucket(rate.perSecond, burstOf(rate))
}

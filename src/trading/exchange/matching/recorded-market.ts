import { BUY } from '../../messages/order-terms.js'
import { isCount, type Market } from '../accounts/market.js'
import { AHEAD, DOUBLES } from '../book/orders.js'
import type { Matcher } from './matcher.js'
import type { Queue } from './queue.js'
import type { VenueState } from './venue-state.js'

/** What recorded or synthetic market data does to resting orders. */
export class RecordedMarket {
  private readonly state: VenueState
  private readonly matcher: Matcher
  private readonly queue: Queue

  constructor(state: VenueState, matcher: Matcher, queue: Queue) {
    this.state = state
    this.matcher = matcher
    this.queue = queue
  }

  /** A side without a price or a size is 0. */
  quote(market: Market, bidTicks: number, bidSteps: number, askTicks: number, askSteps: number): void {
    const isBidNew = this.setSide(market, 0, bidTicks, bidSteps)
    const isAskNew = this.setSide(market, 1, askTicks, askSteps)
    market.quoted()
    if (!isBidNew && !isAskNew) return
    market.markMoved = true
    this.cross(market, 0)
    this.cross(market, 1)
  }

  /** A trade between recorded participants; one without a whole price and quantity is none. `side` is the aggressor's: resting orders of the other side were hit. */
  trade(market: Market, side: number, ticks: number, steps: number): void {
    if (!isCount(ticks) || !isCount(steps)) return
    const hit = 1 - side
    const recorded = market.recorded(hit)
    if (recorded.ticks === ticks) recorded.traded += steps
    const levels = market.side(hit)
    const { doubles } = this.state.orders
    let left = steps
    while (left > 0 && levels.best !== -1) {
      const level = levels.best
      const price = levels.bestTicks
      if (hit === BUY ? price < ticks : price > ticks) break
      const order = levels.first[level]
      if (price === ticks) {
        const ahead = doubles[order * DOUBLES + AHEAD] - levels.passed[level]
        if (ahead > 0) {
          const passing = Math.min(left, ahead)
          levels.passed[level] += passing
          left -= passing
          if (left === 0) break
        }
      }
      left -= this.matcher.fillResting(order, market, left)
    }
    // Trades of the recorded market end at its price, whatever ours were at.
    market.traded(ticks)
  }

  private setSide(market: Market, side: number, ticks: number, steps: number): boolean {
    const recorded = market.recorded(side)
    const { ticks: beforeTicks, steps: beforeSteps, traded } = recorded
    const isThere = isCount(ticks) && isCount(steps)
    if (!recorded.set(isThere ? ticks : 0, isThere ? steps : 0)) return false
    this.queue.moved(market, side, beforeTicks, beforeSteps, traded)
    return true
  }

  /** Resting orders of a side that the recorded quote of the other side has reached. */
  private cross(market: Market, side: number): void {
    const levels = market.side(side)
    const recorded = market.recorded(1 - side)
    while (levels.best !== -1 && recorded.ticks > 0 && recorded.available > 0) {
      const price = levels.bestTicks
      if (side === BUY ? price < recorded.ticks : price > recorded.ticks) return
      recorded.taken += this.matcher.fillResting(levels.first[levels.best], market, recorded.available)
    }
  }
}

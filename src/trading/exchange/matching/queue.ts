import { BUY } from '../../messages/order-terms.js'
import type { Market } from '../accounts/market.js'
import { AHEAD, DOUBLES, PREVIOUS, WORDS } from '../book/orders.js'
import type { VenueState } from './venue-state.js'

/**
 * Where a resting order is in the recorded queue at its price: how much recorded quantity is in front of it.
 *
 * An order joins behind all that is recorded at its price. When the price is behind the best recorded one, its size is not
 * known: the order waits until a quote shows it, and is then behind all of it. Recorded trades at the price move the queue.
 * A quote with a smaller size than is in front of the order shows that those in front left. In the model 'probabilistic'
 * orders are thought to leave the queue anywhere with the same probability: of a decrease that trades do not explain, the
 * share that was in front of the order is taken off, rounded by a random number from the seed.
 *
 * An order stores `AHEAD` as the quantity in front of it plus what had passed at its level by then. So a trade moves all
 * orders of a level in one step.
 */
export class Queue {
  private readonly state: VenueState

  constructor(state: VenueState) {
    this.state = state
  }

  /** An order has joined its level, which is `levels.last[level]`. */
  join(order: number, market: Market, side: number, level: number): void {
    const levels = market.side(side)
    const recorded = market.recorded(side)
    const ticks = levels.ticksOf(level)
    let ahead = 0
    if (recorded.ticks === ticks) ahead = Math.max(0, recorded.available)
    else if (recorded.ticks > 0 && isBetter(side, recorded.ticks, ticks)) ahead = Number.POSITIVE_INFINITY
    this.state.orders.doubles[order * DOUBLES + AHEAD] = levels.passed[level] + ahead
    if (ahead > 0) levels.queued[level] = 1
  }

  /** The recorded quote of a side has changed. `before`: its price and size before, and what traded of it since. */
  moved(market: Market, side: number, beforeTicks: number, beforeSteps: number, traded: number): void {
    const levels = market.side(side)
    const recorded = market.recorded(side)
    for (let level = levels.best; level !== -1; level = levels.worse(level)) {
      const ticks = levels.ticksOf(level)
      if (recorded.ticks > 0 && isBetter(side, recorded.ticks, ticks)) return
      if (levels.queued[level] === 0) continue
      if (recorded.ticks === ticks) {
        const isSamePrice = beforeTicks === ticks
        const left = isSamePrice ? Math.max(0, beforeSteps - traded - recorded.steps) : 0
        const { options } = this.state
        if (options.isProbabilistic && left > 0)
          this.leave(levels.last[level], levels.passed[level], left / beforeSteps)
        this.clamp(levels.last[level], levels.passed[level], recorded.steps)
      } else {
        // The recorded market is worse than this price: no recorded orders are left at it.
        this.clamp(levels.last[level], levels.passed[level], 0)
        levels.queued[level] = 0
      }
    }
  }

  /**
   * No order has more in front than is recorded. Older orders never have more in front than younger ones, so that it begins
   * with the youngest and ends where nothing is to be done.
   */
  private clamp(last: number, passed: number, size: number): void {
    const { doubles, words } = this.state.orders
    for (let order = last; order !== 0; order = words[order * WORDS + PREVIOUS]) {
      if (doubles[order * DOUBLES + AHEAD] - passed <= size) return
      doubles[order * DOUBLES + AHEAD] = passed + size
    }
  }

  /** A share of what is recorded has left the queue, anywhere in it. */
  private leave(last: number, passed: number, share: number): void {
    const { orders, random } = this.state
    const { doubles, words } = orders
    if (doubles[last * DOUBLES + AHEAD] <= passed) return
    // One number for the level: orders stay in their order.
    const rounding = random.next()
    for (let order = last; order !== 0; order = words[order * WORDS + PREVIOUS]) {
      const ahead = doubles[order * DOUBLES + AHEAD] - passed
      if (ahead <= 0) return
      if (ahead === Number.POSITIVE_INFINITY) continue
      doubles[order * DOUBLES + AHEAD] = passed + Math.max(0, ahead - Math.floor(ahead * Math.min(1, share) + rounding))
    }
  }
}

function isBetter(side: number, ticks: number, than: number): boolean {
  return side === BUY ? ticks > than : ticks < than
}

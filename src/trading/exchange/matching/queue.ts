import { BUY } from '../../messages/order-terms.js'
import type { Market } from '../accounts/market.js'
import { AHEAD, DOUBLES, NEXT, WORDS } from '../book/orders.js'
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
        this.shrink(levels.first[level], levels.passed[level], recorded.steps, left, beforeSteps)
      } else {
        // The recorded market is worse than this price: nobody is there any more.
        this.shrink(levels.first[level], levels.passed[level], 0, 0, 0)
        levels.queued[level] = 0
      }
    }
  }

  /** Nobody has more in front than is recorded. `left`: how much of `before` was cancelled, for the probabilistic model. */
  private shrink(first: number, passed: number, size: number, left: number, before: number): void {
    const { orders, options, random } = this.state
    const { doubles, words } = orders
    for (let order = first; order !== 0; order = words[order * WORDS + NEXT]) {
      let ahead = doubles[order * DOUBLES + AHEAD] - passed
      if (ahead <= 0) continue
      if (options.isProbabilistic && left > 0 && ahead < Number.POSITIVE_INFINITY) {
        const share = Math.min(1, ahead / before)
        ahead = Math.max(0, ahead - Math.floor(left * share + random.next()))
      }
      doubles[order * DOUBLES + AHEAD] = passed + Math.min(ahead, size)
    }
  }
}

function isBetter(side: number, ticks: number, than: number): boolean {
  return side === BUY ? ticks > than : ticks < than
}

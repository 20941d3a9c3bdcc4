import { BUY, SELL } from '../../messages/order-terms.js'
import type { Market } from '../accounts/market.js'

/**
 * The price that stops of a side are compared with; 0 when there is none. Before the first trade a buy stop is compared with
 * the bid and a sell stop with the ask: at these prices a trade is certain.
 */
function triggerPrice(market: Market, side: number): number {
  if (market.triggerTicks !== 0) return market.triggerTicks
  return side === BUY ? market.recordedBid.ticks : market.recordedAsk.ticks
}

/** Whether a stop at this price is triggered: a buy stop at or above it, a sell stop at or below it. */
export function isTriggered(market: Market, side: number, stopTicks: number): boolean {
  const price = triggerPrice(market, side)
  return price !== 0 && (side === BUY ? price >= stopTicks : price <= stopTicks)
}

/** The next stop that is triggered: of the nearest price, and the oldest of that. Buys first. 0 when there is none. */
export function nextTriggered(market: Market): number {
  const { buyStops, sellStops } = market
  if (buyStops !== undefined && buyStops.best !== -1 && isTriggered(market, BUY, buyStops.bestTicks))
    return buyStops.first[buyStops.best]
  if (sellStops !== undefined && sellStops.best !== -1 && isTriggered(market, SELL, sellStops.bestTicks))
    return sellStops.first[sellStops.best]
  return 0
}

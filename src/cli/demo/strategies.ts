import { defineStrategy, type StrategyContext, type TickerView } from '../../trading/strategies/strategy.js'

/** The two strategies of the demo. They are simple, and their orders are the point, not their profit. */

const SIZE = 0.01
const LIMIT = 0.1

interface Market {
  fast: number
  slow: number
  seen: number
  position: number
  /** The order that rests or is on its way, 0n when there is none. */
  order: bigint
  orderAt: bigint
}

class Markets {
  private readonly bySymbol = new Map<string, Market>()

  of(symbol: string): Market {
    let market = this.bySymbol.get(symbol)
    if (market === undefined)
      this.bySymbol.set(symbol, (market = { fast: 0, slow: 0, seen: 0, position: 0, order: 0n, orderAt: 0n }))
    return market
  }

  update(ticker: TickerView): Market {
    const market = this.of(ticker.symbol)
    const middle = (ticker.bid + ticker.ask) / 2
    market.seen++
    market.fast += (middle - market.fast) / Math.min(market.seen, 20)
    market.slow += (middle - market.slow) / Math.min(market.seen, 200)
    return market
  }
}

const trending = new Markets()

/** Goes with the trend: takes what the other side offers, or nothing. */
const momentum = defineStrategy({
  id: 'momentum',
  onTicker(ticker, context) {
    const market = trending.update(ticker)
    if (market.seen < 200 || market.order !== 0n) return
    const trend = market.fast - market.slow
    const spread = ticker.ask - ticker.bid
    if (trend > 2 * spread && market.position < LIMIT) sendIoc('buy', ticker.ask)
    else if (trend < -2 * spread && market.position > -LIMIT) sendIoc('sell', ticker.bid)

    function sendIoc(side: 'buy' | 'sell', price: number): void {
      market.order = context.order({ symbol: ticker.symbol, side, quantity: SIZE, price, timeInForce: 'ioc' })
    }
  },
  onOrder(report) {
    if (report.state === 'accepted') return
    const market = trending.of(report.symbol)
    market.position += (report.side === 'buy' ? 1 : -1) * report.filledQuantity
    market.order = 0n
  },
})

const reverting = new Markets()
/** ns after which an order that nobody came for is cancelled. */
const PATIENCE = 500_000_000n

/** Goes against the excess: rests an order where the market came from, and cancels it when that does not come back. */
const meanReversion = defineStrategy({
  id: 'mean-reversion',
  onTicker(ticker, context) {
    const market = reverting.update(ticker)
    if (market.order !== 0n) {
      cancelLate(market, context)
      return
    }
    if (market.seen < 200) return
    const excess = market.fast - market.slow
    const spread = ticker.ask - ticker.bid
    if (excess > 3 * spread && market.position > -LIMIT) sendLimit('sell', ticker.ask)
    else if (excess < -3 * spread && market.position < LIMIT) sendLimit('buy', ticker.bid)

    function sendLimit(side: 'buy' | 'sell', price: number): void {
      market.order = context.order({ symbol: ticker.symbol, side, quantity: SIZE, price })
      market.orderAt = context.now
    }
  },
  onOrder(report) {
    const market = reverting.of(report.symbol)
    if (report.state === 'accepted' || report.orderId !== market.order) return
    market.position += (report.side === 'buy' ? 1 : -1) * report.filledQuantity
    market.order = 0n
  },
})

function cancelLate(market: Market, context: StrategyContext): void {
  if (context.now - market.orderAt < PATIENCE) return
  context.cancel(market.order)
  market.orderAt = context.now
}

export default [momentum, meanReversion]

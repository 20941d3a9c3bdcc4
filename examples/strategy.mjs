// A momentum strategy: buys when the price has been rising, sells when it has been falling, with immediate-or-cancel orders.
//
//     npx ticktape run examples/strategy.mjs --home /tmp/desk --duration 10
//     npx ticktape replay /tmp/desk --strategy momentum      does it send the same orders again?
import { defineStrategy } from 'ticktape/runtime'

const SIZE = 0.01
const LIMIT = 0.05
const TREND_EVENTS = 50

/** The state between frames. A restart begins with an empty map, and so does the replay of that run. */
const markets = new Map()

function marketOf(symbol) {
  if (!markets.has(symbol)) markets.set(symbol, { fast: 0, slow: 0, seen: 0, position: 0, waiting: false })
  return markets.get(symbol)
}

export default defineStrategy({
  id: 'momentum',

  onTicker(ticker, context) {
    const market = marketOf(ticker.symbol)
    const middle = (ticker.bid + ticker.ask) / 2
    market.seen++
    market.fast += (middle - market.fast) / Math.min(market.seen, TREND_EVENTS / 5)
    market.slow += (middle - market.slow) / Math.min(market.seen, TREND_EVENTS)
    if (market.seen < TREND_EVENTS || market.waiting) return

    const trend = (market.fast - market.slow) / market.slow
    const spread = (ticker.ask - ticker.bid) / middle
    if (trend > spread / 2 && market.position < LIMIT) send('buy', ticker.ask)
    if (trend < -spread / 2 && market.position > -LIMIT) send('sell', ticker.bid)

    function send(side, price) {
      context.order({ symbol: ticker.symbol, side, quantity: SIZE, price, timeInForce: 'ioc' })
      market.waiting = true
    }
  },

  onOrder(report) {
    if (report.state === 'accepted') return
    const market = marketOf(report.symbol)
    market.waiting = false
    const sign = report.side === 'buy' ? 1 : -1
    market.position += sign * report.filledQuantity
  },
})

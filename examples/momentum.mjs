// A momentum strategy: while the price rises it buys with a limit order at the bid, which follows the bid; while it falls it sells at the ask.
//
//     npx ticktape run examples/momentum.mjs --home /tmp/desk --duration 10
//     npx ticktape replay /tmp/desk                do all decide the same again?
import { defineStrategy } from 'ticktape/runtime'

const SIZE = 0.01
const LIMIT = 0.05
const TREND_EVENTS = 50

/** The state between frames. A start begins with an empty map, and so does the replay of that run. */
const markets = new Map()

function trendOf(book) {
  let market = markets.get(book.symbol)
  if (market === undefined) markets.set(book.symbol, (market = { fast: 0, slow: 0, seen: 0 }))
  const middle = (book.bid + book.ask) / 2
  market.seen++
  market.fast += (middle - market.fast) / Math.min(market.seen, TREND_EVENTS / 5)
  market.slow += (middle - market.slow) / Math.min(market.seen, TREND_EVENTS)
  return market.seen < TREND_EVENTS ? 0 : market.fast - market.slow
}

export default defineStrategy({
  id: 'momentum',
  symbols: ['BTCUSDT', 'ETHUSDT'],
  history: '10s', // what the averages need after a start

  onBook(book, context) {
    const trend = trendOf(book)
    if (context.history) return // from before the start: nothing can be sent

    const { symbol } = book
    const held = context.position(symbol).quantity // from its own fills, also those of earlier runs
    const edge = (book.ask - book.bid) / 2
    const side = trend > edge && held < LIMIT ? 'buy' : trend < -edge && held > -LIMIT ? 'sell' : undefined
    const price = side === 'buy' ? book.bid : book.ask

    const [order] = context.openOrders(symbol)
    if (order === undefined) {
      if (side !== undefined) context.order({ symbol, side, quantity: SIZE, price })
    } else if (!order.pendingCancel && !order.pendingAmend) {
      if (order.side !== side) context.cancel(order.orderId)
      else if (order.price !== price) context.amend(order.orderId, { price })
    }
  },

  onFill(fill, context) {
    const { quantity, realised } = context.position(fill.symbol)
    context.log(
      `${fill.side} ${fill.quantity} ${fill.symbol} at ${fill.price}: holds ${quantity}, realised ${realised.toFixed(2)}`,
    )
  },

  onStop(context) {
    context.cancelAll() // otherwise they stay at the venue
  },
})

// A mean reversion strategy: it sells what has risen above its slow average, buys what has fallen below it, and takes an order back that was
// not filled within half a second.
//
//     npx ticktape run examples/mean-reversion.mjs --home /tmp/desk --duration 10
import { defineStrategy } from 'ticktape/runtime'

const SIZE = 0.01
const LIMIT = 0.05
const SLOW_EVENTS = 100
const TAKE_BACK_MS = 500

/** By symbol. A start begins with empty averages, and so does the replay of that run. */
const averages = new Map()

/** How far the last few quotes are above the slow average; 0 until it is known. */
function excessOf({ symbol, bid, ask }) {
  let average = averages.get(symbol)
  if (average === undefined) averages.set(symbol, (average = { fast: 0, slow: 0, seen: 0 }))
  const middle = (bid + ask) / 2
  average.seen++
  average.fast += (middle - average.fast) / Math.min(average.seen, 5)
  average.slow += (middle - average.slow) / Math.min(average.seen, SLOW_EVENTS)
  return average.seen < SLOW_EVENTS ? 0 : average.fast - average.slow
}

export default defineStrategy({
  id: 'mean-reversion',
  symbols: ['BTCUSDT', 'ETHUSDT'],
  history: '10s',

  onBook(book, context) {
    const excess = excessOf(book)
    if (context.history) return
    const { symbol } = book
    if (context.openOrders(symbol).length > 0) return
    const held = context.position(symbol).quantity
    const spread = book.ask - book.bid
    if (excess > spread && held > -LIMIT) send('sell', book.ask)
    else if (excess < -spread && held < LIMIT) send('buy', book.bid)

    function send(side, price) {
      const orderId = context.order({ symbol, side, quantity: SIZE, price, postOnly: true })
      context.after(TAKE_BACK_MS, String(orderId)) // a timer belongs to the gateway: it fires in replay too
    }
  },

  onTimer({ name }, context) {
    const orderId = BigInt(name)
    if (context.openOrders().some(order => order.orderId === orderId)) context.cancel(orderId)
  },

  onFill(fill, context) {
    const { quantity, realised } = context.position(fill.symbol)
    context.log(
      `${fill.side} ${fill.quantity} ${fill.symbol} at ${fill.price}: holds ${quantity}, realised ${realised.toFixed(2)}`,
    )
  },

  onStop(context) {
    context.cancelAll()
  },
})

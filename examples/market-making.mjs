// A market maker for 10 seconds: an order on each side of the market, moved by amends, on a simulated exchange with fees and latency.
//
//     node examples/market-making.mjs
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { defineStrategy, Gateway, SyntheticFeed } from 'ticktape/runtime'
import { SimulatedExchange } from 'ticktape/trading'

const SYMBOL = 'BTCUSDT'
const TICK = 0.1
const SIZE = 0.05
const MOST = 0.5

/** The strategy. The gateway loads this module in a process of its own and takes its default export. */
export default defineStrategy({
  id: 'maker',
  symbols: [SYMBOL],

  onStart(context) {
    context.every(1000, 'report')
  },

  onBook(book, context) {
    const held = context.position(SYMBOL).quantity
    // The more it holds, the lower both prices: to lose the position again.
    const middle = (book.bid + book.ask) / 2 - (held / MOST) * 4 * TICK
    keep('buy', held < MOST, Math.min(toTick(middle - 2 * TICK), book.bid))
    keep('sell', held > -MOST, Math.max(toTick(middle + 2 * TICK), book.ask))

    function keep(side, wanted, price) {
      const order = context.openOrders(SYMBOL).find(other => other.side === side)
      if (order === undefined) {
        if (wanted) context.order({ symbol: SYMBOL, side, quantity: SIZE, price, postOnly: true })
      } else if (!order.pendingAmend && !order.pendingCancel) {
        if (!wanted) context.cancel(order.orderId)
        else if (Math.abs(order.price - price) > 1.5 * TICK) context.amend(order.orderId, { price })
      }
    }
  },

  onTimer(_timer, context) {
    const { quantity, realised, unrealised } = context.position(SYMBOL)
    context.log(`holds ${quantity}, profit ${(realised + unrealised).toFixed(2)} before fees`)
  },

  onStop(context) {
    context.cancelAll()
  },
})

/** The double nearest to a whole number of ticks: an order with any other price is denied ('price-tick'). */
function toTick(price) {
  return Math.round(price / TICK) / 10
}

// The program. In the strategy's process this module is imported, not run.
if (process.argv[1] === import.meta.filename) {
  const home = mkdtempSync(join(tmpdir(), 'ticktape-making-'))
  const exchange = new SimulatedExchange({
    instruments: [
      {
        venue: 'sim',
        symbol: SYMBOL,
        kind: 'perpetual',
        base: 'BTC',
        quote: 'USDT',
        priceTick: '0.1',
        quantityStep: '0.001',
      },
    ],
    fees: { maker: '-0.00005', taker: '0.0005' },
    latencyNs: 1_000_000,
  })
  const gateway = await Gateway.start({
    home,
    strategies: [import.meta.filename],
    feed: new SyntheticFeed({ symbols: [SYMBOL], rate: 2_000, limit: 20_000 }),
    venue: exchange,
    risk: { maxPosition: 1, maxOpenOrders: 10 },
  })
  await gateway.fed
  await gateway.stop()

  const { orders, fills } = exchange.record()
  const rebates = fills.reduce((sum, { fee }) => sum - fee, 0)
  console.log(
    `the exchange had ${orders.length} orders and ${fills.length} fills; it paid ${rebates.toFixed(2)} USDT in fees`,
  )
  rmSync(home, { recursive: true })
}

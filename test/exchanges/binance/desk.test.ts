import { join } from 'node:path'
import { Gateway, replayGateway } from 'ticktape/runtime'
import { expect, onTestFinished, test } from 'vitest'
import { TRADED_MARKETS, type TradedMarket } from '../../../dist/exchanges/binance/endpoints.js'
import type { FakeFaults } from '../../../dist/exchanges/fake/fake-faults.js'
import { expectAgreement, lastStates } from '../../support/agreement.ts'
import { moduleOf, newHome, PushedFeed, QUICK, quote, settled, trade, until } from '../../support/desks.ts'
import { startFakeBinance } from '../../support/fake-binance.ts'

/** TICKTAPE_BINANCE_ORDERS: about how many orders each desk with faults sends. */
const ORDERS = Number(process.env['TICKTAPE_BINANCE_ORDERS'] ?? 200)
const MODULE = join(import.meta.dirname, '../../../dist/exchanges/binance/binance-module.js')

/** Orders of every type that the market has, on two instruments; amends where it has them, and cancels. From trade 1,000,000 on it only cancels. */
function busy(market: TradedMarket): string {
  return `
  const SYMBOLS = ${JSON.stringify(symbolsOf(market))}, IS_SPOT = ${market === 'spot'}
  const PRICES = [60100, 3000], SIZES = ${market === 'coin-m' ? '[20, 30]' : '[0.01, 0.1]'}
  let n = 0
  export default defineStrategy({ id: 'a',
    onTrade({ tradeId }, context) {
      if (tradeId >= 1000000n) { for (const symbol of SYMBOLS) context.cancelAll(symbol); return }
      n++
      const i = n % 2, symbol = SYMBOLS[i], side = (n >> 2) % 2 === 0 ? 'buy' : 'sell', quantity = SIZES[i]
      const far = side === 'buy' ? Math.round(PRICES[i] * 0.9) : Math.round(PRICES[i] * 1.1)
      const kind = n % 10
      if (kind < 2) context.order({ symbol, side, quantity })
      else if (kind < 4) context.order({ symbol, side, quantity, price: far, postOnly: true })
      else if (kind === 4) context.order({ symbol, side, quantity, price: PRICES[i], timeInForce: 'ioc' })
      else if (kind === 5) context.order({ symbol, side, quantity, price: PRICES[i], timeInForce: 'fok' })
      else if (kind === 6 && IS_SPOT) context.order({ symbol, side, quantity, orderType: 'stop', stopPrice: side === 'buy' ? Math.round(PRICES[i] * 1.2) : Math.round(PRICES[i] * 0.8) })
      else context.order({ symbol, side, quantity, price: far })
      const open = context.openOrders(symbol).filter(order => order.state === 'accepted')
      if (open.length > 3) {
        context.cancel(open[0].orderId)
        if (!IS_SPOT && open[1].price > 0) context.amend(open[1].orderId, { quantity: quantity * 2 })
      }
    } })`
}

function symbolsOf(market: TradedMarket): readonly [string, string] {
  return market === 'coin-m' ? ['BTCUSD_PERP', 'ETHUSD_PERP'] : ['BTCUSDT', 'ETHUSDT']
}

const FAULTS: readonly (readonly [TradedMarket, string, FakeFaults])[] = [
  ['usd-m', 'delays, doubles and reorders what it says', { delayMs: 40, doubleAnswer: 0.3 }],
  [
    'spot',
    'loses requests and answers, and fills during cancels',
    { loseRequest: 0.1, loseAnswer: 0.1, fillDuringCancel: 0.5 },
  ],
  [
    'spot',
    'drops its sockets, loses answers, and has none for a time',
    { dropSocket: 0.02, unavailable: 0.3, loseAnswer: 0.05, delayMs: 10 },
  ],
]
/** All markets do everything wrong in a long run: that a request never arrived takes futures 15 s to prove. */
const KINDS =
  process.env['TICKTAPE_BINANCE_ORDERS'] === undefined
    ? FAULTS
    : FAULTS.flatMap(([, what, faults]) => TRADED_MARKETS.map(market => [market, what, faults] as const))

test.each(KINDS)(
  'a Binance (%s) that %s: nothing is final without its word, and both agree on every order and fill',
  { timeout: 90_000 + ORDERS * 30 },
  async (market, _, faults) => {
    const fake = await startFakeBinance({ limit: 100_000, rate: 200 })
    const { exchange } = fake.parts[market]
    const [btc, eth] = symbolsOf(market)
    const home = newHome()
    const feed = new PushedFeed()
    const gateway = await Gateway.start({
      ...QUICK,
      home,
      feed,
      strategies: [moduleOf(busy(market))],
      venue: { module: MODULE, options: { endpoint: fake.endpoint, market, requestsPerSecond: 300 } },
      requestExpiryMs: 500,
    })
    onTestFinished(async () => {
      await gateway.stop()
    })
    feed.push(quote(btc, 60_100, 60_100.1), quote(eth, 3000, 3000.1))
    // Orders wait until the account is reconciled.
    await until(() => exchange.orders.length > 0 || (feed.push(trade(btc, 60_100, 1)), false), 'an order')
    fake.faults = faults
    for (let i = 0; i < ORDERS; i++) {
      feed.push(trade(btc, 60_100, 2 + i))
      if (i % 3 === 0) await new Promise(resolve => setTimeout(resolve, 10))
    }
    await settled(gateway)
    fake.faults = {}
    // What was lost is asked for after a connection.
    fake.dropSockets()
    const isOpen = (): boolean =>
      [...lastStates(home).values()].some(({ state }) =>
        ['submitted', 'accepted', 'partially-filled', 'unknown'].includes(state),
      )
    let cancels = 0
    const end = Date.now() + 60_000 + ORDERS * 20
    for (;;) {
      const began = performance.now()
      if (!isOpen() || Date.now() > end) break
      // The fake lives in this process: it must answer while the journals are read again and again.
      await new Promise(resolve => setTimeout(resolve, 3 * (performance.now() - began)))
      if (cancels++ % 10 === 0) feed.push(trade(btc, 60_100, 1_000_000 + cancels))
      await new Promise(resolve => setTimeout(resolve, 100))
    }
    await settled(gateway)
    expect(await gateway.stop()).toBe(true)
    expectAgreement(home, exchange)
    const states = [...lastStates(home).values()].map(({ state }) => state)
    expect(states.length).toBeGreaterThan(ORDERS / 2)
    expect(states.filter(state => state === 'filled').length).toBeGreaterThan(0)
    const replayed = await replayGateway({ home })
    expect(replayed.difference).toBeUndefined()
    expect(replayed.outcomes).toBeGreaterThan(states.length)
  },
)

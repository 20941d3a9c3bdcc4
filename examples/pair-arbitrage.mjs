// Arbitrage between two venues for 10 seconds: where one is cheaper than the other one, a pair buys there and sells here, both or neither, and
// what one leg has more than the other is closed by the gateway.
//
//     node examples/pair-arbitrage.mjs
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { defineStrategy, Gateway, SyntheticFeed } from 'ticktape/runtime'
import { SimulatedExchange } from 'ticktape/trading'

const SYMBOL = 'BTCUSDT'
const VENUES = ['north', 'south']
const SIZE = 0.05
const MOST = 0.5

const quotes = new Map()
const counts = { done: 0, unbalanced: 0, denied: 0 }

export default defineStrategy({
  id: 'arbitrage',

  onBook({ instrument, bid, ask }, context) {
    quotes.set(instrument, { bid, ask }) // numbers are given in the order of the venues
    if (quotes.size < 2 || context.openPairs().length > 0) return
    const [north, south] = [...quotes].sort(([a], [b]) => a - b).map(([, quote]) => quote)
    const held = context.position(`${SYMBOL}.north`).quantity
    if (north.bid > south.ask && held > -MOST) trade('south', south.ask, 'north', north.bid)
    else if (south.bid > north.ask && held < MOST) trade('north', north.ask, 'south', south.bid)

    function trade(cheap, buyAt, dear, sellAt) {
      context.pair({
        legs: [
          { symbol: `${SYMBOL}.${cheap}`, side: 'buy', quantity: SIZE, price: buyAt, timeInForce: 'ioc' },
          { symbol: `${SYMBOL}.${dear}`, side: 'sell', quantity: SIZE, price: sellAt, timeInForce: 'ioc' },
        ],
        settleMs: 50,
        maxSlippage: 0.001,
      })
    }
  },

  onPair({ state }) {
    if (state in counts) counts[state]++
  },

  onStop(context) {
    const profit = VENUES.map(venue => context.position(`${SYMBOL}.${venue}`)).reduce(
      (sum, { realised, unrealised }) => sum + realised + unrealised,
      0,
    )
    context.log(`${counts.done} pairs done, ${counts.unbalanced} unbalanced; profit ${profit.toFixed(2)} before fees`)
  },
})

/** One market at two venues, at the second one some events later. A feed gives the same events each time. */
class TwoVenueFeed {
  #base = new SyntheticFeed({ symbols: [SYMBOL], rate: 1_000, limit: 10_000 })
  identity = 'one market at two venues'

  async *events(skip, options) {
    const waiting = []
    let left = skip
    for await (const batch of this.#base.events(0, options)) {
      const both = batch.flatMap(event => {
        waiting.push(event)
        const late =
          waiting.length > 20 ? [{ ...waiting.shift(), timeMs: event.timeMs, symbol: `${SYMBOL}.south` }] : []
        return [{ ...event, symbol: `${SYMBOL}.north` }, ...late]
      })
      yield both.slice(left)
      left = Math.max(0, left - both.length)
    }
  }
}

// The program. In the strategy's process this module is imported, not run.
if (process.argv[1] === import.meta.filename) {
  const home = mkdtempSync(join(tmpdir(), 'ticktape-pairs-'))
  const venues = VENUES.map(
    (name, n) =>
      new SimulatedExchange({
        instruments: [
          {
            venue: name,
            symbol: SYMBOL,
            kind: 'spot',
            base: 'BTC',
            quote: 'USDT',
            priceTick: '0.1',
            quantityStep: '0.001',
          },
        ],
        fees: { maker: '0', taker: '0.00001' },
        latencyNs: { min: 500_000, max: 5_000_000 }, // late enough that a leg is missed now and then
        seed: n + 1,
      }),
  )
  const gateway = await Gateway.start({ home, strategies: [import.meta.filename], feed: new TwoVenueFeed(), venues })
  await gateway.fed
  await new Promise(resolve => setTimeout(resolve, 1_000)) // the last pairs settle
  await gateway.stop()

  const held = venues.map(
    venue => venue.record().fills.reduce((sum, { side, steps }) => sum + (side === 'buy' ? steps : -steps), 0) / 1000,
  )
  console.log(`bought less sold: ${VENUES.map((name, n) => `${held[n].toFixed(3)} at ${name}`).join(', ')}`)
  rmSync(home, { recursive: true })
}

// Five strategies, each with a fifth of the market's symbols. For each quote they send a burst of eight orders, an amend and
// two cancels; from trade 1,000,000,000 on they only cancel. At their end they write down what they think they have.
import { writeFileSync } from 'node:fs'
import { defineStrategy } from 'ticktape/runtime'
import { SYMBOLS } from '../campaign-market.mjs'

const MARKET_ORDERS = 6

function greedy(n) {
  const symbols = SYMBOLS.filter((_, i) => i % 5 === n)
  /** Orders that may rest, by instrument. */
  const resting = new Map()
  let draining = false
  let bursts = 0
  return defineStrategy({
    id: `greedy-${n}`,
    symbols,
    onBook({ instrument, bid, ask }, context) {
      if (draining) return
      bursts++
      for (let i = 0; i < MARKET_ORDERS; i++)
        context.order({
          instrument,
          side: (bursts + i) % 2 === 0 ? 'buy' : 'sell',
          quantity: (1 + ((bursts + 3 * i) % 7)) / 1000,
        })
      const open = resting.get(instrument) ?? []
      resting.set(instrument, open)
      open.push(context.order({ instrument, side: 'buy', quantity: 0.01, price: bid }))
      open.push(context.order({ instrument, side: 'sell', quantity: 0.004, price: ask }))
      if (open.length < 6) return
      context.amend(open[open.length - 1], { quantity: 0.006 })
      for (const id of open.splice(0, 2)) context.cancel(id)
    },
    onTrade(trade, context) {
      if (trade.tradeId < 1_000_000_000n) return
      draining = true
      context.cancelAll()
    },
    onStop(context) {
      const result = {}
      for (const symbol of symbols) {
        const { quantity, averagePrice, realised } = context.position(symbol)
        result[symbol] = { quantity, averagePrice, realised, open: context.openOrders(symbol).length }
      }
      writeFileSync(`${process.env.GREEDY_OUT}-${n}.json`, JSON.stringify(result))
    },
  })
}

export default [0, 1, 2, 3, 4].map(greedy)

// Five strategies that send as many orders as the market lets them, each in a symbol of its own; from trade 1,000,000,000 on
// they only cancel. At their end they write down what they think they have.
import { writeFileSync } from 'node:fs'
import { defineStrategy } from 'ticktape/runtime'

function greedy(n) {
  const symbol = `S${n}USDT`
  const resting = []
  let draining = false
  let count = 0
  return defineStrategy({
    id: `greedy-${n}`,
    symbols: [symbol],
    onBook(book, context) {
      if (draining) return
      const { instrument, bid, ask } = book
      count++
      context.order({ instrument, side: count % 2 === 0 ? 'buy' : 'sell', quantity: 0.003 + (count % 7) / 1000 })
      resting.push(context.order({ instrument, side: 'buy', quantity: 0.01, price: bid }))
      resting.push(context.order({ instrument, side: 'sell', quantity: 0.004, price: ask }))
      if (resting.length < 6) return
      context.amend(resting[resting.length - 1], { quantity: 0.006 })
      for (const id of resting.splice(0, 2)) context.cancel(id)
    },
    onTrade(trade, context) {
      if (trade.tradeId < 1_000_000_000n) return
      draining = true
      context.cancelAll()
    },
    onStop(context) {
      const { quantity, averagePrice, realised } = context.position(symbol)
      const open = context.openOrders().length
      const result = { quantity, cash: realised - quantity * averagePrice, open }
      writeFileSync(`${process.env.GREEDY_OUT}-${n}.json`, JSON.stringify(result))
    },
  })
}

export default [0, 1, 2, 3, 4].map(greedy)

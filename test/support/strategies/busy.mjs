// Two strategies that use every kind of order: market orders, resting orders, cancels of both, and several orders for one frame.
import { defineStrategy } from 'ticktape/runtime'

let seen = 0
const resting = []

const eager = defineStrategy({
  id: 'eager',
  symbols: ['BTCUSDT', 'ETHUSDT'],
  onTrade(trade, context) {
    if (++seen % 3 !== 0) return
    context.order({
      symbol: trade.symbol,
      side: trade.side,
      quantity: trade.quantity,
      clientOrderId: `t${trade.tradeId}`,
    })
  },
  onOrder(report, context) {
    if (report.state === 'filled' && report.orderId % 16n === 0n)
      context.order({ symbol: report.symbol, side: 'sell', quantity: 1, price: report.averagePrice })
  },
})

const patient = defineStrategy({
  id: 'patient',
  onBook(book, context) {
    if (book.position % 11 !== 0) return
    resting.push(context.order({ symbol: book.symbol, side: 'buy', quantity: 1, price: book.bid }))
    resting.push(context.order({ symbol: book.symbol, side: 'sell', quantity: 1, price: book.ask }))
    if (resting.length > 20) for (const id of resting.splice(0, 3)) context.cancel(id)
  },
  onStop(context) {
    for (const id of resting) context.cancel(id)
  },
})

export default [eager, patient]

// Decides otherwise than busy.mjs, from the hundredth trade on.
import { defineStrategy } from 'ticktape/runtime'

let seen = 0

export default defineStrategy({
  id: 'eager',
  symbols: ['BTCUSDT', 'ETHUSDT'],
  onTrade(trade, context) {
    if (++seen % 3 !== 0) return
    context.order({ symbol: trade.symbol, side: trade.side, quantity: seen < 100 ? trade.quantity : trade.quantity + 1, clientOrderId: `t${trade.tradeId}` })
  },
})

// Sends two orders for each trade. Kills itself between the two when it first handles certain trades, and throws after both for another
// trade.
import { existsSync, writeFileSync } from 'node:fs'
import { defineStrategy } from 'ticktape/runtime'

export default defineStrategy({
  id: 'suicidal',
  onTrade(trade, context) {
    context.order({ symbol: trade.symbol, side: 'buy', quantity: 1, clientOrderId: `first-${trade.tradeId}` })
    const marker = `${process.env.MARKER}-${trade.symbol}-${trade.tradeId}`
    if (trade.tradeId % 20n === 7n && !existsSync(marker)) {
      writeFileSync(marker, '')
      process.kill(process.pid, 'SIGKILL')
    }
    context.order({ symbol: trade.symbol, side: 'sell', quantity: 1, clientOrderId: `second-${trade.tradeId}` })
    if (trade.tradeId === 30n) throw new Error('enough of this trade')
  },
})

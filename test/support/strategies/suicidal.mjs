// Kills itself in the middle of a handler, after it has sent, the first time it comes to a certain trade; throws at another.
import { existsSync, writeFileSync } from 'node:fs'
import { defineStrategy } from 'ticktape/runtime'

export default defineStrategy({
  id: 'suicidal',
  onTrade(trade, context) {
    context.order({ symbol: trade.symbol, side: 'buy', quantity: 1, clientOrderId: `${trade.symbol}-${trade.tradeId}` })
    const marker = `${process.env.MARKER}-${trade.symbol}-${trade.tradeId}`
    if (trade.tradeId % 20n === 7n && !existsSync(marker)) {
      writeFileSync(marker, '')
      process.kill(process.pid, 'SIGKILL')
    }
    if (trade.tradeId === 30n) throw new Error('enough of this trade')
  },
})

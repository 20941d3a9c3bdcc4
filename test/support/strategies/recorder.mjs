// Two strategies that record a digest of every bit that they see, in order.

import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { defineStrategy } from 'ticktape/runtime'

function recorder(id) {
  const hash = createHash('sha256')
  let quotes = 0
  let trades = 0
  const see = (kind, symbol, numbers) => hash.update(`${kind}${symbol}`).update(new Float64Array(numbers))
  return defineStrategy({
    id,
    onBook(book) {
      quotes++
      see('q', book.symbol, [book.bid, book.ask, book.bidSize, book.askSize])
    },
    onTrade(trade) {
      trades++
      see(`t${trade.tradeId}${trade.side}`, trade.symbol, [trade.price, trade.quantity])
    },
    onStop() {
      writeFileSync(
        `${process.env.RECORDER_OUT}-${id}.json`,
        JSON.stringify({ quotes, trades, digest: hash.digest('hex') }),
      )
    },
  })
}

export default [recorder('first'), recorder('second')]

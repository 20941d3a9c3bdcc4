// Limits that two strategies share: both buy as much as they can, and together they never hold more than the desk may.
//
//     node examples/risk-limits.mjs
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { on, Reader } from 'ticktape'
import { defineStrategy, Gateway, SyntheticFeed } from 'ticktape/runtime'
import { Fill, OrderReport } from 'ticktape/trading'

const SYMBOL = 'BTCUSDT'

/** Strategies that buy at each quote, and never ask whether they may. */
function greedy(id) {
  return defineStrategy({
    id,
    symbols: [SYMBOL],
    onBook(book, context) {
      context.order({ symbol: SYMBOL, side: 'buy', quantity: 0.1, price: book.ask, timeInForce: 'ioc' })
    },
  })
}

export default [greedy('first'), greedy('second')]

if (process.argv[1] === import.meta.filename) {
  const home = mkdtempSync(join(tmpdir(), 'ticktape-limits-'))
  const gateway = await Gateway.start({
    home,
    strategies: [import.meta.filename],
    feed: new SyntheticFeed({ symbols: [SYMBOL], rate: 500, limit: 2_000 }),
    risk: {
      maxPosition: 2, // of the desk: what both hold together, with all that is pending
      maxOrdersPerSecond: 50,
      priceBand: 0.01, // of the last quote
      strategies: { second: { maxPosition: 0.5 } },
    },
  })
  await gateway.fed
  await gateway.stop()

  // All that was decided is in one journal.
  const counts = new Map()
  const held = new Map()
  const sequence = Reader.open(join(home, 'gateway'))
  const handlers = on(OrderReport, ({ state, reason }) => {
    const what = state === 'denied' ? `denied: ${reason}` : state
    counts.set(what, (counts.get(what) ?? 0) + 1)
  }).on(Fill, ({ dest, quantity }) => {
    held.set(dest, (held.get(dest) ?? 0) + quantity)
  })
  while (sequence.poll(handlers) > 0);
  sequence.close()

  for (const [what, count] of counts) console.log(`${String(count).padStart(6)}  ${what}`)
  for (const [strategy, quantity] of [...held].sort(([a], [b]) => a - b))
    console.log(`strategy ${strategy} holds ${quantity.toFixed(4)}`)
  rmSync(home, { recursive: true })
}

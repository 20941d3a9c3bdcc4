// Reads all market events, checks their order, and sends an order for each so many of them.
import { writeSync } from 'node:fs'
import { defineStrategy } from 'ticktape/runtime'
import { leave, wallMs } from './result.js'

const count = Number(process.env['TICKTAPE_BENCH_COUNT'])
const every = Number(process.env['TICKTAPE_BENCH_EVERY'] ?? 0)
const id = process.env['TICKTAPE_BENCH_ID'] ?? 'reader'
let seen = 0
let begun = 0
const collected = (): number => process.memoryUsage().heapUsed

export default defineStrategy({
  id,
  onBook(book, context) {
    if (seen++ === 0) begun = wallMs()
    // The prices of the feed say the number of the event.
    if (book.bid !== 1000 + ((seen - 1) % 4096)) writeSync(2, `event ${seen - 1} has the bid ${book.bid}\n`)
    if (every > 0 && seen % every === 0)
      context.order({ instrument: book.instrument, side: 'buy', quantity: 1, price: 100, timeInForce: 'ioc' })
    if (seen === count) leave(id, { ms: wallMs() - begun, heap: collected() })
  },
})

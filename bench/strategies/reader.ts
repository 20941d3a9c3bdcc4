// Reads all market events, checks their order, and sends an order for each so many of them.
import { writeSync } from 'node:fs'
import { defineStrategy } from 'ticktape/runtime'
import { EVENT_BATCH, FIRST_BID } from '../support/desk.js'
import { leave, wallMs } from './result.js'

const count = Number(process.env['TICKTAPE_BENCH_COUNT'])
const every = Number(process.env['TICKTAPE_BENCH_EVERY'] ?? 0)
let seen = 0
let begun = 0

export default defineStrategy({
  id: 'reader',
  onBook(book, context) {
    if (seen++ === 0) begun = wallMs()
    // The prices of the feed say the number of the event.
    if (book.bid !== FIRST_BID + ((seen - 1) % EVENT_BATCH)) writeSync(2, `event ${seen - 1} has the bid ${book.bid}\n`)
    if (every > 0 && seen % every === 0)
      context.order({ instrument: book.instrument, side: 'buy', quantity: 1, price: 100, timeInForce: 'ioc' })
    if (seen === count) leave('reader', { ms: wallMs() - begun })
  },
})

// Keeps many orders on their way: sends a handful for each event until all are sent.
import { defineStrategy } from 'ticktape/runtime'
import { leave, wallMs } from './result.js'

const count = Number(process.env['TICKTAPE_BENCH_COUNT'])
const HANDFUL = 64
let sent = 0
let ended = 0
let begun = 0

export default defineStrategy({
  id: 'burst',
  onBook(book, context) {
    if (begun === 0) begun = wallMs()
    for (let i = 0; i < HANDFUL && sent < count; i++, sent++)
      context.order({ instrument: book.instrument, side: 'buy', quantity: 1, price: 100, timeInForce: 'ioc' })
  },
  onOrder(report) {
    if (report.state !== 'cancelled') return
    if (++ended === count) leave('burst', { perSecond: count / ((wallMs() - begun) / 1000) })
  },
})

// Keeps many orders on their way: each that has ended is followed by another one, until all are sent. The second half is measured: before it,
// code is compiled, and memory is touched for the first time.
import { defineStrategy, type StrategyContext } from 'ticktape/runtime'
import { leave, wallMs } from './result.js'

const count = Number(process.env['TICKTAPE_BENCH_COUNT'])
/** Orders on their way at the same time. */
const WINDOW = 512
let sent = 0
let ended = 0
let begun = 0

function send(context: StrategyContext, instrument: number): void {
  if (sent === count) return
  sent++
  context.order({ instrument, side: 'buy', quantity: 1, price: 100, timeInForce: 'ioc' })
}

export default defineStrategy({
  id: 'burst',
  onBook(book, context) {
    while (sent < Math.min(WINDOW, count)) send(context, book.instrument)
  },
  onOrder(report, context) {
    if (report.state !== 'cancelled') return
    ended++
    if (ended === count / 2) begun = wallMs()
    send(context, report.instrument)
    if (ended === count) leave('burst', { perSecond: count / 2 / ((wallMs() - begun) / 1000) })
  },
})

// Sends one order at a time, the next when the report of the last one has come.
import { type BookTopView, defineStrategy, type StrategyContext } from 'ticktape/runtime'
import { percentiles } from '../support/statistics.js'
import { leave } from './result.js'

const count = Number(process.env['TICKTAPE_BENCH_COUNT'])
const times = new Uint32Array(count)
let sent = 0
let sentAt = 0
let instrument = 0
let begun = 0

function send(context: StrategyContext): void {
  if (sent === count) return
  sent++
  sentAt = performance.now()
  // Buys at a price that nobody sells at: it is cancelled at once.
  context.order({ instrument, side: 'buy', quantity: 1, price: 100, timeInForce: 'ioc' })
}

export default defineStrategy({
  id: 'ping',
  onBook(book: BookTopView, context) {
    if (instrument !== 0) return
    instrument = book.instrument
    begun = performance.now()
    send(context)
  },
  onOrder(report, context) {
    if (report.state === 'accepted') return
    if (report.state !== 'cancelled') throw new Error(`the order is ${report.state}: ${report.reason}`)
    times[sent - 1] = (performance.now() - sentAt) * 1e6
    if (sent === count) {
      const seconds = (performance.now() - begun) / 1000
      leave('ping', { percentiles: percentiles(times.subarray(count / 10)), perSecond: count / seconds })
    }
    send(context)
  },
})

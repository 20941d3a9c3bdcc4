// Many strategies in one module, each in a process of its own: they read all market events and check their order.
import { type BookTopView, defineStrategy } from 'ticktape/runtime'
import { EVENT_BATCH, FIRST_BID } from '../support/desk.js'
import { leave, wallMs } from './result.js'

const count = Number(process.env['TICKTAPE_BENCH_COUNT'])
const strategies = Number(process.env['TICKTAPE_BENCH_STRATEGIES'])

export default Array.from({ length: strategies }, (_, i) => {
  const id = `crowd${i}`
  let seen = 0
  let begun = 0
  let wrong = 0
  return defineStrategy({
    id,
    onBook(book: BookTopView) {
      if (seen === 0) begun = wallMs()
      // The prices of the feed say the number of the event.
      if (book.bid !== FIRST_BID + (seen % EVENT_BATCH)) wrong++
      if (++seen === count) leave(id, { begun, ended: wallMs(), wrong })
    },
  })
})

// Looks at every quote, and renews its two resting orders after so many of them.
import { defineStrategy } from 'ticktape/runtime'

const every = Number(process.env['TICKTAPE_BENCH_EVERY'] ?? 1000)
let seen = 0
let spread = 0

export default defineStrategy({
  id: 'maker',
  onBook(book, context) {
    spread = 0.99 * spread + 0.01 * (book.ask - book.bid)
    if (++seen % every !== 0) return
    context.cancelAll()
    const { instrument, bid, ask } = book
    context.order({ instrument, side: 'buy', quantity: 0.01, price: bid, postOnly: true })
    context.order({ instrument, side: 'sell', quantity: 0.01, price: ask, postOnly: true })
  },
})

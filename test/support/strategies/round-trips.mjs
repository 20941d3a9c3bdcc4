// Buys and sells in turn, the quantity that is quoted, every 20 quotes of each instrument.

import { defineStrategy } from 'ticktape/runtime'

const quotes = new Map()

export default defineStrategy({
  id: 'round-trips',
  onBook(book, context) {
    const count = (quotes.get(book.instrument) ?? 0) + 1
    quotes.set(book.instrument, count)
    if (count % 20 !== 0) return
    const side = count % 40 === 0 ? 'sell' : 'buy'
    context.order({ instrument: book.instrument, side, orderType: 'market', quantity: book.bidSize })
  },
})

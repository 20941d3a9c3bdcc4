import { expect, onTestFinished, test } from 'vitest'
import type { BinanceRest } from '../../../dist/exchanges/binance/binance-rest.js'
import { binanceEndpoint } from '../../../dist/exchanges/binance/endpoints.js'
import { PublicBooks } from '../../../dist/exchanges/binance/public-books.js'
import { VenueRequestError } from '../../../dist/exchanges/errors.js'

/** Books whose snapshots are these, one after the other; undefined: no answer. */
function booksOf(snapshots: (object | undefined)[]): {
  readonly books: PublicBooks
  readonly quotes: string[]
  readonly gaps: string[]
} {
  const quotes: string[] = []
  const gaps: string[] = []
  const rest = {
    endpoint: binanceEndpoint('live', 'spot'),
    depth: async () => {
      const next = snapshots.shift()
      if (next === undefined) throw new VenueRequestError('no answer')
      return next
    },
  } as unknown as BinanceRest
  const books = new PublicBooks(rest, {
    onEvent: event => void (event.kind === 'quote' && quotes.push(`${event.bid} ${event.ask}`)),
    onGap: what => void gaps.push(what),
  })
  onTestFinished(() => books.close())
  return { books, quotes, gaps }
}

function update(U: number, u: number, bid: string): Readonly<Record<string, unknown>> {
  return { e: 'depthUpdate', s: 'BTCUSDT', U, u, b: [[bid, '1']], a: [] }
}

function snapshot(lastUpdateId: number, bid: string): object {
  return { lastUpdateId, bids: [[bid, '1']], asks: [['200', '1']] }
}

test('a book begins with its snapshot and what came meanwhile, and says each best price once', async () => {
  const { books, quotes, gaps } = booksOf([snapshot(10, '100')])
  books.update(update(9, 11, '101'))
  await expect.poll(() => quotes).toEqual(['101 200'])
  books.update(update(12, 12, '90'))
  books.update(update(13, 13, '102'))
  expect(quotes).toEqual(['101 200', '102 200'])
  expect(gaps).toEqual([])
})

test('after a gap no quote is given until a newer snapshot joins the updates; a question without an answer is repeated', async () => {
  const { books, quotes, gaps } = booksOf([snapshot(10, '100'), undefined, snapshot(15, '103'), snapshot(25, '105')])
  books.update(update(11, 11, '101'))
  await expect.poll(() => quotes).toEqual(['101 200'])
  // 12 to 19 are missing. The first snapshot that is answered is too old for what follows.
  books.update(update(20, 20, '104'))
  expect(quotes).toHaveLength(1)
  await expect.poll(() => quotes, { timeout: 5000 }).toEqual(['101 200', '105 200'])
  expect(gaps[0]).toMatch(/the book of BTCUSDT has a gap: updates before 20 are missing/)
  expect(gaps[1]).toContain('no answer')
})

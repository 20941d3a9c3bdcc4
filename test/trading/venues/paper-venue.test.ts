import { PaperVenue } from 'ticktape/runtime'
import type { OrderReportValues, OrderValues } from 'ticktape/trading'
import { describe, expect, test } from 'vitest'

function order(changes: Partial<OrderValues> = {}): OrderValues {
  return {
    symbol: 'BTCUSDT',
    orderId: 1n,
    price: 100,
    quantity: 2,
    filledQuantity: 0,
    averagePrice: 0,
    clientOrderId: 'mine',
    side: 'buy',
    orderType: 'limit',
    state: 'new',
    timeInForce: 'gtc',
    action: 'new',
    ...changes,
  }
}

function venueAt(bid: number, ask: number): PaperVenue {
  const venue = new PaperVenue()
  venue.quote('BTCUSDT', bid, ask)
  return venue
}

const short = (reports: readonly OrderReportValues[]) =>
  reports.map(r => [r.orderId, r.state, r.filledQuantity, r.averagePrice, r.reason])

describe('an order that can trade', () => {
  test('is filled completely at the best price, with all its fields in the report', () => {
    const [accepted, filled] = venueAt(98, 99).answer(order())
    const { action: _, ...image } = order()
    expect(accepted).toEqual({ ...image, state: 'accepted', reason: 'none' })
    expect(filled).toEqual({ ...image, state: 'filled', reason: 'none', filledQuantity: 2, averagePrice: 99 })
  })

  test('is filled exactly at the limit, and not one tick beyond it', () => {
    expect(short(venueAt(99, 100).answer(order()))).toHaveLength(2)
    expect(short(venueAt(99, 100.1).answer(order()))).toEqual([[1n, 'accepted', 0, 0, 'none']])
    expect(short(venueAt(100, 101).answer(order({ side: 'sell' })))).toHaveLength(2)
    expect(short(venueAt(99.9, 101).answer(order({ side: 'sell' })))).toEqual([[1n, 'accepted', 0, 0, 'none']])
  })

  test('at market trades at the best price', () => {
    const market = order({ orderType: 'market', price: 0, timeInForce: 'ioc' })
    expect(short(venueAt(98, 99).answer(market)).at(-1)).toEqual([1n, 'filled', 2, 99, 'none'])
    expect(short(venueAt(98, 99).answer({ ...market, side: 'sell' })).at(-1)).toEqual([1n, 'filled', 2, 98, 'none'])
    expect(short(venueAt(98, 0).answer(market)).at(-1)).toEqual([1n, 'cancelled', 0, 0, 'not marketable'])
  })
})

describe('an order that cannot trade yet', () => {
  test('rests until the market reaches its price, and is filled once, at its limit', () => {
    const venue = venueAt(101, 102)
    venue.answer(order())
    expect(venue.quote('BTCUSDT', 100, 100.1)).toEqual([])
    expect(venue.quote('ETHUSDT', 1, 2)).toEqual([])
    expect(short(venue.quote('BTCUSDT', 99, 99.5))).toEqual([[1n, 'filled', 2, 100, 'none']])
    expect(venue.quote('BTCUSDT', 98, 98.5)).toEqual([])
  })

  test('is not filled by a side without a price', () => {
    const venue = venueAt(101, 102)
    venue.answer(order())
    venue.answer(order({ orderId: 2n, side: 'sell', price: 103 }))
    expect(venue.quote('BTCUSDT', 0, 0)).toEqual([])
  })

  test('with ioc is cancelled at once', () => {
    expect(short(venueAt(101, 102).answer(order({ timeInForce: 'ioc' })))).toEqual([
      [1n, 'accepted', 0, 0, 'none'],
      [1n, 'cancelled', 0, 0, 'not marketable'],
    ])
  })

  test('orders are filled in the order of arrival', () => {
    const venue = venueAt(101, 102)
    for (const orderId of [5n, 3n, 4n]) venue.answer(order({ orderId }))
    expect(venue.quote('BTCUSDT', 99, 99).map(report => report.orderId)).toEqual([5n, 3n, 4n])
  })
})

test('a cancel removes the resting order, and is rejected for any other', () => {
  const venue = venueAt(101, 102)
  venue.answer(order())
  const cancel = order({ action: 'cancel', symbol: '', quantity: 0, price: 0 })
  expect(venue.answer(cancel)).toMatchObject([
    { orderId: 1n, symbol: 'BTCUSDT', quantity: 2, state: 'cancelled', reason: 'asked for' },
  ])
  expect(venue.answer(cancel)).toMatchObject([{ orderId: 1n, state: 'rejected', reason: 'unknown order' }])
  expect(venue.quote('BTCUSDT', 1, 2)).toEqual([])
})

test.each([
  [{ symbol: '' }, 'bad symbol'],
  [{ symbol: 'NEVERSEEN' }, 'no market'],
  [{ quantity: 0 }, 'bad quantity'],
  [{ quantity: Number.NaN }, 'bad quantity'],
  [{ quantity: Number.POSITIVE_INFINITY }, 'bad quantity'],
  [{ price: -1 }, 'bad price'],
  [{ price: Number.NaN }, 'bad price'],
] as const)('an order with %o is rejected: %s', (changes, reason) => {
  expect(venueAt(98, 99).answer(order(changes))).toMatchObject([{ state: 'rejected', reason, filledQuantity: 0 }])
})

test('an order with the id of a resting one is rejected, and the resting one stays', () => {
  const venue = venueAt(101, 102)
  venue.answer(order())
  expect(venue.answer(order({ quantity: 9 }))).toMatchObject([{ state: 'rejected', reason: 'bad order id' }])
  expect(venue.quote('BTCUSDT', 99, 100)).toMatchObject([{ quantity: 2 }])
})

test('a venue that is restored from the reports and quotes of another continues like that one', () => {
  const first = venueAt(101, 102)
  const reports = [
    order({ orderId: 1n }),
    order({ orderId: 2n, price: 99 }),
    order({ orderId: 3n, price: 200 }),
    order({ orderId: 2n, action: 'cancel' }),
    order({ orderId: 4n, price: 90 }),
  ].flatMap(request => first.answer(request))
  const second = new PaperVenue()
  second.restoreQuote('BTCUSDT', 101, 102)
  for (const report of reports) second.restoreReport(report)
  for (const [bid, ask] of [
    [101, 103],
    [98, 99],
    [80, 81],
  ])
    expect(second.quote('BTCUSDT', bid, ask)).toEqual(first.quote('BTCUSDT', bid, ask))
})

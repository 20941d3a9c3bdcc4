import { join } from 'node:path'
import { type FrameDefinition, on, Reader, Writer } from 'ticktape'
import { BookTop, Clock, Fill, InstrumentTerms, Order, OrderReport, Taken, Ticker, Trade } from 'ticktape/trading'
import { expect, test } from 'vitest'
import { makeFolder } from '../../support/folders.ts'

const layoutOf = (definition: { fields: readonly { name: string; offset: number; size: number }[] }) =>
  Object.fromEntries(definition.fields.map(({ name, offset, size }) => [name, [offset, size]]))

test('a ticker, a trade and a top of book take 64 bytes', () => {
  expect([Ticker, Trade, BookTop].map(({ id, size }) => [id, size])).toEqual([
    [17, 64],
    [18, 64],
    [19, 64],
  ])
  const shared = { instrument: [16, 4], venueTime: [24, 8] }
  expect(layoutOf(Ticker)).toEqual({ ...shared, last: [32, 8], bid: [40, 8], ask: [48, 8], volume: [56, 8] })
  expect(layoutOf(Trade)).toEqual({ ...shared, side: [20, 1], price: [32, 8], quantity: [40, 8], tradeId: [48, 8] })
  expect(layoutOf(BookTop)).toEqual({ ...shared, bid: [32, 8], ask: [40, 8], bidSize: [48, 8], askSize: [56, 8] })
})

test('an order, its report and a fill take 128 bytes, and begin with the order id and the instrument', () => {
  expect([Order, OrderReport, Fill].map(({ id, size }) => [id, size])).toEqual([
    [20, 128],
    [21, 128],
    [22, 128],
  ])
  const shared = { orderId: [32, 8], instrument: [40, 4] }
  expect(layoutOf(Order)).toEqual({
    ...shared,
    request: [44, 4],
    account: [48, 2],
    side: [50, 1],
    orderType: [51, 1],
    timeInForce: [52, 1],
    action: [53, 1],
    postOnly: [54, 1],
    reduceOnly: [55, 1],
    price: [56, 8],
    quantity: [64, 8],
    stopPrice: [72, 8],
    expireAt: [80, 8],
    clientOrderId: [88, 32],
  })
  expect(layoutOf(OrderReport)).toEqual({
    ...shared,
    request: [44, 4],
    side: [48, 1],
    state: [49, 1],
    reason: [50, 1],
    pendingCancel: [51, 1],
    pendingAmend: [52, 1],
    price: [56, 8],
    quantity: [64, 8],
    filledQuantity: [72, 8],
    averagePrice: [80, 8],
    venueTime: [88, 8],
    clientOrderId: [96, 32],
  })
  expect(layoutOf(Fill)).toEqual({
    ...shared,
    account: [44, 2],
    side: [46, 1],
    liquidity: [47, 1],
    price: [48, 8],
    quantity: [56, 8],
    fee: [64, 8],
    venueTime: [72, 8],
    feeCurrency: [80, 12],
    tradeId: [92, 36],
  })
})

test('what the gateway writes beside them has ids of its own', () => {
  expect([InstrumentTerms, Taken, Clock].map(({ id, size }) => [id, size])).toEqual([
    [23, 384],
    [24, 64],
    [25, 64],
  ])
  const all: readonly FrameDefinition[] = [
    Ticker,
    Trade,
    BookTop,
    Order,
    OrderReport,
    Fill,
    InstrumentTerms,
    Taken,
    Clock,
  ] as readonly FrameDefinition[]
  // 1 to 5 are the frames of version 0.1.
  for (const { id } of all) expect(id).toBeGreaterThan(5)
  expect(new Set(all.map(({ id }) => id)).size).toBe(all.length)
})

test('an order is read from a journal as it was written', () => {
  const directory = join(makeFolder('memory'), 'j')
  using writer = Writer.open(directory, { pageSize: 64 * 1024 })
  const order = {
    orderId: 2n ** 64n - 1n,
    instrument: 2 ** 32 - 1,
    request: 3,
    account: 2,
    side: 'sell',
    orderType: 'stop-limit',
    timeInForce: 'gtd',
    action: 'amend',
    postOnly: true,
    reduceOnly: true,
    price: 61800.2,
    quantity: 0.003,
    stopPrice: 61800.1,
    expireAt: 2n ** 62n,
    clientOrderId: '币安人生'.padEnd(24, 'x'),
  } as const
  writer.write(Order, order, { source: 2, cause: { journal: 1, position: 77 } })
  using reader = Reader.open(directory)
  const seen: unknown[] = []
  reader.poll(
    on(Order, frame =>
      seen.push({ ...frame.toObject(), source: frame.source, cause: frame.cause, causeJournal: frame.causeJournal }),
    ),
  )
  expect(seen).toEqual([{ ...order, source: 2, cause: 77, causeJournal: 1 }])
})

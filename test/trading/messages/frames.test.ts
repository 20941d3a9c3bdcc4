import { join } from 'node:path'
import { on, Reader, Writer } from 'ticktape'
import { BookTop, Order, OrderReport, Ticker, Trade } from 'ticktape/trading'
import { expect, test } from 'vitest'
import { makeFolder } from '../../support/folders.ts'

const layoutOf = (definition: { fields: readonly { name: string; offset: number; size: number }[] }) =>
  Object.fromEntries(definition.fields.map(({ name, offset, size }) => [name, [offset, size]]))

test('a ticker, a trade and a top of book take 64 bytes, and the offsets of their fields never change', () => {
  expect([Ticker.id, Trade.id, BookTop.id]).toEqual([1, 2, 3])
  expect([Ticker.size, Trade.size, BookTop.size]).toEqual([64, 64, 64])
  expect(layoutOf(Ticker)).toEqual({ symbol: [16, 16], last: [32, 8], bid: [40, 8], ask: [48, 8], volume: [56, 8] })
  expect(layoutOf(Trade)).toEqual({
    symbol: [16, 16],
    price: [32, 8],
    quantity: [40, 8],
    tradeId: [48, 8],
    side: [56, 1],
  })
  expect(layoutOf(BookTop)).toEqual({
    symbol: [16, 16],
    bid: [32, 8],
    ask: [40, 8],
    bidSize: [48, 8],
    askSize: [56, 8],
  })
})

test('an order and its report take 128 bytes and have the same layout', () => {
  const shared = {
    symbol: [32, 16],
    orderId: [48, 8],
    price: [56, 8],
    quantity: [64, 8],
    filledQuantity: [72, 8],
    averagePrice: [80, 8],
    clientOrderId: [88, 32],
    side: [120, 1],
    orderType: [121, 1],
    state: [122, 1],
    timeInForce: [123, 1],
  }
  expect([Order.id, OrderReport.id, Order.size, OrderReport.size]).toEqual([4, 5, 128, 128])
  expect(layoutOf(Order)).toEqual({ ...shared, action: [124, 1] })
  expect(layoutOf(OrderReport)).toEqual({ ...shared, reason: [124, 1] })
})

test('an order is read from a journal as it was written', () => {
  const directory = join(makeFolder('memory'), 'j')
  using writer = Writer.open(directory, { pageSize: 64 * 1024 })
  const order = {
    symbol: 'BTCUSDT',
    orderId: 2n ** 63n,
    price: 61800.2,
    quantity: 0.003,
    filledQuantity: 0,
    averagePrice: 0,
    clientOrderId: 'x'.repeat(32),
    side: 'sell',
    orderType: 'limit',
    state: 'new',
    timeInForce: 'ioc',
    action: 'cancel',
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

import { type FrameDefinition, on, Reader, Writer } from 'ticktape'
import { expect, test } from 'vitest'
import { BookTop, Ticker, Trade } from '../../../dist/trading/messages/market-frames.js'
import { Fill, Order, OrderReport } from '../../../dist/trading/messages/order-frames.js'
import { clientOrderIdFor } from '../../../dist/trading/messages/order-id.js'
import { REASONS } from '../../../dist/trading/messages/reasons.js'
import { Clock, InstrumentTerms, Taken } from '../../../dist/trading/messages/sequence-frames.js'
import { journalPath } from '../../support/open.ts'

const layoutOf = ({ fields }: FrameDefinition): Record<string, readonly [number, number]> =>
  Object.fromEntries(fields.map(({ name, offset, size }) => [name, [offset, size] as const]))

const erased = (definition: unknown): FrameDefinition => definition as FrameDefinition

test.each([
  [17, Ticker, 'Ticker', 64],
  [18, Trade, 'Trade', 64],
  [19, BookTop, 'BookTop', 64],
  [20, Order, 'Order', 128],
  [21, OrderReport, 'OrderReport', 128],
  [22, Fill, 'Fill', 128],
  [23, InstrumentTerms, 'Instrument', 384],
  [24, Taken, 'Taken', 64],
  [25, Clock, 'Clock', 64],
])('frame %i', (id, definition, name, size) => {
  expect({ id: definition.id, name: definition.name, size: definition.size }).toEqual({ id, name, size })
})

test('market data takes 64 bytes, its instrument first', () => {
  expect(layoutOf(erased(Ticker))).toEqual({
    instrument: [16, 4],
    venueTime: [24, 8],
    last: [32, 8],
    bid: [40, 8],
    ask: [48, 8],
    volume: [56, 8],
  })
  expect(layoutOf(erased(Trade))).toEqual({
    instrument: [16, 4],
    side: [20, 1],
    venueTime: [24, 8],
    price: [32, 8],
    quantity: [40, 8],
    tradeId: [48, 8],
  })
  expect(layoutOf(erased(BookTop))).toEqual({
    instrument: [16, 4],
    venueTime: [24, 8],
    bid: [32, 8],
    ask: [40, 8],
    bidSize: [48, 8],
    askSize: [56, 8],
  })
})

test('an order, its report and a fill take 128 bytes, and have their order and instrument at the same place', () => {
  const shared = { orderId: [32, 8], instrument: [40, 4] }
  expect(layoutOf(erased(Order))).toEqual({
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
  expect(layoutOf(erased(OrderReport))).toEqual({
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
  expect(layoutOf(erased(Fill))).toEqual({
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

test('a report can hold every reason, by its place in the list', () => {
  const values = OrderReport.fields.find(({ name }) => name === 'reason')?.values
  expect(values).toEqual(REASONS)
  expect(values?.[0]).toBe('none')
})

const TERMS = {
  number: 3,
  kind: 'option',
  inverse: true,
  venue: 'okx',
  symbol: 'BTC-USD-261225-120000-C',
  base: 'BTC',
  quote: 'USD',
  settlement: 'BTC',
  priceTick: '0.0005',
  quantityStep: '1',
  multiplier: '0.01',
  minQuantity: '1',
  maxQuantity: '',
  minNotional: '',
  maxNotional: '123456789012345678901.23',
  calendar: '',
} as const

const SYMBOLS = ['币安人生USDT', '1000000BABYDOGEUSDT', TERMS.symbol]

test('one journal holds all of them: terms, the events of instruments of any name, orders, reports and fills', () => {
  const directory = journalPath()
  using writer = Writer.open(directory, { pageSize: 64 * 1024 })
  const terms = SYMBOLS.map((symbol, i) => ({ ...TERMS, symbol, number: i + 1 }))
  writer.addInstruments(terms)
  for (const one of terms) writer.write(InstrumentTerms, one)
  const orderId = 2n ** 64n - 1n
  const venueTime = 1_700_000_000_000_000_000n
  const label = clientOrderIdFor(2n ** 40n - 1n, orderId)
  writer.write(Taken, { journal: 65_535, from: 2 ** 52, to: 2 ** 52 + 64, clock: venueTime })
  writer.write(Clock, { clock: venueTime })
  writer.write(Ticker, { instrument: 1, venueTime, last: 0.1, bid: 0.2, ask: 0.3, volume: 1e9 })
  writer.write(Trade, { instrument: 2, side: 'sell', venueTime, price: 1e-8, quantity: 1, tradeId: 2n ** 63n })
  writer.write(BookTop, { instrument: 3, venueTime: 0n, bid: 1, ask: 2, bidSize: 3, askSize: 4 })
  const order = {
    orderId,
    instrument: 1,
    request: 0,
    account: 3,
    side: 'buy',
    orderType: 'stop-limit',
    timeInForce: 'gtd',
    action: 'new',
    postOnly: false,
    reduceOnly: true,
    price: 1,
    quantity: 2,
    stopPrice: 3,
    expireAt: venueTime,
    clientOrderId: label,
  } as const
  writer.write(Order, order, { source: 2, cause: 3 })
  const report = {
    orderId,
    instrument: 2,
    request: 4,
    side: 'sell',
    state: 'unknown',
    reason: 'instrument-settled',
    pendingCancel: true,
    pendingAmend: true,
    price: 1,
    quantity: 2,
    filledQuantity: 1,
    averagePrice: 1,
    venueTime,
    clientOrderId: 'é'.repeat(16),
  } as const
  writer.write(OrderReport, report)
  const fill = {
    orderId,
    instrument: 3,
    account: 65_535,
    side: 'sell',
    liquidity: 'taker',
    price: 1,
    quantity: 2,
    fee: -0.5,
    venueTime,
    feeCurrency: 'USDT',
    tradeId: '123e4567-e89b-12d3-a456-426614174000',
  } as const
  writer.write(Fill, fill)

  using reader = Reader.open(directory)
  const symbols: string[] = []
  const values: unknown[] = []
  reader.poll(
    on(Ticker, t => void symbols.push(t.symbol))
      .on(Trade, t => void symbols.push(t.symbol))
      .on(BookTop, t => void symbols.push(t.symbol))
      .on(Order, o => void values.push(o.toObject(), o.symbol))
      .on(OrderReport, r => void values.push(r.toObject(), r.symbol))
      .on(Fill, f => void values.push(f.toObject(), f.symbol))
      .on(InstrumentTerms, i => void values.push(i.toObject())),
  )
  expect(symbols).toEqual(SYMBOLS)
  expect(values).toEqual([...terms, order, SYMBOLS[0], report, SYMBOLS[1], fill, SYMBOLS[2]])
  expect(reader.instrument(3)).toEqual(terms[2])
})

import { join } from 'node:path'
import { Decimal } from 'decimal.js'
import { Reader } from 'ticktape'
import { SimulatedExchange } from 'ticktape/trading'
import { beforeAll, expect, test } from 'vitest'
import { type OrderLine, OrderTable, type OrderTableOptions } from '../../../dist/trading/inspect/orders.js'
import { type PositionLine, PositionTable } from '../../../dist/trading/inspect/positions.js'
import type { PositionOwner } from '../../../dist/trading/positions/desk-positions.js'
import { fillsOf, moduleOf, quote, reportsOf, trade } from '../../support/desks.ts'
import { makeFolderForAll } from '../../support/folders.ts'
import { playInSteps } from '../../support/steps.ts'

const spot = {
  venue: 'sim',
  symbol: 'BTCUSDT',
  kind: 'spot',
  base: 'BTC',
  quote: 'USDT',
  priceTick: '0.1',
  quantityStep: '0.001',
} as const
const inverse = {
  venue: 'sim',
  symbol: 'BTCUSD',
  kind: 'perpetual',
  base: 'BTC',
  quote: 'USD',
  priceTick: '0.5',
  quantityStep: '1',
  multiplier: '100',
  inverse: true,
} as const

/** Each trade of the feed lets the strategy send what is listed under its id. */
const strategy = (id: string, steps: string): string => `
  const steps = ${steps}
  export default defineStrategy({ id: '${id}', onTrade({ tradeId }, context) {
    const named = label => context.openOrders().find(one => one.clientOrderId === label).orderId
    for (const step of steps[Number(tradeId)] ?? []) {
      if (step.cancel !== undefined) context.cancel(named(step.cancel))
      else if (step.amend !== undefined) context.amend(named(step.amend), step.to)
      else context.order({ symbol: 'BTCUSDT', ...step })
    }
  } })`

const FIRST = strategy(
  'first',
  `{
    1: [{ side: 'buy', quantity: 0.3, price: 101, timeInForce: 'ioc', clientOrderId: 'taken' },
        { side: 'buy', quantity: 0.2, price: 99, clientOrderId: 'rests' },
        { side: 'buy', quantity: 0.2, price: 98.5, clientOrderId: 'cancelled' },
        { side: 'buy', quantity: 0.0005, price: 99, clientOrderId: 'half a step' },
        { side: 'buy', quantity: 50, price: 99, clientOrderId: 'too large' }],
    2: [{ cancel: 'cancelled' }, { amend: 'rests', to: { price: 98 } }],
    3: [{ side: 'sell', quantity: 0.1, price: 110, timeInForce: 'ioc', clientOrderId: 'closes' }],
  }`,
)
const SECOND = strategy(
  'second',
  `{
    1: [{ symbol: 'BTCUSD', side: 'sell', quantity: 7, clientOrderId: 'inverse' }],
    3: [{ symbol: 'BTCUSD', side: 'buy', quantity: 4, clientOrderId: 'inverse back' },
        { side: 'sell', quantity: 0.2, price: 110, timeInForce: 'ioc', clientOrderId: 'short' }],
  }`,
)

const folder = makeFolderForAll('memory')
const home = join(folder, 'home')

beforeAll(async () => {
  const strategies = [moduleOf(FIRST, 'first.mjs', folder), moduleOf(SECOND, 'second.mjs', folder)]
  const fees = { maker: '-0.0001', taker: '0.0005' }
  const venue = new SimulatedExchange({ instruments: [spot, inverse], fees })
  await playInSteps({ home, strategies, venue, risk: { maxOrderQuantity: 20 } }, [
    quote('BTCUSDT', 100, 101),
    quote('BTCUSD', 60_000, 60_000.5, 1000),
    trade('BTCUSDT', 100, 1),
    trade('BTCUSDT', 100, 2),
    quote('BTCUSDT', 110, 111),
    quote('BTCUSD', 61_000, 61_000.5, 1000),
    trade('BTCUSDT', 110, 3),
    quote('BTCUSDT', 112.1, 112.8),
    quote('BTCUSD', 61_500, 61_501, 1000),
  ])
}, 90_000)

function ordersBy(options?: OrderTableOptions): OrderLine[] {
  const found = new OrderTable(options)
  using reader = Reader.open(join(home, 'gateway'))
  while (reader.poll(found.handlers) > 0);
  return found.orders
}

function positionsBy(by: PositionOwner, wanted?: ConstructorParameters<typeof PositionTable>[1]): PositionLine[] {
  const found = new PositionTable(by, wanted)
  using reader = Reader.open(join(home, 'gateway'))
  while (reader.poll(found.handlers) > 0);
  return found.lines
}

const labels = (lines: readonly OrderLine[]): string[] => lines.map(line => line.clientOrderId)

test('the orders that are open, with all that is known of them', () => {
  const open = ordersBy()
  expect(labels(open)).toEqual(['rests'])
  expect(open[0]).toMatchObject({
    strategy: 'first',
    epoch: 1,
    instrument: 'BTCUSDT.sim',
    account: 'main',
    side: 'buy',
    orderType: 'limit',
    timeInForce: 'gtc',
    price: 98,
    quantity: 0.2,
    filledQuantity: 0,
    state: 'accepted',
    pendingAmend: false,
  })
})

test('final orders are kept when they are wanted, the last ones, and every order is as its last report says', () => {
  const all = ordersBy({ keeps: () => true })
  expect(labels(all).sort()).toEqual(
    ['taken', 'rests', 'cancelled', 'half a step', 'too large', 'closes', 'inverse', 'inverse back', 'short'].sort(),
  )
  const last = new Map(reportsOf(home).map(report => [report.orderId, report]))
  for (const line of all) {
    const { state, reason, filledQuantity, averagePrice, price, quantity } = last.get(line.orderId) ?? {}
    expect(line).toMatchObject({ state, reason, filledQuantity, averagePrice, price, quantity })
  }
  const denied = ordersBy({ keeps: order => order.state === 'denied' }).filter(order => order.state === 'denied')
  expect(denied.map(order => order.reason)).toEqual(['quantity-step', 'order-too-large'])
  expect(labels(ordersBy({ keeps: () => true, mostFinal: 2 }))).toHaveLength(3)
  expect(labels(ordersBy({ keeps: () => true, wants: id => id === 'second' })).sort()).toEqual([
    'inverse',
    'inverse back',
    'short',
  ])
})

test('positions: average cost of each owner, as a decimal library counts it', () => {
  const fills = fillsOf(home)
  expect(fills).toHaveLength(5)
  const [first] = positionsBy('strategy', { strategy: 'first' })
  // 0.3 bought at 101, 0.1 of them sold at 110.
  expect(first).toMatchObject({
    owner: 'first',
    instrument: 'BTCUSDT.sim',
    quantity: '0.2',
    averagePrice: '101',
    realised: '0.9',
    // Half a sum of the doubles would be 112.44999999999999.
    price: 112.45,
    unrealised: new Decimal('112.45').minus(101).times('0.2').toString(),
    currency: 'USDT',
    fills: 2,
  })
  const paid = fills.filter(fill => fill.dest === 1).reduce((sum, { fee }) => sum.plus(fee), new Decimal(0))
  expect(first.fees).toEqual({ USDT: paid.toString() })
})

test('an inverse contract: profit is in its settlement currency, multiplier by price', () => {
  const [contract] = positionsBy('strategy').filter(line => line.instrument === 'BTCUSD.sim')
  const value = (quantity: number, price: number): Decimal => new Decimal(quantity).times(100).dividedBy(price)
  expect(contract).toMatchObject({ owner: 'second', quantity: '-3', currency: 'BTC' })
  expect(Number(contract.averagePrice)).toBeCloseTo(60_000, 6)
  // 7 sold at 60,000, 4 of them bought back at 61,000.5.
  const realised = value(4, 61_000.5).minus(value(4, 60_000))
  const unrealised = value(3, 61_500.5).minus(value(3, 60_000))
  const isNear = (text: string | undefined, wanted: Decimal): boolean =>
    new Decimal(text ?? 'NaN').minus(wanted).abs().lessThan(1e-13)
  expect([isNear(contract.realised, realised), isNear(contract.unrealised, unrealised)]).toEqual([true, true])
})

test('by account and for the desk: what two strategies hold together', () => {
  expect(positionsBy('desk')).toMatchObject([
    { owner: 'desk', instrument: 'BTCUSD.sim', quantity: '-3' },
    // 0.3 - 0.1 of the first one, -0.2 of the second one.
    { owner: 'desk', instrument: 'BTCUSDT.sim', quantity: '0', unrealised: '0', fills: 3 },
  ])
  expect(positionsBy('account').map(line => line.owner)).toEqual(['main', 'main'])
})

import { expect, test } from 'vitest'
import { AccountReporter } from '../../../dist/exchanges/adapter/account-reporter.js'
import { KnownOrders } from '../../../dist/exchanges/adapter/known-orders.js'
import { BinanceAccountAnswers } from '../../../dist/exchanges/binance/account-answers.js'
import { type BinanceRest, PATHS } from '../../../dist/exchanges/binance/binance-rest.js'
import type { PrivateContext } from '../../../dist/exchanges/private-context.js'
import { Instrument } from '../../../dist/trading/instruments/instrument.js'
import { ClientOrderIds } from '../../../dist/trading/messages/order-id.js'

const PAGE = 1000
const NOW = 1_700_000_000_000
const IDS = new ClientOrderIds(77n)

test('all fills since a time are asked for page by page and day by day, and orders that are not known once each', async () => {
  const btc = new Instrument(1, {
    venue: 'binance',
    symbol: 'BTCUSDT',
    kind: 'spot',
    base: 'BTC',
    quote: 'USDT',
    settlement: 'USDT',
    priceTick: '0.01',
    quantityStep: '0.00001',
  })
  const asked: string[] = []
  // 2,500 fills of two orders, of which one is ours; all of them in the first hour of the first day.
  const fills = Array.from({ length: 2500 }, (_, i) => ({
    symbol: 'BTCUSDT',
    id: i + 1,
    orderId: 10 + (i % 2),
    price: '60000.00',
    qty: '0.00100',
    commission: '0.06',
    commissionAsset: 'USDT',
    time: NOW - 90_000_000,
    isBuyer: true,
    isMaker: false,
  }))
  const rest = {
    endpoint: { market: 'spot' },
    paths: PATHS.spot,
    clock: { now: () => NOW },
    ask: async ([path]: readonly [string, number], query: Record<string, string | number> = {}) => {
      asked.push(`${path} ${new URLSearchParams(query as Record<string, string>).toString()}`)
      if (path === '/api/v3/myTrades') {
        const from = Number(query['fromId'] ?? 1)
        const { startTime = 0, endTime = Number.POSITIVE_INFINITY } = query
        return fills
          .filter(({ id, time }) => id >= from && time >= Number(startTime) && time <= Number(endTime))
          .slice(0, Number(query['limit']))
      }
      if (path === '/api/v3/order')
        return {
          orderId: Number(query['orderId']),
          clientOrderId: query['orderId'] === '10' ? IDS.of(1, 5) : 'somebody',
        }
      return path === '/api/v3/account' ? { balances: [] } : []
    },
  } as unknown as BinanceRest
  const own: string[] = []
  let others = 0
  const reporter = new AccountReporter(IDS, { origin: BigInt(NOW) * 1_000_000n, record: () => {} }, () => {})
  reporter.instruments.set('BTCUSDT', btc)
  reporter.touched.set(1, btc)
  const known = new KnownOrders()
  const problems: string[] = []
  const context: PrivateContext = {
    account: 0,
    ids: IDS,
    instrumentOf: symbol => reporter.instrumentOf(symbol),
    timeOf: reporter.timeOf,
    orderOf: known.ownIdOf,
    amendOf: () => 0,
    report: ({ kind, idLow, tradeId }) => {
      if (kind === 'fill' && idLow === 5) own.push(tradeId)
      else if (kind === 'fill') others++
    },
    passOver: () => {},
    problem: ({ message }) => void problems.push(message),
  }
  await new BinanceAccountAnswers(rest, reporter, context, known).all(NOW - 90_000_000)

  expect(problems).toEqual([])
  expect(own).toEqual(fills.filter(({ orderId }) => orderId === 10).map(({ id }) => String(id)))
  expect(others).toBe(1250)
  const trades = asked.filter(text => text.startsWith('/api/v3/myTrades'))
  expect(trades.map(text => /fromId=(\d+)/.exec(text)?.[1])).toEqual([undefined, '1001', '2001', undefined])
  expect(trades.every(text => text.includes(`limit=${PAGE}`))).toBe(true)
  // 25 hours and a minute: two questions of a day each, without a gap between them.
  const [first, , , second] = trades.map(text => new URLSearchParams(text.slice(text.indexOf(' ') + 1)))
  expect(Number(first.get('startTime'))).toBe(NOW - 90_000_000 - 60_000)
  expect(Number(second.get('startTime'))).toBe(Number(first.get('endTime')) + 1)
  expect(asked.filter(text => text.startsWith('/api/v3/order '))).toHaveLength(2)
})

import { type FakeOrder, isOpen } from '../../fake/fake-order.js'
import { type Fields, isFields } from '../../fields.js'
import type { BybitTraded } from '../endpoints.js'
import type { BybitOrders } from './bybit-orders.js'
import { FAKE_INSTRUMENTS } from './fake-instruments.js'
import { type FakeWorld, positionRows, walletRow } from './fake-world.js'
import { executionRow } from './order-rows.js'

/** What Bybit answers to a question. */
export interface FakeReply {
  readonly retCode: number
  readonly retMsg: string
  readonly result: Fields
}

type Route = (world: FakeWorld, query: URLSearchParams) => FakeReply

/** The longest time between the first and the last fill of a question, ms. */
const LONGEST_MS = 7 * 86_400_000

/** What needs no signature. */
export const PUBLIC_ROUTES: Readonly<Record<string, Route>> = {
  '/v5/market/time': () => done({ timeSecond: String(Math.floor(Date.now() / 1000)), timeNano: `${Date.now()}000000` }),
  '/v5/market/instruments-info': (_, query) => {
    const category = categoryOf(query)
    return category === undefined
      ? wrongCategory()
      : done({ category, list: FAKE_INSTRUMENTS[category], nextPageCursor: '' })
  },
}

export const PRIVATE_ROUTES: Readonly<Record<string, Route>> = {
  '/v5/account/info': () => done({ marginMode: 'REGULAR_MARGIN', unifiedMarginStatus: 5, dcpStatus: 'OFF' }),
  '/v5/account/wallet-balance': (world, query) =>
    query.get('accountType') === 'UNIFIED'
      ? done({ list: [walletRow(world)] })
      : { retCode: 10_001, retMsg: 'accountType only support UNIFIED.', result: {} },
  '/v5/position/list': (world, query) => {
    const [symbol, coin] = [query.get('symbol'), query.get('settleCoin')]
    if (symbol === null && coin === null)
      return { retCode: 10_001, retMsg: 'symbol or settleCoin is needed', result: {} }
    // Without a symbol only what is held.
    const wanted = positionRows(world).filter(row =>
      symbol === null ? coin === 'USDT' && row['size'] !== '0' && Number(row['size']) !== 0 : row['symbol'] === symbol,
    )
    return page(wanted, query, 20)
  },
  '/v5/order/realtime': (world, query) =>
    withOrders(world, query, orders => {
      const named = namedIn(orders, query)
      if (named !== undefined)
        return page(
          named.filter(order => orders.isRecent(order)).map(order => orders.row(order)),
          query,
          20,
        )
      if (orders.category === 'linear' && !query.has('symbol') && query.get('settleCoin') === null)
        return { retCode: 10_001, retMsg: 'symbol, settleCoin or baseCoin is needed', result: {} }
      return page(
        orders.exchange.orders
          .filter(isOpen)
          .toReversed()
          .map(order => orders.row(order)),
        query,
        20,
      )
    }),
  '/v5/order/history': (world, query) =>
    withOrders(world, query, orders => {
      const found = (namedIn(orders, query) ?? orders.exchange.orders).filter(order => !isOpen(order))
      return page(
        found.toReversed().map(order => orders.row(order)),
        query,
        20,
      )
    }),
  '/v5/execution/list': (world, query) =>
    withOrders(world, query, orders => {
      const named = namedIn(orders, query)
      const start = Number(query.get('startTime') ?? Date.now() - LONGEST_MS)
      const end = Number(query.get('endTime') ?? start + LONGEST_MS)
      if (end - start > LONGEST_MS) return { retCode: 10_001, retMsg: 'the time range is too long', result: {} }
      const fills = orders.exchange.fills.filter(({ order, at }) =>
        named === undefined ? at >= start && at <= end : named.includes(order),
      )
      return page(fills.toReversed().map(executionRow), query, 50)
    }),
}

/** The order that a question names; undefined when it names none. */
function namedIn(orders: BybitOrders, query: URLSearchParams): readonly FakeOrder[] | undefined {
  const fields = Object.fromEntries(query)
  if (!query.has('orderId') && !query.has('orderLinkId')) return undefined
  const order = orders.find(fields)
  return order === undefined ? [] : [order]
}

function withOrders(world: FakeWorld, query: URLSearchParams, answer: (orders: BybitOrders) => FakeReply): FakeReply {
  const category = categoryOf(query)
  return category === undefined ? wrongCategory() : answer(world.orders[category])
}

function categoryOf(query: URLSearchParams): BybitTraded | undefined {
  const category = query.get('category')
  return category === 'linear' || category === 'spot' ? category : undefined
}

function wrongCategory(): FakeReply {
  return { retCode: 10_001, retMsg: 'this fake has the categories linear and spot', result: {} }
}

/** A page of rows. Its cursor is the number of rows before the next one, counted from the oldest: new rows do not move it. */
function page(rows: readonly Fields[], query: URLSearchParams, standard: number): FakeReply {
  const limit = Number(query.get('limit') ?? standard)
  const cursor = query.get('cursor')
  const left = cursor === null ? rows.length : Math.min(Number(cursor.split(':')[0]), rows.length)
  if (Number.isNaN(left)) return { retCode: 10_001, retMsg: 'cursor invalid', result: {} }
  const list = rows.slice(rows.length - left, rows.length - left + limit)
  const nextPageCursor = left > limit ? encodeURIComponent(`${left - limit}:0`) : ''
  return done({ category: query.get('category') ?? '', list, nextPageCursor })
}

function done(result: Fields): FakeReply {
  return { retCode: 0, retMsg: 'OK', result }
}

/** The object in a body. */
export function bodyOf(text: string): Fields {
  try {
    const value: unknown = JSON.parse(text)
    return isFields(value) ? value : {}
  } catch {
    return {}
  }
}

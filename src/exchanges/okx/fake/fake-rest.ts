import { isOpen } from '../../fake/fake-order.js'
import type { Fields } from '../../fields.js'
import { FAKE_INSTRUMENTS } from './fake-instruments.js'
import { triggerRow } from './fake-triggers.js'
import { accountRows, type FakeWorld, positionRows } from './fake-world.js'
import { fillRow } from './order-rows.js'

/** A request to the fake OKX, its signature checked. */
export interface SignedRequest {
  readonly query: URLSearchParams
  /** The parts of the body: one object, or a list of them. */
  readonly body: readonly Fields[]
  readonly expTime: string | undefined
}

export interface FakeReply {
  readonly code: string
  readonly msg?: string
  readonly data: readonly unknown[]
}

type Route = (world: FakeWorld, request: SignedRequest) => FakeReply

/** Rows of a page. */
const PAGE = 100

/** What needs no signature. */
export const PUBLIC_ROUTES: Readonly<Record<string, Route>> = {
  'GET /api/v5/public/time': () => rows([{ ts: String(Date.now()) }]),
  'GET /api/v5/public/instruments': (_, { query }) => {
    const [type, symbol] = [query.get('instType'), query.get('instId')]
    return rows(FAKE_INSTRUMENTS.filter(({ instType, instId }) => instType === type && (symbol ?? instId) === instId))
  },
}

export const PRIVATE_ROUTES: Readonly<Record<string, Route>> = {
  'GET /api/v5/account/config': () => rows([{ uid: '1', acctLv: '2', posMode: 'net_mode' }]),
  'GET /api/v5/account/balance': world => rows(accountRows(world)),
  'GET /api/v5/account/positions': world => rows(positionRows(world)),
  'GET /api/v5/trade/order': ({ orders, exchange }, { query }) => {
    const order = orders.find(Object.fromEntries(query))
    if (order === undefined) return { code: '51603', msg: 'Order does not exist', data: [] }
    return rows([
      orders.row(
        order,
        exchange.fills.findLast(fill => fill.order === order),
      ),
    ])
  },
  'GET /api/v5/trade/orders-pending': ({ orders, exchange }, { query }) =>
    page(
      exchange.orders
        .filter(isOpen)
        .toReversed()
        .map(order => orders.row(order, undefined)),
      query.get('after'),
      'ordId',
    ),
  'GET /api/v5/trade/orders-history': ({ orders, exchange }, { query }) =>
    page(
      exchange.orders
        .filter(order => !isOpen(order))
        .toReversed()
        .map(order => orders.row(order, undefined)),
      query.get('after'),
      'ordId',
    ),
  'GET /api/v5/trade/fills': fills,
  'GET /api/v5/trade/fills-history': fills,
  'GET /api/v5/trade/orders-algo-pending': ({ triggers }, { query }) =>
    page(
      triggers.all
        .filter(({ state }) => state === 'live')
        .toReversed()
        .map(triggerRow),
      query.get('after'),
      'algoId',
    ),
  'GET /api/v5/trade/order-algo': ({ triggers }, { query }) => {
    const trigger = triggers.find(Object.fromEntries(query))
    return trigger === undefined
      ? { code: '51603', msg: 'Order does not exist', data: [] }
      : rows([triggerRow(trigger)])
  },
  'POST /api/v5/trade/order-algo': ({ triggers }, { body }) => answered(body.map(fields => triggers.place(fields))),
  'POST /api/v5/trade/cancel-algos': ({ triggers }, { body }) => answered(body.map(fields => triggers.cancel(fields))),
}

function fills({ exchange }: FakeWorld, { query }: SignedRequest): FakeReply {
  const [ordId, begin] = [query.get('ordId'), Number(query.get('begin') ?? 0)]
  const wanted = exchange.fills.filter(({ order, at }) => (ordId === null || order.orderId === ordId) && at >= begin)
  return page(wanted.toReversed().map(fillRow), query.get('after'), 'billId')
}

/** The page after the row with an id: the newest rows come first. */
function page(all: readonly Fields[], after: string | null, id: string): FakeReply {
  const first = after === null || after === '' ? 0 : all.findIndex(row => BigInt(String(row[id])) < BigInt(after))
  return rows(first < 0 ? [] : all.slice(first, first + PAGE))
}

function rows(data: readonly unknown[]): FakeReply {
  return { code: '0', msg: '', data }
}

function answered(data: readonly { readonly sCode: string }[]): FakeReply {
  return { code: data.some(({ sCode }) => sCode === '0') ? '0' : '1', msg: '', data }
}

import { isOpen } from '../../fake/fake-order.js'
import type { FakeRequest, FakeResponse } from '../../fake/fake-server.js'
import type { Fields } from '../../fields.js'
import { FUTURES_PATHS, PATHS } from '../binance-rest.js'
import type { TradedMarket } from '../endpoints.js'
import { exchangeInfo } from './exchange-info.js'
import type { FakeMarketPart } from './fake-market-part.js'
import { depthAnswer } from './market-messages.js'
import { orderRow, tradeRow } from './order-rows.js'
import { type Refusal, refusal, UNKNOWN_ORDER } from './refusals.js'

type Query = URLSearchParams
type Answer = Fields | readonly Fields[] | Refusal

/** Rows of the longest page. */
const PAGE = 1000

interface Route {
  readonly weight: number
  readonly isSigned: boolean
  readonly answer: (part: FakeMarketPart, query: Query) => Answer
}

/** The routes of one market, by method and path. */
export function routesOf(market: TradedMarket): Readonly<Record<string, Route>> {
  const paths = PATHS[market]
  const open = (answer: Route['answer']): Pick<Route, 'isSigned' | 'answer'> => ({ isSigned: false, answer })
  const signed = (answer: Route['answer']): Pick<Route, 'isSigned' | 'answer'> => ({ isSigned: true, answer })
  const route = (
    [path, weight]: readonly [string, number],
    rest: Pick<Route, 'isSigned' | 'answer'>,
  ): [string, Route] => [`GET ${path}`, { weight, ...rest }]
  const routes = Object.fromEntries([
    route(
      paths.time,
      open(() => ({ serverTime: Date.now() })),
    ),
    route(
      paths.instruments,
      open(() => exchangeInfo(market)),
    ),
    route(paths.depth, open(depth)),
    route(paths.order, signed(order)),
    route(paths.openOrders, signed(openOrders)),
    route(paths.trades, signed(trades)),
    route(paths.account, signed(market === 'spot' ? spotAccount : futuresBalances)),
  ])
  if (market === 'spot') return routes
  const futures = FUTURES_PATHS[market]
  return {
    ...routes,
    ...Object.fromEntries([
      route(
        futures.positionMode,
        signed(() => ({ dualSidePosition: false })),
      ),
      route(futures.positions, signed(positions)),
    ]),
    [`POST ${futures.countdown[0]}`]: { weight: futures.countdown[1], ...signed(countDown) },
  }
}

export function refuse(status: number, { code, msg }: Refusal): FakeResponse {
  return { status, reply: { code, msg } }
}

/** The parameters of a request: their text, of which the signature is taken, is before it. */
export function signedText({ url }: FakeRequest): string {
  const query = url.slice(url.indexOf('?') + 1)
  return query.replace(/&signature=[^&]*$/, '')
}

function depth({ prices }: FakeMarketPart, query: Query): Answer {
  const book = prices.book(query.get('symbol') ?? '')
  return book === undefined ? refusal(-1121, 'Invalid symbol.') : depthAnswer(book)
}

function order({ orders, market }: FakeMarketPart, query: Query): Answer {
  const found = orders.find(Object.fromEntries(query))
  return found === undefined ? UNKNOWN_ORDER : orderRow(found, market)
}

function openOrders({ exchange, market }: FakeMarketPart): Answer {
  return exchange.orders.filter(isOpen).map(one => orderRow(one, market))
}

function trades({ exchange, market }: FakeMarketPart, query: Query): Answer {
  const [symbol, orderId, fromId] = [query.get('symbol'), query.get('orderId'), query.get('fromId')]
  const [start, end] = [Number(query.get('startTime') ?? 0), Number(query.get('endTime') ?? Number.POSITIVE_INFINITY)]
  if (symbol === null) return refusal(-1102, "Mandatory parameter 'symbol' was not sent, was empty/null, or malformed.")
  return exchange.fills
    .filter(
      ({ order: of, at, tradeId }) =>
        of.instrument.symbol === symbol &&
        (orderId === null || of.orderId === orderId) &&
        (fromId === null || BigInt(tradeId) >= BigInt(fromId)) &&
        at >= start &&
        at <= end,
    )
    .slice(0, Math.min(PAGE, Number(query.get('limit') ?? 500)))
    .map(fill => tradeRow(fill, market))
}

function spotAccount({ exchange }: FakeMarketPart): Answer {
  const balances = Object.entries(exchange.balances).map(([asset, free]) => ({ asset, free, locked: '0.00000000' }))
  return { canTrade: true, accountType: 'SPOT', updateTime: Date.now(), balances }
}

function futuresBalances({ exchange }: FakeMarketPart): Answer {
  return Object.entries(exchange.balances).map(([asset, balance]) => ({ asset, balance, updateTime: Date.now() }))
}

/** Only what is not 0. */
function positions({ exchange }: FakeMarketPart): Answer {
  return [...exchange.positions]
    .filter(([, amount]) => Number(amount) !== 0)
    .map(([symbol, positionAmt]) => ({ symbol, positionAmt, positionSide: 'BOTH', updateTime: Date.now() }))
}

function countDown(part: FakeMarketPart, query: Query): Answer {
  const [symbol, ms] = [query.get('symbol') ?? '', Number(query.get('countdownTime'))]
  if (!part.exchange.instruments.has(symbol) || !Number.isInteger(ms) || ms < 0) return refusal(-1102, 'Bad parameter.')
  part.countDown(symbol, ms)
  return { symbol, countdownTime: String(ms) }
}

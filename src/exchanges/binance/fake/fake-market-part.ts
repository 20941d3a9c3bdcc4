import { CancelAllTimer } from '../../fake/cancel-all-timer.js'
import type { FakeChange, FakeExchange } from '../../fake/fake-exchange.js'
import type { FaultDraw } from '../../fake/fake-faults.js'
import { FakeMarket, type FakeMarketOptions } from '../../fake/fake-market.js'
import { isOpen } from '../../fake/fake-order.js'
import { RequestCount } from '../../fake/request-count.js'
import type { Fields } from '../../fields.js'
import type { TradedMarket } from '../endpoints.js'
import { BinanceOrders, type Given } from './binance-orders.js'
import { depthMessage, tickerMessage, tradeMessage } from './market-messages.js'
import { reportRow } from './order-rows.js'
import { isRefusal, type Refusal, TOO_MANY_ORDERS } from './refusals.js'

/** Who hears of one market. */
export interface PartHandlers {
  /** A message of a stream: 'btcusdt@trade'. */
  readonly publish: (stream: string, data: Fields) => void
  /** A message of the account's stream. */
  readonly push: (event: Fields) => void
}

/** New orders that are taken in 10 s. */
const ORDER_LIMITS: Readonly<Record<TradedMarket, number>> = { spot: 100, 'usd-m': 300, 'coin-m': 300 }
/** What a client may weigh in a minute. */
const WEIGHT_LIMITS: Readonly<Record<TradedMarket, number>> = { spot: 6000, 'usd-m': 2400, 'coin-m': 2400 }

/** One market of a fake Binance: its orders, its artificial market, its limits. */
export class FakeMarketPart {
  readonly orders: BinanceOrders
  readonly exchange: FakeExchange
  readonly prices: FakeMarket
  private readonly placed: RequestCount
  private readonly weights: RequestCount
  private readonly countdowns = new Map<string, CancelAllTimer>()

  constructor(
    readonly market: TradedMarket,
    private readonly draw: FaultDraw,
    options: FakeMarketOptions & { readonly limit: number | undefined },
    private readonly handlers: PartHandlers,
  ) {
    const { limit = ORDER_LIMITS[market] } = options
    this.orders = new BinanceOrders(market, options.seed, change => this.report(change))
    this.exchange = this.orders.exchange
    this.exchange.onAccount = () => handlers.push(this.accountEvent())
    this.placed = new RequestCount(limit, 10_000)
    this.weights = new RequestCount(WEIGHT_LIMITS[market], 60_000)
    this.prices = new FakeMarket(this.exchange, options, {
      onTrade: (book, trade) => this.publish(book.instrument.symbol, 'trade', tradeMessage(book, trade, market)),
      onBook: (book, before) => {
        const { symbol } = book.instrument
        this.publish(symbol, 'bookTicker', tickerMessage(book, market))
        this.publish(symbol, 'depth@100ms', depthMessage(book, before, market))
      },
    })
  }

  /** Counts a request. Returns whether it is within the limit. */
  allows(weight: number): boolean {
    return this.weights.allows('all', weight)
  }

  /** Acts on a request about orders, whose signature and time were looked at. Undefined when there is no such request. */
  act(method: string, given: Given): Fields | Refusal | undefined {
    const { orders, draw, exchange } = this
    if (method === 'order.place') {
      if (!this.placed.allows('all')) return TOO_MANY_ORDERS
      return orders.place(given)
    }
    if (method === 'order.modify') return orders.modify(given)
    if (method !== 'order.cancel') return undefined
    const order = orders.find(given)
    if (order !== undefined && isOpen(order) && draw.happens('fillDuringCancel')) exchange.fillPart(order)
    return orders.cancel(given)
  }

  /** Cancels all orders of a symbol in so many ms, unless it is set again. */
  countDown(symbol: string, ms: number): void {
    const timer =
      this.countdowns.get(symbol) ??
      new CancelAllTimer(() => {
        for (const order of this.exchange.orders)
          if (order.instrument.symbol === symbol && isOpen(order)) this.exchange.cancel(order, 'dead-man-switch')
      })
    this.countdowns.set(symbol, timer)
    timer.set(ms)
  }

  stop(): void {
    this.prices.stop()
    for (const timer of this.countdowns.values()) timer.stop()
  }

  private publish(symbol: string, kind: string, data: Fields): void {
    this.handlers.publish(`${symbol.toLowerCase()}@${kind}`, data)
  }

  private report(change: FakeChange): void {
    const { order } = change
    const now = Date.now()
    const row = reportRow(change)
    if (this.market !== 'spot') {
      const o = { ...row, c: order.clientId, R: order.reduceOnly, ps: 'BOTH', ot: row['o'] }
      return this.handlers.push({ e: 'ORDER_TRADE_UPDATE', E: now, T: order.changedAt, o })
    }
    // Of a cancelled order `c` names the request, and `C` the order.
    const isRequested = change.what === 'cancelled' && order.reason === 'requested'
    const names = isRequested ? { c: `cancel${order.number}`, C: order.clientId } : { c: order.clientId, C: '' }
    this.handlers.push({ e: 'executionReport', E: now, ...row, ...names, r: 'NONE' })
  }

  private accountEvent(): Fields {
    const now = Date.now()
    const balances = Object.entries(this.exchange.balances)
    if (this.market === 'spot')
      return { e: 'outboundAccountPosition', E: now, u: now, B: balances.map(([a, f]) => ({ a, f, l: '0.00000000' })) }
    return {
      e: 'ACCOUNT_UPDATE',
      E: now,
      T: now,
      a: {
        m: 'ORDER',
        B: balances.map(([a, wb]) => ({ a, wb, cw: wb, bc: '0' })),
        P: [...this.exchange.positions].map(([s, pa]) => ({
          s,
          pa,
          ep: '0',
          up: '0',
          mt: 'cross',
          iw: '0',
          ps: 'BOTH',
        })),
      },
    }
  }
}

/** The answer of a socket to a request. */
export function answerOf(id: unknown, answer: Fields | Refusal): Fields {
  return isRefusal(answer) ? { id, status: 400, error: answer } : { id, status: 200, result: answer }
}

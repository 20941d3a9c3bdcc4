import type { Instrument } from '../../../trading/instruments/instrument.js'
import { FOK, GTC, IOC, LIMIT, MARKET, STOP, STOP_LIMIT } from '../../../trading/messages/order-terms.js'
import { unitsIn } from '../../decimals.js'
import { type FakeChange, FakeExchange } from '../../fake/fake-exchange.js'
import { type FakeOrder, isOpen } from '../../fake/fake-order.js'
import type { Fields } from '../../fields.js'
import type { TradedMarket } from '../endpoints.js'
import { binanceInstruments } from '../instruments.js'
import { venueName } from '../options.js'
import { exchangeInfo } from './exchange-info.js'
import { orderRow, SIDES } from './order-rows.js'
import { CANCEL_REJECTED, DUPLICATE, type Refusal, refusal, refusalOf } from './refusals.js'

/** Parameters of a request, as they were received. */
export type Given = Readonly<Record<string, string | undefined>>

/** Futures accept a post-only order and let it expire; spot refuses it. */
const ACCEPTS_FIRST = {
  spot: [],
  'usd-m': ['post-only-would-trade'],
  'coin-m': ['post-only-would-trade'],
} as const
const FIRST_IDS = { spot: 4_293_152n, 'usd-m': 8_886_773_000n, 'coin-m': 3_245_100n } as const

/** Requests about orders in the words of one market of Binance, on a simulated exchange. */
export class BinanceOrders {
  readonly exchange: FakeExchange

  /** @param onChange hears of all that becomes of an order. */
  constructor(
    readonly market: TradedMarket,
    seed: number,
    onChange: (change: FakeChange) => void,
  ) {
    const { specs } = binanceInstruments(exchangeInfo(market), market, venueName(market))
    this.exchange = new FakeExchange({
      instruments: specs,
      seed,
      firstId: FIRST_IDS[market],
      acceptsFirst: ACCEPTS_FIRST[market],
    })
    this.exchange.onChange = onChange
  }

  find({ orderId = '', origClientOrderId = '' }: Given): FakeOrder | undefined {
    return this.exchange.find(orderId, origClientOrderId)
  }

  place(given: Given): Fields | Refusal {
    const {
      symbol = '',
      newClientOrderId = '',
      price = '0',
      quantity = '',
      stopPrice = '0',
      timeInForce = 'GTC',
    } = given
    const instrument = this.exchange.instruments.get(symbol)
    if (instrument === undefined) return refusal(-1121, 'Invalid symbol.')
    if (!/^[.A-Z:/a-z0-9_-]{1,36}$/.test(newClientOrderId))
      return refusal(-1100, "Illegal characters found in parameter 'newClientOrderId'.")
    const type = this.typeOf(given)
    const side = SIDES[given['side'] ?? '']
    const time = TIMES[timeInForce]
    if (type === undefined || side === undefined || time === undefined) return refusal(-1116, 'Invalid orderType.')
    const units = this.unitsOf(instrument, price, quantity, stopPrice)
    if (units === undefined) return refusal(-1013, 'Filter failure: PRICE_FILTER')
    const order = this.exchange.place({
      clientId: newClientOrderId,
      instrument,
      side,
      type: type.order,
      timeInForce: type.order === MARKET ? IOC : time,
      postOnly: type.post,
      reduceOnly: given['reduceOnly'] === 'true',
      ticks: type.order === MARKET || type.order === STOP ? 0 : units.ticks,
      steps: units.steps,
      stopTicks: type.order === STOP || type.order === STOP_LIMIT ? units.stopTicks : 0,
      details: { type: given['type'], timeInForce },
    })
    if (order === undefined) return DUPLICATE[this.market]
    if (order.state === 'rejected') return refusalOf(order.reason, this.market)
    const { orderId, clientId, changedAt } = order
    const common = { symbol, orderId: Number(orderId), clientOrderId: clientId }
    // Spot's answer ACK has no more than this; USD-M has the order as it was accepted.
    if (this.market === 'spot') return { ...common, orderListId: -1, transactTime: changedAt }
    return { ...orderRow(order, this.market), status: 'NEW', executedQty: '0', avgPrice: '0.00' }
  }

  modify(given: Given): Fields | Refusal {
    if (this.market === 'spot') return refusal(-1020, 'This operation is not supported.')
    const { price = '', quantity = '', side = '' } = given
    const order = this.find(given)
    if (order === undefined || !isOpen(order)) return UNKNOWN_ORDER_TO_MODIFY
    if (SIDES[side] !== order.side) return refusal(-1102, "Mandatory parameter 'side' was not sent, or is wrong.")
    const units = this.unitsOf(order.instrument, price, quantity, '0')
    if (units === undefined) return refusal(-4014, 'Price not increased by tick size.')
    const refused = this.exchange.amend(order, units.ticks, units.steps)
    return refused === undefined ? orderRow(order, this.market) : refusalOf(refused, this.market)
  }

  cancel(given: Given): Fields | Refusal {
    const order = this.find(given)
    if (order === undefined || !isOpen(order)) return CANCEL_REJECTED
    this.exchange.cancel(order)
    const row = orderRow(order, this.market)
    if (this.market !== 'spot') return row
    // `clientOrderId` names the request.
    return {
      ...row,
      origClientOrderId: order.clientId,
      clientOrderId: `cancel${order.number}`,
      transactTime: Date.now(),
    }
  }

  private typeOf({ type = '', timeInForce }: Given): Type | undefined {
    if (this.market === 'spot') return SPOT_TYPES[type]
    return type === 'LIMIT' && timeInForce === 'GTX' ? { order: LIMIT, post: true } : FUTURES_TYPES[type]
  }

  private unitsOf(
    instrument: Instrument,
    price: string,
    quantity: string,
    stopPrice: string,
  ): { readonly ticks: number; readonly steps: number; readonly stopTicks: number } | undefined {
    const ticks = unitsIn(instrument.price, price)
    const stopTicks = unitsIn(instrument.price, stopPrice)
    const steps = unitsIn(instrument.quantity, quantity)
    return Number.isNaN(ticks) || Number.isNaN(stopTicks) || Number.isNaN(steps)
      ? undefined
      : { ticks, steps, stopTicks }
  }
}

const UNKNOWN_ORDER_TO_MODIFY = refusal(-2013, 'Order does not exist.')

interface Type {
  readonly order: number
  readonly post: boolean
}

const FUTURES_TYPES: Readonly<Record<string, Type>> = {
  LIMIT: { order: LIMIT, post: false },
  MARKET: { order: MARKET, post: false },
}

const SPOT_TYPES: Readonly<Record<string, Type>> = {
  ...FUTURES_TYPES,
  LIMIT_MAKER: { order: LIMIT, post: true },
  STOP_LOSS: { order: STOP, post: false },
  STOP_LOSS_LIMIT: { order: STOP_LIMIT, post: false },
}

const TIMES: Readonly<Record<string, number>> = { GTC, IOC, FOK, GTX: GTC }

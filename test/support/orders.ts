/** Orders, instruments and venue events for the tests of orders and risk. */

import type { Instrument, InstrumentSpec } from '../../dist/trading/instruments/instrument.js'
import { Instruments } from '../../dist/trading/instruments/instruments.js'
import { idHigh } from '../../dist/trading/messages/order-id.js'
import { BUY, GTC, LIMIT } from '../../dist/trading/messages/order-terms.js'
import { REASONS, type Reason } from '../../dist/trading/messages/reasons.js'
import type { LiveOrder } from '../../dist/trading/orders/life/live-order.js'
import type { Orders } from '../../dist/trading/orders/life/orders.js'
import { VenueEvent, type VenueEventKind } from '../../dist/trading/venues/venue-event.js'

export const BTC: InstrumentSpec = {
  venue: 'binance',
  symbol: 'BTCUSDT',
  kind: 'perpetual',
  base: 'BTC',
  quote: 'USDT',
  priceTick: '0.1',
  quantityStep: '0.001',
}

export const ETH: InstrumentSpec = { ...BTC, symbol: 'ETHUSDT', base: 'ETH', priceTick: '0.01', quantityStep: '0.01' }

/** 100 USD a contract, paid in BTC. */
export const INVERSE: InstrumentSpec = {
  venue: 'okx',
  symbol: 'BTC-USD-SWAP',
  kind: 'perpetual',
  base: 'BTC',
  quote: 'USD',
  priceTick: '0.1',
  quantityStep: '1',
  multiplier: '100',
  inverse: true,
}

/** A home with these instruments; BTCUSDT alone by default. */
export function home(...specs: InstrumentSpec[]): {
  instruments: Instruments
  btc: Instrument
  all: readonly Instrument[]
} {
  const instruments = new Instruments()
  for (const spec of specs.length === 0 ? [BTC] : specs) instruments.add(spec)
  return { instruments, btc: instruments.all[0], all: instruments.all }
}

type Terms = Partial<
  Pick<
    LiveOrder,
    | 'side'
    | 'type'
    | 'timeInForce'
    | 'ticks'
    | 'steps'
    | 'stopTicks'
    | 'expireAt'
    | 'postOnly'
    | 'reduceOnly'
    | 'accountNumber'
    | 'deadline'
    | 'operator'
  >
>

let counter = 0

/** An order that is not submitted yet: a limit order to buy 10 steps at 1,000 ticks, unless told otherwise. */
export function newOrder(orders: Orders, instrument: Instrument, terms: Terms = {}, strategy = 1): LiveOrder {
  const order = orders.create(idHigh(strategy, 1), ++counter)
  order.instrument = instrument
  order.account = 0
  order.accountNumber = 0
  return Object.assign(order, {
    side: BUY,
    type: LIMIT,
    timeInForce: GTC,
    ticks: 1000,
    steps: 10,
    stopTicks: 0,
    expireAt: 0,
    postOnly: false,
    reduceOnly: false,
    deadline: 0,
    ...terms,
  })
}

export function eventFor(order: LiveOrder, kind: VenueEventKind, facts: Partial<VenueEvent> = {}): VenueEvent {
  return Object.assign(new VenueEvent(), { kind, idHigh: order.idHigh, idLow: order.idLow, ...facts })
}

export function fillOf(order: LiveOrder, tradeId: string, steps: number, ticks = order.ticks): VenueEvent {
  return eventFor(order, 'fill', { tradeId, steps, ticks, side: order.side })
}

export function reasonName(code: number): Reason {
  return REASONS[code]
}

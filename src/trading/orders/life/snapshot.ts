import { UnknownInstrumentError } from '../../errors.js'
import type { Instruments } from '../../instruments/instruments.js'
import type { LiveOrder } from './live-order.js'
import type { Orders } from './orders.js'
import type { PendingRequest } from './requests.js'

/** What is copied of an order as it is. */
const FIELDS = [
  'idHigh',
  'idLow',
  'account',
  'accountNumber',
  'side',
  'type',
  'timeInForce',
  'ticks',
  'steps',
  'stopTicks',
  'expireAt',
  'postOnly',
  'reduceOnly',
  'deadline',
  'label',
  'orphan',
  'operator',
  'cancelledFor',
  'word',
  'venueOrderId',
  'reason',
  'saidAt',
  'termsRequest',
  'termsAt',
  'submitPending',
  'sent',
  'lastRequest',
  'unknownSince',
  'isAsked',
  'filledSteps',
  'saidFilled',
  'writtenOff',
  'endedAt',
] as const

/** One order as plain data. */
export type OrderData = Pick<LiveOrder, (typeof FIELDS)[number]> & {
  readonly instrument: number
  readonly tradeIds: readonly string[]
  readonly requests: readonly PendingRequest[]
  /** The sum of ticks times steps of its fills: a whole number, as text. */
  readonly paid: string
  /** The price that risk counts it with, if it has none. */
  readonly marketTicks: number
}

export interface OrdersData {
  /** The highest counter of each high word, so that an id that was used is known. */
  readonly highest: readonly (readonly [high: number, low: number])[]
  readonly orders: readonly OrderData[]
}

/** The book as plain data. Orders of others are not in it: the next reconciliation says them again. */
export function saveOrders(orders: Orders): OrdersData {
  const all = [...orders]
  const open = all.filter(order => !order.isFinal).sort((a, b) => a.sequence - b.sequence)
  return { highest: [...orders.highest()], orders: [...open, ...all.filter(order => order.isFinal)].map(saveOrder) }
}

/** Puts the orders of a snapshot into an empty book, in the same order. */
export function loadOrders(orders: Orders, data: OrdersData, instruments: Instruments): void {
  for (const saved of data.orders) {
    const instrument = instruments.get(saved.instrument)
    if (instrument === undefined)
      throw new UnknownInstrumentError(
        `there is no instrument ${saved.instrument}; load the instruments first`,
        String(saved.instrument),
      )
    const order = orders.create(saved.idHigh, saved.idLow)
    const { instrument: _, tradeIds, requests, paid, marketTicks, ...fields } = saved
    Object.assign(order, fields)
    order.instrument = instrument
    order.paid.set(BigInt(paid))
    order.reserve.marketTicks = marketTicks
    for (const id of tradeIds) order.tradeIds.add(id)
    for (const { number, isCancel, ticks, steps, deadline, sent } of requests) {
      order.requests.add(number, isCancel, ticks, steps, deadline)
      if (sent) order.requests.markSent(number, deadline)
    }
    orders.insert(order)
  }
  for (const [high, low] of data.highest) orders.use(high, low)
}

function saveOrder(order: LiveOrder): OrderData {
  const fields = Object.fromEntries(FIELDS.map(name => [name, order[name]])) as Pick<LiveOrder, (typeof FIELDS)[number]>
  return {
    ...fields,
    instrument: order.instrument.number,
    tradeIds: order.tradeIds.toArray(),
    requests: Array.from({ length: order.requests.size }, (_, i) => ({ ...order.requests.at(i) })),
    paid: String(order.paid.toBigInt()),
    marketTicks: order.reserve.marketTicks,
  }
}

import { UnknownInstrumentError } from '../../errors.js'
import type { Instruments } from '../../instruments/instruments.js'
import type { FinalOrdersData } from './final-orders.js'
import type { ForeignData } from './foreign.js'
import type { LiveOrder } from './live-order.js'
import type { Orders } from './orders.js'
import { isAtRest } from './packed-order.js'
import type { PendingRequest } from './requests.js'

/** What is copied of an order as it is, in this order. */
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
  'inPair',
  'isHeld',
  'word',
  'venueOrderNumber',
  'venueOrderText',
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

/** One order as plain data: without names, because there may be many. */
export interface OrderData {
  /** The values of `FIELDS`. */
  readonly fields: readonly unknown[]
  readonly instrument: number
  readonly tradeIds: readonly (string | number)[]
  readonly requests: readonly PendingRequest[]
  /** The sum of ticks times steps of its fills: a whole number, as text. */
  readonly paid: string
  /** The price that risk counts it with, if it has none. */
  readonly marketTicks: number
}

/** The book of orders as plain data. */
export interface OrdersData {
  /** The highest counter of each high word, so that an id that was used is known. */
  readonly highest: readonly (readonly [high: number, low: number])[]
  /** Open orders in the order in which they became open, then the final ones that are not at rest. */
  readonly orders: readonly OrderData[]
  readonly finals: FinalOrdersData
  readonly foreign: readonly ForeignData[]
}

/** The whole book. */
export function saveOrders(orders: Orders): OrdersData {
  const finals = orders.finals.save()
  const open: LiveOrder[] = []
  const ended: LiveOrder[] = []
  for (const order of orders.objects())
    if (!order.isFinal) open.push(order)
    else if (!isAtRest(order)) ended.push(order)
  open.sort((a, b) => a.sequence - b.sequence)
  return {
    highest: [...orders.highest()],
    orders: [...open, ...ended].map(saveOrder),
    finals,
    foreign: orders.foreign.save(),
  }
}

/** Puts the orders of a snapshot into an empty book. Risk has to count those that are `objects` of the book then. */
export function loadOrders(orders: Orders, data: OrdersData, instruments: Instruments): void {
  for (const saved of data.orders) orders.restore(loadOrder(orders, saved, instruments))
  orders.restoreFinals(data.finals)
  for (const [high, low] of data.highest) orders.use(high, low)
  orders.foreign.load(data.foreign)
}

/** One order. */
export function saveOrder(order: LiveOrder): OrderData {
  const { requests } = order
  return {
    fields: FIELDS.map(name => order[name]),
    instrument: order.instrument.number,
    tradeIds: order.tradeIds.save(),
    requests: Array.from({ length: requests.size }, (_, i) => ({ ...requests.at(i) })),
    // A whole number of any size.
    paid: String(order.paid.toBigInt()),
    marketTicks: order.reserve.marketTicks,
  }
}

function loadOrder(orders: Orders, saved: OrderData, instruments: Instruments): LiveOrder {
  const { fields, instrument: number, tradeIds, requests, paid, marketTicks } = saved
  const instrument = instruments.get(number)
  if (instrument === undefined)
    throw new UnknownInstrumentError(`there is no instrument ${number}; load the instruments first`, String(number))
  const order = orders.create(fields[0] as number, fields[1] as number)
  for (const [i, name] of FIELDS.entries()) (order[name] as unknown) = fields[i]
  order.instrument = instrument
  order.paid.set(BigInt(paid))
  order.reserve.marketTicks = marketTicks
  order.tradeIds.load(tradeIds)
  for (const { number: request, isCancel, ticks, steps, deadline, sent, held } of requests) {
    order.requests.add(request, isCancel, ticks, steps, deadline)
    if (sent) order.requests.markSent(request, deadline)
    if (held) order.requests.setHeld(request, true)
  }
  return order
}

import { UnknownInstrumentError } from '../../errors.js'
import type { Instruments } from '../../instruments/instruments.js'
import { type ArchiveData, ArchivedOrders, ArchiveWriter } from './archive.js'
import type { ForeignData } from './foreign.js'
import type { LiveOrder } from './live-order.js'
import type { Orders } from './orders.js'

/**
 * One order as a list, which is small as JSON and quickly read: what the order itself has in the order of `loadOrder`, its
 * unanswered requests, the ids of its trades.
 */
export type OrderRow = readonly unknown[]

type RequestRow = readonly [
  number: number,
  isCancel: boolean,
  ticks: number,
  steps: number,
  deadline: number,
  sent: boolean,
]

/** The book of orders: plain data, and the final orders in a form that need not be read at a start. */
export interface OrdersData {
  /** The highest counter of each high word, so that an id that was used is known. */
  readonly highest: readonly (readonly [high: number, low: number])[]
  /** Open orders in the order in which they became open, then final ones whose fills are not complete. */
  readonly orders: readonly OrderRow[]
  readonly finals: ArchiveData
  readonly foreign: readonly ForeignData[]
}

/** The whole book. */
export function saveOrders(orders: Orders): OrdersData {
  const open: LiveOrder[] = []
  for (const order of orders.loaded()) if (!order.isFinal) open.push(order)
  open.sort((a, b) => a.sequence - b.sequence)
  const rows = open.map(saveOrder)
  const finals = new ArchiveWriter()
  for (const { idHigh, idLow, queuedAt, order, text } of orders.queue()) {
    // Risk counts the fills that are missing, so such an order is needed at once.
    const isNeeded = order !== undefined && (!order.isFinal || order.missingSteps > 0)
    if (isNeeded && order.isFinal) rows.push(saveOrder(order))
    const bytes = text ?? (order === undefined || isNeeded ? undefined : Buffer.from(JSON.stringify(saveOrder(order))))
    finals.add(idHigh, idLow, queuedAt, bytes)
  }
  return { highest: [...orders.highest()], orders: rows, finals: finals.data, foreign: orders.foreign.save() }
}

/** Puts the orders of a snapshot into an empty book. */
export function loadOrders(orders: Orders, data: OrdersData, instruments: Instruments): void {
  orders.archive = new ArchivedOrders(data.finals)
  orders.reviveFrom = text => loadOrder(orders, JSON.parse(text) as OrderRow, instruments)
  for (const row of data.orders) orders.restore(loadOrder(orders, row, instruments))
  orders.restoreQueue()
  for (const [high, low] of data.highest) orders.use(high, low)
  orders.foreign.load(data.foreign)
}

function saveOrder(order: LiveOrder): OrderRow {
  const { requests } = order
  return [
    order.idHigh,
    order.idLow,
    order.instrument.number,
    order.account,
    order.accountNumber,
    order.side,
    order.type,
    order.timeInForce,
    order.ticks,
    order.steps,
    order.stopTicks,
    order.expireAt,
    order.postOnly,
    order.reduceOnly,
    order.deadline,
    order.label,
    order.orphan,
    order.operator,
    order.word,
    order.venueOrderId,
    order.reason,
    order.saidAt,
    order.termsRequest,
    order.termsAt,
    order.submitPending,
    order.sent,
    order.lastRequest,
    order.unknownSince,
    order.filledSteps,
    order.saidFilled,
    order.writtenOff,
    order.endedAt,
    // A whole number of any size; and the price that risk counts it with, if it has none itself.
    String(order.paid.toBigInt()),
    order.reserve.marketTicks,
    order.tradeIds.toArray(),
    Array.from({ length: requests.size }, (_, i): RequestRow => {
      const { number, isCancel, ticks, steps, deadline, sent } = requests.at(i)
      return [number, isCancel, ticks, steps, deadline, sent]
    }),
  ]
}

function loadOrder(orders: Orders, row: OrderRow, instruments: Instruments): LiveOrder {
  const number = row[2] as number
  const instrument = instruments.get(number)
  if (instrument === undefined)
    throw new UnknownInstrumentError(`there is no instrument ${number}; load the instruments first`, String(number))
  const order = orders.create(row[0] as number, row[1] as number)
  order.instrument = instrument
  order.account = row[3] as number
  order.accountNumber = row[4] as number
  order.side = row[5] as number
  order.type = row[6] as number
  order.timeInForce = row[7] as number
  order.ticks = row[8] as number
  order.steps = row[9] as number
  order.stopTicks = row[10] as number
  order.expireAt = row[11] as number
  order.postOnly = row[12] as boolean
  order.reduceOnly = row[13] as boolean
  order.deadline = row[14] as number
  order.label = row[15] as string
  order.orphan = row[16] as boolean
  order.operator = row[17] as boolean
  order.word = row[18] as number
  order.venueOrderId = row[19] as string
  order.reason = row[20] as number
  order.saidAt = row[21] as number
  order.termsRequest = row[22] as number
  order.termsAt = row[23] as number
  order.submitPending = row[24] as boolean
  order.sent = row[25] as boolean
  order.lastRequest = row[26] as number
  order.unknownSince = row[27] as number
  order.filledSteps = row[28] as number
  order.saidFilled = row[29] as number
  order.writtenOff = row[30] as number
  order.endedAt = row[31] as number
  order.paid.set(BigInt(row[32] as string))
  order.reserve.marketTicks = row[33] as number
  for (const id of row[34] as readonly string[]) order.tradeIds.add(id)
  for (const [request, isCancel, ticks, steps, deadline, sent] of row[35] as readonly RequestRow[]) {
    order.requests.add(request, isCancel, ticks, steps, deadline)
    if (sent) order.requests.markSent(request, deadline)
  }
  return order
}

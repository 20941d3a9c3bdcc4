/** Compares what an exchange recorded with what a sequence has: both must agree on every order and every fill. */
import type { ExchangeRecord, FillRecord } from 'ticktape/trading'
import { fillsOf, reportsOf } from './desks.ts'

const FINAL = new Set(['filled', 'cancelled', 'rejected', 'denied', 'expired'])

export interface Disagreement {
  readonly orderId: bigint
  readonly exchange: string
  readonly sequence: string
}

export interface Agreement {
  readonly orders: number
  readonly fills: number
  /** Orders whose outcome is not known, or that are not final on one side. */
  readonly open: number
  readonly denied: number
  readonly disagreements: readonly Disagreement[]
}

const idOf = ({ idHigh, idLow }: { idHigh: number; idLow: number }): bigint => (BigInt(idHigh) << 32n) | BigInt(idLow)

/** The id that a fill has on both sides. */
const keyOf = (fill: FillRecord): string => `${idOf(fill)} ${fill.tradeId}`

/** @param steps of a quantity of 1. */
export function agreementOf(home: string, exchange: { record(): ExchangeRecord }, steps: number): Agreement {
  const record = exchange.record()
  const last = new Map(reportsOf(home).map(report => [report.orderId, report] as const))
  const disagreements: Disagreement[] = []
  let open = 0
  let denied = 0
  const known = new Set<bigint>()
  const add = (orderId: bigint, venue: string, sequence: string): void =>
    void disagreements.push({ orderId, exchange: venue, sequence })
  for (const order of record.orders) {
    const orderId = idOf(order)
    known.add(orderId)
    const report = last.get(orderId)
    const filled = Math.round((report?.filledQuantity ?? 0) * steps)
    const here = `${report?.state} ${filled}`
    if (order.state === 'open') {
      open++
      if (report !== undefined && FINAL.has(report.state)) add(orderId, order.state, here)
    } else if (report?.state !== order.state || filled !== order.filledSteps)
      add(orderId, `${order.state} ${order.filledSteps}`, here)
  }
  for (const [orderId, { state, reason }] of last) {
    if (known.has(orderId)) continue
    denied++
    // What never arrived is denied, with the reason; nothing else ends without the exchange's word.
    if (state !== 'denied') add(orderId, 'does not know it', `${state} ${reason}`)
  }
  const fills = fillsOf(home)
  const here = new Map<string, number>()
  for (const { orderId, tradeId } of fills)
    here.set(`${orderId} ${tradeId}`, (here.get(`${orderId} ${tradeId}`) ?? 0) + 1)
  for (const fill of record.fills) {
    const count = here.get(keyOf(fill)) ?? 0
    if (count !== 1) add(idOf(fill), `fill ${fill.tradeId}`, `${count} times`)
    here.delete(keyOf(fill))
  }
  for (const key of here.keys()) add(BigInt(key.split(' ')[0]), 'no fill', key)
  return { orders: record.orders.length, fills: record.fills.length, open, denied, disagreements }
}

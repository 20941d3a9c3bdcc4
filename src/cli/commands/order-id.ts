import { orderIdIn } from '../../trading/messages/order-id.js'
import { type HomeDirectory, readIdentity } from '../../trading/sequence/home.js'
import { UsageError } from '../output/failure.js'

/** Ids of orders have the strategy's number, 1 or more, in their highest bits. No journal gets this many slots. */
const FIRST_ORDER = 2n ** 52n

/** What a person may mean by a number: an order, or a position in the sequence. */
export interface OrderOrPosition {
  readonly orderId?: bigint
  readonly position?: number
}

/** @throws {UsageError} */
export function parseOrderOrPosition(home: HomeDirectory, what: string): OrderOrPosition {
  if (/^\d{1,20}$/.test(what)) {
    const number = BigInt(what)
    if (number >= 2n ** 64n) throw new UsageError(`'${what}' is no order's id and no position: it is above 2^64`)
    return number >= FIRST_ORDER ? { orderId: number } : { position: Number(number) }
  }
  const orderId = orderIdIn(what, readIdentity(home.sequence)?.home ?? 0n)
  if (orderId !== undefined) return { orderId }
  throw notAnOrder(home, what, ', and no position')
}

/** The id of an order, or its client order id at a venue. @throws {UsageError} */
export function parseOrderId(home: HomeDirectory, what: string): bigint {
  const { orderId } = parseOrderOrPosition(home, what)
  if (orderId === undefined) throw notAnOrder(home, what, '')
  return orderId
}

function notAnOrder({ path }: HomeDirectory, what: string, more: string): UsageError {
  return new UsageError(
    `'${what}' is no order's id and no client order id of this home${more}; 'ticktape orders ${path} --all' shows orders`,
  )
}

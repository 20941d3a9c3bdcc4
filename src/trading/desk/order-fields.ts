import { Halves } from '../../frames/halves.js'
import { offsetsOf } from '../../frames/offsets.js'
import type { FramePointer } from '../../frames/pointer.js'
import { Order } from '../messages/order-frames.js'
import type { Time } from '../sequence/time.js'

/**
 * The fields of an Order frame, read by their offsets: the desk reads copies in memory as well as frames of the sequence,
 * and the id without a bigint.
 */
export class OrderFields {
  idHigh = 0
  idLow = 0
  instrument = 0
  request = 0
  account = 0
  /** Indexes into SIDES, ORDER_TYPES, TIMES_IN_FORCE and ACTIONS. */
  side = 0
  type = 0
  timeInForce = 0
  action = 0
  postOnly = false
  reduceOnly = false
  price = 0
  quantity = 0
  stopPrice = 0
  /** ns since the home's origin; 0 for none. */
  expireAt = 0

  read(p: FramePointer, time: Time): this {
    const { at } = p
    this.idHigh = ID.high(p)
    this.idLow = ID.low(p)
    this.instrument = p.u32[(at + AT.instrument) >> 2]
    this.request = p.u32[(at + AT.request) >> 2]
    this.account = p.u16[(at + AT.account) >> 1]
    this.side = p.u8[at + AT.side]
    this.type = p.u8[at + AT.orderType]
    this.timeInForce = p.u8[at + AT.timeInForce]
    this.action = p.u8[at + AT.action]
    this.postOnly = p.u8[at + AT.postOnly] !== 0
    this.reduceOnly = p.u8[at + AT.reduceOnly] !== 0
    this.price = p.f64[(at + AT.price) >> 3]
    this.quantity = p.f64[(at + AT.quantity) >> 3]
    this.stopPrice = p.f64[(at + AT.stopPrice) >> 3]
    const low = EXPIRE_AT.low(p)
    const high = EXPIRE_AT.high(p)
    this.expireAt = low === 0 && high === 0 ? 0 : time.of(low, high)
    return this
  }
}

/** The strategy's own label of the order; '' for none. */
export function labelOf(p: FramePointer): string {
  const at = p.at + AT.clientOrderId
  if (p.u8[at] === 0) return ''
  let end = at
  while (end < at + LABEL_BYTES && p.u8[end] !== 0) end++
  return Buffer.from(p.u8.buffer, p.u8.byteOffset + at, end - at).toString('utf8')
}

const LABEL_BYTES = 32
const ID = new Halves(Order, 'orderId')
const EXPIRE_AT = new Halves(Order, 'expireAt')
const AT = offsetsOf(Order)

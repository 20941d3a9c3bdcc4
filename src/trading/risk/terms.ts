import { LIMIT, STOP, STOP_LIMIT } from '../messages/order-terms.js'
import { reasonCode } from '../messages/reasons.js'
import type { LiveOrder } from '../orders/life/live-order.js'

const BAD_PRICE = reasonCode('bad-price')
const BAD_QUANTITY = reasonCode('bad-quantity')
const PRICE_TICK = reasonCode('price-tick')
const QUANTITY_STEP = reasonCode('quantity-step')

/**
 * Sets an order's price, quantity and stop price from decimals, in whole ticks and steps of its instrument. Type and
 * instrument are set before. Returns 0, or the code of what is wrong: NaN, an infinity, 0 and what is below 0 are bad;
 * what is no multiple, or has more digits than a number holds, is off the grid.
 *
 * @param price 0 for an order without one; `stopPrice` too.
 */
export function setTerms(order: LiveOrder, price: number, quantity: number, stopPrice: number): number {
  const { type, instrument } = order
  if (!(quantity > 0 && quantity < Number.POSITIVE_INFINITY)) return BAD_QUANTITY
  const steps = instrument.quantity.unitsOf(quantity)
  if (Number.isNaN(steps)) return QUANTITY_STEP
  const needsPrice = type === LIMIT || type === STOP_LIMIT
  const needsStop = type === STOP || type === STOP_LIMIT
  if (!isPrice(price, needsPrice) || !isPrice(stopPrice, needsStop)) return BAD_PRICE
  const ticks = price === 0 ? 0 : instrument.price.unitsOf(price)
  const stopTicks = stopPrice === 0 ? 0 : instrument.price.unitsOf(stopPrice)
  if (Number.isNaN(ticks) || Number.isNaN(stopTicks)) return PRICE_TICK
  order.ticks = ticks
  order.steps = steps
  order.stopTicks = stopTicks
  return 0
}

function isPrice(price: number, isNeeded: boolean): boolean {
  return price > 0 ? price < Number.POSITIVE_INFINITY : price === 0 && !isNeeded
}

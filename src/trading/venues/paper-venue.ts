import type { OrderReportValues, OrderValues, Reason } from '../messages/frames.js'
import type { Venue } from './venue.js'

interface Touch {
  bid: number
  ask: number
}

const NOTHING: readonly OrderReportValues[] = []

/**
 * A simulated venue. An order that can trade at the best price of the last quote is filled completely at that price,
 * whatever the size of the quote. Any other limit order rests, and is filled at its limit when the market reaches it.
 * No queue, no fees, no delay.
 *
 * The same orders and quotes always give the same reports.
 */
export class PaperVenue implements Venue {
  private readonly touches = new Map<string, Touch>()
  /** Resting orders by symbol, in the sequence in which they arrived. */
  private readonly resting = new Map<string, Map<bigint, OrderReportValues>>()

  answer(request: OrderValues): readonly OrderReportValues[] {
    return request.action === 'cancel' ? [this.cancel(request)] : this.execute(request)
  }

  quote(symbol: string, bid: number, ask: number): readonly OrderReportValues[] {
    this.restoreQuote(symbol, bid, ask)
    const orders = this.resting.get(symbol)
    if (orders === undefined || orders.size === 0) return NOTHING
    const fills: OrderReportValues[] = []
    for (const order of orders.values()) {
      if (order.side === 'buy' ? ask > 0 && ask <= order.price : bid >= order.price)
        fills.push(filled(order, order.price))
    }
    for (const fill of fills) orders.delete(fill.orderId)
    return fills
  }

  restoreQuote(symbol: string, bid: number, ask: number): void {
    const touch = this.touches.get(symbol)
    if (touch === undefined) {
      this.touches.set(symbol, { bid, ask })
      return
    }
    touch.bid = bid
    touch.ask = ask
  }

  restoreReport(report: OrderReportValues): void {
    if (report.state === 'accepted') this.addResting(report)
    else if (report.state === 'filled' || report.state === 'cancelled')
      this.resting.get(report.symbol)?.delete(report.orderId)
  }

  private execute(request: OrderValues): readonly OrderReportValues[] {
    const { action: _, ...order } = request
    const touch = this.touches.get(order.symbol)
    const refusal = this.refusal(order, touch)
    if (refusal !== undefined) return [{ ...order, state: 'rejected', reason: refusal }]
    const accepted: OrderReportValues = { ...order, state: 'accepted', reason: 'none' }
    const price = priceNow(order, touch)
    if (price !== undefined) return [accepted, filled(accepted, price)]
    if (order.timeInForce === 'ioc') return [accepted, { ...accepted, state: 'cancelled', reason: 'not marketable' }]
    this.addResting(accepted)
    return [accepted]
  }

  private refusal(order: Omit<OrderValues, 'action'>, touch: Touch | undefined): Reason | undefined {
    if (order.symbol === '') return 'bad symbol'
    if (!(order.quantity > 0 && order.quantity < Number.POSITIVE_INFINITY)) return 'bad quantity'
    if (order.orderType === 'limit' && !(order.price > 0 && order.price < Number.POSITIVE_INFINITY)) return 'bad price'
    if (touch === undefined) return 'no market'
    if (this.resting.get(order.symbol)?.has(order.orderId)) return 'bad order id'
    return undefined
  }

  private cancel(request: OrderValues): OrderReportValues {
    for (const orders of this.resting.values()) {
      const order = orders.get(request.orderId)
      if (order === undefined) continue
      orders.delete(request.orderId)
      return { ...order, state: 'cancelled', reason: 'asked for' }
    }
    const { action: _, ...image } = request
    return { ...image, state: 'rejected', reason: 'unknown order' }
  }

  private addResting(order: OrderReportValues): void {
    let orders = this.resting.get(order.symbol)
    if (orders === undefined) this.resting.set(order.symbol, (orders = new Map()))
    orders.set(order.orderId, order)
  }
}

/** The price at which an order trades at once, undefined when it does not. A side without a price has 0. */
function priceNow(order: Omit<OrderValues, 'action'>, touch: Touch | undefined): number | undefined {
  const price = order.side === 'buy' ? touch?.ask : touch?.bid
  if (price === undefined || !(price > 0)) return undefined
  if (order.orderType === 'market') return price
  return (order.side === 'buy' ? price <= order.price : price >= order.price) ? price : undefined
}

function filled(order: OrderReportValues, price: number): OrderReportValues {
  return { ...order, state: 'filled', reason: 'none', filledQuantity: order.quantity, averagePrice: price }
}

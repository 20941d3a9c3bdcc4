import { ACCOUNT, AccountReporter } from '../adapter/account-reporter.js'
import type { OwnId } from '../order-events.js'
import { type OkxOrderContext, reportFill, reportOpen, reportOrder } from './order-events.js'
import type { OkxOrder, OkxOrderFill } from './order-messages.js'

const UNKNOWN: OwnId = { high: 0, low: 0 }

/** Turns what OKX says into events of the runtime: finds our ids, the instruments' numbers, the runtime's times. */
export class OkxReporter extends AccountReporter {
  /** What an order says. One of an instrument that the runtime does not know is passed over. @throws {VenueMessageError} */
  order(order: OkxOrder): void {
    const context = this.contextOf(order)
    if (context !== undefined) reportOrder(order, context)
  }

  /** An order that works, in the answer to a question. Its fills are asked for apart. */
  openOrder(order: OkxOrder): void {
    const context = this.contextOf(order)
    if (context === undefined) return
    if (order.state === 'live' || order.state === 'partially_filled') reportOpen(order, context)
    // Its fills were asked for: they say more than the order does.
    else reportOrder({ ...order, fill: undefined }, context)
  }

  /** @param triggerId the client id of the trigger that the order came from. */
  fill(fill: OkxOrderFill, triggerId = ''): void {
    const context = this.contextOf({ ...fill, triggerId })
    if (context !== undefined) reportFill(fill, fill.fill, context)
  }

  private contextOf(order: {
    readonly symbol: string
    readonly clientOrderId: string
    readonly triggerId: string
  }): OkxOrderContext | undefined {
    const { clientOrderId, triggerId } = order
    const instrument = this.instrumentOf(order.symbol, clientOrderId, triggerId)
    if (instrument === undefined) return undefined
    const id = this.ids.read(clientOrderId) ?? this.ids.read(triggerId) ?? UNKNOWN
    return { id, instrument, account: ACCOUNT, timeOf: this.timeOf, report: this.send }
  }
}

import { type Handlers, on } from '../../frames/handlers.js'
import { Reader } from '../../journal/read/reader.js'
import { Fill, Order, OrderReport } from '../messages/order-frames.js'
import { strategyOfOrder } from '../messages/order-id.js'
import type { Liquidity, OrderState, Side } from '../messages/order-terms.js'
import type { Reason } from '../messages/reasons.js'
import type { VirtualDesk } from './virtual-desk.js'

/** An order, as its last report has it. */
export interface TestOrder {
  readonly orderId: bigint
  readonly strategy: string
  readonly symbol: string
  readonly side: Side
  readonly price: number
  readonly quantity: number
  readonly filledQuantity: number
  readonly averagePrice: number
  /** 'submitted' until the first report. */
  readonly state: OrderState
  readonly reason: Reason
  readonly pendingCancel: boolean
  readonly pendingAmend: boolean
  readonly clientOrderId: string
}

export interface TestFill {
  readonly orderId: bigint
  readonly strategy: string
  readonly symbol: string
  readonly side: Side
  readonly liquidity: Liquidity
  readonly price: number
  readonly quantity: number
  readonly fee: number
  readonly feeCurrency: string
  readonly tradeId: string
}

/** All orders and fills of a desk, read from its sequence. */
export class SeenOrders {
  private readonly reader: Reader
  private readonly byId = new Map<bigint, TestOrder>()
  private readonly all: TestFill[] = []
  private readonly ids = new Map<number, string>()
  private isClosed = false
  private readonly handlers: Handlers

  constructor(private readonly desk: VirtualDesk) {
    this.reader = Reader.open(desk.open.home.sequence)
    this.handlers = on(Order, frame => {
      if (frame.action !== 'new') return
      const { orderId, symbol, side, price, quantity, clientOrderId } = frame
      this.byId.set(orderId, {
        ...NEW,
        orderId,
        strategy: this.nameOf(orderId),
        symbol,
        side,
        price,
        quantity,
        clientOrderId,
      })
    })
      .on(OrderReport, frame => {
        const { orderId, state, reason, request, price, quantity, filledQuantity, averagePrice } = frame
        const { pendingCancel, pendingAmend } = frame
        const order = this.byId.get(orderId)
        // A request about an unknown order is not an order.
        if (order === undefined || (request !== 0 && state === 'denied')) return
        this.byId.set(orderId, {
          ...order,
          state,
          reason,
          price,
          quantity,
          filledQuantity,
          averagePrice,
          pendingCancel,
          pendingAmend,
        })
      })
      .on(Fill, frame => {
        const { orderId, symbol, side, liquidity, price, quantity, fee, feeCurrency, tradeId } = frame
        const strategy = this.nameOf(orderId)
        this.all.push({ orderId, strategy, symbol, side, liquidity, price, quantity, fee, feeCurrency, tradeId })
      })
  }

  orders(strategy: string | undefined): TestOrder[] {
    this.read()
    return [...this.byId.values()].filter(order => strategy === undefined || order.strategy === strategy)
  }

  fills(strategy: string | undefined): TestFill[] {
    this.read()
    return this.all.filter(fill => strategy === undefined || fill.strategy === strategy)
  }

  /** The number of a strategy in the home; 0 for one that it does not have. */
  numberOf(strategy: string): number {
    return this.desk.strategies.find(({ id }) => id === strategy)?.running.known.number ?? 0
  }

  close(): void {
    this.read()
    this.isClosed = true
    this.reader.close()
  }

  private read(): void {
    while (!this.isClosed && this.reader.poll(this.handlers, BATCH) > 0);
  }

  private nameOf(orderId: bigint): string {
    const number = strategyOfOrder(orderId)
    let id = this.ids.get(number)
    if (id === undefined) {
      id = this.desk.strategies.find(({ running }) => running.known.number === number)?.id ?? `#${number}`
      this.ids.set(number, id)
    }
    return id
  }
}

const BATCH = 1024
const NEW = {
  filledQuantity: 0,
  averagePrice: 0,
  state: 'submitted',
  reason: 'none',
  pendingCancel: false,
  pendingAmend: false,
} as const

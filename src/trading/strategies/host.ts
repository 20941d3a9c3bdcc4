import { InvalidOptionError, InvalidStateError } from '../../base/errors.js'
import { formatValue } from '../../base/format-value.js'
import { checkOptions, kinds } from '../../base/options.js'
import type { Cause } from '../../frames/commit-options.js'
import type { FrameHeader } from '../../frames/view.js'
import { type OrderValues, strategyOf } from '../messages/frames.js'
import type {
  BookTopView,
  OrderReportView,
  OrderRequest,
  StrategyContext,
  StrategyDefinition,
  TickerView,
  TradeView,
} from './strategy.js'

/** The destination of a strategy's orders: its journal, or in replay the comparison with its journal. */
export interface OrderPort {
  /** Sends an order with this cause. `fill` gets the order's id and returns its values. */
  send(fill: (orderId: bigint) => OrderValues, cause: Cause | undefined): bigint
  log(message: string): void
}

/** Passes frames to a strategy, and its orders to a port. The same code runs live and in replay. */
export class StrategyHost {
  private readonly symbols: ReadonlySet<string> | undefined
  private readonly context: StrategyContext
  /** The frame that is being handled. */
  private frame: FrameHeader | undefined = undefined
  /** The position of the last frame that was passed on; -1 before the first. */
  private lastPosition = -1
  private lastTime = 0n
  private stopping = false

  constructor(
    private readonly strategy: StrategyDefinition,
    /** Its number in the session. */
    private readonly number: number,
    /** The input journal's id. */
    private readonly inputId: number,
    private readonly port: OrderPort,
  ) {
    const { symbols } = strategy
    this.symbols = symbols === undefined ? undefined : new Set(symbols)
    this.context = this.makeContext()
  }

  start(): void {
    this.strategy.onStart?.(this.context)
  }

  ticker(ticker: TickerView): void {
    const { onTicker } = this.strategy
    if (onTicker !== undefined && this.wants(ticker.symbol)) this.deliver(ticker, onTicker)
  }

  book(book: BookTopView): void {
    const { onBook } = this.strategy
    if (onBook !== undefined && this.wants(book.symbol)) this.deliver(book, onBook)
  }

  trade(trade: TradeView): void {
    const { onTrade } = this.strategy
    if (onTrade !== undefined && this.wants(trade.symbol)) this.deliver(trade, onTrade)
  }

  report(report: OrderReportView): void {
    const { onOrder } = this.strategy
    if (onOrder !== undefined && report.dest === this.number) this.deliver(report, onOrder)
  }

  stop(): void {
    this.stopping = true
    try {
      this.strategy.onStop?.(this.context)
    } finally {
      this.stopping = false
    }
  }

  private wants(symbol: string): boolean {
    return this.symbols === undefined || this.symbols.has(symbol)
  }

  private deliver<V extends FrameHeader>(frame: V, handle: (frame: V, context: StrategyContext) => void): void {
    this.frame = frame
    try {
      handle(frame, this.context)
    } finally {
      this.lastPosition = frame.position
      this.lastTime = frame.time
      this.frame = undefined
    }
  }

  private makeContext(): StrategyContext {
    const host = this
    const { id } = this.strategy
    return Object.freeze({
      id,
      get now() {
        return host.frame?.time ?? host.lastTime
      },
      order: (request: OrderRequest) => host.send(orderId => newOrder(orderId, request)),
      cancel: (orderId: bigint) => {
        host.send(() => host.cancelOf(orderId))
      },
      log: (message: string) => host.port.log(String(message)),
    })
  }

  private send(fill: (orderId: bigint) => OrderValues): bigint {
    if (this.frame !== undefined) return this.port.send(fill, this.frame)
    if (!this.stopping)
      throw new InvalidStateError(
        `strategy '${this.strategy.id}' sends an order outside its handlers: nothing would be its cause`,
      )
    return this.port.send(
      fill,
      this.lastPosition < 0 ? undefined : { journal: this.inputId, position: this.lastPosition },
    )
  }

  private cancelOf(orderId: bigint): OrderValues {
    if (typeof orderId !== 'bigint' || orderId < 0n || strategyOf(orderId) !== this.number) {
      throw new InvalidOptionError(
        `cancel() takes the id that order() of this strategy returned, not ${formatValue(orderId)}`,
      )
    }
    return { ...BLANK, orderId, action: 'cancel' }
  }
}

const BLANK: OrderValues = {
  symbol: '',
  orderId: 0n,
  price: 0,
  quantity: 0,
  filledQuantity: 0,
  averagePrice: 0,
  clientOrderId: '',
  side: 'buy',
  orderType: 'limit',
  state: 'new',
  timeInForce: 'gtc',
  action: 'new',
}

const positive = (value: unknown): string | undefined =>
  typeof value === 'number' && value > 0 && Number.isFinite(value) ? undefined : 'a number above 0'

const REQUEST = {
  symbol: kinds.string,
  side: kinds.oneOf('buy', 'sell'),
  quantity: positive,
  price: positive,
  orderType: kinds.oneOf('limit', 'market'),
  timeInForce: kinds.oneOf('gtc', 'ioc'),
  clientOrderId: kinds.string,
}

/** @throws {InvalidOptionError} */
function newOrder(orderId: bigint, request: OrderRequest): OrderValues {
  checkOptions('order', request, REQUEST)
  const { symbol, side, quantity, price, clientOrderId = '' } = request
  for (const [name, value] of Object.entries({ symbol, side, quantity })) {
    if (value === undefined) throw new InvalidOptionError(`order needs a '${name}'`)
  }
  const orderType = request.orderType ?? (price === undefined ? 'market' : 'limit')
  if ((orderType === 'limit') !== (price !== undefined)) {
    throw new InvalidOptionError(
      orderType === 'limit'
        ? "a limit order needs a 'price'"
        : "a market order takes no 'price'; leave it out, or send a limit order",
    )
  }
  const timeInForce = request.timeInForce ?? (orderType === 'market' ? 'ioc' : 'gtc')
  return { ...BLANK, symbol, orderId, price: price ?? 0, quantity, clientOrderId, side, orderType, timeInForce }
}

import { InvalidOptionError, InvalidStateError } from '../../base/errors.js'
import { formatValue } from '../../base/format-value.js'
import { checkOptions } from '../../base/options.js'
import { OwnCommit } from '../../frames/commit-options.js'
import { Frame } from '../../frames/format.js'
import { FrameRecorder, type FrameSink } from '../../frames/frame-recorder.js'
import type { FramePointer } from '../../frames/pointer.js'
import { type FrameHeader, type FrameView, pointerOf } from '../../frames/view.js'
import { PromiseReturnedError, StrategyStateError } from '../errors.js'
import { Random } from '../exact/random.js'
import type { Instrument } from '../instruments/instrument.js'
import { Instruments } from '../instruments/instruments.js'
import { specOf } from '../messages/instrument-frames.js'
import { Order } from '../messages/order-frames.js'
import { idHigh, MAX_COUNTER, orderIdFrom, strategyOfOrder } from '../messages/order-id.js'
import { FIRST_LEG, PAIR_IDS, Pair, SECOND_LEG } from '../messages/pair-frames.js'
import type { InstrumentTerms } from '../messages/sequence-frames.js'
import { type TimerFired, TimerRequest } from '../sequence/frames.js'
import { checkRequest, fillOrder, type OrderRequest, positive } from './order-request.js'
import { type OpenOrder, OwnOrders } from './own-orders.js'
import { OwnPairs } from './own-pairs.js'
import { OwnPositions } from './own-positions.js'
import { checkPair, fillPair, type PairRequest, type PlacedLeg } from './pair-request.js'
import { type SavedState, stateText } from './saved-state.js'
import {
  type BookTopView,
  type FillView,
  type OrderReportView,
  type PairReportView,
  parseDuration,
  type StrategyContext,
  type StrategyDefinition,
  type TickerView,
  type TradeView,
} from './strategy.js'
import { SymbolFilter } from './symbol-filter.js'
import type { ViewsData } from './views.js'

/** Where the frames of a strategy go: into its journal, or in replay into a comparison with it. */
export interface StrategyOutput extends FrameSink {
  log(text: string): void
}

/** One life of a strategy's process. */
export interface StrategyLife {
  /** Its number in the home. */
  readonly strategy: number
  readonly epoch: number
  readonly seed: number
  readonly replay: boolean
  /** The sequence's journal id. */
  readonly sequence: number
  /** The names of the accounts of each venue, in the order of their numbers. */
  readonly accounts: Readonly<Record<string, readonly string[]>>
}

/** What a host keeps beside the strategy's own state, as plain data. */
export interface HostData {
  readonly lastOrder: number
  readonly lastTimer: number
  readonly endedTimers: readonly number[]
  readonly requests: readonly (readonly [orderId: string, number: number])[]
  readonly random: number
}

/**
 * Runs a strategy: passes frames of the sequence to it, and what it sends to an output. The same code runs live and in
 * replay. All that the context answers comes from frames up to the current one.
 */
export class StrategyHost {
  readonly instruments = new Instruments()
  private readonly filter: SymbolFilter
  private readonly orders: OwnOrders
  private readonly pairs = new OwnPairs()
  private readonly positions = new OwnPositions(this.instruments)
  private random: Random
  private readonly context: StrategyContext
  private high: number
  private lastOrder = 0
  private lastTimer = 0
  private readonly endedTimers = new Set<number>()
  /** Requests within each order, counted from 1: amends and cancels. */
  private readonly requests = new Map<bigint, number>()
  /** The frame that is being handled. */
  private frame: FramePointer | undefined = undefined
  /** The halves of the time of the last frame: a bigint for each frame would be allocated. */
  private timeLow = 0
  private timeHigh = 0
  private isStarting = false
  private stopping = false
  private inHistory = false
  /** Frames that an earlier process has handled are handled again: what is sent was sent. */
  private catchingUp = false
  /** Options of a commit, used again for each. */
  private readonly sending = new OwnCommit()

  constructor(
    private readonly strategy: StrategyDefinition,
    private readonly life: StrategyLife,
    private output: StrategyOutput,
  ) {
    this.filter = new SymbolFilter(strategy.symbols)
    this.random = new Random(life.seed)
    this.high = idHigh(life.strategy, life.epoch)
    this.orders = new OwnOrders(this.instruments, this.high)
    this.sending.journal = life.sequence
    this.sending.source = life.strategy
    this.context = this.makeContext()
  }

  /** ns of market data before its start that it wants; 0 for none. */
  get historyNs(): bigint {
    return parseDuration(this.strategy.history) ?? 0n
  }

  instrument(frame: FrameView<typeof InstrumentTerms>): Instrument {
    const instrument = this.instruments.restore(frame.number, specOf(frame))
    this.filter.add(instrument)
    return instrument
  }

  /** @param last the last frame before its start. */
  start(last: { readonly position: number; readonly time: bigint }): void {
    if (last.position >= 0) this.causedBy(last.position)
    this.timeLow = Number(BigInt.asIntN(32, last.time))
    this.timeHigh = Number(last.time >> 32n)
    this.isStarting = true
    try {
      this.check(this.strategy.onStart?.(this.context))
    } finally {
      this.isStarting = false
    }
  }

  ticker(ticker: TickerView): void {
    const { onTicker } = this.strategy
    if (onTicker !== undefined && this.filter.wants(ticker.instrument)) this.deliver(ticker, onTicker)
  }

  book(book: BookTopView): void {
    const { instrument } = book
    if (!this.filter.wants(instrument)) return
    const { onBook } = this.strategy
    this.positions.quoted(instrument, book.bid, book.ask)
    if (onBook !== undefined) this.deliver(book, onBook)
  }

  trade(trade: TradeView): void {
    const { onTrade } = this.strategy
    if (onTrade !== undefined && this.filter.wants(trade.instrument)) this.deliver(trade, onTrade)
  }

  report(report: OrderReportView): void {
    if (destOf(report) !== this.life.strategy) return
    this.orders.reported(report)
    const { onOrder } = this.strategy
    if (onOrder !== undefined) this.deliver(report, onOrder)
  }

  fill(fill: FillView): void {
    if (destOf(fill) !== this.life.strategy) return
    this.positions.filled(fill)
    const { onFill } = this.strategy
    if (onFill !== undefined) this.deliver(fill, onFill)
  }

  pair(report: PairReportView): void {
    if (report.dest !== this.life.strategy) return
    this.pairs.reported(report)
    const { onPair } = this.strategy
    if (onPair !== undefined) this.deliver(report, onPair)
  }

  timer(timer: FrameView<typeof TimerFired>): void {
    if (timer.dest !== this.life.strategy) return
    const { onTimer } = this.strategy
    // It may have fired before the gateway took the request to end it.
    if (onTimer === undefined || this.endedTimers.has(timer.timer)) return
    const event = { name: timer.name, id: timer.timer, due: timer.due }
    this.deliver(timer, (_, context) => onTimer(event, context))
  }

  /** A frame from before its start: it changes what the context answers, and is handled by nobody. */
  learnReport(report: OrderReportView): void {
    if (destOf(report) === this.life.strategy) this.orders.reported(report)
  }

  learnFill(fill: FillView): void {
    if (destOf(fill) === this.life.strategy) this.positions.filled(fill)
  }

  learnPair(report: PairReportView): void {
    if (report.dest === this.life.strategy) this.pairs.reported(report)
  }

  learnBook(book: BookTopView): void {
    this.positions.quoted(book.instrument, book.bid, book.ask)
  }

  /** What a snapshot says that the context knows: in place of the frames before it. */
  learnView({ instruments, bids, asks, strategies }: ViewsData): void {
    for (const [number, spec] of instruments) this.filter.add(this.instruments.restore(number, spec))
    for (const { number } of this.instruments.all)
      if (number < bids.length) this.positions.quoted(number, bids[number], asks[number])
    const own = strategies.find(({ strategy }) => strategy === this.life.strategy)
    if (own === undefined) return
    this.orders.load(own.orders)
    this.positions.load(own.positions)
    this.pairs.load(own.pairs)
  }

  /** Runs `body` with frames of the history: nothing can be sent meanwhile. */
  replayHistory(body: () => void): void {
    this.inHistory = true
    try {
      body()
    } finally {
      this.inHistory = false
    }
  }

  /** Whether it has a state to be saved. */
  get hasState(): boolean {
    return this.strategy.state !== undefined
  }

  /** Its state as JSON, with what the host must know to go on. @throws {StrategyStateError}, and what `save` throws. */
  saveState(): string {
    const { lastOrder, lastTimer, endedTimers, requests, random, strategy } = this
    const host: HostData = {
      lastOrder,
      lastTimer,
      endedTimers: [...endedTimers],
      // Nobody amends or cancels what has ended.
      requests: [...requests]
        .filter(([orderId]) => this.orders.has(orderId))
        .map(([orderId, number]) => [String(orderId), number]),
      random: random.state,
    }
    return stateText(strategy.id, host, strategy.state?.save())
  }

  /** Takes over a state that an earlier process has saved. @throws {StrategyStateError} */
  loadState({ value, host, next }: SavedState): void {
    const { strategy } = this
    try {
      strategy.state?.load(value as never)
    } catch (error) {
      throw new StrategyStateError(
        `strategy '${strategy.id}' refuses the state that it had at position ${next} of the sequence: ${String(error)}. Let \`load\` take it, or start without it: 'ticktape reset HOME --strategy ${strategy.id}'`,
        { cause: error, position: next },
      )
    }
    this.lastOrder = host.lastOrder
    this.lastTimer = host.lastTimer
    for (const id of host.endedTimers) this.endedTimers.add(id)
    this.random.state = host.random
    for (const [orderId, number] of host.requests) this.requests.set(BigInt(orderId), number)
  }

  /**
   * Runs `body` with the frames that an earlier process has handled after it had saved its state: as that process, but
   * nothing is sent. Afterwards the epoch of this process begins.
   */
  catchUp(epoch: number, body: () => void): void {
    const { output, life } = this
    const nowhere = new FrameRecorder()
    this.become(epoch)
    this.output = {
      begin: definition => nowhere.begin(definition),
      commit: options => {
        const position = nowhere.commit(options)
        nowhere.shift()
        return position
      },
      log: () => {},
    }
    this.catchingUp = true
    try {
      body()
    } finally {
      this.catchingUp = false
      this.output = output
      this.become(life.epoch)
      this.lastOrder = 0
      this.lastTimer = 0
      this.endedTimers.clear()
      this.random = new Random(life.seed)
    }
  }

  /** What is sent from now on has ids of this epoch. */
  private become(epoch: number): void {
    this.high = idHigh(this.life.strategy, epoch)
    this.orders.high = this.high
  }

  stop(): void {
    this.stopping = true
    try {
      this.check(this.strategy.onStop?.(this.context))
    } finally {
      this.stopping = false
    }
  }

  private deliver<V extends FrameHeader>(frame: V, handle: (frame: V, context: StrategyContext) => unknown): void {
    const pointer = pointerOf(frame) as FramePointer
    const { at, i32 } = pointer
    this.frame = pointer
    this.timeLow = i32[(at + Frame.TIME) >> 2]
    this.timeHigh = i32[(at + Frame.TIME + 4) >> 2]
    try {
      const result = handle(frame, this.context)
      if (result !== undefined) this.check(result)
    } catch (error) {
      // The process that handled it first has ended with it. The frame counts as handled.
      if (!this.catchingUp) throw error
    } finally {
      this.causedBy(pointer.position)
      this.sending.frame = undefined
      this.frame = undefined
    }
  }

  /** @throws {PromiseReturnedError} when a handler returned a promise. */
  private check(result: unknown): void {
    if (typeof (result as { then?: unknown } | null | undefined)?.then !== 'function') return
    // Nobody waits for it: its error, if it has one, is not this one.
    Promise.resolve(result).catch(() => {})
    throw new PromiseReturnedError(
      `a handler of strategy '${this.strategy.id}' returned a promise: handlers cannot wait, because what is sent later would have no frame as its cause`,
    )
  }

  private causedBy(position: number): void {
    this.sending.hasCause = true
    this.sending.position = position
  }

  /** Sets the cause of what is sent next. @throws {InvalidStateError} */
  private beginSending(what: string): void {
    const { frame, strategy } = this
    if (this.inHistory) {
      throw new InvalidStateError(
        `strategy '${strategy.id}' calls ${what} for a frame of its history; check context.history first`,
      )
    }
    if (frame !== undefined) {
      this.causedBy(frame.position)
      this.sending.frame = frame
    } else if (!this.stopping) {
      throw new InvalidStateError(
        `strategy '${strategy.id}' calls ${what} outside its handlers: nothing would be its cause`,
      )
    }
  }

  private makeContext(): StrategyContext {
    const host = this
    return Object.freeze({
      id: this.strategy.id,
      get replay() {
        return host.life.replay || host.catchingUp
      },
      get now() {
        return host.now
      },
      get history() {
        return host.inHistory
      },
      order: (request: OrderRequest) => host.order(request),
      orders: (requests: readonly OrderRequest[]) => host.sendAll(requests),
      pair: (request: PairRequest) => host.sendPair(request),
      cancel: (orderId: bigint) => host.cancel(orderId),
      amend: (orderId: bigint, change: { price?: number; quantity?: number }) => host.amend(orderId, change),
      cancelAll: (symbol?: string) => host.cancelAll(symbol),
      position: (symbol: string) => host.positions.of(host.lookUp(symbol)),
      openOrders: (symbol?: string) => host.openOrders(symbol),
      openPairs: () => host.pairs.list,
      every: (ms: number, name: string) => host.requestTimer(ms, ms, name),
      after: (ms: number, name: string) => host.requestTimer(ms, 0, name),
      cancelTimer: (id: number) => host.cancelTimer(id),
      random: () => host.random.next(),
      log: (message: string) => host.output.log(String(message)),
    })
  }

  private get now(): bigint {
    return (BigInt(this.timeHigh) << 32n) | BigInt(this.timeLow >>> 0)
  }

  private order(request: OrderRequest): bigint {
    checkRequest(request)
    const instrument = this.find(request.symbol ?? request.instrument ?? '', request.venue)
    const account = this.accountOf(request.account, instrument.venue)
    return this.send(request, instrument, account, 'order()')
  }

  private sendAll(requests: readonly OrderRequest[]): bigint[] {
    if (!Array.isArray(requests) || requests.length === 0)
      throw new InvalidOptionError(`orders() takes a list of orders, not ${formatValue(requests)}`)
    // All are checked before the first is sent.
    const placed = requests.map(request => this.place(request))
    return placed.map(({ request, instrument, account }) => this.send(request, instrument, account, 'orders()'))
  }

  private sendPair(request: PairRequest): bigint {
    checkPair(request)
    const first = this.place(request.legs[0])
    const second = this.place(request.legs[1])
    this.beginSending('pair()')
    // A multiple of PAIR_IDS: so the gateway finds the pair of an order by its id.
    const id = PAIR_IDS * Math.ceil((this.lastOrder + 1) / PAIR_IDS)
    if (id + PAIR_IDS - 1 > MAX_COUNTER) throw this.tooMany()
    const pairId = orderIdFrom(this.high, id)
    const pair = this.output.begin(Pair)
    pair.pairId = pairId
    fillPair(pair, request, first, second)
    this.output.commit(this.sending)
    this.lastOrder = id + PAIR_IDS - 1
    this.pairs.sent(pairId)
    this.orders.sent(id + FIRST_LEG, first.instrument.number, first.request)
    this.orders.sent(id + SECOND_LEG, second.instrument.number, second.request)
    return pairId
  }

  /** Finds out where an order goes. */
  private place(request: OrderRequest): PlacedLeg {
    checkRequest(request)
    const instrument = this.find(request.symbol ?? request.instrument ?? '', request.venue)
    return { request, instrument, account: this.accountOf(request.account, instrument.venue) }
  }

  private tooMany(): InvalidStateError {
    return new InvalidStateError(`strategy '${this.strategy.id}' has sent 2^32 orders since its start; start it again`)
  }

  private send(request: OrderRequest, instrument: Instrument, account: number, what: string): bigint {
    this.beginSending(what)
    if (this.lastOrder === MAX_COUNTER) throw this.tooMany()
    const low = ++this.lastOrder
    fillOrder(this.output.begin(Order), this.high, low, request, instrument, account)
    this.output.commit(this.sending)
    this.orders.sent(low, instrument.number, request)
    return orderIdFrom(this.high, low)
  }

  private cancel(orderId: bigint): void {
    this.checkOwn('cancel()', orderId)
    this.beginSending('cancel()')
    const order = this.output.begin(Order)
    order.action = 'cancel'
    order.orderId = orderId
    order.request = this.nextRequest(orderId)
    this.output.commit(this.sending)
    this.orders.cancelSent(orderId)
  }

  private amend(orderId: bigint, change: { readonly price?: number; readonly quantity?: number }): void {
    this.checkOwn('amend()', orderId)
    checkOptions('amend', change, { price: positive, quantity: positive })
    if (change.price === undefined && change.quantity === undefined)
      throw new InvalidOptionError("amend() needs a 'price' or a 'quantity'")
    this.beginSending('amend()')
    const order = this.output.begin(Order)
    order.action = 'amend'
    order.orderId = orderId
    order.request = this.nextRequest(orderId)
    // 0 stands for 'as it is'.
    order.price = change.price ?? 0
    order.quantity = change.quantity ?? 0
    this.output.commit(this.sending)
    this.orders.amendSent(orderId)
  }

  private cancelAll(symbol: string | undefined): void {
    const instrument = symbol === undefined ? 0 : this.find(symbol).number
    this.beginSending('cancelAll()')
    const order = this.output.begin(Order)
    order.action = 'cancel-all'
    order.orderId = orderIdFrom(this.high, 0)
    order.instrument = instrument
    this.output.commit(this.sending)
    for (const { orderId } of this.orders.list(instrument === 0 ? undefined : instrument))
      this.orders.cancelSent(orderId)
  }

  private requestTimer(ms: number, every: number, name: string): number {
    if (!(typeof ms === 'number' && ms >= 1 && ms <= LONGEST_TIMER_MS))
      throw new InvalidOptionError(`a timer takes 1 to ${LONGEST_TIMER_MS} ms, not ${formatValue(ms)}`)
    if (typeof name !== 'string' || !/^[\x21-\x7e]{1,32}$/.test(name))
      throw new InvalidOptionError(
        `a timer needs a name of 1 to 32 printable ASCII characters, not ${formatValue(name)}`,
      )
    const timer = ++this.lastTimer
    this.sendTimer(timer, BigInt(Math.round(ms * 1e6)), BigInt(Math.round(every * 1e6)), name)
    return timer
  }

  private cancelTimer(id: number): void {
    if (!(Number.isInteger(id) && id >= 1 && id <= this.lastTimer))
      throw new InvalidOptionError(`cancelTimer() takes what every() or after() returned, not ${formatValue(id)}`)
    if (this.endedTimers.has(id)) return
    this.sendTimer(id, -1n, 0n, '')
    this.endedTimers.add(id)
  }

  private sendTimer(timer: number, after: bigint, every: bigint, name: string): void {
    // Also in `onStart`: the timer counts from the last frame before the start.
    if (this.frame !== undefined || this.inHistory || this.stopping) this.beginSending('a timer')
    const request = this.output.begin(TimerRequest)
    request.strategy = this.life.strategy
    request.timer = timer
    request.after = after
    request.every = every
    request.name = name
    this.output.commit(this.sending)
  }

  private nextRequest(orderId: bigint): number {
    const request = (this.requests.get(orderId) ?? 0) + 1
    this.requests.set(orderId, request)
    return request
  }

  private openOrders(symbol: string | undefined): OpenOrder[] {
    if (symbol === undefined) return this.orders.list()
    const instrument = this.lookUp(symbol)
    return instrument === undefined ? [] : this.orders.list(instrument.number)
  }

  /**
   * The instrument of a symbol. In `onStart` the sequence may not have named it yet: undefined then, as there can be no order
   * and no position in it.
   */
  private lookUp(symbol: string): Instrument | undefined {
    return this.isStarting ? this.instruments.lookUp(symbol) : this.find(symbol)
  }

  private find(symbol: string | number, venue?: string): Instrument {
    if (typeof symbol === 'string') return this.instruments.find(symbol, venue)
    return this.instruments.get(symbol) ?? this.instruments.find(`#${symbol}`)
  }

  private accountOf(name: string | undefined, venue: string): number {
    if (name === undefined) return 0
    const accounts = this.life.accounts[venue] ?? []
    const account = accounts.indexOf(name)
    if (account >= 0) return account
    const known = accounts.map(other => `'${other}'`).join(', ')
    throw new InvalidOptionError(`${venue} has no account ${formatValue(name)}; there are: ${known || 'none'}`)
  }

  private checkOwn(what: string, orderId: bigint): void {
    if (typeof orderId === 'bigint' && orderId > 0n && strategyOfOrder(orderId) === this.life.strategy) return
    throw new InvalidOptionError(
      `${what} takes the id that order() of this strategy returned, not ${formatValue(orderId)}`,
    )
  }
}

/** Whom a frame of 128 bytes is for. */
function destOf(frame: FrameHeader): number {
  const { at, u16 } = pointerOf(frame) as FramePointer
  return u16[(at + Frame.DEST) >> 1]
}

/** 100 days. */
const LONGEST_TIMER_MS = 8_640_000_000

import { Frame } from '../../frames/format.js'
import { FrameRecorder, type FrameSink } from '../../frames/frame-recorder.js'
import type { FramePointer } from '../../frames/pointer.js'
import { type FrameHeader, type FrameView, pointerOf } from '../../frames/view.js'
import { PromiseReturnedError, StrategyStateError } from '../errors.js'
import { Random } from '../exact/random.js'
import type { Instrument } from '../instruments/instrument.js'
import { Instruments } from '../instruments/instruments.js'
import { specOf } from '../messages/instrument-frames.js'
import type { InstrumentTerms } from '../messages/sequence-frames.js'
import { type TimerFired } from '../sequence/frames.js'
import type { EpochStart } from './epoch-start.js'
import { type OrderRequest } from './order-request.js'
import { type OpenOrder } from './own-orders.js'
import { OwnPositions } from './own-positions.js'
import { type PairRequest } from './pair-request.js'
import { type HostData, type SavedState, stateText } from './saved-state.js'
import { Sender } from './sender.js'
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

/**
 * Runs a strategy: passes frames of the sequence to it, and what it sends to an output. The same code runs live and in
 * replay. All that the context answers comes from frames up to the current one.
 */
export class StrategyHost {
  readonly instruments = new Instruments()
  private readonly filter: SymbolFilter
  private readonly sender: Sender
  private readonly positions = new OwnPositions(this.instruments)
  private random: Random
  private readonly context: StrategyContext
  /** The halves of the time of the last frame: a bigint for each frame would be allocated. */
  private timeLow = 0
  private timeHigh = 0
  private isStarting = false
  /** Frames that an earlier process handled are handled again; nothing is sent twice. */
  private catchingUp = false
  constructor(
    private readonly strategy: StrategyDefinition,
    private readonly given: EpochStart,
    private readonly output: StrategyOutput,
  ) {
    this.filter = new SymbolFilter(strategy.symbols)
    this.random = new Random(given.seed)
    this.sender = new Sender(strategy.id, given, this.instruments, output)
    this.context = this.makeContext()
  }

  get id(): string {
    return this.strategy.id
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
    if (last.position >= 0) this.sender.causedBy(last.position)
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
    if (destOf(report) !== this.given.strategy) return
    this.sender.orders.reported(report)
    const { onOrder } = this.strategy
    if (onOrder !== undefined) this.deliver(report, onOrder)
  }

  fill(fill: FillView): void {
    if (destOf(fill) !== this.given.strategy) return
    this.positions.filled(fill)
    const { onFill } = this.strategy
    if (onFill !== undefined) this.deliver(fill, onFill)
  }

  pair(report: PairReportView): void {
    if (report.dest !== this.given.strategy) return
    this.sender.pairs.reported(report)
    const { onPair } = this.strategy
    if (onPair !== undefined) this.deliver(report, onPair)
  }

  timer(timer: FrameView<typeof TimerFired>): void {
    if (timer.dest !== this.given.strategy) return
    const { onTimer } = this.strategy
    if (onTimer === undefined || this.sender.hasEnded(timer.timer)) return
    const event = { name: timer.name, id: timer.timer, due: timer.due }
    this.deliver(timer, (_, context) => onTimer(event, context))
  }

  /** A frame from before its start: it changes what the context answers, and no handler gets it. */
  learnReport(report: OrderReportView): void {
    if (destOf(report) === this.given.strategy) this.sender.orders.reported(report)
  }

  learnFill(fill: FillView): void {
    if (destOf(fill) === this.given.strategy) this.positions.filled(fill)
  }

  learnPair(report: PairReportView): void {
    if (report.dest === this.given.strategy) this.sender.pairs.reported(report)
  }

  learnBook(book: BookTopView): void {
    this.positions.quoted(book.instrument, book.bid, book.ask)
  }

  /** Restores what a snapshot says that the context knows, instead of handling the frames before it. */
  learnView({ instruments, bids, asks, strategies }: ViewsData): void {
    for (const [number, spec] of instruments) this.filter.add(this.instruments.restore(number, spec))
    for (const { number } of this.instruments.all)
      if (number < bids.length) this.positions.quoted(number, bids[number], asks[number])
    const own = strategies.find(({ strategy }) => strategy === this.given.strategy)
    if (own === undefined) return
    this.sender.orders.load(own.orders)
    this.positions.load(own.positions)
    this.sender.pairs.load(own.pairs)
  }

  /** Runs `body` with frames of the history: nothing can be sent meanwhile. */
  replayHistory(body: () => void): void {
    this.sender.inHistory = true
    try {
      body()
    } finally {
      this.sender.inHistory = false
    }
  }

  /** Whether it has a state to be saved. */
  get hasState(): boolean {
    return this.strategy.state !== undefined
  }

  /** Its state as JSON, with what the host must know to go on. @throws {StrategyStateError}, and what `save` throws. */
  saveState(): string {
    const { sender, random, strategy } = this
    const host: HostData = { ...sender.save(), random: random.state }
    return stateText(strategy.id, host, strategy.state?.save())
  }

  /** Takes over a state that an earlier process has saved. @throws {StrategyStateError} */
  loadState({ value, host, next }: SavedState): void {
    const { strategy } = this
    try {
      strategy.state?.load(value as never)
    } catch (error) {
      throw new StrategyStateError(
        `load() of strategy '${strategy.id}' refused the state saved at position ${next} of the sequence: ${String(error)}. Change load() so that it accepts this state, or reset the strategy: 'ticktape reset HOME --strategy ${strategy.id}'`,
        { cause: error, position: next },
      )
    }
    this.sender.load(host)
    this.random.state = host.random
  }

  /**
   * Runs `body` with the frames that an earlier process has handled after it had saved its state: as that process, but
   * nothing is sent. Afterwards the epoch of this process begins.
   */
  catchUp(epoch: number, body: () => void): void {
    const { sender, output, given } = this
    const nowhere = new FrameRecorder()
    sender.become(epoch)
    sender.output = {
      begin: definition => nowhere.begin(definition),
      commit: options => {
        const position = nowhere.commit(options)
        nowhere.shift()
        return position
      },
    }
    this.catchingUp = true
    try {
      body()
    } finally {
      this.catchingUp = false
      sender.output = output
      sender.begin(given.epoch)
      this.random = new Random(given.seed)
    }
  }

  stop(): void {
    this.sender.stopping = true
    try {
      this.check(this.strategy.onStop?.(this.context))
    } finally {
      this.sender.stopping = false
    }
  }

  private deliver<V extends FrameHeader>(frame: V, handle: (frame: V, context: StrategyContext) => unknown): void {
    const pointer = pointerOf(frame) as FramePointer
    const { at, i32 } = pointer
    this.sender.frame = pointer
    this.timeLow = i32[(at + Frame.TIME) >> 2]
    this.timeHigh = i32[(at + Frame.TIME + 4) >> 2]
    try {
      const result = handle(frame, this.context)
      if (result !== undefined) this.check(result)
    } catch (error) {
      // The process that handled it first has ended with it. The frame counts as handled.
      if (!this.catchingUp) throw error
    } finally {
      this.sender.handled(pointer.position)
    }
  }

  /** @throws {PromiseReturnedError} when a handler returned a promise. */
  private check(result: unknown): void {
    if (typeof (result as { then?: unknown } | null | undefined)?.then !== 'function') return
    // Nothing awaits this promise: its own error must not hide the one that is thrown here.
    Promise.resolve(result).catch(() => {})
    throw new PromiseReturnedError(
      `a handler of strategy '${this.strategy.id}' returned a promise: handlers cannot wait, because what is sent later would have no frame as its cause`,
    )
  }

  private makeContext(): StrategyContext {
    const host = this
    const { sender } = this
    return Object.freeze({
      id: this.strategy.id,
      get replay() {
        return host.given.replay || host.catchingUp
      },
      get now() {
        return host.now
      },
      get history() {
        return sender.inHistory
      },
      order: (request: OrderRequest) => sender.order(request),
      orders: (requests: readonly OrderRequest[]) => sender.sendAll(requests),
      pair: (request: PairRequest) => sender.sendPair(request),
      cancel: (orderId: bigint) => sender.cancel(orderId),
      amend: (orderId: bigint, change: { price?: number; quantity?: number }) => sender.amend(orderId, change),
      cancelAll: (symbol?: string) => sender.cancelAll(symbol),
      position: (symbol: string) => host.positions.of(host.lookUp(symbol)),
      openOrders: (symbol?: string) => host.openOrders(symbol),
      openPairs: () => sender.pairs.list,
      every: (ms: number, name: string) => sender.requestTimer(ms, ms, name),
      after: (ms: number, name: string) => sender.requestTimer(ms, 0, name),
      cancelTimer: (id: number) => sender.cancelTimer(id),
      random: () => host.random.next(),
      log: (message: string) => {
        if (!host.catchingUp) host.output.log(String(message))
      },
    })
  }

  private get now(): bigint {
    return (BigInt(this.timeHigh) << 32n) | BigInt(this.timeLow >>> 0)
  }

  private openOrders(symbol: string | undefined): OpenOrder[] {
    if (symbol === undefined) return this.sender.orders.list()
    const instrument = this.lookUp(symbol)
    return instrument === undefined ? [] : this.sender.orders.list(instrument.number)
  }

  /**
   * The instrument of a symbol. In `onStart` the sequence may not have named it yet: undefined then, as there can be no order
   * and no position in it.
   */
  private lookUp(symbol: string): Instrument | undefined {
    return this.isStarting ? this.instruments.lookUp(symbol) : this.sender.find(symbol)
  }
}

/** Whom a frame of 128 bytes is for. */
function destOf(frame: FrameHeader): number {
  const { at, u16 } = pointerOf(frame) as FramePointer
  return u16[(at + Frame.DEST) >> 1]
}

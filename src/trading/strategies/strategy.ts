import { formatValue } from '../../base/format-value.js'
import type { HandlerResult } from '../../frames/handlers.js'
import type { FrameView } from '../../frames/view.js'
import { StrategyError } from '../errors.js'
import { isSymbol } from '../instruments/instrument.js'
import type { BookTop, Ticker, Trade } from '../messages/market-frames.js'
import type { Fill, OrderReport } from '../messages/order-frames.js'
import type { PairReport } from '../messages/pair-frames.js'
import type { OrderRequest } from './order-request.js'
import type { OpenOrder } from './own-orders.js'
import type { OpenPair } from './own-pairs.js'
import type { OwnPosition } from './own-positions.js'
import type { PairRequest } from './pair-request.js'

export type TickerView = FrameView<typeof Ticker>
export type TradeView = FrameView<typeof Trade>
export type BookTopView = FrameView<typeof BookTop>
export type OrderReportView = FrameView<typeof OrderReport>
export type FillView = FrameView<typeof Fill>
export type PairReportView = FrameView<typeof PairReport>

/** A timer that is due. */
export interface TimerEvent {
  /** The name that `every` or `after` was called with. */
  readonly name: string
  /** What `every` or `after` returned. */
  readonly id: number
  /** When it was due, ns since 1970. */
  readonly due: bigint
}

/** The functions that a strategy can call while one of its handlers runs. */
export interface StrategyContext {
  /** The strategy's id. */
  readonly id: string
  /**
   * The time of the current frame in ns since 1970 (in `onStop`: of the last frame). Unlike a clock, it is the same in
   * replay.
   */
  readonly now: bigint
  /**
   * Whether frames are handled again: in a replay, or at a start after a saved state was loaded. Nothing is sent then.
   */
  readonly replay: boolean
  /** Whether the current frame is from before the start, see `history`. Nothing can be sent then. */
  readonly history: boolean
  /**
   * Sends an order, with the current frame as its cause. All that a handler sends is published together when it returns.
   * Returns the order's id.
   *
   * @throws {InvalidOptionError} for an invalid request, {UnknownInstrumentError}, {AmbiguousSymbolError},
   *   {InvalidStateError} outside of handlers, in `onStart`, for a frame of the history, or for more than fits a page.
   *   An order that risk refuses throws no error: it ends as 'denied', with a reason.
   */
  order(request: OrderRequest): bigint
  /**
   * Sends several orders, and returns their ids. If one of the requests is invalid, nothing is sent. Otherwise each has a
   * report of its own: one that is denied or rejected does not change the others. A venue that takes batches gets them as one.
   *
   * @throws as `order`.
   */
  orders(requests: readonly OrderRequest[]): bigint[]
  /**
   * Sends two orders that belong together: both, or none when risk denies one. After `settleMs` what is left of them is
   * cancelled, and what one leg has more than the other is closed by limit orders within `maxSlippage`. `onPair` is called at
   * each step; docs/pairs.md. Returns the pair's id; its legs have the ids `+ 1n` and `+ 2n`. `cancel` of the pair's id ends it.
   *
   * @throws as `order`.
   */
  pair(request: PairRequest): bigint
  /** Requests the cancel of an order of this strategy. A report answers it. @throws as `order`. */
  cancel(orderId: bigint): void
  /**
   * Requests a change of an order of this strategy: its price, its total quantity (the filled part included), or both. A
   * report answers it. @throws as `order`.
   */
  amend(orderId: bigint, change: { readonly price?: number; readonly quantity?: number }): void
  /** Requests the cancel of all open orders of this strategy, or of those in one symbol. @throws as `order`. */
  cancelAll(symbol?: string): void
  /** The strategy's own position in a symbol, from its fills up to the current frame: zeros when it has none. */
  position(symbol: string): OwnPosition
  /** The strategy's orders that are not final, those it has just sent included, oldest first. */
  openOrders(symbol?: string): OpenOrder[]
  /** The strategy's pairs that have not ended, those it has just sent included, oldest first. */
  openPairs(): OpenPair[]
  /** Requests a timer: `onTimer` is called every `ms` milliseconds, first after `ms`. Returns its id. */
  every(ms: number, name: string): number
  /** Requests a timer: `onTimer` is called once, after `ms` milliseconds. Returns its id. */
  after(ms: number, name: string): number
  /** Ends a timer: `onTimer` is not called for it any more. @param id what `every` or `after` returned. */
  cancelTimer(id: number): void
  /** A random number from 0 to 1, the same in replay. */
  random(): number
  /** Adds a line to the strategy's log, `<home>/log/<id>.<day>.<n>.log`, and prints it to standard error. Silent in replay. */
  log(message: string): void
}

/**
 * A strategy. Handlers are called one at a time, once for each frame, in the journal's order; views are valid until
 * they return. Decisions must depend only on the frames and the context (no clocks, no Math.random), otherwise replay
 * differs.
 * Handlers cannot be async.
 */
export interface StrategyDefinition {
  /** Its permanent name, as long as its journal is kept: 1 to 32 letters, digits, '_', '.', '-'. */
  readonly id: string
  /** Handle market data of these symbols only: 'BTCUSDT', or with its venue 'BTCUSDT.binance'. Default: all. */
  readonly symbols?: readonly string[]
  /**
   * Where it begins when it has never run: at the sequence's first frame (default), or at the first frame after its
   * start.
   */
  readonly from?: 'start' | 'end'
  /**
   * How much market data from before its start the strategy gets before `onStart`, at each start: a time such as '90s',
   * '5m' or '2h'. `context.history` is true meanwhile. Default: none.
   */
  readonly history?: string
  /**
   * What the strategy keeps from one process to the next. `save` returns it as a value that JSON can hold; it is called about once a second,
   * and at the end after `onStop`. `load` gets it back at the next start, before `onStart`; then the frames that were handled
   * after it are handled again with `context.replay` true, so that nothing is missing. A strategy that loads a state gets no
   * `history`. What `load` throws ends the start with {StrategyStateError}.
   */
  readonly state?: StrategyStateFunctions
  readonly onStart?: (context: StrategyContext) => HandlerResult
  readonly onTicker?: (ticker: TickerView, context: StrategyContext) => HandlerResult
  readonly onBook?: (book: BookTopView, context: StrategyContext) => HandlerResult
  readonly onTrade?: (trade: TradeView, context: StrategyContext) => HandlerResult
  /** A report on an order of this strategy. */
  readonly onOrder?: (report: OrderReportView, context: StrategyContext) => HandlerResult
  /** A fill of an order of this strategy. Each comes once. Its order's report comes before or after it. */
  readonly onFill?: (fill: FillView, context: StrategyContext) => HandlerResult
  /** A pair of this strategy has changed its state, see `pair` of the context. */
  readonly onPair?: (report: PairReportView, context: StrategyContext) => HandlerResult
  readonly onTimer?: (timer: TimerEvent, context: StrategyContext) => HandlerResult
  /** Called before the strategy stops: the last time that it can cancel orders. Not called when it is killed. */
  readonly onStop?: (context: StrategyContext) => HandlerResult
}

/** How a strategy's state is saved and loaded. */
export interface StrategyStateFunctions {
  readonly save: () => unknown
  readonly load: (value: never) => void
}

/**
 * Marks the results of defineStrategy. Shared with other copies of this package: a strategy may import another copy
 * than the command.
 */
const MARK = Symbol.for('ticktape.strategy')

const HANDLERS = [
  'onStart',
  'onTicker',
  'onBook',
  'onTrade',
  'onOrder',
  'onFill',
  'onPair',
  'onTimer',
  'onStop',
] as const
/** Without one of these a strategy does nothing. */
const WORKING = ['onTicker', 'onBook', 'onTrade', 'onOrder', 'onFill', 'onPair', 'onTimer'] as const
const NAMES = ['id', 'symbols', 'from', 'history', 'state', ...HANDLERS]

/**
 * Defines a strategy. It must be the default export of a module, or in an array that is; `Gateway` and `ticktape run`
 * start it in a process of its own. Between frames it keeps its state in the module's variables, which start empty with
 * each start.
 *
 * @throws {StrategyError} for an invalid definition.
 */
export function defineStrategy(definition: StrategyDefinition): StrategyDefinition {
  if (typeof definition !== 'object' || definition === null)
    throw new StrategyError(`defineStrategy takes an object, not ${formatValue(definition)}`)
  const { id, symbols, from, history } = definition
  if (!isStrategyId(id)) {
    throw new StrategyError(
      `a strategy's 'id' is 1 to 32 letters, digits, '_', '.' and '-', and begins with no '.' or '-'; not ${formatValue(id)}`,
    )
  }
  for (const name of Object.keys(definition)) {
    if (!NAMES.includes(name))
      throw new StrategyError(`strategy '${id}' has no '${name}'; there are: ${NAMES.join(', ')}`)
  }
  if (symbols !== undefined) {
    const wanted = `'symbols' of strategy '${id}' takes a list of symbols, such as 'BTCUSDT' or 'BTCUSDT.binance'`
    if (!Array.isArray(symbols) || symbols.length === 0)
      throw new StrategyError(`${wanted}; leave it out for all symbols`)
    const unfit = (symbols as readonly unknown[]).find(symbol => !isSymbol(symbol))
    if (unfit !== undefined) throw new StrategyError(`${wanted}, not ${formatValue(unfit)}`)
  }
  if (from !== undefined && from !== 'start' && from !== 'end') {
    throw new StrategyError(`'from' of strategy '${id}' takes 'start' or 'end', not ${formatValue(from)}`)
  }
  if (history !== undefined && parseDuration(history) === undefined) {
    throw new StrategyError(
      `'history' of strategy '${id}' takes a time such as '90s', '5m' or '2h', not ${formatValue(history)}`,
    )
  }
  checkState(definition)
  for (const name of HANDLERS) {
    const handler: unknown = definition[name]
    if (handler !== undefined && typeof handler !== 'function')
      throw new StrategyError(`'${name}' of strategy '${id}' takes a function, not ${formatValue(handler)}`)
    if (Object.prototype.toString.call(handler) === '[object AsyncFunction]') {
      throw new StrategyError(
        `'${name}' of strategy '${id}' cannot be async: what it sent later would have no frame as its cause, and no replay`,
      )
    }
  }
  if (!WORKING.some(name => definition[name] !== undefined)) {
    throw new StrategyError(`strategy '${id}' handles nothing; give it one of ${WORKING.join(', ')}`)
  }
  return Object.freeze(Object.defineProperty({ ...definition }, MARK, { value: true }))
}

function checkState({ id, state }: StrategyDefinition): void {
  if (state === undefined) return
  const { save, load, ...more } = (state ?? {}) as Partial<StrategyStateFunctions>
  const [other] = Object.keys(more)
  if (other !== undefined)
    throw new StrategyError(`'state' of strategy '${id}' has no '${other}'; it has save and load`)
  for (const [name, value] of Object.entries({ save, load })) {
    if (typeof value !== 'function')
      throw new StrategyError(
        `'state' of strategy '${id}' takes { save, load }, two functions; ${name} is ${formatValue(value)}`,
      )
    if (Object.prototype.toString.call(value) === '[object AsyncFunction]')
      throw new StrategyError(`'state.${name}' of strategy '${id}' cannot be async: the strategy would go on meanwhile`)
  }
}

/** Whether a value was returned by defineStrategy. */
export function isStrategy(value: unknown): value is StrategyDefinition {
  return typeof value === 'object' && value !== null && MARK in value
}

/** The ns of '90s', '5m', '2h' or '500ms'; undefined for anything else. */
export function parseDuration(text: unknown): bigint | undefined {
  const match = typeof text === 'string' ? /^(\d{1,9})(ms|s|m|h)$/.exec(text) : null
  if (match === null) return undefined
  const units = { ms: 1_000_000n, s: 1_000_000_000n, m: 60_000_000_000n, h: 3_600_000_000_000n }
  return BigInt(match[1]) * units[match[2] as keyof typeof units]
}

/** Whether a string is a strategy's id: it becomes the name of a directory and of a reader. */
export function isStrategyId(id: unknown): id is string {
  return typeof id === 'string' && /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,31}$/.test(id)
}

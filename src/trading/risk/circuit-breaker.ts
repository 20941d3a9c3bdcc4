import { InvalidOptionError } from '../../base/errors.js'
import { formatValue } from '../../base/format-value.js'
import { checkOptions } from '../../base/options.js'
import { StateBusyError, StateMismatchError } from '../../state/errors.js'
import { refuseIndex, refuseValue } from '../../state/file/checks.js'
import { Header } from '../../state/file/format.js'
import { closeWhenReplaced } from '../../state/file/replacement-watch.js'
import { StateFile } from '../../state/file/state-file.js'
import { updateFloat } from '../../state/file/words.js'
import { BreakerWord as B } from './breaker-format.js'
import {
  type BreakerLimits,
  type BreakerOptions,
  checkBreakerOptions,
  LIMIT_KINDS,
  LIMITS,
  planOf,
} from './breaker-options.js'
import { marketLimit, reduces, storedLimit, withinLimit } from './breaker-position-limit.js'
import {
  type BreakerHalt,
  type BreakerNote,
  BreakerSwitch,
  CODE_MASK,
  checkReason,
  type HaltCode,
  haltOf,
  REDUCING,
  SWITCH,
  type TradingState,
} from './breaker-switch.js'
import { decimalSum, decimalValue } from './decimal-sum.js'
import { TradingDay } from './trading-day.js'

/** Why `check` refuses an order: the code of the halt, only what reduces a position passes, or the market's position limit. */
export type BreakerCode = HaltCode | 'reducing' | 'position-limit'

export interface BreakerStatus {
  readonly state: TradingState
  /** Undefined unless trading is halted. */
  readonly halt: BreakerHalt | undefined
  /** Undefined unless only what makes a position smaller passes. */
  readonly reducing: BreakerNote | undefined
  readonly consecutiveErrors: number
  /** Minor units. */
  readonly dailyPnl: number
  readonly limits: Required<BreakerLimits>
}

// Copies, because imported names are loaded from their module's cell at each use; these compile to constants.
const SWITCH_AT = SWITCH
const MASK = CODE_MASK
const ONLY_REDUCING = REDUCING
const ERRORS = B.ERRORS >> 2
const POSITIONS = Header.SIZE >> 3
const MAX_POSITION = B.MAX_POSITION >> 3
/** The largest amount, in minor units. */
const MAX_AMOUNT = 2 ** (B.PNL_BITS - 2)
const NS_PER_MINUTE = 60_000_000_000n
/** An upper bound of the relative error of two doubles and their sum. */
const ROUNDING = 2 ** -50

/**
 * Stops trading in all processes at once: when `halt` is called, or when a limit is exceeded.
 *
 *     const breaker = CircuitBreaker.open('/dev/shm/session/breaker', { maxConsecutiveErrors: 5, maxDailyLoss: 50_000, maxPosition: 1_000 })
 *     const refusal = breaker.check(market, quantity)
 *     if (refusal !== null) return reject(refusal)
 *
 * Trading stays halted until `resume`, also on the next day. The limits are stored in the file: opening it with other
 * limits is an error, and `setLimits` changes them for all processes. Every change is one compare-and-swap, so a
 * process that dies leaves no incomplete one.
 */
export class CircuitBreaker implements Disposable {
  private readonly words: Int32Array
  private readonly floats: Float64Array
  private readonly longs: BigInt64Array
  private readonly day: TradingDay
  private readonly switch: BreakerSwitch
  private size: number

  /**
   * @throws {StateMismatchError} when the file has other limits, markets or days; {InvalidOptionError, UnsafePathError,
   * CorruptStateError, NoSpaceError}
   */
  static open(path: string, options: BreakerOptions = {}): CircuitBreaker {
    checkBreakerOptions(options)
    return new CircuitBreaker(StateFile.open(path, planOf(options)), options)
  }

  /**
   * Opens an existing breaker, to halt trading or to read the status; undefined when there is none. The file is
   * accepted with the permissions it has: from its owner, from root, and from its group if the group may write it.
   */
  static find(path: string): CircuitBreaker | undefined {
    const file = StateFile.openExisting(path, planOf({}))
    return file === undefined ? undefined : new CircuitBreaker(file, {})
  }

  private constructor(
    private readonly file: StateFile,
    options: BreakerLimits,
  ) {
    this.size = file.parameters[0]
    this.words = new Int32Array(file.mapping.buffer)
    this.floats = new Float64Array(file.mapping.buffer)
    this.longs = new BigInt64Array(file.mapping.buffer)
    this.switch = new BreakerSwitch(file, this.words)
    this.day = new TradingDay(this.longs, BigInt(file.parameters[1]) * NS_PER_MINUTE, action =>
      exclusively(file, action),
    )
    try {
      file.afterBoot(() => TradingDay.forgetTicks(this.longs))
      this.compareLimits(options)
    } catch (error) {
      file.close()
      throw error
    }
    closeWhenReplaced(file, this)
  }

  get path(): string {
    return this.file.path
  }

  /** @internal Whether it was closed because its file was removed or replaced. */
  get isReplaced(): boolean {
    return this.file.isReplaced
  }

  get markets(): number {
    return this.file.parameters[0]
  }

  /**
   * Whether an order may be sent: null, or the code of the reason why not. An order that only reduces the position,
   * without crossing zero, is within every limit, and all that passes after `reduce`. Allocates nothing, except for a
   * quantity of more than 15 digits close to the limit.
   *
   * @param quantity the change of the position: above 0 to buy, below 0 to sell.
   */
  check(market: number, quantity: number): BreakerCode | null {
    if (!(market >>> 0 === market && market < this.size)) this.refuseMarket(market)
    if (typeof quantity !== 'number' || !(Math.abs(quantity) <= Number.MAX_VALUE))
      this.refuseNumber('a quantity', quantity)
    const code = Atomics.load(this.words, SWITCH_AT) & MASK
    if (code !== 0 && code !== ONLY_REDUCING) return haltOf(code)
    const { floats } = this
    const position = floats[POSITIONS + 2 * market]
    if (code === ONLY_REDUCING && !reduces(position, quantity)) return 'reducing'
    const own = floats[POSITIONS + 2 * market + 1]
    const limit = own === 0 ? floats[MAX_POSITION] : own < 0 ? -own : own - 1
    // Within the limit whatever the rounding error of the sum is. Only sums close to the limit need the exact
    // comparison.
    if (Math.abs(position + quantity) + (Math.abs(position) + Math.abs(quantity)) * ROUNDING <= limit) return null
    return withinLimit(position, quantity, own === 0 ? limit : marketLimit(own)) ? null : 'position-limit'
  }

  /** Halts trading. Returns false when it is halted already; the first halt's reason stays. */
  halt(reason = 'halted by hand'): boolean {
    this.file.throwIfClosed()
    checkReason('halt', reason)
    return this.switch.trip('halted', reason)
  }

  /**
   * From now on only orders pass that make a position smaller, until `resume`. Returns false when that is so already, or
   * trading is halted: a halt is stricter and stays.
   */
  reduce(reason = 'reducing by hand'): boolean {
    this.file.throwIfClosed()
    checkReason('reduce', reason)
    return this.switch.trip('reducing', reason)
  }

  /**
   * Ends a halt, and `reduce`, and sets the count of errors to 0. The day's P&L stays: a further loss above the limit halts
   * again.
   *
   * @param to 'reducing': only what makes a position smaller passes from then on. There is no moment at which more does.
   * @param reason why: stored with 'reducing' only.
   */
  resume(to: 'active' | 'reducing' = 'active', reason = 'reducing by hand'): void {
    this.file.throwIfClosed()
    if (to !== 'active' && to !== 'reducing')
      throw new InvalidOptionError(`resume() takes 'active' or 'reducing', not ${formatValue(to)}`)
    checkReason('resume', reason)
    Atomics.store(this.words, ERRORS, 0)
    this.switch.resume(to, reason)
  }

  get halted(): boolean {
    return this.state === 'halted'
  }

  /** What may be sent. A plain load of shared memory. */
  get state(): TradingState {
    this.file.throwIfClosed()
    return this.switch.state
  }

  /** Counts an error, of a venue or an order. Returns the number of errors in a row, in all processes. */
  recordError(): number {
    this.file.throwIfClosed()
    const errors = Atomics.add(this.words, ERRORS, 1) + 1
    if (errors >= this.floats[B.MAX_ERRORS >> 3]) this.switch.trip('consecutive-errors', `${errors} errors in a row`)
    return errors
  }

  /** Sets the number of errors in a row to 0. */
  recordSuccess(): void {
    this.file.throwIfClosed()
    // Usually it is 0 already. Without a store the cache line stays with the processes that read it.
    if (Atomics.load(this.words, ERRORS) !== 0) Atomics.store(this.words, ERRORS, 0)
  }

  get consecutiveErrors(): number {
    this.file.throwIfClosed()
    return Atomics.load(this.words, ERRORS)
  }

  /**
   * Adds to the day's profit (above 0) or loss (below 0). Returns the day's sum.
   *
   * @param minor a whole number of minor units, at most 2^46 in one call. A day's sum is limited to 2^47.
   * @throws {FieldValueError} for any other value.
   */
  recordPnl(minor: number): number {
    if (!Number.isInteger(minor) || Math.abs(minor) > MAX_AMOUNT)
      refuseValue(this.file, 'recordPnl', `a whole number of minor units of at most ${MAX_AMOUNT}`, minor)
    this.file.throwIfClosed()
    const pnl = Number(this.day.add(BigInt(minor)))
    if (-pnl > this.floats[B.MAX_DAILY_LOSS >> 3]) this.switch.trip('daily-loss', `a loss of ${-pnl} today`)
    return pnl
  }

  /** The day's profit or loss in minor units; 0 once the next day has begun. */
  get dailyPnl(): number {
    this.file.throwIfClosed()
    return Number(this.day.sum)
  }

  /**
   * Changes a market's position by the quantity bought (above 0) or sold (below 0). Returns the new position, which is
   * exact: 0.1 and 0.2 are 0.3. A quantity with more than 15 digits is rounded to 15, because no market has such small
   * steps.
   *
   * @throws {FieldValueError} when the sum needs more than 15 digits, so that a number cannot hold it. Then nothing is
   * changed.
   */
  recordFill(market: number, quantity: number): number {
    if (!(market >>> 0 === market && market < this.size)) this.refuseMarket(market)
    if (!Number.isFinite(quantity)) this.refuseNumber('a quantity', quantity)
    return updateFloat(this.longs, POSITIONS + 2 * market, position => {
      const sum = decimalSum(position, quantity)
      if (Number.isNaN(sum)) this.refuseSum(market, position, quantity)
      return sum
    })
  }

  /** Sets a market's position. */
  setPosition(market: number, position: number): void {
    if (!(market >>> 0 === market && market < this.size)) this.refuseMarket(market)
    if (!Number.isFinite(position)) this.refuseNumber('a position', position)
    this.floats[POSITIONS + 2 * market] = decimalValue(position)
  }

  position(market: number): number {
    if (!(market >>> 0 === market && market < this.size)) this.refuseMarket(market)
    return this.floats[POSITIONS + 2 * market]
  }

  /** Sets a market's own limit, for all processes. With undefined the general limit applies again. */
  setMarketLimit(market: number, maxPosition: number | undefined): void {
    if (!(market >>> 0 === market && market < this.size)) this.refuseMarket(market)
    if (maxPosition !== undefined && !(maxPosition >= 0))
      refuseValue(this.file, 'a limit', 'a number from 0 on', maxPosition)
    this.floats[POSITIONS + 2 * market + 1] = storedLimit(maxPosition)
  }

  /**
   * Changes limits for all processes. Limits that are left out stay; Infinity removes one. A loss or a number of errors
   * that is above the new limit halts trading when it next grows.
   */
  setLimits(limits: BreakerLimits): void {
    checkOptions('setLimits', limits, LIMIT_KINDS)
    this.file.throwIfClosed()
    for (const [name, offset] of LIMITS) if (limits[name] !== undefined) this.floats[offset >> 3] = limits[name]
  }

  get limits(): Required<BreakerLimits> {
    this.file.throwIfClosed()
    const limit = (offset: number): number => this.floats[offset >> 3]
    return {
      maxConsecutiveErrors: limit(B.MAX_ERRORS),
      maxDailyLoss: limit(B.MAX_DAILY_LOSS),
      maxPosition: limit(B.MAX_POSITION),
    }
  }

  /** The complete status, for display. */
  status(): BreakerStatus {
    this.file.throwIfClosed()
    return {
      ...this.switch.status(),
      consecutiveErrors: this.consecutiveErrors,
      dailyPnl: this.dailyPnl,
      limits: this.limits,
    }
  }

  /** Closes the file. Does not halt trading. May be called more than once. */
  close(): void {
    this.size = 0
    this.file.close()
  }

  [Symbol.dispose](): void {
    this.close()
  }

  private compareLimits(options: BreakerLimits): void {
    const { limits } = this
    for (const [name] of LIMITS) {
      const stored = limits[name]
      if (!(stored >= 0)) this.file.corrupt(`its ${name} is ${stored}`)
      if (options[name] !== undefined && options[name] !== stored) {
        throw new StateMismatchError(
          `${this.path} has ${name} ${stored}, not ${options[name]}; open it without limits and change them with setLimits()`,
          { path: this.path },
        )
      }
    }
  }

  private refuseMarket(market: unknown): never {
    refuseIndex(this.file, 'market', market, this.markets)
  }

  private refuseSum(market: number, position: number, quantity: number): never {
    if (!Number.isFinite(position)) this.file.corrupt(`the position of market ${market} is ${position}`)
    refuseValue(
      this.file,
      `recordFill for market ${market}, whose position is ${position},`,
      'a quantity whose sum with it has at most 15 digits (use larger steps, or set the position with setPosition)',
      quantity,
    )
  }

  private refuseNumber(what: string, value: unknown): never {
    refuseValue(this.file, what, 'a finite number', value)
  }
}

/**
 * Runs an action under the file's lock. If a suspended process holds the lock too long, runs it without: a loss must
 * still be counted.
 */
function exclusively<T>(file: StateFile, action: () => T): T {
  try {
    return file.locked(action)
  } catch (error) {
    if (error instanceof StateBusyError) return action()
    throw error
  }
}

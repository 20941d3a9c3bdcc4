import { InvalidOptionError } from '../../base/errors.js'
import { formatValue } from '../../base/format-value.js'
import { nearestName } from '../../base/nearest.js'
import { kinds } from '../../base/options.js'
import { AmbiguousSymbolError } from '../errors.js'
import type { Instruments } from '../instruments/instruments.js'
import type { Reason } from '../messages/reasons.js'
import { DayClock } from './day-clock.js'

/**
 * Limits of one owner: the desk, a strategy, an instrument or an account. A missing limit limits nothing. All
 * limits that concern an order must hold: the desk's, and those of its strategy, its instrument and its account.
 *
 * Amounts of money are in the instrument's quote currency, profit and loss in its settlement currency. Amounts in
 * different currencies are never added up: a limit holds for each currency by itself.
 */
export interface Limits {
  /** Quantity of one order. */
  readonly maxOrderQuantity?: number
  /** Price times quantity times multiplier of one order. */
  readonly maxOrderNotional?: number
  /** Position in each instrument, long or short, pending orders included. */
  readonly maxPosition?: number
  /** Sum over instruments of the positions' values, pending orders included. */
  readonly maxExposure?: number
  /** Orders that are not final. */
  readonly maxOpenOrders?: number
  /** Orders and amends in any second. */
  readonly maxOrdersPerSecond?: number
  /** How far a price may be outside the last quote, as a share of it: 0.05 is 5 %. */
  readonly priceBand?: number
  /** The largest loss of a day, realised and unrealised. */
  readonly maxDailyLoss?: number
  /** The largest fall of profit, realised and unrealised, from its highest point. */
  readonly maxDrawdown?: number
  /** This many rejections in a row. */
  readonly maxConsecutiveErrors?: number
  /** The last quote may be this old. */
  readonly staleAfterMs?: number
}

/** What `risk` of a gateway takes. The limits at the top are the whole desk's. */
export interface RiskOptions extends Limits {
  /** By the strategy's id. */
  readonly strategies?: Readonly<Record<string, Limits>>
  /** By the symbol, with its venue where several have it: 'BTCUSDT.binance'. */
  readonly instruments?: Readonly<Record<string, Limits>>
  /** By the account's name. */
  readonly accounts?: Readonly<Record<string, Limits>>
  /** Denies an order that is the same as one which is not answered yet. Default false. */
  readonly denyDuplicates?: boolean
  /** An IANA time zone, such as 'America/New_York': that of the trading days. Default 'UTC'. */
  readonly timeZone?: string
  /** The time of day at which a trading day begins: '17:00'. Default '00:00'. */
  readonly dayStart?: string
}

const INFINITE = Number.POSITIVE_INFINITY

/** Each limit, and what it takes. */
export const LIMIT_KINDS = {
  maxOrderQuantity: kinds.number(0, INFINITE),
  maxOrderNotional: kinds.number(0, INFINITE),
  maxPosition: kinds.number(0, INFINITE),
  maxExposure: kinds.number(0, INFINITE),
  maxOpenOrders: kinds.integer(0, 1_000_000_000),
  maxOrdersPerSecond: kinds.integer(1, 1_000_000),
  priceBand: kinds.number(0, INFINITE),
  maxDailyLoss: kinds.number(0, INFINITE),
  maxDrawdown: kinds.number(0, INFINITE),
  maxConsecutiveErrors: kinds.integer(1, 1_000_000_000),
  staleAfterMs: kinds.number(0, INFINITE),
} as const

/** What each limit means, for docs/risk.md. */
export const LIMIT_TEXTS: Readonly<Record<keyof typeof LIMIT_KINDS, readonly [of: string, reason: Reason]>> = {
  maxOrderQuantity: ['quantity of one order', 'order-too-large'],
  maxOrderNotional: ['price times quantity times multiplier of one order', 'notional-too-large'],
  maxPosition: ['position in each instrument, long or short, pending orders included', 'position-limit'],
  maxExposure: ['sum over instruments of the values of positions, pending orders included', 'exposure-limit'],
  maxOpenOrders: ['orders that are not final', 'open-orders-limit'],
  maxOrdersPerSecond: ['orders and amends in any second', 'order-rate-limit'],
  priceBand: ['how far a price may be outside the last quote, as a share of it: 0.05 is 5 %', 'price-band'],
  maxDailyLoss: ["a day's loss, realised and unrealised, less fees", 'daily-loss'],
  maxDrawdown: ['the fall of profit, realised and unrealised, from its highest point', 'drawdown'],
  maxConsecutiveErrors: ['this many orders in a row that were rejected or never arrived', 'error-streak'],
  staleAfterMs: ['the age of the last quote, in ms', 'stale-market-data'],
}

export type LimitName = keyof typeof LIMIT_KINDS
export const LIMIT_NAMES = Object.keys(LIMIT_KINDS) as readonly LimitName[]

const OTHER_KINDS = {
  strategies: kinds.object,
  instruments: kinds.object,
  accounts: kinds.object,
  denyDuplicates: kinds.boolean,
  timeZone: (value: unknown) =>
    typeof value === 'string' && DayClock.hasZone(value) ? undefined : "an IANA time zone, such as 'Europe/London'",
  dayStart: (value: unknown) =>
    typeof value === 'string' && /^([01]\d|2[0-3]):[0-5]\d$/.test(value) ? undefined : "a time of day, such as '17:00'",
} as const

type Kinds = Readonly<Record<string, (value: unknown, name: string) => string | undefined>>

/** The names that a configuration may refer to. Undefined ones are not checked. */
export interface KnownNames {
  readonly instruments?: Instruments
  readonly accounts?: readonly string[]
}

/**
 * Checks the configuration of risk.
 *
 * @throws {InvalidOptionError} for an unknown key, with the nearest known one; for a value that is no limit; for an
 * instrument or an account that does not exist; and for limits of which one makes the other pointless.
 */
export function checkRisk(options: RiskOptions, known: KnownNames = {}): void {
  checkKeys("'risk'", options, { ...LIMIT_KINDS, ...OTHER_KINDS })
  checkPairs("'risk'", options)
  for (const group of ['strategies', 'instruments', 'accounts'] as const) {
    for (const [name, limits] of Object.entries(options[group] ?? {})) {
      const what = `'risk.${group}' of ${formatValue(name)}`
      checkKeys(what, limits, LIMIT_KINDS)
      checkPairs(what, limits)
      checkWithin(what, limits, options)
    }
  }
  for (const [name, limits] of Object.entries(options.instruments ?? {}))
    checkInstrument(name, limits, known.instruments)
  for (const name of Object.keys(options.accounts ?? {})) checkAccount(name, known.accounts)
}

function checkKeys(what: string, options: unknown, allowed: Kinds): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options))
    throw new InvalidOptionError(`${what} takes its limits as an object, not ${formatValue(options)}`)
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(allowed, name)) {
      const near = nearestName(name, Object.keys(allowed))
      const hint = near === undefined ? `it has ${Object.keys(allowed).join(', ')}` : `did you mean '${near}'?`
      throw new InvalidOptionError(`${what} has no limit '${name}'; ${hint}`)
    }
    if (value === undefined) continue
    const wanted = allowed[name](value, name)
    if (wanted !== undefined)
      throw new InvalidOptionError(`'${name}' of ${what} takes ${wanted}, not ${formatValue(value)}`)
  }
}

/** An order may turn a full position into the opposite one, so it may be twice the position. More can never pass. */
const PAIRS = [
  ['maxOrderQuantity', 'maxPosition'],
  ['maxOrderNotional', 'maxExposure'],
] as const

function checkPairs(what: string, limits: Limits): void {
  for (const [order, whole] of PAIRS) {
    const [most, limit] = [limits[order], limits[whole]]
    if (most !== undefined && limit !== undefined && most !== INFINITE && most > 2 * limit)
      throw new InvalidOptionError(
        `${what} has ${order} ${most} and ${whole} ${limit}, which contradict each other: no order above ${2 * limit} could pass`,
      )
  }
}

/** A limit above the desk's is never reached. */
function checkWithin(what: string, limits: Limits, desk: Limits): void {
  for (const name of LIMIT_NAMES) {
    const [own, all] = [limits[name], desk[name]]
    if (own !== undefined && all !== undefined && own !== INFINITE && own > all)
      throw new InvalidOptionError(
        `${what} has ${name} ${own}, but the whole desk has ${all}, which holds for all; lower the one or raise the other`,
      )
  }
}

function checkInstrument(name: string, limits: Limits, instruments: Instruments | undefined): void {
  // A home whose instruments come with the first market data has none at its first start: the limits wait for them.
  if (instruments === undefined || instruments.count === 0) return
  let found
  try {
    found = instruments.lookUp(name)
  } catch (error) {
    if (error instanceof AmbiguousSymbolError) throw new InvalidOptionError(`'risk.instruments': ${error.message}`)
    throw error
  }
  if (found === undefined) {
    const near = nearestName(
      name,
      instruments.all.flatMap(one => [one.symbol, one.name]),
    )
    throw new InvalidOptionError(
      `'risk.instruments' has ${formatValue(name)}, but there is no such instrument${near === undefined ? '' : `; did you mean '${near}'?`}`,
    )
  }
  const { maxOrderQuantity } = limits
  if (maxOrderQuantity !== undefined && maxOrderQuantity < found.quantity.valueOf(found.minSteps))
    throw new InvalidOptionError(
      `'risk.instruments' of ${formatValue(name)} has maxOrderQuantity ${maxOrderQuantity}, but its smallest order is ${found.quantity.valueOf(found.minSteps)}`,
    )
}

function checkAccount(name: string, accounts: readonly string[] | undefined): void {
  if (accounts === undefined || accounts.includes(name)) return
  const near = nearestName(name, accounts)
  throw new InvalidOptionError(
    `'risk.accounts' has ${formatValue(name)}, but there is no such account${near === undefined ? '' : `; did you mean '${near}'?`}`,
  )
}

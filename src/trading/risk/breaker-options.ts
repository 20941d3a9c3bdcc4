import { checkOptions, kinds } from '../../base/options.js'
import { Header, Kind } from '../../state/file/format.js'
import { DEFAULT_MODE, type StatePlan } from '../../state/file/state-file.js'
import { BreakerWord as B, BreakerMarket as M } from './breaker-format.js'

/**
 * Limits. A missing one limits nothing. Money is in minor units (cents), positions are in the units that `check`
 * is called with.
 */
export interface BreakerLimits {
  /** This many errors in a row halt trading. */
  readonly maxConsecutiveErrors?: number
  /** A day's loss above this halts trading. */
  readonly maxDailyLoss?: number
  /** The largest position in one market, long or short; see also `setMarketLimit`. */
  readonly maxPosition?: number
}

export interface BreakerOptions extends BreakerLimits {
  /** The number of markets in the table of positions. Default 512. */
  readonly markets?: number
  /** The time at which a day begins, in minutes after midnight UTC. Default 0. */
  readonly dayStart?: number
  /**
   * Permissions when the file is created, and who else may have created it: 0o660 for several users of a group. Default
   * 0o600.
   */
  readonly mode?: number
}

/** The limits, and where the file has them. */
export const LIMITS = [
  ['maxConsecutiveErrors', B.MAX_ERRORS],
  ['maxDailyLoss', B.MAX_DAILY_LOSS],
  ['maxPosition', B.MAX_POSITION],
] as const

export const LIMIT_KINDS = {
  maxConsecutiveErrors: kinds.number(1, Number.POSITIVE_INFINITY),
  maxDailyLoss: kinds.number(0, Number.POSITIVE_INFINITY),
  maxPosition: kinds.number(0, Number.POSITIVE_INFINITY),
}

/** @throws {InvalidOptionError} */
export function checkBreakerOptions(options: BreakerOptions): void {
  checkOptions('CircuitBreaker.open', options, {
    ...LIMIT_KINDS,
    markets: kinds.integer(1, 1_000_000),
    dayStart: kinds.integer(0, 1439),
    mode: kinds.integer(0, 0o777),
  })
}

/** The file of a breaker that is created with these options. */
export function planOf(options: BreakerOptions): StatePlan {
  const own = new Uint8Array(B.REASONS - Header.OWN)
  const view = new DataView(own.buffer)
  for (const [name, offset] of LIMITS)
    view.setFloat64(offset - Header.OWN, options[name] ?? Number.POSITIVE_INFINITY, true)
  return {
    what: 'CircuitBreaker',
    kind: Kind.CIRCUIT_BREAKER,
    parameters: [
      { name: 'markets', value: options.markets, byDefault: 512 },
      { name: 'dayStart', value: options.dayStart, byDefault: 0 },
    ],
    sizeOf: ([markets]) => Header.SIZE + markets * M.SIZE,
    own,
    mode: options.mode ?? DEFAULT_MODE,
  }
}

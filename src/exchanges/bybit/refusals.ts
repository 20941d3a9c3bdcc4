import { type Reason, reasonCode } from '../../trading/messages/reasons.js'

/**
 * Codes that say nothing about whether a request was done: the service or the matching was busy, or it timed out, or there is an order or
 * a request of this id already. Nothing is concluded from them; the venue is asked.
 */
const UNCERTAIN: ReadonlySet<number> = new Set([
  10_000, 10_014, 10_016, 20_006, 110_072, 170_007, 170_141, 170_146, 170_147, 170_149, 170_150,
])

export function isUncertain(code: number): boolean {
  return UNCERTAIN.has(code)
}

/** Whether an answer to a question about an order says that there is none. */
export function isNotFound(code: number): boolean {
  return code === 110_001 || code === 170_213
}

/** The service for orders restarts, and takes no more requests on this connection. */
export const TRADE_RESTARTS = 10_019

/** Why a request was refused: an index into REASONS. */
export function refusalReason(code: number): number {
  return REFUSALS.get(code) ?? reasonCode('venue-rejected')
}

const REASON_CODES: Readonly<Partial<Record<Reason, readonly number[]>>> = {
  'rate-limited-by-venue': [429, 10_006, 10_018, 10_429, 20_003, 170_222],
  'too-late': [-1, 10_002],
  'insufficient-balance': [110_004, 110_012, 110_045, 110_051, 110_052, 110_053, 170_131],
  'insufficient-margin': [110_006, 110_007, 110_044],
  'order-too-small': [170_136],
  'order-too-large': [170_124, 170_135],
  'notional-too-small': [110_094, 170_140],
  'price-band': [110_003, 170_132, 170_133, 170_192, 170_193, 170_194],
  'price-tick': [170_134],
  'quantity-step': [170_137],
  'reduce-only': [110_017],
  'open-orders-limit': [110_009, 110_020],
  'not-tradable': [110_063, 110_066, 170_151, 170_157],
  'unknown-order': [110_001, 170_143, 170_213],
  'order-is-final': [110_008, 110_010, 170_139, 170_142, 170_190],
  'post-only-would-trade': [170_218],
}

const REFUSALS: ReadonlyMap<number, number> = new Map(
  Object.entries(REASON_CODES).flatMap(([reason, codes]) =>
    codes.map(code => [code, reasonCode(reason as Reason)] as const),
  ),
)

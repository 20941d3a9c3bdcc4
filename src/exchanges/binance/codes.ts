import { type Reason, reasonCode } from '../../trading/messages/reasons.js'
import type { Fields } from '../fields.js'

/** Binance's number of an error, and its words: some numbers have several meanings. */
export interface BinanceFailure {
  /** 0 when there was none. */
  readonly code: number
  readonly text: string
}

export function failureOf({ code, msg }: Fields): BinanceFailure {
  return { code: typeof code === 'number' ? code : 0, text: typeof msg === 'string' ? msg : '' }
}

/**
 * Codes that say nothing about whether a request was done: disconnected, no or an unexpected answer from the matching, overloaded, or
 * without a code. Nothing is concluded from them; the venue is asked.
 */
const UNCERTAIN: ReadonlySet<number> = new Set([0, -1000, -1001, -1006, -1007, -1008])

/** @param status of the answer, as HTTP has them. */
export function isUncertain(status: number, { code, text }: BinanceFailure): boolean {
  return status >= 500 || UNCERTAIN.has(code) || isDuplicate(text) || code === -4116
}

/** An order of this client id is there already: what became of it is not said. */
function isDuplicate(text: string): boolean {
  return /duplicate/i.test(text)
}

/** Whether an answer to a question about an order says that there is none. */
export const NOT_FOUND = '-2013'

/** Why a request was refused: an index into REASONS. */
export function refusalReason({ code, text }: BinanceFailure): number {
  const byText = code === -2010 || code === -1013 ? TEXTS.find(([words]) => words.test(text))?.[1] : undefined
  return reasonCode(byText ?? CODES[code] ?? 'venue-rejected')
}

/** Spot has one code for all refusals of the matching, and one for all filters. */
const TEXTS: readonly (readonly [RegExp, Reason])[] = [
  [/insufficient balance/i, 'insufficient-balance'],
  [/immediately match and take/i, 'post-only-would-trade'],
  [/trigger immediately/i, 'bad-terms'],
  [/market is closed/i, 'not-tradable'],
  [/PERCENT_PRICE/, 'price-band'],
  [/PRICE_FILTER/, 'price-tick'],
  [/NOTIONAL/, 'notional-too-small'],
  [/LOT_SIZE/, 'quantity-step'],
  [/MAX_POSITION/, 'position-limit'],
  [/MAX_NUM_(ALGO_)?ORDERS/, 'open-orders-limit'],
]

const CODES: Readonly<Record<number, Reason>> = {
  [-1003]: 'rate-limited-by-venue',
  [-1015]: 'rate-limited-by-venue',
  [-1021]: 'too-late',
  [-1111]: 'quantity-step',
  [-2011]: 'unknown-order',
  [-2013]: 'unknown-order',
  [-2018]: 'insufficient-balance',
  [-2019]: 'insufficient-margin',
  [-2022]: 'reduce-only',
  [-2027]: 'position-limit',
  [-4003]: 'order-too-small',
  [-4004]: 'order-too-small',
  [-4005]: 'order-too-large',
  [-4014]: 'price-tick',
  [-4016]: 'price-band',
  [-4023]: 'quantity-step',
  [-4024]: 'price-band',
  [-4131]: 'no-market',
  [-4164]: 'notional-too-small',
  [-5021]: 'not-marketable',
  [-5022]: 'post-only-would-trade',
}

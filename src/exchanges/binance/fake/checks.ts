import { timingSafeEqual } from 'node:crypto'
import type { BinanceCredentials } from '../signing.js'
import { signature } from '../signing.js'
import type { Given } from './binance-orders.js'
import { BAD_KEY, BAD_SIGNATURE, OUTSIDE_WINDOW, type Refusal } from './refusals.js'

/** How far the time of a request may be ahead, ms. */
const AHEAD_MS = 1000
const DEFAULT_WINDOW_MS = 5000
const LONGEST_WINDOW_MS = 60_000

/** Why a signed request is refused; undefined when it is not. @param signed the text that was signed. */
export function requestRefusal(
  { key, secret }: BinanceCredentials,
  apiKey: unknown,
  signed: string,
  given: Given,
): Refusal | undefined {
  if (apiKey !== key.reveal()) return BAD_KEY
  if (!isSame(signature(secret, signed), given['signature'] ?? '')) return BAD_SIGNATURE
  const [time, window] = [Number(given['timestamp']), Number(given['recvWindow'] ?? DEFAULT_WINDOW_MS)]
  const now = Date.now()
  const isInside = time < now + AHEAD_MS && now - time <= window && window <= LONGEST_WINDOW_MS
  return isInside ? undefined : OUTSIDE_WINDOW
}

function isSame(a: string, b: string): boolean {
  const [x, y] = [Buffer.from(a), Buffer.from(b)]
  return x.length === y.length && timingSafeEqual(x, y)
}

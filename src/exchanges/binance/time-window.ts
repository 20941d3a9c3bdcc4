/** The longest window that Binance takes, ms. */
const LONGEST_MS = 60_000

/** The time of a request, and for how long Binance may act on it. */
export interface TimeWindow {
  /** ms since 1970, by the venue. */
  readonly timestamp: number
  /** ms. */
  readonly recvWindow: number
}

/**
 * The window of a request that must not act after a deadline: it ends with the deadline exactly, whatever the measured clock says. An
 * error of the measurement moves the beginning alone (docs/decisions/0058).
 *
 * @param now the venue's time as measured, ms since 1970. @param deadline ms since 1970, by the venue's clock; 0 without one.
 * @returns undefined when the deadline is over.
 */
export function windowUntil(now: number, deadline: number): TimeWindow | undefined {
  const timestamp = Math.floor(now)
  if (deadline === 0) return { timestamp, recvWindow: LONGEST_MS }
  const recvWindow = Math.min(deadline - timestamp, LONGEST_MS)
  return recvWindow > 0 ? { timestamp, recvWindow } : undefined
}

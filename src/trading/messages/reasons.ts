/**
 * Why an order was denied, rejected, cancelled or expired, or why a request of it was refused: one list for risk, venues,
 * reports and the documentation. Frames store the index, so words are only appended.
 */
export const REASONS = [
  'none',
  // Denied by us, before anything left: the order itself.
  'unknown-instrument',
  'ambiguous-symbol',
  'bad-price',
  'bad-quantity',
  'bad-terms',
  'price-tick',
  'quantity-step',
  'order-too-small',
  'order-too-large',
  'notional-too-small',
  'notional-too-large',
  'unknown-order',
  'duplicate-in-flight',
  'amend-not-supported',
  'unknown-account',
  'unknown-venue',
  // Denied by us: the state of the desk.
  'halted',
  'reducing',
  'price-band',
  'position-limit',
  'exposure-limit',
  'open-orders-limit',
  'order-rate-limit',
  'daily-loss',
  'drawdown',
  'error-streak',
  'self-trade',
  'stale-market-data',
  'not-tradable',
  'not-reconciled',
  'unknown-outcome',
  'strategy-paused',
  'strategy-fenced',
  'lost-cause',
  'command-expired',
  // Denied, because it is proven that the venue never got it.
  'not-sent',
  'never-arrived',
  // Said by the venue.
  'venue-rejected',
  'insufficient-balance',
  'insufficient-margin',
  'post-only-would-trade',
  'not-marketable',
  'reduce-only',
  'no-market',
  'self-trade-prevented',
  'order-is-final',
  'too-late',
  'rate-limited-by-venue',
  'venue-disconnected',
  'time-in-force',
  'liquidated',
  // Why an order was cancelled or ended.
  'requested',
  'dead-man-switch',
  'operator',
  'strategy-stopped',
  'overfill',
  'amount-too-large',
  'instrument-settled',
  // Of pairs, and of requests that wait for the venue's limits.
  'other-leg-denied',
  'leg-of-pair',
  'outside-slippage',
  'no-attempt-left',
  'cancelled-before-sent',
] as const

export type Reason = (typeof REASONS)[number]

/** The stored value of a reason. */
export function reasonCode(reason: Reason): number {
  return REASONS.indexOf(reason)
}

import { BUY } from '../messages/order-terms.js'

/** A share is counted in units of 10^-9. */
const UNIT = 1_000_000_000n

/**
 * The limit of an order that closes what a leg has too much, in whole ticks: the worst price that is within the band, rounded
 * into it. The band reaches from the average price of the leg's fills, and from the last quote, `maxSlippage` to the worse
 * side; the narrower of both counts.
 *
 * @param side of the leg: what was bought is sold.
 * @param paid the sum of ticks times steps of the leg's fills, and `filled` the sum of their steps, above 0.
 * @param quote the bid, or for a leg that was sold the ask, in ticks; NaN or 0 when there is none.
 * @returns 0 when no price of at least one tick is in the band.
 */
export function closingTicks(side: number, paid: bigint, filled: number, quote: number, maxSlippage: number): number {
  const share = BigInt(Math.round(maxSlippage * 1e9))
  const steps = BigInt(filled) * UNIT
  const hasQuote = Number.isSafeInteger(quote) && quote > 0
  if (side === BUY) {
    const lowest = ceil(paid * (UNIT - share), steps)
    const ofQuote = hasQuote ? ceil(BigInt(quote) * (UNIT - share), UNIT) : 0
    return Math.max(1, lowest, ofQuote)
  }
  const highest = Number((paid * (UNIT + share)) / steps)
  const ofQuote = hasQuote ? Number((BigInt(quote) * (UNIT + share)) / UNIT) : highest
  return Math.min(highest, ofQuote)
}

function ceil(value: bigint, divisor: bigint): number {
  return Number((value + divisor - 1n) / divisor)
}

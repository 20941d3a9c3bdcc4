import { type Desk, profitOf } from './desk.js'

/** Money in minor units: hundredths. */
const MINOR_DECIMALS = 2

/**
 * The profit of the present trading day over the whole desk, realised and unrealised, less fees, in hundredths of the first
 * currency that an instrument settles in. Rounded down, so that no loss appears smaller. Changes nothing.
 */
export function dayProfitOf(desk: Desk): bigint {
  const owner = desk.desk
  const currency = desk.markets.find(market => market !== undefined)?.settlement
  const totals = currency === undefined ? undefined : owner.totals[currency.index]
  if (currency === undefined || totals === undefined) return 0n
  const units = profitOf(owner, currency) - totals.otherFees.toBigInt() - totals.dayBase.toBigInt()
  const unit = 10n ** BigInt(currency.decimals - MINOR_DECIMALS)
  const minor = units / unit
  return units < 0n && minor * unit !== units ? minor - 1n : minor
}

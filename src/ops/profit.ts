import type { PositionLine } from '../trading/inspect/positions.js'
import type { ProfitSample } from './types.js'

/** Profit by settlement currency, over all positions of the desk. Fees count where they were paid in that currency. */
export function profitOf(positions: readonly PositionLine[]): ProfitSample[] {
  const sums = new Map<string, ProfitSample>()
  const add = (currency: string, part: Partial<ProfitSample>): void => {
    const { realised, unrealised, fees } = sums.get(currency) ?? { realised: 0, unrealised: 0, fees: 0 }
    sums.set(currency, {
      currency,
      realised: realised + (part.realised ?? 0),
      unrealised: unrealised + (part.unrealised ?? 0),
      fees: fees + (part.fees ?? 0),
    })
  }
  for (const { currency, realised, unrealised = '0', fees } of positions) {
    add(currency, { realised: Number(realised), unrealised: Number(unrealised) })
    for (const [paidIn, fee] of Object.entries(fees)) add(paidIn, { fees: Number(fee) })
  }
  return [...sums.values()]
}

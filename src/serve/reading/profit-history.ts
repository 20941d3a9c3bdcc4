import type { PositionLine } from '../../trading/inspect/positions.js'

/** Profit of the whole desk at a time, by settlement currency: realised and unrealised, without fees. */
export interface ProfitPoint {
  /** ms since 1970. */
  readonly time: number
  readonly position: number
  readonly profit: Readonly<Record<string, number>>
}

/** Points that are kept at most: then every second one goes, and the next ones are taken half as often. */
const MOST = 2000
/** Between two points at first, ms of the desk's clock. */
const FIRST_MS = 1000

/** The profit of a desk over time, in bounded memory. For charts: amounts are plain numbers. */
export class ProfitHistory {
  points: ProfitPoint[] = []
  private everyMs = FIRST_MS

  /** Adds a point when the last one is long enough ago. @param time ms since 1970. */
  add(time: number, position: number, lines: () => readonly PositionLine[]): void {
    const last = this.points.at(-1)
    if (last !== undefined && time - last.time < this.everyMs) return
    this.points.push({ time, position, profit: profitOf(lines()) })
    if (this.points.length <= MOST) return
    this.points = this.points.filter((_, index) => index % 2 === 0)
    this.everyMs *= 2
  }
}

/** The sums by currency, as numbers for people. */
export function profitOf(lines: readonly PositionLine[]): Record<string, number> {
  const profit: Record<string, number> = {}
  for (const { currency, realised, unrealised = '0' } of lines)
    profit[currency] = (profit[currency] ?? 0) + Number(realised) + Number(unrealised)
  return profit
}

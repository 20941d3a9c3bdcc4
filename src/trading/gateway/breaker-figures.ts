import type { CircuitBreaker } from '../risk/circuit-breaker.js'
import { dayProfitOf } from '../risk/day-profit.js'
import type { Risk } from '../risk/risk.js'
import type { BreakerWatch } from './breaker-watch.js'

/** The figures are stored at most once in this time, ms: fills may come much faster. */
const INTERVAL_MS = 10
/** Between fills the day's profit changes with quotes: it is stored at this interval, ms. */
const QUIET_MS = 250
/** The most that a breaker counts in one step, in minor units. */
const MOST = 2n ** 46n

/**
 * Keeps what the home's circuit breaker shows equal to what the sequence says: the desk's position in each instrument (the
 * breaker's market of that number), and the day's profit. It stores totals, never changes: so a gateway that
 * is killed at any moment counts no fill twice and misses none, and the next one corrects the figures when it starts.
 */
export class BreakerFigures {
  /** What was stored. */
  private fills = -1
  private storedAt = Number.NEGATIVE_INFINITY
  private readonly positions: number[] = []
  /** The breaker that has them. */
  private filled: CircuitBreaker | undefined = undefined

  constructor(
    private readonly watch: BreakerWatch,
    private readonly risk: Risk,
  ) {}

  /** Stores what has changed, if it is time. @param wallMs performance.now() */
  follow(wallMs: number): void {
    const since = wallMs - this.storedAt
    if (since >= QUIET_MS || (since >= INTERVAL_MS && this.fills !== this.risk.fills)) this.store(wallMs)
  }

  /** ms until there is something to store. */
  dueIn(wallMs: number): number {
    return this.fills === this.risk.fills ? Number.POSITIVE_INFINITY : this.storedAt + INTERVAL_MS - wallMs
  }

  store(wallMs: number): void {
    const { risk } = this
    const breaker = this.watch.current()
    this.storedAt = wallMs
    if (breaker !== this.filled) {
      this.filled = breaker
      this.fills = -1
      this.positions.length = 0
    }
    if (this.fills !== risk.fills) this.storePositions(breaker)
    this.fills = risk.fills
    const missing = dayProfitOf(risk.desk) - BigInt(breaker.dailyPnl)
    // A loss above the breaker's own limit halts trading, as a loss that another process records does.
    if (missing !== 0n) breaker.recordPnl(Number(missing > MOST ? MOST : missing < -MOST ? -MOST : missing))
  }

  private storePositions(breaker: CircuitBreaker): void {
    const { risk, positions } = this
    const { desk } = risk
    for (const market of desk.markets) {
      if (market === undefined) continue
      const { number, quantity } = market.instrument
      const steps = desk.desk.holdings[number]?.position ?? 0
      if (number >= breaker.markets || positions[number] === steps) continue
      breaker.setPosition(number, quantity.valueOf(steps))
      positions[number] = steps
    }
  }
}

import * as fs from 'node:fs'
import * as os from 'node:os'
import * as path from 'node:path'
import { absolute } from '../../base/absolute.js'
import { InvalidOptionError } from '../../base/errors.js'
import { formatValue } from '../../base/format-value.js'
import { checkOptions, kinds } from '../../base/options.js'
import type { SimulatedExchangeOptions } from '../exchange/options/options.js'
import { SimulatedExchange } from '../exchange/simulated-exchange.js'
import type { InstrumentSpec } from '../instruments/instrument.js'
import type { Side } from '../messages/order-terms.js'
import { CircuitBreaker } from '../risk/circuit-breaker.js'
import type { RiskOptions } from '../risk/limits.js'
import { parseDuration } from '../strategies/strategy.js'
import type { AsyncVenue } from '../venues/async-venue.js'
import type { GivenStrategy } from './given-strategies.js'
import { PushedEvents } from './pushed-events.js'
import { SeenOrders, type TestFill, type TestOrder } from './seen-orders.js'
import { VirtualDesk } from './virtual-desk.js'

export interface TestDeskOptions {
  /**
   * Modules with strategies; strategies; or functions that make one, each time with new variables: for tests that kill a
   * strategy. Only what comes from a module can be replayed.
   */
  readonly strategies: readonly GivenStrategy[]
  /** Of the simulated exchange 'sim', which answers at once unless it has `latencyNs`. */
  readonly exchange?: SimulatedExchangeOptions
  /** Makes the venues, instead of `exchange`: called at each start of the gateway. */
  readonly venues?: () => readonly AsyncVenue[]
  /** Terms of instruments. Others get fine ticks and steps at their first market event. */
  readonly instruments?: readonly InstrumentSpec[]
  readonly risk?: RiskOptions
  /** How long a request may act at a venue, in ms. Default 0: without a limit. */
  readonly requestExpiryMs?: number
  /** The time at which the desk begins; a home that is continued goes on from its last frame. Default 2026-01-01, 00:00 UTC. */
  readonly at?: Date
  /** Of `context.random`, and of the home's identity. Default 1. */
  readonly seed?: number
  /** Where the journals stay; a home that is there is continued. Default: a temporary directory, which `close` removes. */
  readonly home?: string
}

/**
 * A desk in the test's own process, on virtual time: gateway, risk, exchange and strategies are the code that runs live, but
 * nothing happens by itself and nothing waits. The test gives market data and lets time pass; each call returns when all
 * that follows from it has happened.
 *
 *     const desk = await TestDesk.open({ strategies: [momentum] })
 *     desk.quote('BTCUSDT', 100, 101)
 *     desk.advance('5s')
 *     expect(desk.orders()).toMatchObject([{ state: 'filled', side: 'buy' }])
 *     await desk.close()
 *
 * An error that a strategy's handler throws is thrown by the call that led to it; the strategy is down from then on.
 */
export class TestDesk {
  readonly home: string
  private readonly events = new PushedEvents()
  private readonly seen: SeenOrders
  private readonly logged: { readonly strategy: string; readonly text: string }[]
  private trades = 0n

  /** @throws {InvalidOptionError}, {StrategyError}, and what `onStart` of a strategy throws. */
  static async open(options: TestDeskOptions): Promise<TestDesk> {
    checkOptions('TestDesk.open', options, {
      strategies: kinds.array,
      exchange: kinds.object,
      venues: kinds.function,
      instruments: kinds.array,
      risk: kinds.object,
      requestExpiryMs: kinds.integer(0, 3_600_000),
      at: value => (value instanceof Date && !Number.isNaN(value.getTime()) ? undefined : 'a date'),
      seed: kinds.integer(0, 2 ** 32 - 1),
      home: kinds.string,
    })
    const { strategies, exchange, venues, instruments, risk, requestExpiryMs, at = BEGIN, seed = 1 } = options
    if (strategies === undefined) throw new InvalidOptionError("TestDesk.open needs 'strategies'")
    if (exchange !== undefined && venues !== undefined)
      throw new InvalidOptionError("TestDesk.open takes 'exchange' or 'venues', not both")
    const folder = options.home === undefined ? makeFolder() : undefined
    const home = absolute(options.home) ?? path.join(folder ?? '', 'home')
    const logged: { strategy: string; text: string }[] = []
    try {
      const desk = await VirtualDesk.open({
        home,
        strategies,
        venues: venues ?? (() => [new SimulatedExchange(exchange)]),
        instruments,
        risk,
        requestExpiryMs,
        origin: BigInt(at.getTime()) * 1_000_000n,
        seed,
        pageSize: PAGE_SIZE,
        strategyPageSize: STRATEGY_PAGE_SIZE,
        onLog: (strategy, text) => void logged.push({ strategy, text }),
      })
      return new TestDesk(desk, home, folder, logged)
    } catch (error) {
      if (folder !== undefined) fs.rmSync(folder, { recursive: true, force: true })
      throw error
    }
  }

  private constructor(
    private readonly desk: VirtualDesk,
    home: string,
    private readonly folder: string | undefined,
    logged: { readonly strategy: string; readonly text: string }[],
  ) {
    this.home = home
    this.logged = logged
    this.seen = new SeenOrders(desk)
    this.feed()
    desk.runNow()
  }

  /** ns since 1970. */
  get now(): bigint {
    return this.desk.clock.origin + BigInt(this.desk.now)
  }

  /** A quote of the market. Sizes are 1 by default. */
  quote(symbol: string, bid: number, ask: number, sizes: { readonly bid?: number; readonly ask?: number } = {}): void {
    const { bid: bidSize = 1, ask: askSize = 1 } = sizes
    this.events.push({ kind: 'quote', timeMs: this.nowMs, symbol, bid, bidSize, ask, askSize })
    this.desk.runNow()
  }

  /** A trade of the market, by others. `side` is the aggressor's. */
  trade(symbol: string, price: number, quantity: number, side: Side = 'buy'): void {
    this.events.push({ kind: 'trade', timeMs: this.nowMs, symbol, price, quantity, tradeId: ++this.trades, side })
    this.desk.runNow()
  }

  /** Lets time pass: ms, or '250ms', '5s', '2m', '1h'. Timers, expiries and late answers happen at their times. */
  advance(time: number | string): void {
    const ns = typeof time === 'number' ? time * 1e6 : Number(parseDuration(time) ?? Number.NaN)
    if (!(ns >= 0 && ns < Number.POSITIVE_INFINITY))
      throw new InvalidOptionError(`advance() takes ms or a time such as '5s', not ${formatValue(time)}`)
    this.desk.advanceTo(this.desk.now + ns)
  }

  /** All orders, as their last reports have them, oldest first. @param strategy of this one only. */
  orders(strategy?: string): TestOrder[] {
    return this.seen.orders(strategy)
  }

  /** The orders that are not final. */
  openOrders(strategy?: string): TestOrder[] {
    return this.seen.orders(strategy).filter(({ state }) => !FINAL.has(state))
  }

  /** All fills, oldest first. */
  fills(strategy?: string): TestFill[] {
    return this.seen.fills(strategy)
  }

  /** The position of a strategy, or of all together: above 0 long, below 0 short. @throws {UnknownInstrumentError} */
  position(symbol: string, strategy?: string): number {
    const { desk } = this.desk.open
    const instrument = desk.instruments.find(symbol)
    const of = strategy === undefined ? undefined : this.seen.numberOf(strategy)
    const { position } = of === undefined ? desk.risk.total(instrument) : desk.risk.ofStrategy(of, instrument)
    return instrument.quantity.valueOf(position)
  }

  /** What strategies have logged. */
  logs(strategy?: string): string[] {
    return this.logged.filter(line => strategy === undefined || line.strategy === strategy).map(({ text }) => text)
  }

  /** The venue, for its record of orders and fills: a new object after each `restartGateway`. */
  venue(name = 'sim'): AsyncVenue {
    const found = this.desk.open.desk.venues.named(name)
    if (found === undefined) throw new InvalidOptionError(`there is no venue ${formatValue(name)}`)
    return found.venue
  }

  /** As `ticktape halt`. */
  halt(reason: string): void {
    this.withBreaker(breaker => breaker.halt(reason))
  }

  /** As `ticktape halt --reduce`: only what makes a position smaller passes. */
  reduce(reason: string): void {
    this.withBreaker(breaker => breaker.reduce(reason))
  }

  /** As `ticktape resume`. */
  resume(): void {
    this.withBreaker(breaker => breaker.resume())
  }

  /** Kills a strategy as SIGKILL does, and starts it again: it continues from its journal. */
  async restartStrategy(id: string): Promise<void> {
    const strategy = this.desk.strategies.find(other => other.id === id)
    if (strategy === undefined) throw new InvalidOptionError(`there is no strategy ${formatValue(id)}`)
    strategy.kill()
    await strategy.start(this.desk.open)
    this.desk.runNow()
  }

  /** Kills the gateway and all strategies, and starts them again: all continue from their journals. */
  async restartGateway(): Promise<void> {
    const { desk } = this
    desk.kill()
    await desk.startGateway()
    this.feed()
    for (const strategy of desk.strategies) await strategy.start(desk.open)
    desk.runNow()
  }

  /** Stops all in order, `onStop` included. Orders, fills and logs can still be asked for. A temporary home is removed. */
  close(): Promise<void> {
    try {
      this.desk.stop()
      this.seen.close()
    } finally {
      this.desk.kill()
      if (this.folder !== undefined) fs.rmSync(this.folder, { recursive: true, force: true })
    }
    return Promise.resolve()
  }

  private get nowMs(): number {
    return Number(this.desk.clock.origin / 1_000_000n) + this.desk.now / 1e6
  }

  private feed(): void {
    this.desk.feed(this.events, event => this.events.continueAt(event))
  }

  private withBreaker(act: (breaker: CircuitBreaker) => void): void {
    const breaker = CircuitBreaker.open(path.join(this.home, 'state', 'breaker'))
    try {
      act(breaker)
    } finally {
      breaker.close()
    }
    this.desk.runNow()
  }
}

const BEGIN = new Date('2026-01-01T00:00:00Z')
const PAGE_SIZE = 1024 * 1024
const STRATEGY_PAGE_SIZE = 256 * 1024
const FINAL: ReadonlySet<string> = new Set(['filled', 'cancelled', 'rejected', 'denied', 'expired'])

/** In memory, where there is some. */
function makeFolder(): string {
  const memory = '/dev/shm'
  return fs.mkdtempSync(path.join(fs.existsSync(memory) ? memory : os.tmpdir(), 'ticktape-test-'))
}

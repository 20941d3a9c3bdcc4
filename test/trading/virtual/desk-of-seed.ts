/** A desk on virtual time whose market, strategies, venues, faults and kills all come from one seed. */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { defineStrategy, type StrategyContext, type StrategyDefinition } from 'ticktape/runtime'
import { CircuitBreaker } from 'ticktape/state'
import { type Instrument, type InstrumentSpec, SimulatedExchange } from 'ticktape/trading'
import { PushedEvents } from '../../../dist/trading/virtual/pushed-events.js'
import { VirtualDesk } from '../../../dist/trading/virtual/virtual-desk.js'
import { makeFolder } from '../../support/folders.ts'
import { numbered, OutsideExchange } from '../../support/outside-exchange.ts'
import { hashOfJournal } from './hash.ts'
import { Invariants, type Limits } from './invariants.ts'

const spec = (venue: string, symbol: string): InstrumentSpec => ({
  venue,
  symbol,
  kind: 'perpetual',
  base: symbol.slice(0, 3),
  quote: 'USDT',
  priceTick: '0.1',
  quantityStep: '0.001',
})
const INSIDE = [spec('sim', 'AAAUSDT'), spec('sim', 'BBBUSDT')]
const OUTSIDE = [spec('out', 'CCCUSDT')]
const SYMBOLS = [...INSIDE, ...OUTSIDE].map(({ symbol }) => symbol)
const RISK = {
  maxPosition: 0.5,
  maxOrderQuantity: 0.1,
  maxOpenOrders: 30,
  priceBand: 0.1,
  strategies: { one: { maxPosition: 0.2, maxOpenOrders: 8 } },
} as const
const MS = 1e6
/** Trades with ids from here on say that the day is over: strategies cancel, and send nothing new. */
const OVER = 1_000_000_000

export interface Course {
  readonly steps: number
  readonly orders: number
  readonly fills: number
  readonly denied: number
  readonly gatewayKills: number
  readonly strategyKills: number
  /** SHA-256 of the sequence. */
  readonly hash: string
}

/** Thrown in the middle of what a gateway does: it is dead from then on. */
class Killed extends Error {}

/** A generator of its own, so that a desk's numbers do not change with the library's. Park and Miller, "minimal standard". */
class Draw {
  private state: number

  constructor(seed: number) {
    this.state = (seed % 2_147_483_646) + 1
    for (let i = 0; i < 3; i++) this.next()
  }

  next(): number {
    this.state = (this.state * 48_271) % 2_147_483_647
    return (this.state - 1) / 2_147_483_646
  }

  below(limit: number): number {
    return Math.floor(this.next() * limit)
  }

  chance(share: number): boolean {
    return this.next() < share
  }

  upTo(most: number): number {
    return this.next() * most
  }
}

/** Sends what comes to mind. */
function gambler(id: string): () => StrategyDefinition {
  return () => {
    const resting: bigint[] = []
    let over = false
    const act = (symbol: string, price: number, context: StrategyContext): void => {
      const tick = (offset: number): number => Math.round((price + offset) * 10) / 10
      const side = context.random() < 0.5 ? 'buy' : 'sell'
      const quantity = (1 + Math.floor(context.random() * 60)) / 1000
      const what = context.random()
      if (what < 0.25) resting.push(context.order({ symbol, side, quantity, price: tick(side === 'buy' ? -0.3 : 0.3) }))
      else if (what < 0.4) context.order({ symbol, side, quantity })
      else if (what < 0.5)
        context.order({ symbol, side, quantity, price: tick(side === 'buy' ? 0.2 : -0.2), timeInForce: 'ioc' })
      else if (what < 0.55) context.order({ symbol, side, quantity: 0.2, price: tick(0) })
      else if (what < 0.6)
        context.order({ symbol, side, quantity, price: tick(side === 'buy' ? -0.5 : 0.5), postOnly: true })
      else if (what < 0.63) context.order({ symbol, side, quantity, reduceOnly: true })
      else if (what < 0.75 && resting.length > 0)
        context.cancel(resting.splice(Math.floor(context.random() * resting.length), 1)[0])
      else if (what < 0.85 && resting.length > 0)
        context.amend(resting[resting.length - 1], {
          quantity: (1 + Math.floor(context.random() * 60)) / 1000,
          price: tick(side === 'buy' ? -0.2 : 0.2),
        })
      else if (what < 0.87) context.after(1 + Math.floor(context.random() * 30), 'later')
      else if (what < 0.88) context.cancelAll()
    }
    let last = { symbol: SYMBOLS[0], price: 100 }
    return defineStrategy({
      id,
      onBook(book, context) {
        last = { symbol: book.symbol, price: book.bid }
        if (!over && context.random() < 0.5) act(book.symbol, book.bid, context)
      },
      onTrade({ symbol, tradeId, price }, context) {
        over ||= tradeId >= OVER
        if (over) context.cancelAll()
        else if (context.random() < 0.3) act(symbol, price, context)
      },
      onTimer(_, context) {
        if (!over) act(last.symbol, last.price, context)
      },
    })
  }
}

export class DeskOfSeed {
  private readonly draw: Draw
  private readonly folder = makeFolder('memory')
  readonly home = join(this.folder, 'home')
  private readonly outside: OutsideExchange
  private readonly outsideInstrument: Instrument
  private inside: SimulatedExchange
  private readonly feed = new PushedEvents()
  private readonly prices = [1000, 500, 2000]
  private desk: VirtualDesk | undefined
  private invariants: Invariants | undefined
  private tradeId = 0
  private isHalted = false
  private step = 0
  private gatewayKills = 0
  private strategyKills = 0

  /** @param limits what the invariants demand; those of the desk itself are RISK. */
  constructor(
    readonly seed: number,
    private readonly limits: Limits = RISK,
  ) {
    const draw = new Draw(seed)
    this.draw = draw
    const some = (most: number): number => (draw.chance(0.5) ? draw.upTo(most) : 0)
    const exchangeOf = (instruments: readonly InstrumentSpec[]) => ({
      instruments,
      seed: draw.below(2 ** 31),
      fees: { maker: '0.0001', taker: '0.0004' },
      latencyNs: draw.chance(0.3) ? 0 : { min: 50_000, max: 50_000 + draw.below(4 * MS) },
      queue: draw.chance(0.5) ? ('risk-averse' as const) : ('probabilistic' as const),
      faults: {
        reject: some(0.05),
        lostRequest: some(0.03),
        lostAnswer: some(0.03),
        late: some(0.05),
        lateNs: 70 * MS,
        doubled: some(0.3),
        reordered: some(0.4),
        reorderNs: 5 * MS,
        disconnect: some(0.005),
        outageNs: 30 * MS,
      },
    })
    const inside = exchangeOf(INSIDE)
    this.insideOptions = inside
    this.inside = new SimulatedExchange(inside)
    this.outside = new OutsideExchange(exchangeOf(OUTSIDE))
    this.outsideInstrument = numbered(3, this.outside.exchange, 0)
  }

  private readonly insideOptions: ConstructorParameters<typeof SimulatedExchange>[0]

  /** Plays the whole day. @throws an error with the seed and the step when an invariant does not hold. */
  async play(steps: number): Promise<Course> {
    try {
      return await this.run(steps)
    } catch (error) {
      const { message, stack } = error as Error
      throw new Error(
        `seed ${this.seed}, step ${this.step}: ${message}\nagain: TICKTAPE_SEED=${this.seed} npx vitest run test/trading/virtual\n${stack}`,
        { cause: error },
      )
    } finally {
      this.desk?.kill()
    }
  }

  /** Removes the journals. */
  remove(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }

  private async run(steps: number): Promise<Course> {
    const desk = await VirtualDesk.open({
      home: this.home,
      strategies: [gambler('one'), gambler('two')],
      venues: () => {
        this.inside = new SimulatedExchange(this.insideOptions)
        return [this.inside, this.outside.connect()]
      },
      risk: RISK,
      requestExpiryMs: 50,
      origin: 1_790_000_000_000_000_000n,
      seed: this.seed,
      pageSize: 1 << 17,
      strategyPageSize: 1 << 16,
    })
    this.desk = desk
    desk.outsides.push(this.outside)
    const invariants = new Invariants(this.home, this.limits)
    this.invariants = invariants
    this.continueFeed()
    for (this.step = 1; this.step <= steps; this.step++) {
      await this.act()
      this.check()
    }
    await this.settle()
    this.check()
    invariants.checkEnd([this.inside, this.outside.exchange], desk.open.desk)
    desk.stop()
    invariants.close()
    return {
      steps: this.step,
      ...invariants.counts,
      gatewayKills: this.gatewayKills,
      strategyKills: this.strategyKills,
      hash: hashOfJournal(join(this.home, 'gateway')),
    }
  }

  private check(): void {
    if (this.desk?.isUp !== true) return
    this.invariants?.check([this.inside, this.outside.exchange], this.desk.open.desk)
  }

  private continueFeed(): void {
    const { desk, feed } = this
    desk?.feed(feed, next => feed.continueAt(next))
  }

  /** One thing that happens, or a few. */
  private async act(): Promise<void> {
    const { draw, desk } = this
    if (desk === undefined) return
    if (!desk.isUp) {
      desk.clock.set(desk.now + draw.upTo(100 * MS))
      this.outside.advance(desk.now)
      return this.restart()
    }
    for (const strategy of desk.strategies) if (!strategy.isUp && draw.chance(0.3)) await strategy.start(desk.open)
    const what = draw.next()
    if (what < 0.6) this.market(1 + draw.below(4))
    else if (what < 0.62 || (this.isHalted && draw.chance(0.3))) this.pullBreaker()
    if (what > 0.992) return this.killGateway()
    if (what > 0.975) this.killStrategy()
    // Everybody gets a turn, or not, in some order: that is what a busy machine does.
    for (let i = draw.below(8); i > 0; i--) {
      const who = draw.below(desk.strategies.length + 2)
      if (who < desk.strategies.length) desk.strategies[who].poll(1 + draw.below(6))
      else desk.stepGateway()
    }
    if (draw.chance(0.3)) desk.advanceTo(desk.now + draw.upTo(20 * MS))
    else desk.clock.set(Math.min(desk.nextAt, desk.now + draw.upTo(MS)))
  }

  private market(count: number): void {
    const { draw, feed, prices, desk } = this
    for (let i = 0; i < count; i++) {
      const n = draw.below(SYMBOLS.length)
      prices[n] = Math.max(10, prices[n] + draw.below(5) - 2)
      const price = prices[n] / 10
      const size = (1 + draw.below(100)) / 1000
      const timeMs = 1_790_000_000_000 + (desk?.now ?? 0) / MS
      if (draw.chance(0.7)) {
        const ask = (prices[n] + 1) / 10
        feed.push({ kind: 'quote', timeMs, symbol: SYMBOLS[n], bid: price, bidSize: size, ask, askSize: size })
        if (n === 2)
          this.outside.exchange.quote(
            this.outsideInstrument,
            prices[n],
            Math.round(size * 1000),
            prices[n] + 1,
            Math.round(size * 1000),
            desk?.now ?? 0,
          )
      } else this.tradeOf(n, size, ++this.tradeId)
    }
  }

  private tradeOf(n: number, size: number, id: number): void {
    const { draw, feed, prices, desk } = this
    const side = draw.chance(0.5) ? 'buy' : 'sell'
    const timeMs = 1_790_000_000_000 + (desk?.now ?? 0) / MS
    feed.push({
      kind: 'trade',
      timeMs,
      symbol: SYMBOLS[n],
      price: prices[n] / 10,
      quantity: size,
      tradeId: BigInt(id),
      side,
    })
    if (n === 2)
      this.outside.exchange.trade(
        this.outsideInstrument,
        side === 'buy' ? 0 : 1,
        prices[n],
        Math.round(size * 1000),
        desk?.now ?? 0,
      )
  }

  private pullBreaker(): void {
    const breaker = CircuitBreaker.open(join(this.home, 'state', 'breaker'))
    if (breaker.halted) breaker.resume()
    else breaker.halt('drawn')
    this.isHalted = breaker.halted
    breaker.close()
  }

  private killStrategy(): void {
    const { desk, draw } = this
    const strategy = desk?.strategies[draw.below(2)]
    if (strategy?.isUp !== true) return
    // In half of the cases it had not yet stored that it has read the last frame.
    const stored = strategy.position
    strategy.poll(1)
    strategy.kill(draw.chance(0.5) ? stored : undefined)
    this.strategyKills++
  }

  /** At a quiet moment, in the middle of a burst, or after a burst and before anything is sent. */
  private killGateway(): void {
    const { desk, draw } = this
    if (desk === undefined) return
    const { sequence, desk: inner } = desk.open
    this.gatewayKills++
    const how = draw.below(3)
    if (how > 0) {
      let left = 1 + draw.below(12)
      const dies = (owner: object, name: string): void => {
        const target = owner as Record<string, (...values: unknown[]) => unknown>
        const real = target[name]
        target[name] = (...values: unknown[]) => {
          if (--left <= 0) throw new Killed()
          return real.apply(owner, values)
        }
      }
      if (how === 1) dies(sequence.writer, 'begin')
      else {
        left = 1 + draw.below(2)
        dies(inner, 'send')
      }
      try {
        this.market(3)
        for (let i = 0; i < 5; i++) {
          desk.stepGateway()
          for (const strategy of desk.strategies) strategy.poll(4)
        }
      } catch (error) {
        if (!(error instanceof Killed)) throw error
      }
    }
    desk.kill()
  }

  private async restart(): Promise<void> {
    const { desk } = this
    if (desk === undefined) return
    await desk.startGateway()
    this.continueFeed()
    for (const strategy of desk.strategies) await strategy.start(desk.open)
  }

  /** The end of the day: everybody is up, all is cancelled, and time passes until both sides agree. */
  private async settle(): Promise<void> {
    const { desk } = this
    if (desk === undefined) return
    if (!desk.isUp) await this.restart()
    for (const strategy of desk.strategies) if (!strategy.isUp) await strategy.start(desk.open)
    const breaker = CircuitBreaker.open(join(this.home, 'state', 'breaker'))
    breaker.resume()
    breaker.close()
    for (let i = 0; i < 300; i++) {
      for (let n = 0; n < SYMBOLS.length; n++) this.tradeOf(n, 0.001, OVER + 3 * i + n)
      desk.advanceTo(desk.now + 500 * MS)
      if (i > 4 && this.invariants?.isSettled([this.inside, this.outside.exchange], desk.open.desk) === true) return
    }
  }
}

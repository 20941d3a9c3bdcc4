import type { Retention } from '../../journal/retain/plan.js'
import { Random } from '../exact/random.js'
import { checkStrategies, type OpenDeskOptions } from '../gateway/desk-setup.js'
import { endEpoch } from '../gateway/epochs.js'
import { GatewayWork } from '../gateway/gateway-work.js'
import { type EventSource, MarketSource } from '../gateway/market-source.js'
import { type OpenDesk, openDesk } from '../gateway/open-desk.js'
import { enterStrategy } from '../gateway/running-strategy.js'
import type { Feed } from '../market/feed.js'
import type { Surroundings } from '../sequence/surroundings.js'
import type { AsyncVenue } from '../venues/async-venue.js'
import { type GivenStrategy, type LoadableStrategy, loadableStrategies } from './given-strategies.js'
import { VirtualClock, VirtualTime } from './virtual-clock.js'
import { VirtualStrategy } from './virtual-strategy.js'

export interface VirtualDeskOptions extends Omit<OpenDeskOptions, 'venue' | 'venues'> {
  readonly strategies: readonly GivenStrategy[]
  /** Makes the venues: called at each start of the gateway. Default: a simulated exchange. */
  readonly venues?: () => readonly AsyncVenue[]
  /** ns since 1970: when the home is made. */
  readonly origin: bigint
  /** From it come the home's identity and the seeds of the strategies. */
  readonly seed: number
  readonly onLog?: (strategy: string, text: string) => void
  /** How much of the journals is kept. Default: all. */
  readonly retain?: Retention
}

/** A source of events with times: `nextAt` is the time of the next one, ns since the desk's origin; Infinity without one. */
export interface TimedEvents extends EventSource, Pick<Feed, 'identity'> {
  readonly nextAt: number
}

/** Something outside of the gateway that acts at times of its own, such as an exchange that goes on while the gateway is down. */
export interface Outside {
  readonly nextAt: number
  advance(now: number): void
}

/** Frames that a strategy handles before it is another one's turn. */
const TURN_FRAMES = 256

/**
 * A whole desk in this process on virtual time: the gateway's desk, risk, venues and strategies are the code that runs live,
 * with their journals, but nothing waits, and no clock is read. The same seed and the same calls give the same sequence,
 * byte for byte.
 *
 * The caller says what happens when: `runNow` does all that can be done at this time, `advanceTo` moves on. Gateway and
 * strategies can be killed between any two calls, and continue from their journals.
 */
export class VirtualDesk {
  readonly clock: VirtualClock
  readonly strategies: readonly VirtualStrategy[]
  readonly outsides: Outside[] = []
  private gateway: { readonly open: OpenDesk; readonly work: GatewayWork; readonly market: MarketSource } | undefined
  private source: TimedEvents | undefined = undefined
  private readonly surroundings: Surroundings

  /** Makes the home, or continues one. @throws as `Gateway.start`, and what the strategies' `onStart` throw. */
  static async open(options: VirtualDeskOptions): Promise<VirtualDesk> {
    const loadable = await loadableStrategies(options.strategies)
    const desk = new VirtualDesk(options, loadable)
    try {
      await desk.startGateway()
      for (const strategy of desk.strategies) await strategy.start(desk.open)
    } catch (error) {
      desk.kill()
      throw error
    }
    return desk
  }

  private constructor(
    private readonly options: VirtualDeskOptions,
    private readonly loadable: readonly LoadableStrategy[],
  ) {
    const { origin, seed, onLog = () => {} } = options
    const clock = new VirtualClock(origin)
    const random = new Random(seed)
    const bits = (count: number): bigint => BigInt(Math.floor(random.next() * 2 ** count))
    this.clock = clock
    this.surroundings = {
      timeOf: of => new VirtualTime(of, clock),
      newIdentity: () => ({ home: (bits(20) << 20n) | bits(20), generation: 1, origin }),
      newSeed: () => Number(bits(32)),
      pid: 0,
      openWriter: (directory, how) => clock.openWriter(directory, { ...how, retain: options.retain }),
    }
    this.strategies = loadable.map(({ load }) => new VirtualStrategy(load, onLog))
  }

  /** The gateway's desk. @throws {TypeError} while the gateway is down. */
  get open(): OpenDesk {
    if (this.gateway === undefined) throw new TypeError('the gateway is down')
    return this.gateway.open
  }

  get isUp(): boolean {
    return this.gateway !== undefined
  }

  /** ns since the origin. */
  get now(): number {
    return this.clock.now
  }

  /** When something is due by time alone. */
  get nextAt(): number {
    return Math.min(this.source?.nextAt ?? Number.POSITIVE_INFINITY, this.nextOfOthers)
  }

  /** From now on these events enter, each at its time. A source that knows them from earlier continues where the sequence is. */
  feed(source: TimedEvents, continueAt: (event: number) => void = () => {}): void {
    this.source = source
    continueAt(this.open.beginFeed(source))
  }

  /** One iteration of the gateway. Returns how much it did. @throws what ends a gateway. */
  stepGateway(): number {
    const { gateway, source, clock } = this
    if (gateway === undefined) return 0
    const done = gateway.work.iterate(0)
    if (source === undefined || source.nextAt > clock.now) return done
    return done + gateway.market.take(source, 0)
  }

  /** Does everything that can be done without time passing. @throws what a strategy's handler throws. */
  runNow(): void {
    const { strategies } = this
    let done = 1
    while (done > 0) {
      for (const outside of this.outsides) if (outside.nextAt <= this.clock.now) outside.advance(this.clock.now)
      done = this.stepGateway()
      for (let i = 0; i < strategies.length; i++) done += strategies[i].poll(TURN_FRAMES)
    }
  }

  /** Moves to a time, ns since the origin, and does all that is due until then, each at its time. */
  advanceTo(time: number): void {
    this.runNow()
    for (;;) {
      const event = this.source?.nextAt ?? Number.POSITIVE_INFINITY
      const others = this.nextOfOthers
      const next = Math.min(event, others)
      if (!(next <= time)) break
      this.clock.set(next)
      // Most market events lead to nothing.
      if (others <= next || this.takeEvent()) this.runNow()
    }
    this.clock.set(time)
  }

  /** Ends the gateway and all strategies, as SIGKILL does. What is not published is lost. */
  kill(): void {
    for (const strategy of this.strategies) strategy.kill()
    const { gateway } = this
    this.gateway = undefined
    this.source = undefined
    if (gateway === undefined) return
    const { writer } = gateway.open.sequence
    if (writer.corked) writer.discard()
    gateway.work.close()
    gateway.open.close()
  }

  /** Starts the gateway again, without strategies and without a feed. @throws as `Gateway.start`. */
  async startGateway(): Promise<void> {
    const { options, surroundings, strategies, loadable } = this
    // Snapshots are made by another process.
    const open = await openDesk(
      { ...options, venues: options.venues?.(), durability: 'process', snapshotBytes: 0 },
      surroundings,
      async starts => checkStrategies(options.risk, [...loadable.map(({ info }) => info), ...starts]),
    )
    const running = loadable.map(({ info }, n) => {
      const entered = enterStrategy(open, info, open.strategies, open.taken)
      strategies[n].enter(entered)
      return entered
    })
    const market = new MarketSource(open.sequence, open.desk, (symbol, price) => open.instrumentOf(symbol, price))
    this.gateway = { open, work: new GatewayWork(open, running), market }
  }

  private get nextOfOthers(): number {
    const { gateway, outsides } = this
    let next = gateway === undefined ? Number.POSITIVE_INFINITY : gateway.open.desk.nextAt
    for (let i = 0; i < outsides.length; i++) next = Math.min(next, outsides[i].nextAt)
    return next
  }

  /** Takes one event, which all strategies handle. Returns whether something came of it. */
  private takeEvent(): boolean {
    const { gateway, source, strategies } = this
    if (gateway === undefined || source === undefined) return true
    gateway.open.checkBreaker()
    gateway.market.take(source, 0)
    let isMore = false
    for (let i = 0; i < strategies.length; i++) {
      if (strategies[i].poll(TURN_FRAMES) === TURN_FRAMES) isMore = true
      if (strategies[i].takeSent()) isMore = true
    }
    return isMore
  }

  /** Stops everything in order, and closes the journals. @throws what `onStop` of a strategy throws. */
  stop(): void {
    const { gateway } = this
    if (gateway === undefined) return
    try {
      this.runNow()
      for (const strategy of this.strategies) strategy.stop()
      for (const strategy of this.strategies) endEpoch(gateway.open, strategy.running)
      while (gateway.work.iterate(0) > 0);
    } finally {
      this.kill()
    }
  }
}

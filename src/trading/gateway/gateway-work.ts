import type { Wakeable } from '../../wait/wakeable.js'
import type { FeedPump } from '../market/feed-pump.js'
import { enterClock } from './clock.js'
import { HangWatch, START_MS } from './hang-watch.js'
import type { Work } from './loop.js'
import { MarketSource } from './market-source.js'
import type { OpenDesk } from './open-desk.js'
import { OperatorSource } from './operator-source.js'
import type { RunningStrategy } from './running-strategy.js'

/** One second, in ms: lateness is the most of the last one. */
const LATENESS_MS = 1_000
/** How long a strategy with frames to handle may be silent, in ms. */
const HANG_MS = 10_000

/** What a gateway does in each iteration of its loop: takes what there is, a burst from each source at most. */
export class GatewayWork implements Work {
  /** Market events taken in this run. */
  events = 0
  readonly strategies: RunningStrategy[]
  /** What people command. */
  readonly operator: OperatorSource
  private readonly watch: HangWatch
  private tasks: (() => void)[] = []
  private readonly market: MarketSource
  private pump: FeedPump | undefined = undefined
  private onFeedEnd: (failure: unknown) => void = () => {}
  private readonly ofRemoved = { orders: 0 }
  private late = 0
  private lateBefore = 0
  private lateSince = 0

  constructor(
    private readonly open: OpenDesk,
    strategies: readonly RunningStrategy[],
  ) {
    this.strategies = [...strategies]
    const { hangMs = HANG_MS, startMs = START_MS } = open.options
    this.watch = new HangWatch(hangMs, startMs)
    this.operator = new OperatorSource(open)
    this.market = new MarketSource(open.sequence, open.desk, (symbol, price) => open.instrumentOf(symbol, price))
  }

  iterate(wallMs: number): number {
    const { open, strategies, pump } = this
    const { sequence, desk, checkBreaker } = open
    checkBreaker()
    let done = this.tasks.length > 0 ? this.doTasks() : 0
    done += this.operator.take(wallMs)
    if (desk.nextAt !== Number.POSITIVE_INFINITY) done += this.advance()
    for (let i = 0; i < strategies.length; i++) {
      const { inside, source } = strategies[i]
      // What it sends now is taken in this iteration.
      if (inside !== undefined) done += inside.poll(wallMs)
      done += source.take(sequence, desk, checkBreaker)
    }
    const { adapters } = open
    // Orders that the desk makes by itself, such as those of pairs, follow the bursts below.
    checkBreaker()
    for (let i = 0; i < adapters.length; i++) done += adapters[i].source.take(sequence, desk)
    done += open.takeVenueEvents()
    done += open.snapshots.step()
    this.watch.check(strategies, sequence.writer.position, wallMs)
    if (pump !== undefined) {
      this.measureLateness(pump, wallMs)
      const events = this.market.take(pump, wallMs)
      this.events += events
      done += events
      if (pump.ended && events === 0) this.endFeed(pump)
    }
    open.figures.follow(wallMs)
    return done
  }

  hasWork(): boolean {
    const { hasVenueEvents, snapshots } = this.open
    if (hasVenueEvents || snapshots.isCopying || this.tasks.length > 0 || this.operator.reader.lag > 0) return true
    for (const { source, inside } of this.strategies) if (source.reader.lag > 0 || inside?.hasWork === true) return true
    for (const { source } of this.open.adapters) if (source.reader.lag > 0) return true
    return this.dueIn(performance.now()) <= 0
  }

  dueIn(wallMs: number): number {
    const { pump, open } = this
    let due = pump === undefined ? Number.POSITIVE_INFINITY : pump.dueIn(wallMs)
    if (pump?.ended === true) due = 0
    const { nextAt } = open.desk
    if (nextAt !== Number.POSITIVE_INFINITY) due = Math.min(due, (nextAt - open.sequence.time.now()) / 1e6)
    due = Math.min(due, open.figures.dueIn(wallMs))
    return Math.min(due, this.watch.dueIn(this.strategies, open.sequence.writer.position, wallMs))
  }

  get isWaiting(): boolean {
    return this.pump?.isWaiting ?? false
  }

  get isTimed(): boolean {
    return this.pump?.isTimed ?? false
  }

  get controls(): readonly (Wakeable | undefined)[] {
    const readers = [...this.strategies, ...this.open.adapters].map(({ source }) => source.reader)
    const inside = this.strategies.flatMap(one => one.inside?.reader ?? [])
    return [...readers, ...inside, this.operator.reader].map(reader => reader.sleepOn)
  }

  /** Orders and requests taken in this run. */
  get orders(): number {
    return this.strategies.reduce((sum, { source }) => sum + source.taken, this.ofRemoved.orders)
  }

  get latenessMs(): number {
    return Math.max(this.late, this.lateBefore)
  }

  /** Lets something be done between two bursts. */
  later(task: () => void): void {
    this.tasks.push(task)
  }

  /** Does what was put off. Returns how much. */
  doTasks(): number {
    const { tasks } = this
    this.tasks = []
    for (const task of tasks) task()
    return tasks.length
  }

  add(strategy: RunningStrategy): void {
    this.strategies.push(strategy)
  }

  remove(strategy: RunningStrategy): void {
    this.strategies.splice(this.strategies.indexOf(strategy), 1)
    this.ofRemoved.orders += strategy.source.taken
  }

  startFeed(pump: FeedPump, onEnd: (failure: unknown) => void): void {
    this.pump = pump
    this.onFeedEnd = onEnd
  }

  async closeFeed(): Promise<void> {
    const { pump } = this
    this.pump = undefined
    await pump?.close()
  }

  close(): void {
    for (const strategy of this.strategies) strategy.close()
    this.operator.close()
  }

  /** Fires what is due by the clock. */
  private advance(): number {
    const { sequence, desk } = this.open
    if (!desk.isDue(sequence.time.now())) return 0
    enterClock(sequence, desk)
    return 1
  }

  private endFeed(pump: FeedPump): void {
    this.pump = undefined
    this.onFeedEnd(pump.failure)
  }

  private measureLateness(pump: FeedPump, wallMs: number): void {
    if (wallMs - this.lateSince > LATENESS_MS) {
      this.lateBefore = this.late
      this.late = 0
      this.lateSince = wallMs
    }
    const late = pump.lateness(wallMs)
    if (late > this.late) this.late = late
  }
}

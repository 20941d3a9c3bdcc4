import { absolute } from '../../base/absolute.js'
import { InvalidStateError } from '../../base/errors.js'
import type { ConsumerProgress } from '../../runtime/consumer/messages.js'
import { nap } from '../../wait/nap.js'
import { StrategyError } from '../errors.js'
import { FeedPump } from '../market/feed-pump.js'
import { isHome } from '../sequence/home.js'
import { inspectStrategies, type StrategyInfo } from '../strategies/inspect.js'
import { GatewayWork } from './gateway-work.js'
import { Loop } from './loop.js'
import { type OpenDesk, openDesk } from './open-desk.js'
import { checkGatewayOptions, type GatewayOptions } from './options.js'
import {
  endEpoch,
  enterStrategy,
  type RunningStrategy,
  strategyProcess,
  superviseStrategy,
} from './strategy-processes.js'
import { WantedSymbols } from './wanted-symbols.js'

/** The status of a gateway and its strategies. */
export interface GatewayStatus {
  /** Market events in the sequence, those of earlier runs included. */
  readonly events: number
  /** The position of the sequence's next frame. */
  readonly position: number
  /** The number of orders and requests handled in this run. */
  readonly orders: number
  /** How late the feed's events were taken in the last second, in ms at most. 0 for a feed without pace. */
  readonly latenessMs: number
  readonly strategies: readonly {
    readonly id: string
    /** Undefined while it waits to be started again. */
    readonly pid: number | undefined
    readonly restarts: number
    /** Its last progress message, undefined before the first one. */
    readonly progress: ConsumerProgress | undefined
  }[]
}

/** The longest time the feed waits for strategies to be ready, in ms. */
const START_MS = 10_000
/** After this time of feeding it is first checked whether each symbol that strategies ask for has had an event, in ms. */
const SYMBOLS_MS = 2_000

/**
 * Takes market data, strategies' orders and venues' answers into one sequence, decides what happens to each order, and runs
 * each strategy as a process that reads the sequence. If any of these processes is killed, the next start continues from
 * the journals: no event, order or report is lost or acted on twice.
 *
 *     const gateway = await Gateway.start({ home: '/dev/shm/desk', strategies: ['momentum.js'], feed: new CaptureFeed('capture.gz') })
 *     await gateway.fed
 *     await gateway.stop()
 */
export class Gateway {
  /**
   * Resolves when the feed has ended or the gateway was stopped. Rejects with the error of a failed gateway; it does
   * nothing more and must be stopped.
   */
  readonly fed: Promise<void>
  readonly home: string

  private readonly work: GatewayWork
  private readonly loop: Loop
  private readonly running: Promise<void>
  private readonly stopping = new AbortController()
  private stopped: Promise<boolean> | undefined = undefined
  /** Its loop has ended with an error. */
  private hasFailed = false
  /** The position of the sequence's end, once the gateway has stopped. */
  private endedAt: number | undefined = undefined

  /**
   * Creates a home or continues an existing one.
   *
   * @throws {WriterLockedError} when it has a gateway; {StrategyError}; {HomeError} for a directory that is no home, or
   *   whose journals do not belong together; {SequenceMismatchError}; {InvalidOptionError}, {BundledError}, and what
   *   Writer.open throws.
   */
  static async start(options: GatewayOptions): Promise<Gateway> {
    checkGatewayOptions(options)
    const home = absolute(options.home)
    // Before any file is created: in a bundle this module does not exist.
    strategyProcess()
    const inspecting = inspectAll(options.strategies)
    inspecting.catch(() => {})
    // A home is created only for strategies that are sound. One that exists is read meanwhile.
    if (!isHome(home)) await inspecting
    const open = await openDesk({ ...options, home }, inspecting)
    let gateway: Gateway
    try {
      const infos = open.onRecord ?? (await inspecting)
      const strategies = infos.map(info => enterStrategy(open, info, open.strategies, open.taken))
      gateway = new Gateway({ ...options, home }, open, strategies)
    } catch (error) {
      open.close()
      throw error
    }
    if (open.onRecord !== undefined) await gateway.confirm(inspecting)
    return gateway
  }

  /**
   * Its strategies run as the sequence has them, and their modules are loaded by now. Where these say something else, because
   * a file that they import was changed, they are started anew.
   */
  private async confirm(inspecting: Promise<readonly StrategyInfo[]>): Promise<void> {
    try {
      const infos = await inspecting
      const running = this.work.strategies.slice()
      for (const strategy of running) {
        const info = infos.find(({ id }) => id === strategy.info.id)
        if (info?.wantsTicker === strategy.info.wantsTicker) strategy.info = info
        else await this.removeStrategy(strategy.info.id)
      }
      for (const info of infos)
        if (!this.work.strategies.some(strategy => strategy.info.id === info.id)) this.enter(info)
    } catch (error) {
      await this.stop().catch(() => {})
      throw error
    }
  }

  private constructor(
    private readonly options: GatewayOptions,
    private readonly open: OpenDesk,
    strategies: readonly RunningStrategy[],
  ) {
    this.home = options.home
    this.work = new GatewayWork(open, strategies)
    const { wait = 'event-loop' } = options
    this.loop = new Loop(this.work, wait !== 'event-loop')
    open.onVenueEvent = () => this.loop.wake()
    for (const adapter of open.adapters) adapter.start()
    for (const strategy of strategies) superviseStrategy(open, strategy)
    this.running = this.loop.run()
    this.running.catch(() => {
      this.hasFailed = true
    })
    const stopped = new Promise<void>(resolve =>
      this.stopping.signal.addEventListener('abort', () => resolve(), { once: true }),
    )
    this.fed = Promise.race([this.feed(this.stopping.signal), this.running, stopped])
    // A caller that does not wait for `fed` gets the failure from `stop`.
    this.fed.catch(() => {})
  }

  get status(): GatewayStatus {
    const { work, open } = this
    return {
      events: open.events + work.events,
      position: this.endedAt ?? open.sequence.writer.position,
      orders: work.orders,
      latenessMs: work.latenessMs,
      strategies: work.strategies.map(({ info, supervisor }) => ({
        id: info.id,
        pid: supervisor?.pid,
        restarts: supervisor?.restarts ?? 0,
        progress: supervisor?.progress,
      })),
    }
  }

  /** Adds a strategy while the gateway runs. The others are not disturbed. @throws as `start`. */
  async addStrategy(file: string): Promise<void> {
    const infos = await inspectAll([file])
    this.throwIfStopped()
    for (const info of infos) {
      const other = this.work.strategies.find(strategy => strategy.info.id === info.id)
      if (other !== undefined)
        throw new StrategyError(`a strategy '${info.id}' runs already, from ${other.info.file}`, { path: info.file })
    }
    for (const info of infos) await this.enter(info).supervisor?.ready
  }

  private enter(info: StrategyInfo): RunningStrategy {
    const strategy = enterStrategy(this.open, info, this.open.strategies, this.open.taken)
    superviseStrategy(this.open, strategy)
    this.work.add(strategy)
    this.loop.wake()
    return strategy
  }

  /** Stops a strategy in order and removes it. Its journal stays. Returns whether it stopped by itself. */
  async removeStrategy(id: string): Promise<boolean> {
    this.throwIfStopped()
    const strategy = this.work.strategies.find(other => other.info.id === id)
    if (strategy === undefined) throw new StrategyError(`no strategy '${id}' runs`)
    const orderly = await strategy.supervisor?.stop({ kind: 'stop', position: this.open.sequence.writer.position })
    this.work.remove(strategy)
    endEpoch(this.open, strategy)
    this.open.taken.set(strategy.source.journal, strategy.source.reader.position)
    strategy.source.close()
    return orderly ?? false
  }

  /**
   * Stops everything in order: the feed; then each strategy, after it has handled every frame written so far; then,
   * after their last orders are answered, the gateway. May be called more than once.
   *
   * @returns whether every strategy stopped by itself.
   * @throws the first error of the gateway, from now or before.
   */
  stop(): Promise<boolean> {
    this.stopped ??= this.end()
    return this.stopped
  }

  private async end(): Promise<boolean> {
    const { work, open } = this
    this.stopping.abort()
    try {
      // What the feed throws when it ends is told at the end: strategies and adapters must be stopped first.
      const closed = work.closeFeed()
      await Promise.allSettled([closed])
      const { position } = open.sequence.writer
      const orderly = await Promise.all(
        work.strategies.map(async ({ supervisor }) => (await supervisor?.stop({ kind: 'stop', position })) ?? false),
      )
      this.takeLast()
      // After the strategies, whose last requests they must still get.
      const last = open.sequence.writer.position
      await Promise.all(open.adapters.map(async ({ supervisor }) => supervisor?.stop({ kind: 'stop', position: last })))
      this.loop.stop()
      await Promise.all([this.fed, this.running, closed])
      this.takeLast()
      return orderly.every(Boolean)
    } finally {
      this.loop.stop()
      this.endedAt = open.sequence.writer.position
      work.close()
      open.close()
    }
  }

  /** Takes what strategies and adapters wrote last. A gateway that has failed takes nothing more. */
  private takeLast(): void {
    const { work, open } = this
    if (this.hasFailed) return
    for (const strategy of work.strategies) endEpoch(open, strategy)
    for (const { source } of open.adapters) while (source.take(open.sequence, open.desk) > 0);
  }

  private async feed(signal: AbortSignal): Promise<void> {
    const { feed, speed = 'realtime', maxGapMs, onProblem = () => {} } = this.options
    const { work, open } = this
    if (this.options.onProblem !== undefined) feed.onProblem = onProblem
    const ready = work.strategies.map(async ({ supervisor }) => supervisor?.ready)
    const waiting = new AbortController()
    await Promise.race([Promise.all(ready), nap(START_MS, AbortSignal.any([signal, waiting.signal]))])
    waiting.abort()
    if (signal.aborted) return
    const wanted = new WantedSymbols(
      work.strategies.map(({ info }) => info),
      onProblem,
    )
    const seen = (): Set<string> => new Set(open.seenSymbols)
    if (feed.symbols !== undefined) wanted.check(new Set([...feed.symbols, ...seen()]), 'which this feed does not have')
    const checkSeen = (): void => wanted.check(seen(), 'of which there has been no event so far')
    const timer = setTimeout(checkSeen, SYMBOLS_MS)
    try {
      const skip = open.beginFeed(feed)
      const ended = new Promise<void>((resolve, reject) => {
        work.startFeed(
          new FeedPump({ feed, speed, maxGapMs, skip, onProblem, onArrival: () => this.loop.wake() }),
          failure => (failure === undefined ? resolve() : reject(failure)),
        )
        this.loop.wake()
      })
      await Promise.race([ended, this.running])
      checkSeen()
    } finally {
      clearTimeout(timer)
    }
  }

  private throwIfStopped(): void {
    if (this.stopping.signal.aborted) throw new InvalidStateError(`the gateway of ${this.home} was stopped`)
  }
}

async function inspectAll(files: readonly string[]): Promise<StrategyInfo[]> {
  const strategies: StrategyInfo[] = []
  // Each takes a process of its own; they start side by side.
  for (const infos of await Promise.all(files.map(file => inspectStrategies(absolute(file))))) {
    for (const info of infos) {
      const other = strategies.find(strategy => strategy.id === info.id)
      if (other !== undefined)
        throw new StrategyError(
          `${info.file} and ${other.file} both have a strategy '${info.id}'; each needs a name of its own`,
          { path: info.file },
        )
      strategies.push(info)
    }
  }
  return strategies
}

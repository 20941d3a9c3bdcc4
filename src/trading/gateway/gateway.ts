import { absolute } from '../../base/absolute.js'
import type { ConsumerProgress } from '../../runtime/consumer/messages.js'
import { StallRecord } from '../../runtime/stalls/stall-record.js'
import { STALL_MS } from '../../runtime/stalls/stall-watch.js'
import type { Phase } from '../../state/heartbeats/cell.js'
import { nap } from '../../wait/nap.js'
import { FeedPump } from '../market/feed-pump.js'
import { isHome } from '../sequence/home.js'
import { REAL_SURROUNDINGS } from '../sequence/surroundings.js'
import { type GivenModule, placeOf } from '../strategies/given-module.js'
import type { StrategyInfo } from '../strategies/inspect.js'
import { checkStrategies } from './desk-setup.js'
import { endedChanges } from './ended-changes.js'
import { endAbsent, endEpoch } from './epochs.js'
import { GatewayWork } from './gateway-work.js'
import { Loop } from './loop.js'
import { strategiesOnRecord } from './on-record.js'
import { type OpenDesk, openDesk } from './open-desk.js'
import { OperatorCommands } from './operator-commands.js'
import { checkGatewayOptions, checkModule, type GatewayOptions } from './options.js'
import { enterStrategy, type RunningStrategy } from './running-strategy.js'
import { inspectAll, StrategyChanges } from './strategy-changes.js'
import { startStrategy, strategyProcess } from './strategy-processes.js'
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
    /** It runs inside the gateway's process. */
    readonly inProcess: boolean
    /** That of the gateway for one inside its process. Undefined while it waits to be started again. */
    readonly pid: number | undefined
    readonly restarts: number
    /** 'failed': it was started again too often, and stays down. */
    readonly phase: Phase
    /** Its new orders are denied, see `pauseStrategy`. */
    readonly paused: boolean
    /** How far it has come, from shared memory; undefined before its process is ready. */
    readonly progress: ConsumerProgress | undefined
  }[]
  readonly venues: readonly {
    readonly name: string
    /** Requests that wait for the venue's limits. */
    readonly waiting: number
  }[]
}

/** The longest time the feed waits for strategies to be ready, in ms. */
const START_MS = 10_000
/** After this time of feeding it is first checked whether each symbol that strategies ask for has had an event, in ms. */
const SYMBOLS_MS = 2_000

/**
 * Takes market data, strategies' orders and venues' answers into one sequence, decides what happens to each order, and runs
 * each strategy as a process that reads the sequence, or inside its own process (`inProcess`). If any of these processes is killed, the next start continues from
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
  private readonly changes: StrategyChanges
  private readonly loop: Loop
  private readonly stalls: StallRecord | undefined
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
    if (!isHome(home)) checkStrategies(options.risk, await inspecting)
    let onRecord: readonly StrategyInfo[] | undefined
    const places = options.strategies.map(placeOf)
    // What runs inside the gateway must be sound as it is now, with all that it imports.
    const areApart = places.every(({ inProcess }) => !inProcess)
    const open = await openDesk({ ...options, home }, REAL_SURROUNDINGS, async starts => {
      const earlier = [...starts]
      if (areApart)
        onRecord = strategiesOnRecord(
          places.map(({ file }) => file),
          earlier,
        )
      checkStrategies(options.risk, [...(onRecord ?? (await inspecting)), ...earlier])
    })
    let gateway: Gateway
    try {
      const infos = onRecord ?? (await inspecting)
      const ended = endedChanges(home, open.commanded, infos)
      if (ended !== undefined) open.onProblem(ended)
      endAbsent(open, open.strategies.values(), new Set(infos.map(({ id }) => id)), open.taken)
      const strategies = infos.map(info => enterStrategy(open, info, open.strategies, open.taken))
      gateway = new Gateway({ ...options, home }, open, strategies)
    } catch (error) {
      open.close()
      throw error
    }
    if (onRecord !== undefined) await gateway.confirm(inspecting)
    return gateway
  }

  /** Its strategies run as the sequence has them. Their modules are loaded meanwhile, and may say something else by now. */
  private async confirm(inspecting: Promise<readonly StrategyInfo[]>): Promise<void> {
    try {
      await this.changes.confirm(await inspecting)
    } catch (error) {
      // The error of the modules is the one that is told.
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
    const { wait = 'event-loop', stallMs = STALL_MS } = options
    this.loop = new Loop(this.work, wait !== 'event-loop')
    open.onVenueEvent = () => this.loop.wake()
    open.later = task => {
      this.work.later(task)
      this.loop.wake()
    }
    this.changes = new StrategyChanges(open, this.work, this.stopping.signal, () => this.loop.wake())
    new OperatorCommands(open, this.work.operator, this.changes).start()
    for (const adapter of open.adapters) adapter.start()
    for (const strategy of strategies) startStrategy(open, strategy)
    // Written between two bursts, as everything that comes from outside of the loop.
    if (stallMs < Number.POSITIVE_INFINITY) this.stalls = new StallRecord(stallMs, open.sequence.writer, open.later)
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

  /** The option `description` of the home's last run, from its sequence; undefined when it had none. */
  get earlierDescription(): unknown {
    return this.open.earlierDescription
  }

  get status(): GatewayStatus {
    const { work, open } = this
    return {
      events: open.events + work.events,
      position: this.endedAt ?? open.sequence.writer.position,
      orders: work.orders,
      latenessMs: work.latenessMs,
      strategies: work.strategies.map(({ info, keeper, known, progress }) => ({
        id: info.id,
        inProcess: info.inProcess ?? false,
        pid: keeper?.pid,
        restarts: keeper?.restarts ?? 0,
        phase: keeper?.phase ?? 'waiting',
        paused: open.desk.risk.desk.strategies[known.number]?.paused ?? false,
        progress,
      })),
      venues: open.desk.venues.all.map(({ name, pacing }) => ({ name, waiting: pacing.waiting })),
    }
  }

  /**
   * Adds the strategies of a module while the gateway runs. The others are not disturbed. Resolves when they are ready, or
   * have ended before that.
   *
   * @param module its path, or `{ module, inProcess: true }` to run them inside the gateway's process.
   * @throws {StrategyError} when the module cannot be loaded, or one of its strategies runs already; {InvalidStateError}.
   */
  async addStrategy(module: GivenModule): Promise<void> {
    checkModule(module, 'addStrategy')
    await this.changes.add(module)
  }

  /** Stops a strategy in order and removes it. Its journal stays. Returns whether it stopped by itself. @throws as `addStrategy`. */
  removeStrategy(id: string): Promise<boolean> {
    return this.changes.remove(id)
  }

  /**
   * Stops a strategy in order, and starts the strategy of the same id of another module in its place: it goes on where the
   * first one had come to. The others are not disturbed. Returns whether the first one stopped by itself.
   *
   * @throws {StrategyError} when no such strategy runs, it runs inside the gateway's process, or the module has none of this id:
   *   then nothing was changed.
   */
  replaceStrategy(id: string, file: string): Promise<boolean> {
    return this.changes.replace(id, file)
  }

  /** Denies all new orders of a strategy (`strategy-paused`) until `resumeStrategy`. Its process goes on. @throws {StrategyError} */
  pauseStrategy(id: string, reason = ''): void {
    this.changes.pause(id, true, reason)
  }

  /** Ends a pause. @throws {StrategyError} */
  resumeStrategy(id: string, reason = ''): void {
    this.changes.pause(id, false, reason)
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
        work.strategies.map(async ({ keeper }) => (await keeper?.stop({ kind: 'stop', position })) ?? false),
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
      this.stalls?.close()
      this.endedAt = open.sequence.writer.position
      work.close()
      open.close()
    }
  }

  /** Takes what strategies and adapters wrote last. A gateway that has failed takes nothing more. */
  private takeLast(): void {
    const { work, open } = this
    if (this.hasFailed) return
    work.doTasks()
    for (const strategy of work.strategies) endEpoch(open, strategy)
    for (const { source } of open.adapters) while (source.take(open.sequence, open.desk) > 0);
    open.figures.store(performance.now())
  }

  private async feed(signal: AbortSignal): Promise<void> {
    const { feed, speed = 'realtime', maxGapMs, onProblem = () => {} } = this.options
    const { work, open } = this
    if (this.options.onProblem !== undefined) feed.onProblem = onProblem
    const ready = work.strategies.map(async ({ keeper }) => keeper?.ready)
    const waiting = new AbortController()
    await Promise.race([Promise.all(ready), nap(START_MS, AbortSignal.any([signal, waiting.signal]))])
    waiting.abort()
    if (signal.aborted) return
    const wanted = new WantedSymbols(
      work.strategies.map(({ info }) => info),
      onProblem,
    )
    feed.choose?.(symbolsOf(work.strategies.map(({ info }) => info)))
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
}

/** The symbols that strategies ask for; undefined when one of them wants all. */
function symbolsOf(infos: readonly { readonly symbols?: readonly string[] }[]): readonly string[] | undefined {
  const lists = infos.map(({ symbols }) => symbols)
  return lists.includes(undefined) ? undefined : [...new Set(lists.flatMap(symbols => symbols ?? []))]
}

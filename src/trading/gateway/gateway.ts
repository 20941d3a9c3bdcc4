import { setImmediate as turn } from 'node:timers/promises'
import { absolute } from '../../base/absolute.js'
import { Writer } from '../../journal/write/writer.js'
import type { ConsumerProgress } from '../../runtime/consumer/messages.js'
import { GATEWAY_JOURNAL, Session } from '../../runtime/sessions/session.js'
import type { Supervisor } from '../../runtime/supervision/supervisor.js'
import { StrategyError } from '../errors.js'
import { type MarketEvent, Pace } from '../market/feed.js'
import { BookTop, OrderReport, type OrderReportValues, Ticker, Trade } from '../messages/frames.js'
import { Steps } from '../orders/fail-stop.js'
import { OrderDesk } from '../orders/order-desk.js'
import { loadStrategies } from '../strategies/load.js'
import { PaperVenue } from '../venues/paper-venue.js'
import { checkReports } from '../venues/reports.js'
import type { Venue } from '../venues/venue.js'
import { MarketWriter } from './market-writer.js'
import { checkGatewayOptions, type GatewayOptions } from './options.js'
import { restore } from './restore.js'
import { orderSources, readyJournals, superviseStrategy } from './strategy-journals.js'

/** How a gateway and its strategies are doing. */
export interface GatewayStatus {
  /** Market events written, those of earlier runs included. */
  readonly events: number
  /** The position of the journal's next frame. */
  readonly position: number
  /** Orders and cancels taken in this run. */
  readonly orders: number
  readonly strategies: readonly {
    readonly id: string
    /** Undefined while it waits to be started again. */
    readonly pid: number | undefined
    readonly restarts: number
    /** What it told last, undefined before the first time. */
    readonly progress: ConsumerProgress | undefined
  }[]
}

/** ms of feeding without a turn for orders, timers and sockets. */
const SLICE_MS = 1
/** The feed does not wait longer than this for strategies to be ready, in ms. */
const START_MS = 10_000
const NO_FILLS: readonly OrderReportValues[] = []

/**
 * Writes market data into a journal, runs each strategy as a process that reads it, takes the orders from the strategies' journals and
 * answers them. Whichever of these processes is killed, the next start goes on from the journals: no event, order or report is lost
 * or done twice.
 *
 *     const gateway = await Gateway.start({ home: '/dev/shm/desk', strategies: ['momentum.js'], feed: new CaptureFeed('capture.gz') })
 *     await gateway.fed
 *     await gateway.stop()
 */
export class Gateway {
  /** Resolves when the feed has ended or the gateway was stopped; rejects with what went wrong in the gateway, which does nothing more then: stop it. */
  readonly fed: Promise<void>
  readonly home: string

  private readonly supervisors: ReadonlyMap<string, Supervisor>
  /** Abort to stop feeding, and to stop taking orders. */
  private readonly feeding = new AbortController()
  private readonly taking = new AbortController()
  private readonly taken: Promise<void>
  private stopped: Promise<boolean> | undefined = undefined
  /** The position of the journal's end, once the gateway has stopped. */
  private endedAt: number | undefined = undefined

  /**
   * Begins a session or goes on with one.
   *
   * @throws {WriterLockedError} when it has a gateway, {StrategyError}, {SessionError}, {InvalidOptionError}, and what Writer.open throws.
   */
  static async start(options: GatewayOptions): Promise<Gateway> {
    checkGatewayOptions(options)
    const home = absolute(options.home)
    const strategies = await loadAll(options.strategies)
    const session = Session.open(home)
    const { pageSize, durability } = options
    // Its lock makes this the session's one gateway.
    const writer = Writer.open(session.gateway, {
      pageSize,
      durability,
      journalId: GATEWAY_JOURNAL,
      frames: [Ticker, Trade, BookTop, OrderReport],
    })
    let desk: OrderDesk | undefined
    try {
      const market = new MarketWriter()
      const venue = options.venue ?? new PaperVenue()
      const { lastTaken } = restore(session.gateway, market, venue)
      const members = session.enrol(strategies)
      await readyJournals(session, members, options)
      const steps = new Steps()
      desk = new OrderDesk(orderSources(session, lastTaken), writer, venue, steps)
      const supervisors = new Map(members.map(member => [member.id, superviseStrategy(session, member, options)]))
      return new Gateway({ ...options, home }, writer, market, venue, desk, steps, supervisors)
    } catch (error) {
      desk?.close()
      writer.close()
      throw error
    }
  }

  private constructor(
    private readonly options: GatewayOptions,
    private readonly writer: Writer,
    private readonly market: MarketWriter,
    private readonly venue: Venue,
    private readonly desk: OrderDesk,
    private readonly steps: Steps,
    supervisors: ReadonlyMap<string, Supervisor>,
  ) {
    this.home = options.home
    this.supervisors = supervisors
    const { feeding, taking } = this
    steps.signal.addEventListener('abort', () => {
      feeding.abort()
      taking.abort()
    })
    const wait = options.wait === undefined || options.wait === 'event-loop' ? 'event-loop' : 'yield'
    this.taken = steps.watch(desk.run(wait, taking.signal), taking.signal)
    this.taken.catch(() => {})
    this.fed = Promise.race([
      steps.failed,
      steps.watch(this.feed(feeding.signal), feeding.signal),
      aborted(feeding.signal),
    ])
    // Whoever does not wait for it learns of a failure from `stop`.
    this.fed.catch(() => {})
  }

  get status(): GatewayStatus {
    const strategies = [...this.supervisors].map(([id, { pid, restarts, progress }]) => ({
      id,
      pid,
      restarts,
      progress,
    }))
    return {
      events: this.market.events,
      position: this.endedAt ?? this.writer.position,
      orders: this.desk.taken,
      strategies,
    }
  }

  /**
   * Stops all in order: the feed; each strategy, once it has handled every frame written up to here; then, with their last orders
   * answered, the gateway. Any number of times.
   *
   * @returns whether every strategy stopped by itself.
   * @throws what went wrong in the gateway, now or before.
   */
  stop(): Promise<boolean> {
    this.stopped ??= this.end()
    return this.stopped
  }

  private async end(): Promise<boolean> {
    this.feeding.abort()
    try {
      const { position } = this.writer
      const orderly = await Promise.all(
        [...this.supervisors.values()].map(supervisor => supervisor.stop({ kind: 'stop', position })),
      )
      this.taking.abort()
      await Promise.all([this.fed, this.taken])
      this.desk.drain()
      return orderly.every(Boolean)
    } finally {
      this.desk.close()
      this.endedAt = this.writer.position
      this.writer.close()
    }
  }

  private async feed(signal: AbortSignal): Promise<void> {
    const { feed, speed = 'realtime', onProblem } = this.options
    if (onProblem !== undefined) feed.onProblem = onProblem
    const ready = [...this.supervisors.values()].map(supervisor => supervisor.ready)
    await Promise.race([Promise.all(ready), nap(START_MS, signal)])
    const pace = new Pace(speed)
    let sliceEnd = performance.now() + SLICE_MS
    for await (const batch of feed.events(this.market.events)) {
      for (const event of batch) {
        const dueIn = pace.dueIn(event.timeMs)
        if (dueIn > 0 || performance.now() > sliceEnd) {
          if (dueIn > 0) await nap(dueIn, signal)
          else await turn()
          sliceEnd = performance.now() + SLICE_MS
        }
        if (signal.aborted) return
        this.publish(event)
      }
    }
  }

  private publish(event: MarketEvent): void {
    this.steps.take(() => {
      const fills =
        event.kind === 'quote' ? checkReports(this.venue.quote(event.symbol, event.bid, event.ask)) : NO_FILLS
      this.market.write(this.writer, event, fills)
    })
  }
}

async function loadAll(files: readonly string[]): Promise<{ readonly id: string; readonly file: string }[]> {
  const strategies: { id: string; file: string }[] = []
  for (const file of files) {
    for (const { id } of await loadStrategies(file)) {
      const other = strategies.find(strategy => strategy.id === id)
      if (other !== undefined)
        throw new StrategyError(
          `${file} and ${other.file} both have a strategy '${id}'; each needs a name of its own`,
          { path: file },
        )
      strategies.push({ id, file })
    }
  }
  return strategies
}

/** Resolves after so many ms, or when the signal aborts. */
function nap(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const wake = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', wake)
      resolve()
    }
    const timer = setTimeout(wake, ms)
    signal.addEventListener('abort', wake)
    if (signal.aborted) wake()
  })
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise(resolve => signal.addEventListener('abort', () => resolve(), { once: true }))
}

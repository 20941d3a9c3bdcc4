import { absolute } from '../../base/absolute.js'
import { Writer } from '../../journal/write/writer.js'
import type { ConsumerProgress } from '../../runtime/consumer/messages.js'
import { GATEWAY_JOURNAL, Session } from '../../runtime/sessions/session.js'
import type { Supervisor } from '../../runtime/supervision/supervisor.js'
import { nap } from '../../wait/nap.js'
import { StrategyError } from '../errors.js'
import type { MarketEvent } from '../market/feed.js'
import { BookTop, OrderReport, type OrderReportValues, Ticker, Trade } from '../messages/frames.js'
import { FailStop } from '../orders/fail-stop.js'
import { OrderDesk } from '../orders/order-desk.js'
import { loadStrategies } from '../strategies/load.js'
import { PaperVenue } from '../venues/paper-venue.js'
import { checkReports } from '../venues/reports.js'
import type { Venue } from '../venues/venue.js'
import { nameOf } from '../venues/venue-name.js'
import { MarketWriter } from './market-writer.js'
import { checkGatewayOptions, type GatewayOptions } from './options.js'
import { playFeed } from './play-feed.js'
import { restore } from './restore.js'
import { orderSources, readyJournals, strategyProcess, superviseStrategy } from './strategy-journals.js'
import { WantedSymbols } from './wanted-symbols.js'

/** The status of a gateway and its strategies. */
export interface GatewayStatus {
  /** Market events written, those of earlier runs included. */
  readonly events: number
  /** The position of the journal's next frame. */
  readonly position: number
  /** The number of orders and cancels answered in this run. */
  readonly orders: number
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
/**
 * After this time of feeding it is first checked whether each symbol that strategies ask for has had an event, in ms.
 */
const SYMBOLS_MS = 2_000
const NO_FILLS: readonly OrderReportValues[] = []

/**
 * Writes market data into a journal, runs each strategy as a process that reads it, reads the orders from the
 * strategies' journals and answers them. If any of these processes is killed, the next start continues from the
 * journals: no event, order or report is lost or processed twice.
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

  private readonly supervisors: ReadonlyMap<string, Supervisor>
  /** Aborting `feeding` stops the feed; aborting `answering` stops reading and answering orders. */
  private readonly feeding = new AbortController()
  private readonly answering = new AbortController()
  private readonly answered: Promise<void>
  private stopped: Promise<boolean> | undefined = undefined
  /** The position of the journal's end, once the gateway has stopped. */
  private endedAt: number | undefined = undefined

  /**
   * Creates a session or continues an existing one.
   *
   * @throws {WriterLockedError} when it has a gateway, {StrategyError}, {SessionError}, {InvalidOptionError},
   *   {BundledError}, and what Writer.open throws.
   */
  static async start(options: GatewayOptions): Promise<Gateway> {
    checkGatewayOptions(options)
    const home = absolute(options.home)
    // Before any file is created: in a bundle this module does not exist.
    strategyProcess()
    const strategies = await loadAll(options.strategies)
    const session = Session.open(home)
    const { pageSize, durability } = options
    // The journal's lock makes this the only gateway of the session.
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
      const { lastAnswered } = restore(session.gateway, market, venue)
      const check = (): void => writer.checkIdentity()
      const members = session.assignNumbers(strategies, nameOf(venue), check)
      await readyJournals(session, members, options)
      const failStop = new FailStop()
      desk = new OrderDesk(orderSources(session, lastAnswered), writer, venue, failStop)
      const supervisors = new Map(
        members.map(member => [member.id, superviseStrategy(session, member, options, () => failStop.run(check))]),
      )
      return new Gateway({ ...options, home }, strategies, writer, market, venue, desk, failStop, supervisors)
    } catch (error) {
      desk?.close()
      writer.close()
      throw error
    }
  }

  private constructor(
    private readonly options: GatewayOptions,
    private readonly strategies: readonly LoadedStrategy[],
    private readonly writer: Writer,
    private readonly market: MarketWriter,
    private readonly venue: Venue,
    private readonly desk: OrderDesk,
    private readonly failStop: FailStop,
    supervisors: ReadonlyMap<string, Supervisor>,
  ) {
    this.home = options.home
    this.supervisors = supervisors
    const { feeding, answering } = this
    failStop.signal.addEventListener('abort', () => {
      feeding.abort()
      answering.abort()
    })
    const wait = options.wait === undefined || options.wait === 'event-loop' ? 'event-loop' : 'yield'
    this.answered = failStop.watch(desk.run(wait, answering.signal), answering.signal)
    this.answered.catch(() => {})
    this.fed = Promise.race([
      failStop.failed,
      failStop.watch(this.feed(feeding.signal), feeding.signal),
      aborted(feeding.signal),
    ])
    // A caller that does not wait for `fed` gets the failure from `stop`.
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
      orders: this.desk.answered,
      strategies,
    }
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
    this.feeding.abort()
    try {
      const { position } = this.writer
      const orderly = await Promise.all(
        [...this.supervisors.values()].map(supervisor => supervisor.stop({ kind: 'stop', position })),
      )
      this.answering.abort()
      await Promise.all([this.fed, this.answered])
      this.desk.drain()
      return orderly.every(Boolean)
    } finally {
      this.desk.close()
      this.endedAt = this.writer.position
      this.writer.close()
    }
  }

  private async feed(signal: AbortSignal): Promise<void> {
    const { feed, speed = 'realtime', maxGapMs, onProblem = () => {} } = this.options
    const { market } = this
    if (this.options.onProblem !== undefined) feed.onProblem = onProblem
    const ready = [...this.supervisors.values()].map(supervisor => supervisor.ready)
    const waiting = new AbortController()
    await Promise.race([Promise.all(ready), nap(START_MS, AbortSignal.any([signal, waiting.signal]))])
    waiting.abort()
    const wanted = new WantedSymbols(this.strategies, onProblem)
    if (feed.symbols !== undefined)
      wanted.check(new Set([...feed.symbols, ...market.symbols]), 'which this feed does not have')
    const checkSeen = (): void => wanted.check(new Set(market.symbols), 'of which there has been no event so far')
    const timer = setTimeout(checkSeen, SYMBOLS_MS)
    try {
      const publish = (event: MarketEvent): void => this.publish(event)
      await playFeed({ feed, speed, maxGapMs, skip: market.events, publish, onProblem }, signal)
      checkSeen()
    } finally {
      clearTimeout(timer)
    }
  }

  private publish(event: MarketEvent): void {
    this.failStop.run(() => {
      const fills =
        event.kind === 'quote' ? checkReports(this.venue.quote(event.symbol, event.bid, event.ask)) : NO_FILLS
      this.market.write(this.writer, event, fills)
    })
  }
}

interface LoadedStrategy {
  readonly id: string
  readonly file: string
  readonly symbols: readonly string[] | undefined
}

async function loadAll(files: readonly string[]): Promise<LoadedStrategy[]> {
  const strategies: LoadedStrategy[] = []
  for (const file of files) {
    for (const { id, symbols } of await loadStrategies(file)) {
      const other = strategies.find(strategy => strategy.id === id)
      if (other !== undefined)
        throw new StrategyError(
          `${file} and ${other.file} both have a strategy '${id}'; each needs a name of its own`,
          { path: file },
        )
      strategies.push({ id, file, symbols })
    }
  }
  return strategies
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise(resolve => signal.addEventListener('abort', () => resolve(), { once: true }))
}

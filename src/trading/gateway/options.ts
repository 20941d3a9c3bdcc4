import { InvalidOptionError, type TicktapeError } from '../../base/errors.js'
import { formatValue } from '../../base/format-value.js'
import { checkOptions, kinds } from '../../base/options.js'
import { Page } from '../../frames/format.js'
import type { Durability } from '../../journal/write/options.js'
import type { SupervisorEvent } from '../../runtime/supervision/supervisor.js'
import { WAITS, type Wait } from '../../wait/run-loop.js'
import type { Feed, Speed } from '../market/feed.js'
import type { Venue } from '../venues/venue.js'

export interface GatewayOptions {
  /** The directory of the session: begun where there is none, gone on with where there is. */
  readonly home: string
  /** Modules whose default export is a strategy or a list of them. Each strategy gets a process. */
  readonly strategies: readonly string[]
  readonly feed: Feed
  /** Default 'realtime'. */
  readonly speed?: Speed
  /** A fresh one: what happened before is told to it. Default: a PaperVenue. */
  readonly venue?: Venue
  /**
   * How strategies wait for frames. The gateway itself sleeps in its event loop, or keeps looking with any other than 'event-loop'.
   * Default 'event-loop'.
   */
  readonly wait?: Wait
  /** Bytes of a page of the gateway's journal. Default 16 MiB. */
  readonly pageSize?: number
  /** Bytes of a page of a strategy's journal. Default 1 MiB. */
  readonly strategyPageSize?: number
  /**
   * Of all journals of the session. Default: by where it lies, as for `Writer.open`. Not 'commit': nobody in a gateway waits for a flush
   * before an order or a report is acted on.
   */
  readonly durability?: Exclude<Durability, 'commit'>
  /** How long a strategy that ended is left alone at first, in ms; twice as long each time, up to 5 s. Default 100. */
  readonly backOffMs?: number
  /** How long a strategy may take to stop before it is killed, in ms. Default 15,000. */
  readonly stopMs?: number
  /** How often strategies write down how far they are, in ms. Default 250. */
  readonly progressMs?: number
  /** Told when a strategy's process was started, is ready, failed by its own fault, or ended. */
  readonly onStrategy?: (id: string, event: SupervisorEvent) => void
  /** Told what in the feed was not valid and left out. */
  readonly onProblem?: (problem: TicktapeError) => void
}

/** @throws {InvalidOptionError} */
export function checkGatewayOptions(options: GatewayOptions): void {
  checkOptions('Gateway.start', options, {
    home: kinds.string,
    strategies: kinds.array,
    feed: kinds.object,
    speed: isSpeed,
    venue: kinds.object,
    wait: kinds.oneOf(...WAITS),
    pageSize: kinds.integer(Page.MIN_SIZE, Page.MAX_SIZE),
    strategyPageSize: kinds.integer(Page.MIN_SIZE, Page.MAX_SIZE),
    durability: isDurability,
    backOffMs: kinds.integer(1, 60_000),
    stopMs: kinds.integer(1, 3_600_000),
    progressMs: kinds.integer(10, 60_000),
    onStrategy: kinds.function,
    onProblem: kinds.function,
  })
  const { home, strategies, feed } = options
  if (home === undefined || strategies === undefined || feed === undefined) {
    throw new InvalidOptionError("Gateway.start needs 'home', 'strategies' and 'feed'")
  }
  if (typeof feed.events !== 'function')
    throw new InvalidOptionError("option 'feed' of Gateway.start takes a feed: something with events(skip)")
  for (const file of strategies) {
    if (typeof file !== 'string')
      throw new InvalidOptionError(
        `option 'strategies' of Gateway.start takes paths of modules, not ${formatValue(file)}`,
      )
  }
}

function isDurability(value: unknown): string | undefined {
  if (value === 'process' || value === 'interval') return undefined
  return "'process' or 'interval' (which survives power loss but for the last 50 ms; a gateway waits for no flush, so 'commit' would promise nothing more)"
}

function isSpeed(value: unknown): string | undefined {
  const sound =
    value === 'max' ||
    value === 'realtime' ||
    (typeof value === 'number' && value > 0 && value < Number.POSITIVE_INFINITY)
  return sound ? undefined : "'max', 'realtime' or a number above 0"
}

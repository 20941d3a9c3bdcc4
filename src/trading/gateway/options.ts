import { InvalidOptionError, type TicktapeError } from '../../base/errors.js'
import { formatValue } from '../../base/format-value.js'
import { checkOptions, kinds } from '../../base/options.js'
import { Page } from '../../frames/format.js'
import type { Durability } from '../../journal/write/options.js'
import type { RestartLimits } from '../../runtime/supervision/restart-count.js'
import type { SupervisorEvent } from '../../runtime/supervision/supervisor.js'
import { WAITS, type Wait } from '../../wait/run-loop.js'
import type { InstrumentSpec } from '../instruments/instrument.js'
import type { CalendarSpec } from '../instruments/session-calendar.js'
import type { Feed } from '../market/feed.js'
import type { Speed } from '../market/pace.js'
import type { RiskOptions } from '../risk/limits.js'
import type { GivenModule } from '../strategies/given-module.js'
import type { VenueModule } from '../venues/adapter-config.js'
import type { AsyncVenue } from '../venues/async-venue.js'

export interface GatewayOptions {
  /** The home directory. A home that exists there is continued, otherwise one is created. */
  readonly home: string
  /**
   * Modules whose default export is a strategy or a list of them. Each strategy gets a process; those of
   * `{ module, inProcess: true }` run inside the gateway's process instead: docs/strategies.md, "Inside the gateway".
   */
  readonly strategies: readonly GivenModule[]
  readonly feed: Feed
  /** Default 'realtime'. */
  readonly speed?: Speed
  /**
   * The longest gap between two events that is waited for, in ms of the feed's time: 1 or more, Infinity for all. Each
   * gap that is shortened, and each wait of more than a minute, is reported to `onProblem` (FeedGapError). Default 60,000.
   */
  readonly maxGapMs?: number
  /**
   * A new venue object, which runs in the gateway's process; or a module, whose default export is a venue or a function that
   * makes one: it runs in a process of its own, with a journal of its own; `{ module, options }` calls that function with options. Default: a SimulatedExchange.
   */
  readonly venue?: AsyncVenue | VenueModule | string
  /** Several venues, instead of `venue`. The first one trades the instruments that no venue names. */
  readonly venues?: readonly (AsyncVenue | VenueModule | string)[]
  /** Terms of instruments that the venues do not know themselves. */
  readonly instruments?: readonly InstrumentSpec[]
  /**
   * Trading calendars by their names: orders in an instrument with a `calendar` are denied ('not-tradable') while it is closed; cancels
   * pass. Without one an instrument is always open.
   */
  readonly calendars?: Readonly<Record<string, CalendarSpec>>
  /** Limits. Without any, every valid order passes. */
  readonly risk?: RiskOptions
  /**
   * How long a request may act at a venue after it was decided, in ms; 0 is without a limit, and a request that gets lost is then
   * never known to be. Default 5000, and 0 where all venues are simulated ones.
   */
  readonly requestExpiryMs?: number
  /**
   * How the gateway and its strategies wait. With any other value than 'event-loop' the gateway spins, and uses one core
   * fully. Default 'event-loop'.
   */
  readonly wait?: Wait
  /** The page size of the gateway's journal in bytes. Default 16 MiB. */
  readonly pageSize?: number
  /**
   * Bytes of the sequence after which there is a snapshot of the gateway's state in it, so that a start reads only what
   * follows the last one; 0: none. There are at least four times a snapshot's size between it and the next one. Default
   * 4 MiB.
   */
  readonly snapshotBytes?: number
  /**
   * Which pages of the home's journals may be removed: those that are needed neither by a start from one of the last so many
   * snapshots, nor by a strategy, venue or named reader. `bytes` and `age` (ms) keep more. Default: every page is kept.
   */
  readonly retain?: { readonly snapshots?: number; readonly bytes?: number; readonly age?: number }
  /** The page size of a strategy's journal in bytes. Default 1 MiB. */
  readonly strategyPageSize?: number
  /**
   * The durability of all journals of the home. Default: by their file system, as for `Writer.open`. 'commit' is not
   * allowed: a gateway does not wait for a flush before it acts on an order or a report.
   */
  readonly durability?: Exclude<Durability, 'commit'>
  /** The delay before a strategy that ended is started again, in ms; doubled each time, up to 5 s. Default 100. */
  readonly backOffMs?: number
  /**
   * How often a strategy may be started again: `max` times within `withinMs`. Beyond that it stays down, as failed. Default
   * 100 times within 10 minutes.
   */
  readonly restarts?: RestartLimits
  /**
   * A strategy that has frames to handle, and gives no sign of life for so long, is hung: it is killed and started again.
   * In ms; default 10,000, Infinity for never.
   */
  readonly hangMs?: number
  /** The same for one that starts: its module or `onStart` does not end. In ms; default 60,000. */
  readonly startMs?: number
  /**
   * How long a strategy may be gone before its open orders are cancelled, in ms (the dead-man switch). Default 30,000; 0 for
   * never.
   */
  readonly deadManMs?: number
  /** The most memory for a strategy's JavaScript objects, in MiB; a process that needs more ends. Default: Node's own limit. */
  readonly strategyMemoryMb?: number
  /**
   * How long a strategy may take to stop, in ms: it is asked to, gets SIGTERM after three quarters of it, and is killed at its
   * end. Default 15,000.
   */
  readonly stopMs?: number
  /**
   * Pauses of the gateway and of its strategies that last at least so long are put on record, in ms: garbage collection, and an event
   * loop that does not turn. Default 5, Infinity for none.
   */
  readonly stallMs?: number
  /** How often strategies publish their progress in shared memory, in ms. Default 250. */
  readonly progressMs?: number
  /**
   * What the desk is to run, as desk.json has it. Only recorded: with it `ticktape run --home` continues a home without its
   * files. `deskOptions` sets it.
   */
  readonly description?: Readonly<Record<string, unknown>>
  /** Called when a strategy's process was started, is ready, failed with an error of its own, was hung, ended, or was given up. */
  readonly onStrategy?: (id: string, event: SupervisorEvent) => void
  /** The same for a venue that runs in a process of its own. */
  readonly onVenue?: (name: string, event: SupervisorEvent) => void
  /**
   * Called for parts of the feed that are invalid and were left out, gaps in its times, and symbols of strategies that
   * have no events.
   */
  readonly onProblem?: (problem: TicktapeError) => void
}

/** @throws {InvalidOptionError} */
export function checkGatewayOptions(options: GatewayOptions): void {
  checkOptions('Gateway.start', options, {
    home: kinds.string,
    strategies: kinds.array,
    feed: kinds.object,
    speed: isSpeed,
    maxGapMs: kinds.number(1, Number.POSITIVE_INFINITY),
    venue: value => (typeof value === 'string' ? kinds.string(value) : kinds.object(value)),
    venues: kinds.array,
    instruments: kinds.array,
    calendars: kinds.object,
    risk: kinds.object,
    requestExpiryMs: kinds.integer(0, 3_600_000),
    wait: kinds.oneOf(...WAITS),
    pageSize: kinds.integer(Page.MIN_SIZE, Page.MAX_SIZE),
    snapshotBytes: kinds.integer(0, Number.MAX_SAFE_INTEGER),
    retain: kinds.object,
    strategyPageSize: kinds.integer(Page.MIN_SIZE, Page.MAX_SIZE),
    durability: isDurability,
    backOffMs: kinds.integer(1, 60_000),
    restarts: kinds.object,
    hangMs: kinds.number(100, Number.POSITIVE_INFINITY),
    startMs: kinds.number(100, Number.POSITIVE_INFINITY),
    stallMs: kinds.number(1, Number.POSITIVE_INFINITY),
    deadManMs: kinds.integer(0, 86_400_000),
    strategyMemoryMb: kinds.integer(16, 1_048_576),
    stopMs: kinds.integer(1, 3_600_000),
    progressMs: kinds.integer(10, 60_000),
    description: kinds.object,
    onStrategy: kinds.function,
    onVenue: kinds.function,
    onProblem: kinds.function,
  })
  if (options.restarts !== undefined)
    checkOptions("option 'restarts' of Gateway.start", options.restarts, {
      max: kinds.number(0, Number.POSITIVE_INFINITY),
      withinMs: kinds.number(1, Number.POSITIVE_INFINITY),
    })
  const { home, strategies, feed } = options
  if (home === undefined || strategies === undefined || feed === undefined) {
    throw new InvalidOptionError("Gateway.start needs 'home', 'strategies' and 'feed'")
  }
  if (typeof feed.events !== 'function')
    throw new InvalidOptionError("option 'feed' of Gateway.start takes a feed: an object with events(skip)")
  if (options.retain !== undefined) {
    checkOptions("option 'retain' of Gateway.start", options.retain, {
      snapshots: kinds.integer(1, 1000),
      bytes: kinds.integer(0, Number.MAX_SAFE_INTEGER),
      age: kinds.number(0, Number.MAX_SAFE_INTEGER),
    })
    if (options.snapshotBytes === 0)
      throw new InvalidOptionError("option 'retain' of Gateway.start needs snapshots: leave out 'snapshotBytes: 0'")
  }
  for (const one of strategies) checkModule(one, "option 'strategies' of Gateway.start")
}

/** @throws {InvalidOptionError} */
export function checkModule(given: unknown, what: string): void {
  if (typeof given === 'string') return
  if (typeof given !== 'object' || given === null)
    throw new InvalidOptionError(
      `${what} takes paths of modules and { module, inProcess } objects, not ${formatValue(given)}`,
    )
  checkOptions(`a module in ${what}`, given, { module: kinds.string, inProcess: kinds.boolean })
  if (!('module' in given)) throw new InvalidOptionError(`a module in ${what} needs 'module', its path`)
}

function isDurability(value: unknown): string | undefined {
  if (value === 'process' || value === 'interval') return undefined
  return "'process' or 'interval' (which survives a power loss except for the last 50 ms; a gateway does not wait for a flush, so 'commit' would guarantee nothing more)"
}

function isSpeed(value: unknown): string | undefined {
  const sound =
    value === 'max' ||
    value === 'realtime' ||
    (typeof value === 'number' && value > 0 && value < Number.POSITIVE_INFINITY)
  return sound ? undefined : "'max', 'realtime' or a number above 0"
}

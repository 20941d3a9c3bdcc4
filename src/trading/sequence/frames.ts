import { type FrameDefinition, frame } from '../../frames/definition.js'
import { ascii, bool, bytes, enumOf, f64, i64, instrument, text, u16, u32, u64 } from '../../frames/field.js'
import type { FrameView } from '../../frames/view.js'
import { Stall } from '../../runtime/stalls/frames.js'
import { BookTop, Ticker, Trade } from '../messages/market-frames.js'
import { Fill, Order, OrderReport } from '../messages/order-frames.js'
import { ORDER_TYPES, SIDES, TIMES_IN_FORCE } from '../messages/order-terms.js'
import { Pair, PairReport } from '../messages/pair-frames.js'
import { REASONS } from '../messages/reasons.js'
import { Clock, InstrumentTerms, Taken } from '../messages/sequence-frames.js'
import { VENUE_EVENTS } from '../venues/venue-event.js'
import { Command, CommandResult, DeadMan, StrategyEvent } from './supervision-frames.js'

/**
 * The frames of the sequence beside market data, orders and reports (trading/messages). The sequence is the gateway's
 * journal: the one total order of everything that strategies see and of everything that was decided.
 *
 * Ids 36 to 40 belong to positions journals (trading/positions/frames.ts), 64 and 65 to consumers, 72 to pauses of processes (runtime/stalls).
 */

/** The first frame of each journal of a home: to which home it belongs. */
export const Home = frame('Home', 26, {
  /** 40 random bits, drawn when the home was created. */
  home: u64,
  /** Grows by one with each `ticktape reset`. Journals of different generations do not belong together. */
  generation: u32,
  /** The journal's number in the home: 1 the sequence, 2 that of the operators, 16 and more those of venues, 4,097 and more those of strategies. */
  journal: u16,
  /** ns since 1970: the origin of times in the runtime. */
  origin: i64,
})

/** The gateway starts. Its configuration in effect follows as Config frames. */
export const Run = frame('Run', 27, {
  /** Counts the gateway's starts, from 1. */
  run: u32,
  pid: u32,
  /** The gateway's clock, ns since 1970. */
  clock: i64,
})

/** A part of the configuration in effect, UTF-8 JSON in as many frames as it needs. The last one has `last`. */
export const Config = frame('Config', 28, { part: u32, size: u16, last: bool, text: bytes(400) })

/** A process of a strategy may run: its number, its epoch, and what it wants to see. */
export const StrategyStart = frame('StrategyStart', 29, {
  strategy: u16,
  epoch: u32,
  /** Seeds the strategy's random numbers. */
  seed: u32,
  /** Whether it has `onTicker`: Ticker frames are written only while a strategy wants them. */
  wantsTicker: bool,
  id: ascii(32),
  /** SHA-256 of its module's file and of those that it imports, hexadecimal: `moduleCode` of trading/strategies. */
  code: ascii(64),
  /** The absolute path of its module; '' when it is longer. */
  file: text(512),
})

/** A strategy's epoch is over: what its journal holds after `end` is denied. */
export const StrategyEnd = frame('StrategyEnd', 30, { strategy: u16, epoch: u32, end: f64 })

/** The journal of a strategy was put aside, and begins at position 0 again (`ticktape reset --strategy`).
 * Its next epoch is larger than `epoch`, so that no order id is used again. */
export const StrategyReset = frame('StrategyReset', 42, { strategy: u16, epoch: u32 })

/** A feed begins or continues: its identity, and the number of its next event. Events count from 0 for each identity. */
export const FeedStart = frame('FeedStart', 31, { next: f64, identity: text(96) })

/** What a gateway asks of a venue. */
export const INTENTS = ['submit', 'amend', 'cancel', 'query', 'reconcile'] as const

/**
 * An order or a request passed all checks and goes to its venue. Written before anything is sent, and all that an adapter
 * needs. `cause` is the frame that led to it: of an order its copy in the sequence.
 */
export const Intent = frame('Intent', 32, {
  orderId: u64,
  instrument,
  /** The number of the amend or cancel within its order, from 1; 0 is the order itself. */
  request: u32,
  /** The venue's number, and the number of its account. */
  venue: u16,
  account: u16,
  action: enumOf(INTENTS),
  side: enumOf(SIDES),
  orderType: enumOf(ORDER_TYPES),
  timeInForce: enumOf(TIMES_IN_FORCE),
  postOnly: bool,
  reduceOnly: bool,
  /** The limit in ticks, and the total quantity in steps; of an amend the new ones. */
  ticks: f64,
  steps: f64,
  /** The price that triggers a stop, in ticks. */
  stopTicks: f64,
  /** When a 'gtd' order expires, ns since 1970; 0 in other orders. */
  expireAt: i64,
  /** The venue must not act on it after this time, ns since 1970; 0 without a limit. */
  deadline: i64,
})

/** A strategy asks for a timer, or for the end of one. In its own journal, and copied. */
export const TimerRequest = frame('TimerRequest', 33, {
  strategy: u16,
  /** Counts the strategy's timers within its epoch, from 1. */
  timer: u32,
  /** ns from when the gateway takes the request; below 0 the timer ends. */
  after: i64,
  /** ns between two firings; 0 fires once. */
  every: i64,
  name: ascii(32),
})

/** A timer is due. `dest` is the strategy. */
export const TimerFired = frame('TimerFired', 34, { timer: u32, name: ascii(32), due: i64 }, { slots: 2 })

/** Bytes of the text in a Switch frame. */
export const SWITCH_TEXT_BYTES = 44

/** The state of trading has changed outside of the sequence: the breaker was pulled, or reset. */
export const Switch = frame('Switch', 35, {
  state: enumOf('active', 'reducing', 'halted'),
  reason: enumOf(REASONS),
  text: text(SWITCH_TEXT_BYTES),
})

/** A venue's own position is not ours, though all its fills are booked. In steps, below 0 when short. */
export const PositionDifference = frame(
  'PositionDifference',
  43,
  { instrument, venue: u16, account: u16, ours: f64, theirs: f64 },
  { slots: 2 },
)

/**
 * A part of a snapshot: everything that the gateway knew before a position of the sequence. Its format is in
 * trading/snapshots/pack.
 */
export const SnapshotPart = frame('SnapshotPart', 55, {
  /** Counts the snapshots of a home. */
  snapshot: u32,
  /** From 0. */
  part: u32,
  /** How many of the bytes belong to it. */
  size: u16,
  bytes: bytes(2000),
})

/** A snapshot is complete: it can be used when its parts have this checksum. */
export const SnapshotEnd = frame('SnapshotEnd', 56, {
  snapshot: u32,
  parts: u32,
  /** Bytes of all parts. */
  size: f64,
  /** The state before this position. It can differ from the first part's position. */
  at: f64,
  /** Position of the Home frame that is before its first part. */
  begin: f64,
  /** SHA-256 of all parts, hexadecimal. */
  sha256: ascii(64),
})

/**
 * A part of what a strategy keeps: JSON, in as many frames as it needs. In its own journal; complete with the last part. The
 * state is that after all frames of the sequence before `next`.
 */
export const StrategyState = frame('StrategyState', 57, {
  epoch: u32,
  /** From 0. */
  part: u32,
  /** How many of the bytes belong to it. */
  size: u16,
  last: bool,
  /** It is that after `onStop`: it counts only when the strategy's end follows. */
  final: bool,
  next: f64,
  /** Position of the first part; 0 in it. */
  begin: f64,
  bytes: bytes(2000),
})
/**
 * The machine stopped, and each journal may have lost its last frames: from here on `journal` (0: the feed) is taken from
 * `taken` on. One for each journal of the home, in one store; `last` is set in the last one. The first is about the sequence
 * itself: `taken` is where it ended. Those of strategies have the strategy's id, and an epoch that is larger than any that it
 * may have had: the next one is larger still.
 *
 * Also in the journals of strategies and venues: their ends may be lost, and the sequence's from `taken` on. One with a cause
 * had acted on frames that are gone, and continues after that cause: the last of these frames in the sequence.
 */
export const Lost = frame('Lost', 59, { taken: f64, epoch: u32, journal: u16, last: bool, id: ascii(32) }, { slots: 2 })

/** What a venue said, as it said it. In the journal of its adapter, and copied. */
export const VenueReport = frame('VenueReport', 41, {
  /** An index into VENUE_EVENTS. */
  kind: enumOf(VENUE_EVENTS),
  reason: enumOf(REASONS),
  side: enumOf(SIDES),
  maker: bool,
  instrument,
  orderId: u64,
  request: u32,
  account: u16,
  venue: u16,
  /** In ticks and steps; -1 for `filledSteps` that are not known. */
  ticks: f64,
  steps: f64,
  filledSteps: f64,
  fee: f64,
  /** ns since the home's origin. */
  venueTime: f64,
  feeCurrency: text(12),
  venueOrderId: text(40),
  tradeId: text(40),
})

/**
 * A message of a venue about an account, as it was received, in as many frames as it needs: the first one has `first`, and the
 * last one `last`. In the journal of its adapter only: the sequence has what was made of it.
 */
export const VenueMessage = frame('VenueMessage', 70, {
  account: u16,
  size: u16,
  first: bool,
  last: bool,
  text: bytes(440),
})

/** All frames that a sequence may have: their definitions are in its schema from the beginning. */
export const SEQUENCE_FRAMES: readonly FrameDefinition[] = [
  Home,
  Run,
  Config,
  InstrumentTerms,
  Taken,
  Clock,
  Ticker,
  Trade,
  BookTop,
  Order,
  OrderReport,
  Fill,
  StrategyStart,
  StrategyEnd,
  StrategyReset,
  FeedStart,
  Intent,
  TimerRequest,
  TimerFired,
  Switch,
  VenueReport,
  PositionDifference,
  SnapshotPart,
  SnapshotEnd,
  Command,
  CommandResult,
  StrategyEvent,
  DeadMan,
  Lost,
  Pair,
  PairReport,
  Stall,
]

/** The frames that a strategy sends: its journal has them, and the sequence copies. */
export const STRATEGY_FRAMES: readonly FrameDefinition[] = [Order, TimerRequest, Pair]

/** What a strategy's process writes into its journal, beside its starts and ends: what it sends, and what only the home reads. */
export const STRATEGY_JOURNAL_FRAMES: readonly FrameDefinition[] = [...STRATEGY_FRAMES, Home, StrategyState, Stall]

/** Whether a strategy has sent a frame. A strategy's journal also has its starts and ends, which are not copied. */
export function isStrategyFrame(view: FrameView): boolean {
  return STRATEGY_FRAMES.some(definition => view.is(definition))
}

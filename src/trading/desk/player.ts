import type { FrameRecorder } from '../../frames/frame-recorder.js'
import { Halves } from '../../frames/halves.js'
import { type Handlers, on } from '../../frames/handlers.js'
import type { FramePointer } from '../../frames/pointer.js'
import { type FrameView, pointerOf } from '../../frames/view.js'
import { Reader } from '../../journal/read/reader.js'
import { HomeError } from '../errors.js'
import type { Instrument } from '../instruments/instrument.js'
import { specOf } from '../messages/instrument-frames.js'
import { BookTop, Trade } from '../messages/market-frames.js'
import { Fill, Order, OrderReport } from '../messages/order-frames.js'
import { BUY, SELL } from '../messages/order-terms.js'
import { Pair, PairReport } from '../messages/pair-frames.js'
import { Clock, InstrumentTerms, Taken } from '../messages/sequence-frames.js'
import { ConfigReader, type DeskConfig } from '../sequence/config.js'
import {
  Config,
  FeedStart,
  Home,
  Intent,
  Lost,
  PositionDifference,
  Run,
  SnapshotEnd,
  StrategyEnd,
  StrategyReset,
  StrategyStart,
  Switch,
  TimerFired,
  TimerRequest,
  VenueReport,
} from '../sequence/frames.js'
import { type HomeIdentity, SEQUENCE, STRATEGY_JOURNALS } from '../sequence/home.js'
import { isSameFrame } from '../sequence/same-frame.js'
import { Command, CommandResult, type CommandValues, DeadMan, StrategyEvent } from '../sequence/supervision-frames.js'
import { readVenueReport } from '../sequence/venue-reports.js'
import type { Desk } from './desk.js'
import { loadDesk, saveDesk } from './desk-data.js'
import {
  type KnownStrategy,
  type LastStart,
  type LastTaken,
  loadFacts,
  PLAYER_DATA_VERSION,
  type PlayedFacts,
  type PlayerData,
  saveFacts,
} from './player-data.js'

/** Sees the frames that strategies' contexts are made from, after the desk. */
export interface PlayObserver {
  book(frame: FrameView<typeof BookTop>): void
  report(frame: FrameView<typeof OrderReport>): void
  fill(frame: FrameView<typeof Fill>): void
  pair(frame: FrameView<typeof PairReport>): void
}

/** What a Lost frame says of one journal. */
export interface LostJournal {
  readonly journal: number
  readonly taken: number
  /** '' and 0 but of a strategy. */
  readonly id: string
  readonly epoch: number
}

/** An outcome in the sequence that is not the one that the desk decides. */
export interface OutcomeDifference {
  /** Of the frame in the sequence. */
  readonly position: number
  readonly found: string
  /** What the desk decides there; undefined for nothing. */
  readonly expected: string | undefined
}

const TAKEN_CLOCK = new Halves(Taken, 'clock')
const RUN_CLOCK = new Halves(Run, 'clock')
const CLOCK_CLOCK = new Halves(Clock, 'clock')

/**
 * Plays a sequence to a desk: every input in its order, and compares what the desk decides with what the sequence has. A
 * gateway that starts gets its state in this way, and the outcomes that are missing; replay is the same with nothing
 * written.
 */
export class Player implements PlayedFacts {
  identity: HomeIdentity | undefined = undefined
  /** The number of the last run. */
  run = 0
  /** By journal number: up to where it was taken. */
  readonly taken = new Map<number, number>()
  /** By journal number: when it was last taken, ns since the home's origin. */
  readonly takenAt = new Map<number, number>()
  readonly lastTaken: LastTaken = { journal: -1, from: 0, to: 0, copies: 0 }
  /** By journal number of a strategy: the cause of what was taken last. */
  readonly lastCauses = new Map<number, number>()
  /** Position of the last Run or of the last power loss: everything after it was written in one boot. -1 without. */
  bootedAt = -1
  /** The last power loss: the sequence's end after it, and the position of its last Lost frame. */
  loss: { readonly end: number; readonly last: number } | undefined = undefined
  /** The feed, and the number of its next event. */
  readonly feed = { identity: '', next: 0, known: false }
  readonly strategies = new Map<string, KnownStrategy>()
  /** By the strategy's number. */
  readonly starts = new Map<number, LastStart>()
  config: DeskConfig | undefined = undefined
  /** Commands that a gateway has taken to do, and of which it has not said what became: by id, with the position of the copy. */
  readonly unfinished = new Map<bigint, { readonly position: number; readonly command: CommandValues }>()
  /** Instruments that had market events. */
  readonly seen = new Set<Instrument>()
  /** Outcomes compared, and market events played. */
  compared = 0
  events = 0
  difference: OutcomeDifference | undefined = undefined
  /** Of the frame that is played next. */
  position = 0
  /** The number of the last snapshot that is complete, its bytes, and where it is true; 0 before the first. */
  readonly snapshot = { number: 0, size: 0, at: 0 }
  observer: PlayObserver | undefined = undefined
  /** The configuration is in effect from here on. */
  onConfig: (config: DeskConfig) => void = () => {}

  private desk: Desk | undefined = undefined
  /** Of the sequence that is played. */
  private path = ''
  private journal = 0
  private lossEnd = 0
  private originLow = 0
  private originHigh = 0
  private readonly configs = new ConfigReader()
  private readonly handlers: Handlers

  /**
   * @param makeDesk makes the desk, once the home's origin is known.
   * @param outcomes where the desk's outcomes go.
   */
  constructor(
    private readonly makeDesk: (identity: HomeIdentity) => Desk,
    private readonly outcomes: FrameRecorder,
  ) {
    this.handlers = this.makeHandlers()
  }

  /**
   * Plays all frames up to the sequence's end at this moment, or up to a position at which a frame begins. Continues where it
   * was. Stops at the first difference.
   */
  play(path: string, end = Number.POSITIVE_INFINITY): void {
    const reader = this.open(path)
    try {
      while (this.playSome(reader, end));
    } finally {
      reader.close()
    }
  }

  /**
   * As `play`, with a pause now and then, up to the sequence's end at the call: the gateway may be writing it.
   *
   * @param pause gets the part that was played, 0 to 1.
   */
  async playInSlices(
    path: string,
    pause: (part: number) => Promise<void>,
    end = Number.POSITIVE_INFINITY,
  ): Promise<void> {
    const reader = this.open(path)
    const last = Math.min(end, reader.position + reader.lag)
    try {
      let sliceEnd = performance.now() + SLICE_MS
      while (this.playSome(reader, last)) {
        if (performance.now() < sliceEnd) continue
        await pause(Math.min(1, reader.position / last))
        sliceEnd = performance.now() + SLICE_MS
      }
    } finally {
      reader.close()
    }
  }

  /**
   * Everything that is known, as plain data: a player that loads it continues as this one would. To be called after a
   * burst, when all its outcomes are in the sequence.
   */
  save(): PlayerData {
    return saveFacts(this, this.identity as HomeIdentity, saveDesk(this.played))
  }

  /** Restores what `save` returned. To be called before anything is played. */
  load(data: PlayerData): void {
    const { home, generation, origin } = data.identity
    this.begin({ home: BigInt(home), generation, origin: BigInt(origin) })
    const desk = this.played
    // A venue says at its start that it is connected. That is not an outcome of this position.
    while (!this.outcomes.isEmpty) this.outcomes.shift()
    // Limits name instruments, so they are known first.
    for (const [number, spec] of data.desk.instruments) desk.instruments.restore(number, spec)
    this.config = data.config
    if (data.config !== undefined) this.onConfig(data.config)
    loadDesk(desk, data.desk, data.config?.calendars)
    loadFacts(this, data, desk.instruments)
  }

  /** Whether data of a snapshot is of this version. */
  static canLoad(data: unknown): data is PlayerData {
    return (data as PlayerData | null)?.version === PLAYER_DATA_VERSION
  }

  private open(path: string): Reader {
    this.path = path
    const reader = Reader.open(path, { from: this.position === 0 ? 'start' : { position: this.position } })
    if (this.position > 0 || reader.position === 0) return reader
    reader.close()
    throw this.withoutBeginning()
  }

  /** Plays a batch. Returns whether there may be more. */
  private playSome(reader: Reader, end: number): boolean {
    if (this.difference !== undefined || reader.position >= end) return false
    // Batches become smaller, so that none ends behind the position.
    const least = Math.floor((end - reader.position) / LARGEST_STEP)
    const read = reader.poll(this.handlers, Math.min(BATCH, Math.max(1, least)))
    this.position = reader.position
    return read > 0
  }

  private begin(identity: HomeIdentity): void {
    this.identity = identity
    this.originLow = Number(identity.origin & 0xffffffffn)
    this.originHigh = Number(identity.origin >> 32n)
    this.desk ??= this.makeDesk(identity)
  }

  /** The desk. @throws {HomeError} when the sequence has no Home frame. */
  get played(): Desk {
    if (this.desk === undefined) throw this.withoutBeginning()
    return this.desk
  }

  private withoutBeginning(): HomeError {
    return new HomeError(
      `${this.path} does not begin with the frame that says to which home it belongs: its first pages are gone, and no snapshot can be used. Put them back, or begin another home`,
      { path: this.path },
    )
  }

  /** The machine stopped. @param position of the Lost frame. */
  lose({ journal, taken, id, epoch }: LostJournal, isLast: boolean, position: number): void {
    if (journal === 0) this.feed.next = taken
    else if (journal === SEQUENCE) this.lossEnd = taken
    else this.taken.set(journal, taken)
    if (journal > STRATEGY_JOURNALS) {
      const number = journal - STRATEGY_JOURNALS
      // Its journal is taken to its end when it starts again.
      this.strategies.set(id, { id, number, epoch, ended: false })
      this.desk?.strategies.lose(number)
    }
    if (!isLast) return
    this.loss = { end: this.lossEnd, last: position }
    this.bootedAt = position
    this.desk?.losePower(position)
  }

  private makeHandlers(): Handlers {
    const compare = (frame: FrameView): void => this.compare(frame)
    return on(Home, frame => {
      const { home, generation, origin } = frame
      this.begin({ home, generation, origin })
    })
      .on(Run, frame => {
        this.run = frame.run
        this.bootedAt = frame.position
        this.desk?.restart(
          RUN_CLOCK.since(pointerOf(frame) as FramePointer, this.originLow, this.originHigh),
          frame.position,
        )
      })
      .on(Config, frame => {
        const config = this.configs.add(frame)
        if (config === undefined) return
        this.config = config
        this.onConfig(config)
        this.desk?.sessions.set(config.calendars, this.desk.now)
      })
      .on(InstrumentTerms, frame => {
        const { desk } = this
        if (desk !== undefined) desk.sessions.add(desk.instruments.restore(frame.number, specOf(frame)), desk.now)
      })
      .on(FeedStart, frame => {
        this.feed.identity = frame.identity
        this.feed.next = frame.next
        this.feed.known = true
      })
      .on(StrategyStart, frame => {
        const { id, strategy, epoch, seed, code, file, wantsTicker } = frame
        this.starts.set(strategy, { id, strategy, epoch, seed, code, file, wantsTicker })
        this.strategies.set(id, { id, number: strategy, epoch, ended: false })
        this.desk?.startStrategy(strategy, id, epoch, frame.wantsTicker)
      })
      .on(StrategyEnd, frame => {
        for (const known of this.strategies.values()) if (known.number === frame.strategy) known.ended = true
        this.desk?.endStrategy(frame.strategy)
      })
      .on(StrategyReset, frame => {
        this.taken.delete(STRATEGY_JOURNALS + frame.strategy)
        for (const known of this.strategies.values())
          if (known.number === frame.strategy) known.epoch = Math.max(known.epoch, frame.epoch)
      })
      .on(StrategyEvent, frame => {
        if (frame.event === 'ready') this.desk?.strategyReady(frame.strategy)
      })
      .on(Switch, frame => this.desk?.switchTo(frame.state, frame.position))
      .on(Command, frame => {
        const command = frame.toObject()
        const { position } = frame
        if (this.desk?.command(command, position) === true) this.unfinished.set(command.id, { position, command })
      })
      .on(CommandResult, frame => {
        if (frame.decidedBy === 'desk') this.compare(frame)
        else this.unfinished.delete(frame.id)
      })
      .on(DeadMan, compare)
      .on(Taken, frame => {
        this.journal = frame.journal
        this.taken.set(frame.journal, frame.to)
        if (frame.journal === 0) this.feed.next = frame.to
        this.tick(TAKEN_CLOCK, frame)
        this.remember(frame)
      })
      .on(Lost, frame => this.lose(frame, frame.last, frame.position))
      .on(Clock, frame => {
        this.tick(CLOCK_CLOCK, frame)
        this.desk?.advance(frame.position)
      })
      .on(BookTop, frame => {
        this.events++
        this.lastTaken.copies++
        const instrument = this.desk?.instruments.get(frame.instrument)
        if (instrument === undefined) return
        this.seen.add(instrument)
        this.desk?.quote(instrument, frame.bid, frame.bidSize, frame.ask, frame.askSize, frame.position)
        this.observer?.book(frame)
      })
      .on(Trade, frame => {
        this.events++
        this.lastTaken.copies++
        const { price, quantity } = frame
        const instrument = this.desk?.instruments.get(frame.instrument)
        if (instrument === undefined) return
        this.seen.add(instrument)
        this.desk?.traded.record(instrument.number, price, quantity)
        this.desk?.trade(instrument, frame.side === 'buy' ? BUY : SELL, price, quantity, frame.position)
      })
      .on(Order, frame => {
        this.rememberCause(frame)
        this.desk?.order(pointerOf(frame) as FramePointer, this.journal - STRATEGY_JOURNALS, frame.position)
      })
      .on(Pair, frame => {
        this.rememberCause(frame)
        this.desk?.pair(pointerOf(frame) as FramePointer, this.journal - STRATEGY_JOURNALS, frame.position)
      })
      .on(TimerRequest, frame => {
        this.rememberCause(frame)
        this.desk?.requestTimer(pointerOf(frame) as FramePointer, this.journal - STRATEGY_JOURNALS)
      })
      .on(VenueReport, frame => {
        this.lastTaken.copies++
        const venue = this.desk?.venues.all[frame.venue]
        if (venue !== undefined) this.desk?.report(venue, readVenueReport(frame), frame.position)
      })
      .on(Intent, frame => {
        this.compare(frame)
        this.desk?.venues.all[frame.venue]?.dropFirst()
      })
      .on(OrderReport, frame => {
        this.compare(frame)
        this.observer?.report(frame)
      })
      .on(Fill, frame => {
        this.compare(frame)
        this.observer?.fill(frame)
      })
      .on(SnapshotEnd, frame => {
        Object.assign(this.snapshot, { number: frame.snapshot, size: frame.size, at: frame.at })
      })
      .on(TimerFired, compare)
      .on(PairReport, frame => {
        this.compare(frame)
        this.observer?.pair(frame)
      })
      .on(PositionDifference, compare)
  }

  private remember({ journal, from, to }: FrameView<typeof Taken>): void {
    const { lastTaken } = this
    lastTaken.journal = journal
    lastTaken.from = from
    lastTaken.to = to
    lastTaken.copies = 0
    this.takenAt.set(journal, this.desk?.now ?? 0)
  }

  private rememberCause({ cause }: FrameView): void {
    this.lastTaken.copies++
    if (cause !== undefined) this.lastCauses.set(this.journal, cause)
  }

  private tick(clock: Halves, frame: FrameView<typeof Taken> | FrameView<typeof Clock>): void {
    this.desk?.tick(clock.since(pointerOf(frame) as FramePointer, this.originLow, this.originHigh))
  }

  private compare(frame: FrameView): void {
    if (this.difference !== undefined) return
    const expected = this.outcomes.peek()
    if (expected !== undefined && isSameFrame(pointerOf(frame) as FramePointer, expected)) {
      this.compared++
      this.outcomes.shift()
      return
    }
    this.difference = {
      position: frame.position,
      found: JSON.stringify(frame),
      expected: expected === undefined ? undefined : this.outcomes.textOfFirst(),
    }
  }
}

const BATCH = 4096
/** The most slots from one frame to the next: a frame of 255, and as many that are left at a page's end. */
const LARGEST_STEP = 510
const SLICE_MS = 10

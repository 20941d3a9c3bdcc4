import { TicktapeError } from '../../base/errors.js'
import type { FrameDefinition } from '../../frames/definition.js'
import { FrameRecorder } from '../../frames/frame-recorder.js'
import { readInstruments } from '../../journal/files/instruments-file.js'
import type { Writer } from '../../journal/write/writer.js'
import { endOrphans } from '../../runtime/supervision/end-orphans.js'
import { Heartbeats } from '../../state/heartbeats/heartbeats.js'
import type { Desk } from '../desk/desk.js'
import { makeDesk } from '../desk/make-desk.js'
import { Player } from '../desk/player.js'
import type { KnownStrategy, LastStart } from '../desk/player-data.js'
import { SequenceMismatchError, SnapshotError } from '../errors.js'
import type { Instrument, InstrumentSpec } from '../instruments/instrument.js'
import type { Instruments } from '../instruments/instruments.js'
import type { Feed } from '../market/feed.js'
import { guessInstrument } from '../market/guess-instrument.js'
import { entryOf, writeInstrument } from '../messages/instrument-frames.js'
import { ClientOrderIds } from '../messages/order-id.js'
import { checkRisk } from '../risk/limits.js'
import { type DeskConfig, writeConfig } from '../sequence/config.js'
import { FeedStart, Run, SEQUENCE_FRAMES } from '../sequence/frames.js'
import { HomeDirectory, type HomeIdentity, SEQUENCE, writeIdentity } from '../sequence/home.js'
import { Sequence } from '../sequence/sequence.js'
import { REAL_SURROUNDINGS, type Surroundings } from '../sequence/surroundings.js'
import { deskIn, findSnapshot } from '../snapshots/find.js'
import { Adapter } from './adapter.js'
import { BreakerFigures } from './breaker-figures.js'
import { BreakerWatch } from './breaker-watch.js'
import { checkJournals } from './check-home.js'
import {
  checkAccounts,
  checkCalendarOf,
  checkSameVenues,
  configOf,
  type OpenDeskOptions,
  type OpenVenue,
  venuesOf,
} from './desk-setup.js'
import { endedLimits } from './ended-limits.js'
import { IgnoredEvents } from './ignored-events.js'
import {
  endOfFrames,
  hasLostPower,
  isLossUnfinished,
  lostJournals,
  memberJournals,
  moveMembers,
  recordLoss,
} from './lost-frames.js'
import { createOperatorJournal, writeInstruments, writeLimits } from './operator-files.js'
import { SNAPSHOT_BYTES, Snapshots } from './snapshots.js'
import { Surprises } from './surprises.js'
import { VenueInbox } from './venue-inbox.js'

/** A home that a gateway has opened: its sequence, and the desk as the sequence left it. */
export class OpenDesk {
  onVenueEvent: () => void = () => {}
  /** Lets something be done between two bursts of the gateway's loop. Set by the gateway. */
  later: (task: () => void) => void = () => {}
  private readonly bySymbol = new Map<string, Instrument>()
  private readonly inbox: VenueInbox
  /** Instruments were added that `<home>/instruments.json` does not have. */
  private hasNewInstruments = false
  /** What the breaker shows of positions and profit. */
  readonly figures: BreakerFigures
  /** The venues that run in processes of their own. */
  readonly adapters: readonly Adapter[]
  readonly snapshots: Snapshots

  constructor(
    readonly options: OpenDeskOptions,
    readonly surroundings: Surroundings,
    readonly home: HomeDirectory,
    readonly identity: HomeIdentity,
    readonly sequence: Sequence,
    readonly desk: Desk,
    private readonly player: Player,
    private readonly breaker: BreakerWatch,
    readonly heartbeats: Heartbeats,
    venues: readonly OpenVenue[],
    readonly config: DeskConfig,
  ) {
    this.adapters = venues.flatMap(({ file }, number) => (file === undefined ? [] : [new Adapter(this, number, file)]))
    this.figures = new BreakerFigures(breaker, desk.risk)
    const clientOrderIds = new ClientOrderIds(identity.home)
    this.inbox = new VenueInbox(desk.venues, player.taken, clientOrderIds, identity.origin, () => this.onVenueEvent())
    for (const instrument of desk.instruments.all) this.tellVenue(instrument)
    const ignored = new IgnoredEvents(this.onProblem)
    desk.onIgnored = (venue, event, isForgotten) => ignored.add(venue.name, event, isForgotten)
    const surprises = new Surprises(home.path, desk.instruments, this.onProblem)
    desk.onSurprise = (surprise, venue, event) => surprises.add(surprise, venue, event)
    this.snapshots = new Snapshots(this, options.snapshotBytes ?? SNAPSHOT_BYTES)
  }

  /** Market events of earlier runs. */
  get events(): number {
    return this.player.events
  }

  /** By journal number: up to where it was taken by earlier runs. */
  get taken(): Map<number, number> {
    return this.player.taken
  }

  /** The last complete snapshot of earlier runs. */
  get lastSnapshot(): Player['snapshot'] {
    return this.player.snapshot
  }

  readonly onReady = (): void => this.onVenueEvent()

  readonly onProblem = (problem: TicktapeError): void => this.options.onProblem?.(problem)

  get strategies(): Map<string, KnownStrategy> {
    return this.player.strategies
  }

  /** Commands that an earlier gateway had taken, and of which it has not said what became. */
  get unfinished(): Player['unfinished'] {
    return this.player.unfinished
  }

  /** Strategies that were changed by command in the last run, by id: the file, undefined for a removed one. */
  get commanded(): Player['commanded'] {
    return this.player.commanded
  }

  /** The description with which the home's gateway was started before; undefined without one. */
  get earlierDescription(): unknown {
    return this.player.config?.description
  }

  get accounts(): Readonly<Record<string, readonly string[]>> {
    return Object.fromEntries(this.desk.venues.all.map(({ name, accounts }) => [name, accounts]))
  }

  /** Symbols of which there were market events, with and without their venues. */
  get seenSymbols(): string[] {
    return [...this.bySymbol.values(), ...this.player.seen].flatMap(({ symbol, name }) => [symbol, name])
  }

  readonly check = (): void => this.sequence.writer.checkIdentity()

  /** The instrument of a feed's symbol. One without known terms gets ticks and steps that are fine enough for most prices. */
  instrumentOf(symbol: string, price: number): Instrument {
    const known = this.bySymbol.get(symbol)
    if (known !== undefined) return known
    const { instruments, venues } = this.desk
    const instrument =
      instruments.lookUp(symbol) ?? this.addInstrument(guessInstrument(symbol, venues.all[0]?.name ?? 'sim', price))
    this.bySymbol.set(symbol, instrument)
    return instrument
  }

  /** Records which feed is taken from now on. Returns the number of its first event that was not taken. */
  beginFeed(feed: Pick<Feed, 'identity'>): number {
    const { identity = '' } = feed
    const { feed: recorded } = this.player
    const next = recorded.known && recorded.identity === identity ? recorded.next : 0
    this.sequence.writer.write(FeedStart, { identity, next })
    return next
  }

  /** Records in the sequence what the breaker says, when it has changed: a plain load of shared memory otherwise. */
  readonly checkBreaker = (): void => this.breaker.check(this.sequence.writer, this.desk)

  /** Shows the limits in effect, in the home's state. */
  writeLimits(): void {
    this.show(() => writeLimits(this.home, this.desk.risk.options))
  }

  /** Shows what the numbers of instruments mean, in the home. */
  writeInstruments(): void {
    this.hasNewInstruments = false
    this.show(() => writeInstruments(this.home))
  }

  /** Writes a file that people look at. Trading goes on when it cannot be written. */
  private show(write: () => void): void {
    try {
      // By its path, which must still be that of this home.
      this.check()
      write()
    } catch (error) {
      if (!(error instanceof TicktapeError)) throw error
      this.options.onProblem?.(error)
    }
  }

  get hasVenueEvents(): boolean {
    return this.inbox.count > 0
  }

  takeVenueEvents(): number {
    return this.inbox.count === 0 ? 0 : this.inbox.take(this.sequence, this.desk)
  }

  close(): void {
    if (this.hasNewInstruments) this.writeInstruments()
    this.snapshots.close()
    for (const { source } of this.adapters) source.close()
    for (const { venue } of this.desk.venues.all) void venue.close()
    this.breaker.close()
    this.heartbeats.clear()
    this.heartbeats.close()
    this.sequence.writer.close()
  }

  /** Adds what the venues and the options say of instruments. */
  addInstruments(): void {
    const { desk, options } = this
    for (const { venue } of desk.venues.all) for (const spec of venue.instruments) this.addInstrument(spec)
    for (const spec of options.instruments ?? []) this.addInstrument(spec)
    for (const { name, spec } of desk.instruments.all) checkCalendarOf(name, spec.calendar, options.calendars)
  }

  private tellVenue(instrument: Instrument): void {
    this.desk.venues.of(instrument)?.venue.instrument?.(instrument)
  }

  private addInstrument(spec: Parameters<Instruments['add']>[0]): Instrument {
    const { instruments } = this.desk
    const before = instruments.count
    const instrument = instruments.add(spec)
    if (instruments.count > before) {
      // The file first: a reader that meets the number must find its name.
      this.sequence.writer.addInstruments([entryOf(instrument)])
      writeInstrument(this.sequence.writer, instrument)
      this.desk.sessions.add(instrument, this.desk.now)
      this.tellVenue(instrument)
      if (!this.hasNewInstruments) this.later(() => this.writeInstruments())
      this.hasNewInstruments = true
    }
    return instrument
  }
}

/**
 * Opens a home: creates it, or plays its sequence and makes the outcomes that are missing.
 *
 * @param admit gets the last starts of strategies that the sequence has, before anything is written; what it throws ends the start.
 * @throws as `Gateway.start`. Nothing was sent then.
 */
export async function openDesk(
  options: OpenDeskOptions,
  surroundings: Surroundings = REAL_SURROUNDINGS,
  admit: (starts: Iterable<LastStart>) => Promise<void> = async () => {},
): Promise<OpenDesk> {
  const { pageSize, durability } = options
  const venues = await venuesOf(options)
  checkAccounts(options, venues)
  checkRisk(options.risk ?? {})
  const config = configOf(options, venues)
  // After what can be refused without it: a refused start makes no home.
  const home = HomeDirectory.open(options.home)
  // The journal's lock makes this the only gateway of the home.
  const writer = surroundings.openWriter(home.sequence, {
    pageSize,
    durability,
    journalId: SEQUENCE,
    frames: SEQUENCE_FRAMES,
  })
  let breaker: BreakerWatch | undefined
  let heartbeats: Heartbeats | undefined
  let open: OpenDesk | undefined
  try {
    heartbeats = Heartbeats.open(home.heartbeats)
    // They hold the locks of their journals.
    await endOrphans(heartbeats.list())
    heartbeats.clear()
    if (writer.position === 0) writeIdentity(writer, surroundings.newIdentity())
    const recorder = new FrameRecorder()
    const player = new Player(
      identity => makeDesk(identity, venues, config.expiryMs, recorder, surroundings.timeOf(identity.origin)),
      recorder,
    )
    player.onConfig = recorded => {
      // Before any of its orders is played.
      checkSameVenues(home, recorded, config)
      player.played.configure(recorded)
    }
    loadSnapshot(home, player, options)
    player.play(home.sequence)
    const desk = player.played
    if (player.difference !== undefined) throw mismatch(home, player)
    const identity = player.identity as HomeIdentity
    const isLoss = hasLostPower(home, player)
    const mayMiss = isLoss || isLossUnfinished(player)
    const end = isLoss ? endOfFrames(home.sequence) : mayMiss ? (player.loss?.end ?? 0) : writer.position
    await checkJournals(home, identity, end, player, venues, options, mayMiss)
    const sequence = new Sequence(writer, desk.time)
    await admit(player.starts.values())
    const members = mayMiss ? memberJournals(home, player, venues) : []
    // Written first: the loss must be on record before the missing outcomes.
    if (isLoss) recordLoss(writer, player, lostJournals(player, members, home.operator, end))
    if (mayMiss) moveMembers(home, player, members, durability)
    completeOutcomes(writer, recorder)
    desk.outcomes.writeTo(writer)
    restoreInstruments(home, writer, desk)
    // Its clock is read back from the frame, so that replay has the same time.
    const clock = desk.time.toBigInt(desk.time.now())
    const { pid } = surroundings
    desk.restart(desk.time.fromBigInt(clock), writer.write(Run, { run: player.run + 1, pid, clock }))
    breaker = new BreakerWatch(home, problem => options.onProblem?.(problem))
    open = new OpenDesk(
      options,
      surroundings,
      home,
      identity,
      sequence,
      desk,
      player,
      breaker,
      heartbeats,
      venues,
      config,
    )
    const ended = endedLimits(home.path, desk.risk.options, player.config?.risk)
    if (ended !== undefined) open.onProblem(ended)
    open.addInstruments()
    // After the instruments, which limits may name.
    desk.configure(config)
    writeConfig(writer, config)
    await createOperatorJournal(home, identity, options)
    open.writeLimits()
    open.writeInstruments()
    desk.sessions.set(config.calendars, desk.now)
    desk.send()
    open.figures.store(performance.now())
    return open
  } catch (error) {
    if (open !== undefined) open.close()
    else {
      breaker?.close()
      heartbeats?.close()
      writer.close()
    }
    throw error
  }
}

/** Begins with the last snapshot that can be used, so that only what follows it is played. */
function loadSnapshot(home: HomeDirectory, player: Player, { onProblem }: OpenDeskOptions): void {
  const { found, unusable } = findSnapshot(home.sequence)
  const data = found === undefined ? undefined : deskIn(found)
  const isKnown = Player.canLoad(data)
  const start = isKnown ? `the one that is true at position ${data.position}` : 'the beginning of the sequence'
  const report = (position: number, problem: string): void =>
    onProblem?.(
      new SnapshotError(
        `the snapshot at position ${position} of ${home.sequence} cannot be used: ${problem}. The gateway starts from ${start}`,
        { path: home.sequence, position },
      ),
    )
  for (const { place, problem } of unusable) report(place.end, problem)
  if (found !== undefined && !isKnown) report(found.place.end, 'another version of this program has made it')
  if (isKnown) player.load(data)
}

/** What has a number in the journal's instruments.json and no frame: a gateway ended, or power was lost, between the two. */
function restoreInstruments(home: HomeDirectory, writer: Writer, { instruments }: Desk): void {
  for (const { number, ...spec } of readInstruments(home.sequence).entries)
    if (number > instruments.count)
      writeInstrument(writer, instruments.restore(number, spec as unknown as InstrumentSpec))
}

/** Writes the outcomes that were decided, and not written before the last gateway ended. */
function completeOutcomes(writer: Writer, recorder: FrameRecorder): void {
  for (let frame = recorder.peek(); frame !== undefined; frame = recorder.peek()) {
    writer.copy(recorder.definitionOfFirst() as FrameDefinition, frame)
    recorder.shift()
  }
}

function mismatch(home: HomeDirectory, { difference }: Player): SequenceMismatchError {
  const { position = 0, found = '', expected } = difference ?? {}
  return new SequenceMismatchError(
    `${home.sequence} has at position ${position} ${found}, where this gateway decides ${expected ?? 'nothing'}; the home was made by another version or with other venues. Begin another home`,
    { path: home.sequence, position },
  )
}

import type { FrameRecorder } from '../../frames/frame-recorder.js'
import { Reader } from '../../journal/read/reader.js'
import { HomeError } from '../errors.js'
import type { DeskConfig } from '../sequence/config.js'
import type { HomeIdentity } from '../sequence/home.js'
import type { Desk } from './desk.js'
import { loadDesk, saveDesk } from './desk-data.js'
import { Facts } from './facts.js'
import { FrameEffects } from './frame-effects.js'
import { OutcomeComparison, type OutcomeDifference } from './outcome-comparison.js'
import { loadFacts, PLAYER_DATA_VERSION, type PlayerData, saveFacts } from './player-data.js'
import type { LostJournal } from './power-loss.js'
import type { PlayObserver } from './trading-effects.js'

/**
 * Plays a sequence to a desk: every input in its order, and compares what the desk decides with what the sequence has. A
 * gateway that starts gets its state in this way, and the outcomes that are missing; replay is the same with nothing
 * written.
 */
export class Player extends Facts {
  private readonly effects: FrameEffects
  private readonly comparison: OutcomeComparison
  /** Of the sequence that is played. */
  private path = ''

  /**
   * @param makeDesk makes the desk, once the home's origin is known.
   * @param outcomes where the desk's outcomes go.
   */
  constructor(makeDesk: (identity: HomeIdentity) => Desk, outcomes: FrameRecorder) {
    super()
    this.comparison = new OutcomeComparison(outcomes)
    this.effects = new FrameEffects(this, this.comparison, makeDesk)
  }

  /** Outcomes compared. */
  get compared(): number {
    return this.comparison.compared
  }

  /** Where nothing was played any more. */
  get difference(): OutcomeDifference | undefined {
    return this.comparison.difference
  }

  set observer(observer: PlayObserver) {
    this.effects.observer = observer
  }

  /** The configuration is in effect from there on. */
  set onConfig(onConfig: (config: DeskConfig) => void) {
    this.effects.onConfig = onConfig
  }

  /** The desk. @throws {HomeError} when the sequence has no Home frame. */
  get played(): Desk {
    const { desk } = this.effects
    if (desk === undefined) throw this.withoutBeginning()
    return desk
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

  /** The machine stopped. @param position of the Lost frame. */
  lose(lost: LostJournal, isLast: boolean, position: number): void {
    this.effects.lose(lost, isLast, position)
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
    this.effects.begin({ home: BigInt(home), generation, origin: BigInt(origin) })
    const desk = this.played
    // A venue says at its start that it is connected. That is not an outcome of this position.
    this.comparison.discard()
    // Limits name instruments, so they are known first.
    for (const [number, spec] of data.desk.instruments) desk.instruments.restore(number, spec)
    this.config = data.config
    if (data.config !== undefined) this.effects.onConfig(data.config)
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
    const read = reader.poll(this.effects.handlers, Math.min(BATCH, Math.max(1, least)))
    this.position = reader.position
    return read > 0
  }

  private withoutBeginning(): HomeError {
    return new HomeError(
      `${this.path} does not begin with the frame that says to which home it belongs: its first pages are gone, and no snapshot can be used. Put them back, or begin another home`,
      { path: this.path },
    )
  }
}

const BATCH = 4096
/** The most slots from one frame to the next: a frame of 255, and as many that are left at a page's end. */
const LARGEST_STEP = 510
const SLICE_MS = 10

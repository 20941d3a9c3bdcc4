import { InvalidOptionError } from '../../base/errors.js'
import { formatValue } from '../../base/format-value.js'
import { applyCommitOptions, type CommitOptions, type OwnCommit } from '../../frames/commit-options.js'
import type { Fields, FrameDefinition, ValuesOf } from '../../frames/definition.js'
import { Frame, Page as P, SLOT_SHIFT } from '../../frames/format.js'
import { copyWords } from '../../frames/frame-batch.js'
import { FrameTime } from '../../frames/frame-time.js'
import type { InstrumentEntry } from '../../frames/instruments.js'
import { DISCARDED, type FramePointer, NO_FRAME } from '../../frames/pointer.js'
import type { WriteView } from '../../frames/view.js'
import type { RecoveryReport } from '../recover/recovery.js'
import { AppendPoint } from './append-point.js'
import { type Synchronous, writeAtomically } from './atomic.js'
import { ClockWatch } from './clock-watch.js'
import { closeWriter } from './close.js'
import { InstrumentAdder } from './instrument-adder.js'
import { openWriter } from './open.js'
import type { WriterOptions } from './options.js'
import type { WriterParts } from './parts.js'

// Imported names are loaded from their module's cell at each use; the hot path takes copies, which compile to constants.
const HEADER_SIZE = P.HEADER_SIZE
const SHIFT = SLOT_SHIFT
const NOTHING_BEGUN = NO_FRAME

/** The default of `cork`: slots that it keeps together on one page. */
const DEFAULT_CORK_SLOTS = 64

/**
 * The one writer of a journal.
 *
 *     const writer = Writer.open('/dev/shm/quotes')
 *     const t = writer.begin(Ticker)
 *     t.symbol = 'BTC-USDT'; t.last = 61800.2; t.bid = 61800.2; t.ask = 61800.3; t.volume = 3
 *     writer.commit()
 *
 * `begin` and `commit` allocate nothing and make no system call, unless a reader sleeps or a page ends.
 */
export class Writer implements Disposable {
  /** The journal's directory. */
  readonly path: string
  /** What recovery found when the journal was opened, and what it changed. */
  readonly recovery: RecoveryReport
  /** Counts the journal's writers, this one included. */
  readonly epoch: number
  readonly journalId: number

  private readonly parts: WriterParts
  private readonly point: AppendPoint
  private readonly time: FrameTime
  private readonly instruments: InstrumentAdder
  private readonly timestamps: boolean

  /**
   * Opens a journal for writing. Creates it if there is none, and recovers it after a crash.
   *
   * @throws {WriterLockedError} when it has a writer, {RecoveryRefusedError} or {CorruptJournalError} when it cannot be recovered,
   * {UnsafePathError}, {NotAJournalError}, {JournalFullError}, {InvalidOptionError}, {SchemaMismatchError}.
   */
  static open(directory: string, options: WriterOptions = {}): Writer {
    return new Writer(openWriter(directory, options))
  }

  private constructor(parts: WriterParts) {
    this.path = parts.directory.path
    this.recovery = parts.report
    this.epoch = parts.epoch
    this.journalId = parts.settings.journalId
    this.parts = parts
    this.point = new AppendPoint(parts)
    this.time = new FrameTime(parts.lastTime, new ClockWatch(this))
    this.timestamps = parts.settings.timestamps
    this.instruments = new InstrumentAdder(parts.directory, parts.journalWatch, parts.settings.mode)
    try {
      for (const definition of parts.settings.frames) this.point.entries.of(definition)
    } catch (error) {
      this.close()
      throw error
    }
  }

  /** The position of the next frame, if it fits on this page. */
  get position(): number {
    const { point } = this
    point.throwIfClosed()
    return point.firstPosition + ((point.next - HEADER_SIZE) >> SHIFT)
  }

  /** Slots of a page. `cork` and `atomic` can keep at most so many together. */
  get pageSlots(): number {
    this.point.throwIfClosed()
    return this.point.page.capacity
  }

  /** Frames below this position survive power loss, or, with the durability 'process', the death of the process. */
  get durable(): number {
    this.point.throwIfClosed()
    return this.parts.durableLog?.position ?? this.point.published
  }

  /**
   * Says what the numbers in `instrument` fields mean: adds entries to the journal's instruments.json, so that readers of the
   * journal, and tools, have the symbol of each number. Call it before the first frame with these numbers is written. Entries
   * that the journal has already are left as they are, also those of an earlier writer. Writes and syncs a file if any is new.
   *
   *     writer.addInstruments([{ number: 1, venue: 'binance', symbol: 'BTCUSDT', priceTick: '0.01' }])
   *
   * @throws {InstrumentMismatchError} when the journal has another entry with the same number: give changed terms a new number.
   * @throws {InvalidOptionError} for what is not an entry, {CorruptJournalError} when the file is damaged,
   * {JournalFullError}, {JournalReplacedError}. Nothing is added then.
   */
  addInstruments(entries: readonly InstrumentEntry[]): void {
    this.point.throwIfClosed()
    this.instruments.add(entries)
  }

  /**
   * Begins a frame: returns a view to fill its fields in place. All of them are zero. No reader sees the frame before `commit`.
   *
   * When a field refuses its value (FieldValueError), the frame is discarded: its view is expired, `commit` throws, and `begin` can be called again.
   *
   * @throws {JournalFullError} when a page is needed and there is no room for it; no frame is lost: make room and call again.
   * @throws {JournalReplacedError} within a second after the journal was removed, moved or replaced.
   * @throws {SchemaMismatchError} for a definition that contradicts the journal's, {InvalidStateError} while a frame is begun.
   */
  begin<F extends Fields>(definition: FrameDefinition<F>): WriteView<F> {
    const { point } = this
    let { entry } = point
    if (entry.definition !== definition || entry.pointer.at >= 0 || point.next + entry.size > point.limit)
      entry = point.prepare(definition)
    entry.pointer.at = point.next
    return entry.view as WriteView<F>
  }

  /**
   * Commits the frame that is begun, and publishes it unless corked. Returns its position.
   *
   * @throws {InvalidOptionError} for options that cannot be stored: the frame stays begun; commit it with other options, or call `abort`.
   * @throws {InvalidStateError} without `begin`, and for a frame that was discarded because a field refused its value.
   */
  commit(options?: CommitOptions | OwnCommit): number {
    const { point, time } = this
    const { entry } = point
    const { pointer } = entry
    const { at, u32 } = pointer
    let { word } = entry
    if (options !== undefined || at < 0) word |= this.applyOptions(options)
    else if (this.timestamps) time.advance()
    const header = at >> 2
    u32[header] = word
    u32[header + 2] = time.low
    u32[header + 3] = time.high
    pointer.at = NOTHING_BEGUN
    point.next = at + entry.size
    if (!point.corked) point.publish()
    return point.firstPosition + ((at - HEADER_SIZE) >> SHIFT)
  }

  /**
   * @internal Appends a copy of a frame of another journal: its fields, cause, source and destination, but this journal's
   * time. Returns its position.
   *
   * @param definition the frame's own definition.
   * @throws as `begin`.
   */
  copy(definition: FrameDefinition, from: FramePointer): number {
    const { point, time } = this
    this.begin(definition)
    const { entry } = point
    const { pointer } = entry
    const { at, u32 } = pointer
    copyWords(from, Frame.TIME + 8, pointer.i32, at, entry.size)
    if (this.timestamps) time.advance()
    const header = at >> 2
    u32[header] = entry.word | (from.u8[from.at + Frame.FLAGS] << (8 * Frame.FLAGS))
    u32[header + 2] = time.low
    u32[header + 3] = time.high
    pointer.at = NOTHING_BEGUN
    point.next = at + entry.size
    if (!point.corked) point.publish()
    return point.firstPosition + ((at - HEADER_SIZE) >> SHIFT)
  }

  /**
   * Discards the frame that is begun; no trace of it remains. Does nothing if the frame was discarded because a field refused its value.
   *
   * @throws {InvalidStateError} without `begin`.
   */
  abort(): void {
    const { point } = this
    const { at } = point.entry.pointer
    if (at < 0 && at !== DISCARDED) point.throwState('abort() without begin()')
    point.abort()
  }

  /**
   * Writes one frame: `begin`, all fields, `commit`. Returns its position.
   *
   * @throws {FieldValueError} for an unknown or missing field or a value that does not fit, and as `begin` and `commit`; nothing is written.
   */
  write<F extends Fields>(definition: FrameDefinition<F>, values: ValuesOf<F>, options?: CommitOptions): number {
    this.begin(definition)
    const { entry } = this.point
    const { at } = entry.pointer
    try {
      entry.assign(values)
      // A value may be a getter, which can call anything, for example commit this frame.
      if (entry.pointer.at !== at) this.point.throwState('write() of values that write frames themselves')
      return this.commit(options)
    } catch (error) {
      this.point.abort()
      throw error
    }
  }

  /**
   * Writes several frames as one event: all that `body` writes becomes visible in one store, or none of it. Returns what `body` returns.
   *
   *     writer.atomic(Trade.slots + 2 * Fill.slots, () => {
   *       writer.write(Trade, trade)
   *       for (const fill of fills) writer.write(Fill, fill)
   *     })
   *
   * When `body` throws, writes more than `slots`, or returns with a frame begun, all its frames are discarded: they leave no position and no
   * byte. The same holds when the process dies inside. To publish frames together without this, see `batch`.
   *
   * @param slots 64-byte slots that the frames take together at most (`definition.slots` each): 0 to `pageSlots`.
   * @param body synchronous: its type has no promise. If it returns one nevertheless, its frames are discarded and `atomic` throws.
   * @throws {InvalidStateError} for more slots, inside another `atomic` or a `cork`, and while a frame is begun; {InvalidOptionError}; what
   * `body` throws; {JournalFullError} as `begin`, before `body` is called.
   */
  atomic<T>(slots: number, body: () => Synchronous<T>): T {
    return writeAtomically(this.point, slots, body)
  }

  /**
   * Holds frames back: those committed from here on become visible together, in one store, by `uncork`. `atomic` does the same for
   * a function, and discards all its frames when the function fails.
   *
   * @param slots the next so many 64-byte slots are on one page, and so become visible together. When a page is full, its frames are published.
   */
  cork(slots: number = DEFAULT_CORK_SLOTS): void {
    this.point.cork(slots)
  }

  /** @internal Within a `cork`: as another one that begins now, of which nothing is visible before the end of the first. */
  keepTogether(slots: number): void {
    if (!this.point.corked || this.point.inAtomic) this.throwCork('keepTogether')
    this.point.keepTogether(slots)
  }

  /** Publishes what was committed since `cork`. */
  uncork(): void {
    const { point } = this
    if (!point.corked || point.inAtomic) this.throwCork('uncork')
    point.uncork()
  }

  /**
   * Ends a `cork` and discards the frames committed since that are not published, and a frame that is begun; no trace of them remains. These
   * are all frames since `cork`, unless they take more slots than `cork` was asked to keep together.
   */
  discard(): void {
    const { point } = this
    if (!point.corked || point.inAtomic) this.throwCork('discard')
    point.discard()
  }

  /** Publishes all that `body` writes together: `cork`, `body`, `uncork`. When `body` throws, the frames it committed before are published. */
  batch<T>(body: () => T, slots?: number): T {
    this.point.throwIfClosed()
    if (typeof body !== 'function')
      throw new InvalidOptionError(`batch() takes a function that writes, not ${formatValue(body)}`)
    if (this.point.inAtomic) this.point.throwState('batch() inside atomic()')
    this.cork(slots)
    try {
      return body()
    } finally {
      if (!this.point.closed) this.uncork()
    }
  }

  /**
   * Resolves with the durable position once every frame published so far is durable. Concurrent flushes share a sync. With the durability
   * 'process' it resolves at once.
   *
   * @throws {SyncFailedError} when a sync failed, {JournalReplacedError} as `begin`.
   */
  async flush(): Promise<number> {
    this.point.throwIfClosed()
    const { published } = this.point
    const { durableLog, journalWatch } = this.parts
    if (durableLog === undefined) {
      journalWatch.throwIfReplaced()
      return published
    }
    const position = await durableLog.flush(published)
    // Frames synced into a journal that was replaced meanwhile are not safe: no reader finds them.
    journalWatch.check()
    return position
  }

  /**
   * Publishes the committed frames, discards a frame that is begun and the frames of a running `atomic`, makes all published frames durable and
   * releases the lock. Any number of times. It does not look whether the journal was removed or replaced since the last `begin`: `flush` does.
   *
   * @throws {SyncFailedError} when the last sync failed; the writer is closed all the same.
   */
  close(): void {
    closeWriter(this.point, this.parts)
  }

  [Symbol.dispose](): void {
    this.close()
  }

  /** @internal */
  get closed(): boolean {
    return this.point.closed
  }

  /** @internal Whether frames are held back. */
  get corked(): boolean {
    return this.point.corked
  }

  /** @internal The time of the last frame, ns since 1970. */
  get lastTime(): bigint {
    return (BigInt(this.time.high) << 32n) | BigInt(this.time.low >>> 0)
  }

  /**
   * @internal The time of all frames from here on, as signed halves of ns since 1970: of a writer without timestamps whose program has a
   * clock of its own. Not before the last frame's time.
   */
  setTime(low: number, high: number): void {
    this.time.low = low
    this.time.high = high
  }

  /** @internal Checks now. @throws {JournalReplacedError} unless the journal's path still names the files that this writer has open. */
  checkIdentity(): void {
    this.point.throwIfClosed()
    this.parts.journalWatch.check()
  }

  /** The slow path of `commit`: options, and wrong use. Returns what options add to the frame's first word. */
  private applyOptions(options: CommitOptions | OwnCommit | undefined): number {
    const { point, time } = this
    const { entry } = point
    if (entry.pointer.at === DISCARDED)
      point.throwState(
        'commit() of a frame that was discarded because one of its fields refused its value; begin it again',
      )
    if (entry.pointer.at < 0 || options === undefined) return point.throwState('commit() without begin()')
    return applyCommitOptions(options, entry, time, this.timestamps, true)
  }

  private throwCork(call: 'uncork' | 'discard' | 'keepTogether'): never {
    const { point } = this
    if (!point.corked) return point.throwState(`${call}() without cork()`)
    return point.throwState(`${call}() inside atomic(): when its body has returned, all it wrote is published`)
  }
}

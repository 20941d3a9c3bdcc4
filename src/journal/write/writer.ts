import * as path from 'node:path'
import { ClosedError, InvalidOptionError, InvalidStateError } from '../../base/errors.js'
import { formatValue } from '../../base/format-value.js'
import { type CommitOptions, checkCommitOptions, storeCommitOptions } from '../../frames/commit-options.js'
import { type Fields, type FrameDefinition, isDefinition, type ValuesOf } from '../../frames/definition.js'
import { type Entry, makeEntry, NO_ENTRY } from '../../frames/entry.js'
import { CorruptJournalError, FrameDefinitionError } from '../../frames/errors.js'
import { Frame, Page as P, SLOT_SHIFT, SLOT_SIZE } from '../../frames/format.js'
import type { Schema } from '../../frames/schema.js'
import type { WriteView } from '../../frames/view.js'
import { crashPoint } from '../../native/crash-point.js'
import { native } from '../../native/index.js'
import { type Control, ControlWord } from '../control/control.js'
import type { WriterLock } from '../control/writer-lock.js'
import { channels } from '../diagnostics.js'
import { FileName } from '../files/directory.js'
import { writeSchema } from '../files/schema-file.js'
import { markStride } from '../pages/header.js'
import { type MappedPage, Word } from '../pages/page.js'
import type { RecoveryReport } from '../recover/recovery.js'
import { Retainer } from '../retain/retainer.js'
import type { DurableLog } from './durable-log.js'
import { openWriter } from './open.js'
import type { WriterOptions, WriterSettings } from './options.js'
import type { PageSupply } from './page-supply.js'
import type { WriterParts } from './parts.js'

// Imported names are loaded from their module's cell at each use; the hot path takes copies, which compile to constants.
const HEADER_SIZE = P.HEADER_SIZE
const SHIFT = SLOT_SHIFT
const SLOT = SLOT_SIZE
const CURSOR = Word.CURSOR
const SLEEPERS = ControlWord.SLEEPERS
// Signed, because V8 keeps such a number in a field as it is; an unsigned one it puts on the heap, one for each frame.
const clock = new Int32Array(native.clockBuffer)
const readClock = native.readClock
/**
 * Whether the processor makes all stores visible in their order, so that an ordinary store publishes as well as one of `Atomics`, which is a
 * locked exchange there. V8 keeps the order of accesses to typed arrays. A load after an ordinary store may overtake it: sleepers make a
 * barrier for that (docs/decisions/0025-no-locked-instruction.md). After the exchange no load overtakes anything.
 */
const ORDERED_STORES = process.arch === 'x64'

/** What `prepare` is asked for when it is no frame. */
const CORK = Symbol('cork')

/** Slots that `cork` keeps together on one page unless told otherwise. */
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
  /** What was found when the journal was opened, and what was done about it. */
  readonly recovery: RecoveryReport
  /** Counts the journal's writers, this one included. */
  readonly epoch: number
  readonly journalId: number

  private readonly settings: WriterSettings
  private readonly stride: number
  private readonly lock: WriterLock
  private readonly control: Control
  private readonly controlWords: Int32Array
  private readonly schema: Schema
  private readonly supply: PageSupply
  private readonly durableLog: DurableLog | undefined
  private readonly retainer: Retainer | undefined

  private page: MappedPage
  private firstPosition: number
  private i32: Int32Array
  /** Byte offset in the page after the last committed frame, published or not. */
  private next: number
  /** Frames that end by here need no look at marks, page end and space. */
  private limit = 0
  /** Bytes of the page. */
  private readonly end: number
  private nextMark = 0
  private requestedAt = 0

  private readonly entries: Entry[] = []
  private readonly entryOfType = new Map<number, Entry>()
  /** The entry `begin` was called with last: most programs write one kind many times. */
  private lastEntry: Entry = NO_ENTRY
  private corked = false
  private closed = false

  /** The last frame's time, each half as a signed number. */
  private lastTimeLow: number
  private lastTimeHigh: number
  private readonly timestamps: boolean
  /** Whether the cursor is published by an ordinary store. */
  private readonly ordinaryStores: boolean

  /**
   * Opens a journal for writing, making it where there is none, and repairing what a crash left.
   *
   * @throws {WriterLockedError} when it has a writer, {RecoveryRefusedError} or {CorruptJournalError} when its end cannot be
   * made sound, {UnsafePathError}, {NotAJournalError}, {JournalFullError}, {InvalidOptionError}, {SchemaMismatchError}.
   */
  static open(directory: string, options: WriterOptions = {}): Writer {
    return new Writer(openWriter(directory, options))
  }

  private constructor(parts: WriterParts) {
    this.path = parts.directory
    this.recovery = parts.report
    this.epoch = parts.epoch
    this.journalId = parts.settings.journalId
    this.settings = parts.settings
    this.stride = markStride(parts.pageSize)
    this.lock = parts.lock
    this.control = parts.control
    this.controlWords = parts.control.words
    this.schema = parts.schema
    this.supply = parts.supply
    this.durableLog = parts.durableLog
    this.retainer = parts.settings.retain && new Retainer(parts.directory, parts.settings.retain, parts.control)
    this.retainer?.schedule()
    this.page = parts.page
    this.firstPosition = parts.page.firstPosition
    this.i32 = parts.page.memory.i32
    this.next = HEADER_SIZE + (parts.slot << SHIFT)
    this.end = parts.pageSize
    this.lastTimeLow = lowHalf(parts.lastTime)
    this.lastTimeHigh = highHalf(parts.lastTime)
    this.timestamps = parts.settings.timestamps
    this.ordinaryStores = ORDERED_STORES && parts.control.allowsOrdinaryStores()
    this.findMark()
    try {
      for (const definition of parts.settings.frames) this.addEntry(definition)
    } catch (error) {
      this.close()
      throw error
    }
  }

  /** The position the next frame gets, if it fits this page. */
  get position(): number {
    this.throwIfClosed()
    return this.firstPosition + ((this.next - HEADER_SIZE) >> SHIFT)
  }

  /** Slots of a page: as many as `cork` can keep together. */
  get pageSlots(): number {
    this.throwIfClosed()
    return this.page.capacity
  }

  /** Positions below this one survive what the journal's durability says: power loss, or with 'process' the process's death. */
  get durable(): number {
    this.throwIfClosed()
    return this.durableLog?.position ?? this.published
  }

  /**
   * Begins a frame: returns a view to fill its fields in place. All of them are zero. Nobody sees the frame before `commit`.
   *
   * @throws {JournalFullError} when a page is needed and there is no room for it; nothing is lost, call again.
   * @throws {SchemaMismatchError} for a definition that contradicts the journal's.
   */
  begin<F extends Fields>(definition: FrameDefinition<F>): WriteView<F> {
    let entry = this.lastEntry
    if (entry.definition !== definition || entry.pointer.at >= 0 || this.next + entry.size > this.limit)
      entry = this.prepare(definition)
    entry.pointer.at = this.next
    return entry.view as WriteView<F>
  }

  /**
   * Commits the frame begun, and publishes it unless corked. Returns its position.
   *
   * @throws {InvalidStateError} without `begin`, {InvalidOptionError} for options that cannot be stored: the frame stays begun.
   */
  commit(options?: CommitOptions): number {
    const entry = this.lastEntry
    const { pointer } = entry
    const { at, u32 } = pointer
    let { word } = entry
    if (options !== undefined || at < 0) word |= this.applyOptions(options, entry)
    else if (this.timestamps) this.readTime()
    const header = at >> 2
    u32[header] = word
    u32[header + 2] = this.lastTimeLow
    u32[header + 3] = this.lastTimeHigh
    pointer.at = -1
    this.next = at + entry.size
    if (!this.corked) this.publish()
    return this.firstPosition + ((at - HEADER_SIZE) >> SHIFT)
  }

  /** Gives up the frame begun, as if it had never been. */
  abort(): void {
    if (!this.begun) this.throwState('abort() without begin()')
    const entry = this.lastEntry
    entry.pointer.at = -1
    // Bytes after the cursor are zero: the next frame's unset fields, and recovery, count on it.
    this.page.memory.u8.fill(0, this.next, this.next + entry.size)
  }

  /**
   * Writes a whole frame. Returns its position.
   *
   * @throws {FieldValueError} for an unknown or missing field or a value that does not fit; nothing is written.
   */
  write<F extends Fields>(definition: FrameDefinition<F>, values: ValuesOf<F>, options?: CommitOptions): number {
    this.begin(definition)
    try {
      this.lastEntry.assign(values)
      return this.commit(options)
    } catch (error) {
      if (this.begun) this.abort()
      throw error
    }
  }

  /**
   * Holds publishing back: frames committed from here on become visible together, in one store, by `uncork`.
   *
   * @param slots as many 64-byte slots as are to be visible together come to lie on one page. A page that fills up is published.
   */
  cork(slots: number = DEFAULT_CORK_SLOTS): void {
    if (
      this.corked ||
      this.begun ||
      typeof slots !== 'number' ||
      slots >>> 0 !== slots ||
      this.next + slots * SLOT > this.limit
    )
      this.prepare(CORK, slots)
    this.corked = true
  }

  /** Publishes what was committed since `cork`. */
  uncork(): void {
    if (!this.corked) this.throwState('uncork() without cork()')
    this.corked = false
    this.publish()
  }

  /**
   * The other end of a `cork`: gives up what was committed since and is not published, and a frame begun, as if they had never been. That is
   * all of it unless more was written than `cork` was asked to keep together.
   */
  discard(): void {
    if (!this.corked) this.throwState('discard() without cork()')
    if (this.begun) this.abort()
    this.corked = false
    const { cursor } = this.page
    const { u8, u32 } = this.page.memory
    const slot = (this.next - HEADER_SIZE) >> SHIFT
    const first = HEADER_SIZE + (cursor << SHIFT)
    // Bytes after the cursor are zero, as after `abort`; and the next frame of a stride finds its mark not yet set.
    u8.fill(0, first, this.next)
    for (let i = Math.floor(cursor / this.stride); i * this.stride <= slot; i++) {
      if (u32[Word.MARKS + i] >= cursor) u32[Word.MARKS + i] = 0
    }
    this.next = first
    this.findMark()
    this.limit = 0
  }

  /** Publishes at once what `body` writes: `cork`, `body`, `uncork`. When `body` throws, what it had committed is published. */
  batch<T>(body: () => T, slots?: number): T {
    this.throwIfClosed()
    if (typeof body !== 'function')
      throw new InvalidOptionError(`batch() takes a function that writes, not ${formatValue(body)}`)
    this.cork(slots)
    try {
      return body()
    } finally {
      if (!this.closed) this.uncork()
    }
  }

  /**
   * Resolves with the durable position once every frame published so far survives what the journal's durability says.
   * Concurrent flushes share a sync. With 'process' there is nothing to wait for.
   *
   * @throws {SyncFailedError} when the disk refused.
   */
  async flush(): Promise<number> {
    this.throwIfClosed()
    if (this.durableLog === undefined) return this.published
    return this.durableLog.flush(this.published)
  }

  /**
   * Publishes what is committed, drops a frame begun, makes all durable and gives up the lock. Any number of times.
   *
   * @throws {SyncFailedError} when the last sync failed; the writer is closed all the same.
   */
  close(): void {
    if (this.closed) return
    if (this.begun) this.abort()
    if (this.corked) this.uncork()
    this.closed = true
    // Every call goes its slow way from here on, which says that the writer is closed.
    this.lastEntry = NO_ENTRY
    this.limit = 0
    this.retainer?.close()
    try {
      this.durableLog?.close()
    } finally {
      crashPoint('close-synced')
      this.supply.close()
      crashPoint('close-prepared-page-removed')
      this.page.mapping.close()
      this.control.close()
      this.lock.release()
    }
  }

  [Symbol.dispose](): void {
    this.close()
  }

  /** Whether a frame is begun and not yet committed. */
  private get begun(): boolean {
    return this.lastEntry.pointer.at >= 0
  }

  private get published(): number {
    return this.firstPosition + this.page.cursor
  }

  private publish(): void {
    const { next } = this
    // The commit: everything stored before is visible to whoever sees the new cursor.
    if (this.ordinaryStores) this.i32[CURSOR] = (next - HEADER_SIZE) >> SHIFT
    else Atomics.store(this.i32, CURSOR, (next - HEADER_SIZE) >> SHIFT)
    // Must be looked at after that, or a wake-up is lost: see ORDERED_STORES and Control.
    if ((ORDERED_STORES ? this.controlWords[SLEEPERS] : Atomics.load(this.controlWords, SLEEPERS)) !== 0)
      this.control.wake()
    // Zero it is already. The store has the next frame's cache line come to this core now, while nobody waits for it.
    if (next < this.limit) this.i32[next >> 2] = 0
  }

  /** Times never decrease, whatever the clock does. */
  private readTime(): void {
    readClock()
    const low = clock[0]
    const high = clock[1]
    if (high > this.lastTimeHigh || (high === this.lastTimeHigh && low >>> 0 > this.lastTimeLow >>> 0)) {
      this.lastTimeHigh = high
      this.lastTimeLow = low
    }
  }

  /** Everything `commit` does seldom. Returns what options add to the frame's first word. */
  private applyOptions(options: CommitOptions | undefined, entry: Entry): number {
    if (!this.begun || options === undefined) this.throwState('commit() without begin()')
    const { at } = entry.pointer
    const commit = checkCommitOptions(options, entry.size, this.lastTimeHigh, this.lastTimeLow >>> 0)
    if (entry.pointer.at !== at) this.throwState('commit() with options that write frames themselves')
    const { time } = commit
    if (time !== undefined) {
      this.lastTimeLow = lowHalf(time)
      this.lastTimeHigh = highHalf(time)
    } else if (this.timestamps) {
      this.readTime()
    }
    return storeCommitOptions(commit, entry.pointer, this.lastTimeHigh, this.lastTimeLow >>> 0) << (8 * Frame.FLAGS)
  }

  /**
   * The slow side of `begin` and `cork`: wrong use, another definition than last time, or no room that is known of. Goes on to the
   * next page when this one has too little, and sets the mark that is due. Returns the entry of the definition.
   *
   * All of it is one function on purpose: V8 spends a fixed budget on what it inlines into a caller's loop, and would spend it on
   * pieces of this before it gets to the setters of the fields. What is as long as this it leaves alone; see
   * docs/decisions/0011-hot-path.md.
   */
  private prepare(what: FrameDefinition | typeof CORK, corkSlots: number = 0): Entry {
    this.throwIfClosed()
    let entry = this.lastEntry
    let bytes = 0
    if (what === CORK) {
      if (this.corked) this.throwState('cork() twice')
      if (!Number.isInteger(corkSlots) || corkSlots < 0 || corkSlots > this.page.capacity) {
        throw new InvalidOptionError(
          `cork() takes a whole number of slots from 0 to ${this.page.capacity}, not ${formatValue(corkSlots)}`,
        )
      }
      if (this.begun) this.throwState('cork() after begin()')
      bytes = corkSlots * SLOT
    } else {
      if (this.begun) this.throwState('begin() before the last frame was committed or aborted')
      if (entry.definition !== what) entry = this.entryOf(what)
      bytes = entry.size
      if (this.next + bytes <= this.limit) return entry
    }

    if (this.page.mapping.damaged) {
      throw new CorruptJournalError(
        `${this.page.path} was cut short by somebody while it was being written; close this writer, and save what is good with 'ticktape repair'`,
        {
          path: this.page.path,
          page: this.page.number,
        },
      )
    }
    this.durableLog?.throwIfFailed()
    this.supply.check()
    if (this.next + bytes > this.end) {
      // The next page is complete and in place before this one is sealed.
      const last = this.page
      const { page, waited } = this.supply.obtain(last.number + 1)
      crashPoint('roll-page-taken')
      this.durableLog?.add(page)
      this.publish()
      crashPoint('roll-published')
      Atomics.store(this.i32, Word.SEALED, 1)
      crashPoint('roll-sealed')
      this.control.currentPage = page.number
      this.control.wakeSleepers()

      this.page = page
      this.firstPosition = page.firstPosition
      this.i32 = page.memory.i32
      this.next = HEADER_SIZE
      this.findMark()
      for (const one of this.entries) one.pointer.bind(page.memory)
      this.supply.dispose(last.mapping)
      this.supply.prepare(page.number + 1)
      // Also with 'commit': a page that nobody flushed would stay mapped by the syncing thread, and in doubt, for ever.
      this.durableLog?.request()
      this.retainer?.schedule()
      if (channels.roll.hasSubscribers) channels.roll.publish({ path: this.path, page: page.number, waited })
    }

    const slot = (this.next - HEADER_SIZE) >> SHIFT
    if (slot >= this.nextMark) {
      this.page.memory.u32[Word.MARKS + Math.floor(slot / this.stride)] = slot
      this.findMark()
      this.requestSync()
    }
    this.limit = Math.min(this.end, HEADER_SIZE + (this.nextMark << SHIFT))
    return entry
  }

  /** The next slot that a mark is due at. */
  private findMark(): void {
    const stride = Math.floor(((this.next - HEADER_SIZE) >> SHIFT) / this.stride)
    // A writer that opens the journal may begin in a stride whose first frame will be its own.
    const isDue = stride > 0 && this.i32[Word.MARKS + stride] === 0
    this.nextMark = (isDue ? stride : stride + 1) * this.stride
  }

  private requestSync(): void {
    if (this.durableLog === undefined || this.position - this.requestedAt < this.settings.syncFrames) return
    this.requestedAt = this.position
    this.durableLog.request()
  }

  private entryOf(definition: FrameDefinition): Entry {
    this.throwIfClosed()
    if (!isDefinition(definition)) {
      throw new InvalidOptionError(`begin() takes a definition made by frame(), not ${formatValue(definition)}`)
    }
    let entry = this.entryOfType.get(definition.id)
    if (entry === undefined || entry.definition !== definition) entry = this.addEntry(definition)
    this.lastEntry = entry
    return entry
  }

  /** The first frame of a kind: schema.json has its definition before anybody can see it. */
  private addEntry(definition: FrameDefinition): Entry {
    if (definition.slots > this.page.capacity) {
      throw new FrameDefinitionError(
        `a ${definition.name} takes ${definition.slots} slots, the pages of ${this.path} have ${this.page.capacity}; give it larger pages`,
      )
    }
    const file = path.join(this.path, FileName.SCHEMA)
    if (this.schema.match(definition, file) === undefined) {
      // On disk first: when that fails, the next try must not take the definition for written.
      writeSchema(this.path, this.schema.with(definition), this.settings.mode)
      this.schema.add(definition, file)
    }
    const entry = makeEntry(definition)
    entry.pointer.bind(this.page.memory)
    this.entries.push(entry)
    this.entryOfType.set(definition.id, entry)
    return entry
  }

  private throwState(what: string): never {
    this.throwIfClosed()
    throw new InvalidStateError(`${this.path}: ${what}`, { path: this.path })
  }

  private throwIfClosed(): void {
    if (this.closed) throw new ClosedError(`the writer of ${this.path} is closed; open another`, { path: this.path })
  }
}

/** The halves of a time as small integers; `Number` alone may make them objects on the heap. */
function lowHalf(time: bigint): number {
  return Number(BigInt.asIntN(32, time)) | 0
}

function highHalf(time: bigint): number {
  return Number(time >> 32n) | 0
}

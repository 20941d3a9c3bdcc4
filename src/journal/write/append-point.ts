import { ClosedError, InvalidOptionError, InvalidStateError } from '../../base/errors.js'
import { formatValue } from '../../base/format-value.js'
import type { FrameDefinition } from '../../frames/definition.js'
import { Entries, type Entry, NO_ENTRY } from '../../frames/entries.js'
import { CorruptJournalError } from '../../frames/errors.js'
import { Frame, Page as P, SLOT_SHIFT, SLOT_SIZE } from '../../frames/format.js'
import { DISCARDED, NO_FRAME } from '../../frames/pointer.js'
import { crashPoint } from '../../native/crash-point.js'
import { type Control, ControlWord } from '../control/control.js'
import { channels } from '../diagnostics.js'
import { type MappedPage, Word } from '../pages/page.js'
import { Retainer } from '../retain/retainer.js'
import { Announcer } from './announcer.js'
import type { DurableLog } from './durable-log.js'
import type { JournalWatch } from './journal-watch.js'
import { Marks } from './marks.js'
import type { PageSupply } from './page-supply.js'
import type { WriterParts } from './parts.js'

// Imported names are loaded from their module's cell at each use; the hot path takes copies, which compile to constants.
const HEADER_SIZE = P.HEADER_SIZE
const SHIFT = SLOT_SHIFT
const SLOT = SLOT_SIZE
const CURSOR = Word.CURSOR
const SLEEPERS = ControlWord.SLEEPERS
/**
 * Whether the processor makes all stores visible in program order. An ordinary store then publishes as well as one of `Atomics`, which is a
 * locked exchange on x64. V8 keeps the order of accesses to typed arrays. The processor may execute a load before an earlier ordinary store
 * is visible; sleepers make a barrier because of that (docs/decisions/0025-no-locked-instruction.md). It does not execute a load before an
 * earlier exchange is visible.
 */
const ORDERED_STORES = process.arch === 'x64'

/** Arguments of `prepare` instead of a definition: reserve room for frames that are published together. */
const CORK = Symbol('cork')
const ATOMIC = Symbol('atomic')
/** Continue on the next page, whatever room this one has. */
const ROLL = Symbol('roll')
/** `atomicEnd` while no `atomic` runs. */
const NONE = -1

/**
 * Where the next frame of a journal goes: the state of its writer. `Writer` has the public calls and the hot path. This class does what only
 * some frames need: rolling to the next page, setting marks, checking for errors.
 */
export class AppendPoint {
  page: MappedPage
  firstPosition: number
  /** Byte offset in the page after the last committed frame, published or not. */
  next: number
  /** Byte offset. A frame that ends at or before it needs no mark, no other page and no check: `begin` need not call `prepare`. */
  limit = 0
  /** The entry of the last `begin`: most programs write one kind of frame many times. Its pointer says whether a frame is begun. */
  entry: Entry = NO_ENTRY
  /** Whether frames are held back when they are committed. */
  corked = false
  closed = false
  readonly entries: Entries

  private readonly path: string
  private i32: Int32Array
  /** Bytes of the page. */
  private readonly end: number
  /** Byte offset up to which the running `atomic` may write; `NONE` while none runs. */
  private atomicEnd = NONE
  /** The error with which the running `atomic` must fail. */
  private tooMany: InvalidStateError | undefined = undefined
  private readonly marks: Marks
  private readonly control: Control
  private readonly controlWords: Int32Array
  /** Whether the cursor is published by an ordinary store. */
  private readonly ordinaryStores: boolean
  private readonly supply: PageSupply
  private readonly journalWatch: JournalWatch
  private readonly durableLog: DurableLog | undefined
  private readonly retainer: Retainer | undefined

  constructor(parts: WriterParts) {
    const { directory, page, slot, settings } = parts
    this.path = directory.path
    this.control = parts.control
    this.controlWords = parts.control.words
    this.ordinaryStores = ORDERED_STORES && parts.control.allowsOrdinaryStores()
    this.supply = parts.supply
    this.journalWatch = parts.journalWatch
    this.durableLog = parts.durableLog
    this.retainer = settings.retain && new Retainer(directory, settings.retain, parts.control)
    this.retainer?.schedule()
    this.page = page
    this.firstPosition = page.firstPosition
    this.i32 = page.memory.i32
    this.next = HEADER_SIZE + (slot << SHIFT)
    this.end = parts.pageSize
    this.marks = new Marks(parts.pageSize, page.memory, slot)
    const announcer = new Announcer(directory, parts.journalWatch, parts.schema, settings.mode, page.capacity)
    this.entries = new Entries(page.memory, definition => announcer.announce(definition))
  }

  /** Whether a frame is begun and not yet committed. */
  get begun(): boolean {
    return this.entry.pointer.at >= 0
  }

  get inAtomic(): boolean {
    return this.atomicEnd !== NONE
  }

  /** The position after the last frame that is visible. */
  get published(): number {
    return this.firstPosition + this.page.cursor
  }

  publish(): void {
    const { next } = this
    // Everything stored before is visible to a reader that sees the new cursor.
    if (this.ordinaryStores) this.i32[CURSOR] = (next - HEADER_SIZE) >> SHIFT
    else Atomics.store(this.i32, CURSOR, (next - HEADER_SIZE) >> SHIFT)
    // Must be loaded after that store, or a wake-up could be lost: see ORDERED_STORES and Control.
    if ((ORDERED_STORES ? this.controlWords[SLEEPERS] : Atomics.load(this.controlWords, SLEEPERS)) !== 0) this.wake()
    // The word is zero already. The store makes the processor fetch the next frame's cache line now, before that frame needs it.
    if (next < this.limit) this.i32[next >> 2] = 0
  }

  /** Wakes sleepers, if there are any. The word is also set when the journal was replaced: then the next `begin` must throw. */
  private wake(): void {
    this.control.wake()
    if (this.journalWatch.isReplaced) this.limit = 0
  }

  /** Discards the frame that is begun. (If a field's setter refused a value, it has discarded the frame already.) */
  abort(): void {
    const { pointer, size } = this.entry
    // Bytes after the cursor must be zero: fields of the next frame that are not set rely on it, and so does recovery.
    if (pointer.at >= 0) pointer.discard(size)
    if (pointer.at === DISCARDED) pointer.at = NO_FRAME
  }

  /** From here on committed frames are held back. (This calls `prepare` without a check of its own: V8's budget for inlining is needed for frames.) */
  cork(slots: number): void {
    this.prepare(CORK, slots)
    this.corked = true
  }

  /** Within a cork: the next so many slots are on one page. What is held back is published when they do not fit on this one. */
  keepTogether(slots: number): void {
    if (this.next + slots * SLOT <= this.limit) return
    this.uncork()
    this.cork(slots)
  }

  /** As `cork`, but no frame may take slots after these. */
  beginAtomic(slots: number): void {
    this.prepare(ATOMIC, slots)
    this.corked = true
    this.atomicEnd = this.next + slots * SLOT
    this.limit = Math.min(this.limit, this.atomicEnd)
  }

  /** Ends an `atomic` whose body has returned: publishes all that was written. @throws when it must not be published; then call `discard`. */
  endAtomic(): void {
    this.throwIfClosed()
    if (this.tooMany !== undefined) throw this.tooMany
    if (this.begun) this.throwState('the body of atomic() returned with a frame begun and not committed')
    this.atomicEnd = NONE
    this.limit = this.nextLimit()
    this.uncork()
  }

  uncork(): void {
    this.corked = false
    this.publish()
  }

  /** Continues on the next page now, as the journal did whose frames are copied. The rest of this page stays unused. */
  roll(): void {
    this.prepare(ROLL)
  }

  /**
   * Appends frames of another journal, byte for byte, and publishes them in one store. The caller has checked that they are well-formed and
   * fit on this page.
   */
  appendFrames(bytes: Uint8Array): void {
    // Sets the mark that is due, and checks for errors. It does not roll, because there is room.
    this.prepare(CORK, bytes.length >> SHIFT)
    const { u8 } = this.page.memory
    const first = this.next
    const end = first + bytes.length
    u8.set(bytes, first)
    for (let at = first; at < end; at += u8[at + Frame.SLOTS] << SHIFT) {
      const slot = (at - HEADER_SIZE) >> SHIFT
      if (slot >= this.marks.due) this.marks.set(slot)
    }
    crashPoint('replica-frames-copied')
    this.next = end
    this.limit = this.nextLimit()
    this.publish()
    this.durableLog?.requestAt(this.published)
  }

  /** Discards the frames that are committed and not published, and a frame that is begun. */
  discard(): void {
    this.abort()
    this.corked = false
    this.atomicEnd = NONE
    this.tooMany = undefined
    const { cursor } = this.page
    const first = HEADER_SIZE + (cursor << SHIFT)
    // As in `abort`, bytes after the cursor must be zero. The marks of the discarded frames are cleared, to be set again by later frames.
    this.page.memory.u8.fill(0, first, this.next)
    this.marks.clear(cursor, (this.next - HEADER_SIZE) >> SHIFT)
    this.next = first
    this.limit = 0
  }

  /** Publishes what is committed, unless an `atomic` runs. After it every call takes its slow path, which throws ClosedError. */
  close(): void {
    if (this.atomicEnd !== NONE) this.discard()
    this.abort()
    if (this.corked) this.uncork()
    this.closed = true
    this.entry = NO_ENTRY
    this.limit = 0
    this.retainer?.close()
  }

  /**
   * The slow path of `begin`, `cork` and `atomic`: wrong use, a definition other than the last one, or a frame that would end after
   * `limit`. Rolls to the next page when this one has too little room, and sets the mark that is due. Returns the entry of the definition.
   *
   * This is one long function on purpose. V8 has a fixed budget for inlining into a caller's loop, and would spend it on small functions
   * called here before it inlines the setters of the fields. It does not inline a function as long as this one; see
   * docs/decisions/0011-hot-path.md.
   */
  prepare(what: FrameDefinition | typeof CORK | typeof ATOMIC | typeof ROLL, slots?: number): Entry {
    this.throwIfClosed()
    let { entry } = this
    let bytes = 0
    if (what === CORK || what === ATOMIC) {
      if (this.corked) this.throwState(`${nameOf(what)} inside ${this.atomicEnd === NONE ? 'cork' : 'atomic'}()`)
      if (slots === undefined || !Number.isInteger(slots) || slots < 0 || slots > this.page.capacity) {
        throw new InvalidOptionError(
          `${nameOf(what)} takes a whole number of slots from 0 to ${this.page.capacity} (one page), not ${formatValue(slots)}`,
        )
      }
      if (this.begun) this.throwState(`${nameOf(what)} after begin()`)
      bytes = slots * SLOT
    } else if (what === ROLL) {
      bytes = this.end
    } else {
      if (this.begun) {
        this.throwState('begin() before the last frame was committed or aborted; if filling it failed, call abort()')
      }
      if (entry.definition !== what) this.entry = entry = this.entries.of(what)
      entry.pointer.at = NO_FRAME
      bytes = entry.size
      if (this.atomicEnd !== NONE && this.next + bytes > this.atomicEnd) this.tooMany ??= this.refuseMore()
      if (this.tooMany !== undefined) throw this.tooMany
    }
    if (this.next + bytes <= this.limit) return entry

    if (this.page.mapping.damaged) {
      throw new CorruptJournalError(
        `${this.page.path} was truncated while this writer wrote it; close the writer, and save the good frames with 'ticktape repair'`,
        {
          path: this.page.path,
          page: this.page.number,
        },
      )
    }
    this.journalWatch.throwIfReplaced()
    this.durableLog?.throwIfFailed()
    this.supply.check()
    if (this.next + bytes > this.end) {
      // The next page must be complete and have its name before this one is sealed.
      const last = this.page
      this.journalWatch.check()
      const { page, waited } = this.obtainPage(last.number + 1)
      crashPoint('roll-page-taken')
      this.durableLog?.add(page)
      this.publish()
      crashPoint('roll-published')
      Atomics.store(this.i32, Word.SEALED, 1)
      crashPoint('roll-sealed')
      this.control.currentPage = page.number
      if (waited) this.control.countWaitedRoll()
      this.control.wakeSleepers()

      this.page = page
      this.firstPosition = page.firstPosition
      this.i32 = page.memory.i32
      this.next = HEADER_SIZE
      this.marks.enter(page.memory)
      this.entries.bind(page.memory)
      this.journalWatch.watchPage(page)
      this.supply.dispose(last.mapping)
      this.supply.prepare(page.number + 1)
      // Also with 'commit': otherwise a page that the program never flushed would never become durable, and the syncing thread would keep it mapped.
      this.durableLog?.request()
      this.retainer?.schedule()
      // Starts `prepare` again: a subscriber may have written to this journal, and the journal may have been replaced meanwhile.
      this.limit = 0
      if (channels.roll.hasSubscribers) channels.roll.publish({ path: this.path, page: page.number, waited })
      return what === ROLL ? entry : this.prepare(what, slots)
    }

    const slot = (this.next - HEADER_SIZE) >> SHIFT
    if (slot >= this.marks.due) {
      this.marks.set(slot)
      this.durableLog?.requestAt(this.firstPosition + slot)
    }
    this.limit = this.nextLimit()
    return entry
  }

  private obtainPage(number: number): { page: MappedPage; waited: boolean } {
    try {
      return this.supply.obtain(number)
    } catch (error) {
      // The journal may have been removed since the check. Then the caller must learn that, not that a file is missing.
      this.journalWatch.check()
      throw error
    }
  }

  throwState(what: string): never {
    this.throwIfClosed()
    throw new InvalidStateError(`${this.path}: ${what}`, { path: this.path })
  }

  throwIfClosed(): void {
    if (this.closed) throw new ClosedError(`the writer of ${this.path} is closed; open another`, { path: this.path })
  }

  /** The new `limit`: the byte offset of the next mark, of the page's end, or of the running `atomic`'s end, whichever comes first. */
  private nextLimit(): number {
    const limit = Math.min(this.end, HEADER_SIZE + (this.marks.due << SHIFT))
    return this.atomicEnd === NONE ? limit : Math.min(limit, this.atomicEnd)
  }

  private refuseMore(): InvalidStateError {
    this.limit = 0
    return new InvalidStateError(
      `${this.path}: the body of atomic() writes more slots than it asked for, so all its frames are discarded. Pass atomic() the sum of definition.slots over its frames`,
      { path: this.path },
    )
  }
}

function nameOf(call: symbol): string {
  return `${call.description}()`
}

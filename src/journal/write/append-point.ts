import { ClosedError, InvalidOptionError, InvalidStateError } from '../../base/errors.js'
import { formatValue } from '../../base/format-value.js'
import type { FrameDefinition } from '../../frames/definition.js'
import { Entries, type Entry, NO_ENTRY } from '../../frames/entries.js'
import { CorruptJournalError } from '../../frames/errors.js'
import { Page as P, SLOT_SHIFT, SLOT_SIZE } from '../../frames/format.js'
import { GIVEN_UP, NO_FRAME } from '../../frames/pointer.js'
import { crashPoint } from '../../native/crash-point.js'
import { type Control, ControlWord } from '../control/control.js'
import { channels } from '../diagnostics.js'
import { type MappedPage, Word } from '../pages/page.js'
import { Retainer } from '../retain/retainer.js'
import { Announcer } from './announcer.js'
import type { DurableLog } from './durable-log.js'
import { Marks } from './marks.js'
import type { PageSupply } from './page-supply.js'
import type { WriterParts } from './parts.js'
import type { PlaceWatch } from './place-watch.js'

// Imported names are loaded from their module's cell at each use; the hot path takes copies, which compile to constants.
const HEADER_SIZE = P.HEADER_SIZE
const SHIFT = SLOT_SHIFT
const SLOT = SLOT_SIZE
const CURSOR = Word.CURSOR
const SLEEPERS = ControlWord.SLEEPERS
/**
 * Whether the processor makes all stores visible in their order, so that an ordinary store publishes as well as one of `Atomics`, which is a
 * locked exchange there. V8 keeps the order of accesses to typed arrays. A load after an ordinary store may overtake it: sleepers make a
 * barrier for that (docs/decisions/0025-no-locked-instruction.md). After the exchange no load overtakes anything.
 */
const ORDERED_STORES = process.arch === 'x64'

/** What `prepare` is asked for when it is no frame: room for frames that are to appear together. */
const CORK = Symbol('cork')
const ATOMIC = Symbol('atomic')
/** `atomicEnd` while no `atomic` runs. */
const NONE = -1

/**
 * Where the next frame of a journal goes, and what is to be done to get there: the state of its writer. `Writer` has the public calls and the
 * hot path over it; here is what a frame needs now and then.
 */
export class AppendPoint {
  page: MappedPage
  firstPosition: number
  /** Byte offset in the page after the last committed frame, published or not. */
  next: number
  /** Frames that end by here need no look at marks, page end and space. */
  limit = 0
  /** The entry that `begin` was called with last: most programs write one kind many times. Its pointer says whether a frame is begun. */
  entry: Entry = NO_ENTRY
  /** Whether frames are held back when they are committed. */
  corked = false
  closed = false
  readonly entries: Entries

  private readonly path: string
  private i32: Int32Array
  /** Bytes of the page. */
  private readonly end: number
  /** Byte offset that an `atomic` may write up to, `NONE` while none runs. */
  private atomicEnd = NONE
  /** Why the `atomic` that runs cannot succeed any more. */
  private tooMany: InvalidStateError | undefined = undefined
  private readonly marks: Marks
  private readonly control: Control
  private readonly controlWords: Int32Array
  /** Whether the cursor is published by an ordinary store. */
  private readonly ordinaryStores: boolean
  private readonly supply: PageSupply
  private readonly place: PlaceWatch
  private readonly durableLog: DurableLog | undefined
  private readonly retainer: Retainer | undefined

  constructor(parts: WriterParts) {
    const { directory, page, slot, settings } = parts
    this.path = directory.path
    this.control = parts.control
    this.controlWords = parts.control.words
    this.ordinaryStores = ORDERED_STORES && parts.control.allowsOrdinaryStores()
    this.supply = parts.supply
    this.place = parts.place
    this.durableLog = parts.durableLog
    this.retainer = settings.retain && new Retainer(directory, settings.retain, parts.control)
    this.retainer?.schedule()
    this.page = page
    this.firstPosition = page.firstPosition
    this.i32 = page.memory.i32
    this.next = HEADER_SIZE + (slot << SHIFT)
    this.end = parts.pageSize
    this.marks = new Marks(parts.pageSize, page.memory, slot)
    const announcer = new Announcer(directory, parts.place, parts.schema, settings.mode, page.capacity)
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
    // The commit: everything stored before is visible to whoever sees the new cursor.
    if (this.ordinaryStores) this.i32[CURSOR] = (next - HEADER_SIZE) >> SHIFT
    else Atomics.store(this.i32, CURSOR, (next - HEADER_SIZE) >> SHIFT)
    // Must be looked at after that, or a wake-up is lost: see ORDERED_STORES and Control.
    if ((ORDERED_STORES ? this.controlWords[SLEEPERS] : Atomics.load(this.controlWords, SLEEPERS)) !== 0) this.wake()
    // Zero it is already. The store has the next frame's cache line come to this core now, while nobody waits for it.
    if (next < this.limit) this.i32[next >> 2] = 0
  }

  /** Somebody may sleep; or the journal is gone, which the next `begin` is to say. */
  private wake(): void {
    this.control.wake()
    if (this.place.isGone) this.limit = 0
  }

  /** Gives up the frame begun; one that a field's setter gave up is gone already. */
  abort(): void {
    const { pointer, size } = this.entry
    // Bytes after the cursor are zero: the next frame's unset fields, and recovery, count on it.
    if (pointer.at >= 0) pointer.giveUp(size)
    if (pointer.at === GIVEN_UP) pointer.at = NO_FRAME
  }

  /** Holds frames back when they are committed. (A call of `prepare`, and no look of its own: V8 would spend on that what the frames need.) */
  cork(slots: number): void {
    this.prepare(CORK, slots)
    this.corked = true
  }

  /** As `cork`, and no frame may go beyond those slots. */
  beginAtomic(slots: number): void {
    this.prepare(ATOMIC, slots)
    this.corked = true
    this.atomicEnd = this.next + slots * SLOT
    this.limit = Math.min(this.limit, this.atomicEnd)
  }

  /** Ends an `atomic` whose body has returned: shows all that was written. @throws when it may not be formatValue; then call `discard`. */
  endAtomic(): void {
    this.throwIfClosed()
    if (this.tooMany !== undefined) throw this.tooMany
    if (this.begun) this.throwState('the body of atomic() returned with a frame begun and not committed')
    this.atomicEnd = NONE
    this.limit = this.nextLook()
    this.uncork()
  }

  uncork(): void {
    this.corked = false
    this.publish()
  }

  /** Gives up what was committed and is not published, and a frame begun. */
  discard(): void {
    this.abort()
    this.corked = false
    this.atomicEnd = NONE
    this.tooMany = undefined
    const { cursor } = this.page
    const first = HEADER_SIZE + (cursor << SHIFT)
    // Bytes after the cursor are zero, as after `abort`; and the next frame of a stride finds its mark not yet set.
    this.page.memory.u8.fill(0, first, this.next)
    this.marks.takeBack(cursor, (this.next - HEADER_SIZE) >> SHIFT)
    this.next = first
    this.limit = 0
  }

  /** Publishes what is committed, unless an `atomic` runs, and has every call go its slow way from here on, which says that the writer is closed. */
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
   * The slow side of `begin`, `cork` and `atomic`: wrong use, another definition than last time, or no room that is known of. Goes on to the
   * next page when this one has too little, and sets the mark that is due. Returns the entry of the definition.
   *
   * All of it is one function on purpose: V8 spends a fixed budget on what it inlines into a caller's loop, and would spend it on
   * pieces of this before it gets to the setters of the fields. What is as long as this it leaves alone; see
   * docs/decisions/0011-hot-path.md.
   */
  prepare(what: FrameDefinition | typeof CORK | typeof ATOMIC, slots?: number): Entry {
    this.throwIfClosed()
    let { entry } = this
    let bytes = 0
    if (what === CORK || what === ATOMIC) {
      if (this.corked) this.throwState(`${nameOf(what)} inside ${this.atomicEnd === NONE ? 'cork' : 'atomic'}()`)
      if (slots === undefined || !Number.isInteger(slots) || slots < 0 || slots > this.page.capacity) {
        throw new InvalidOptionError(
          `${nameOf(what)} takes a whole number of slots from 0 to ${this.page.capacity}, those of a page, not ${formatValue(slots)}`,
        )
      }
      if (this.begun) this.throwState(`${nameOf(what)} after begin()`)
      bytes = slots * SLOT
    } else {
      if (this.begun) {
        this.throwState(
          'begin() before the last frame was committed or aborted; when filling it failed, give it up with abort()',
        )
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
        `${this.page.path} was cut short by somebody while it was being written; close this writer, and save what is good with 'ticktape repair'`,
        {
          path: this.page.path,
          page: this.page.number,
        },
      )
    }
    this.place.throwIfGone()
    this.durableLog?.throwIfFailed()
    this.supply.check()
    if (this.next + bytes > this.end) {
      // The next page is complete and in place before this one is sealed.
      const last = this.page
      this.place.check()
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
      this.marks.enter(page.memory)
      this.entries.bind(page.memory)
      this.place.follow(page)
      this.supply.dispose(last.mapping)
      this.supply.prepare(page.number + 1)
      // Also with 'commit': a page that nobody flushed would stay mapped by the syncing thread, and in doubt, for ever.
      this.durableLog?.request()
      this.retainer?.schedule()
      // From the beginning again: a subscriber may write to this journal, and what was found of the journal's place meanwhile counts.
      this.limit = 0
      if (channels.roll.hasSubscribers) channels.roll.publish({ path: this.path, page: page.number, waited })
      return this.prepare(what, slots)
    }

    const slot = (this.next - HEADER_SIZE) >> SHIFT
    if (slot >= this.marks.due) {
      this.marks.set(slot)
      this.durableLog?.requestAt(this.firstPosition + slot)
    }
    this.limit = this.nextLook()
    return entry
  }

  throwState(what: string): never {
    this.throwIfClosed()
    throw new InvalidStateError(`${this.path}: ${what}`, { path: this.path })
  }

  throwIfClosed(): void {
    if (this.closed) throw new ClosedError(`the writer of ${this.path} is closed; open another`, { path: this.path })
  }

  /** Byte offset at which something is due: a mark, the page's end, or that of the `atomic` that runs. */
  private nextLook(): number {
    const look = Math.min(this.end, HEADER_SIZE + (this.marks.due << SHIFT))
    return this.atomicEnd === NONE ? look : Math.min(look, this.atomicEnd)
  }

  private refuseMore(): InvalidStateError {
    this.limit = 0
    return new InvalidStateError(
      `${this.path}: the body of atomic() writes more slots than it was given; nothing of it is kept. Give atomic() as many as all its frames take, definition.slots each`,
      { path: this.path },
    )
  }
}

function nameOf(call: symbol): string {
  return `${call.description}()`
}

import { InvalidStateError } from '../../base/errors.js'
import { sleepThread } from '../../base/sleep.js'
import { applyCommitOptions, type CommitOptions } from '../../frames/commit-options.js'
import type { Fields, FrameDefinition, ValuesOf } from '../../frames/definition.js'
import { Entries, type Entry, NO_ENTRY } from '../../frames/entries.js'
import { FrameDefinitionError } from '../../frames/errors.js'
import { FrameTime } from '../../frames/frame-time.js'
import { DISCARDED, NO_FRAME } from '../../frames/pointer.js'
import type { WriteView } from '../../frames/view.js'
import { StateFullError, StateMismatchError } from '../errors.js'
import { fence, storeRelease } from '../file/fence.js'
import { RingWord as R, RingPolicy } from '../file/format.js'
import { storeInteger } from '../file/words.js'
import { type RingFile, Word } from './ring-file.js'

/** What happens to a frame when the ring is full; see `RingOptions.whenFull`. */
export type WhenFull = 'fail' | 'drop' | 'wait' | 'overwrite'

export interface ProducerSettings {
  readonly whenFull: WhenFull
  readonly waitMs: number
  readonly timestamps: boolean
  readonly signal: AbortSignal | undefined
}

// Copies, because imported names are loaded from their module's cell at each use; these compile to constants.
const TAIL = Word.TAIL
const HEAD = Word.HEAD
const NOTHING_BEGUN = NO_FRAME
const ZERO = 0n

/** Loads of the head before a waiting producer sleeps between two loads: about 20 µs. */
const SPINS = 2000

/** The writing side of a ring. */
export class RingProducer {
  private readonly i32: Int32Array
  private readonly u32: Uint32Array
  private readonly u64: BigUint64Array
  private readonly slots: number
  /** Slots written so far, published or not, modulo 2^32. */
  private tail: number
  /** Up to this count there is certainly room: the head that was loaded last, plus the ring's slots. */
  private roomUntil: number
  /** The entry that `begin` was called with last. Its pointer says whether a frame is begun. */
  private entry: Entry = NO_ENTRY
  private readonly entries: Entries
  private corked = false
  private readonly time = new FrameTime(0n)
  private readonly timestamps: boolean

  constructor(
    private readonly ring: RingFile,
    private readonly settings: ProducerSettings,
  ) {
    const { i32, u32, u64 } = ring.memory
    this.i32 = i32
    this.u32 = u32
    this.u64 = u64
    // From here on the limit of unread slots is fixed.
    ring.fixSlots(ring.slots)
    this.slots = ring.slots
    this.timestamps = settings.timestamps
    this.entries = new Entries(ring.memory, definition => this.announce(definition))
    this.agreeOnPolicy()
    this.tail = Atomics.load(i32, TAIL)
    this.roomUntil = (Atomics.load(i32, HEAD) + this.slots) | 0
  }

  /** Begins a frame: all its fields are zero. Undefined when the ring is full and neither waits nor overwrites. */
  begin<F extends Fields>(definition: FrameDefinition<F>): WriteView<F> | undefined {
    let { entry } = this
    if (entry.definition !== definition || entry.pointer.at >= 0) entry = this.prepare(definition)
    const { pointer, slots } = entry
    if (((this.roomUntil - this.tail) | 0) < slots && !this.makeRoom(slots)) return undefined
    const at = this.ring.at(this.tail)
    this.clear(at >> 3, slots)
    pointer.at = at
    return entry.view as WriteView<F>
  }

  /** Commits the frame begun, and publishes it unless in a batch. */
  commit(options?: CommitOptions): void {
    const { entry, time, u32 } = this
    const { pointer } = entry
    const { at } = pointer
    let { word } = entry
    if (options !== undefined || at < 0) word |= this.applyOptions(options)
    else if (this.timestamps) time.read()
    const header = at >> 2
    u32[header] = word
    u32[header + 2] = time.low
    u32[header + 3] = time.high
    pointer.at = NOTHING_BEGUN
    this.tail = (this.tail + entry.slots) | 0
    if (!this.corked) this.publish()
  }

  abort(): void {
    const { pointer } = this.entry
    if (pointer.at < 0 && pointer.at !== DISCARDED) this.throwState('abort() without begin()')
    pointer.at = NO_FRAME
  }

  write<F extends Fields>(definition: FrameDefinition<F>, values: ValuesOf<F>, options?: CommitOptions): boolean {
    if (this.begin(definition) === undefined) return false
    const { entry } = this
    const { at } = entry.pointer
    try {
      entry.assign(values)
      // A value may be a getter with side effects; it may even commit this frame.
      if (entry.pointer.at !== at) this.throwState('write() with a getter that writes frames itself')
      this.commit(options)
    } catch (error) {
      this.entry.pointer.at = NO_FRAME
      throw error
    }
    return true
  }

  /** Publishes the frames that `body` writes in one store, or, when they do not fit the ring, in several. */
  batch<T>(body: () => T): T {
    if (this.corked) this.throwState('batch() inside a batch')
    this.corked = true
    try {
      return body()
    } finally {
      this.corked = false
      if (!this.ring.file.isClosed) this.publish()
    }
  }

  /** Whether a frame of this many slots can be written now without waiting. */
  hasRoom(slots: number): boolean {
    return (
      this.settings.whenFull === 'overwrite' || ((this.roomUntil - this.tail) | 0) >= slots || this.refreshRoom(slots)
    )
  }

  /** The slots a definition's frames take. @throws as `begin`. */
  slotsOf(definition: FrameDefinition): number {
    this.ring.file.throwIfClosed()
    return this.entries.of(definition).slots
  }

  close(): void {
    this.entry.pointer.at = NO_FRAME
    this.entry = NO_ENTRY
  }

  private publish(): void {
    // A consumer that sees the new tail also sees everything that was stored before.
    storeRelease(this.i32, TAIL, this.tail)
  }

  /** Clears the slots, which held other frames before. `commit` stores the header. */
  private clear(at: number, slots: number): void {
    const { u64 } = this
    const end = at + 8 * slots
    for (let i = at + 2; i < end; i++) u64[i] = ZERO
  }

  /** The slow path of `begin`: loads the consumer's head. If the ring is full, does what `whenFull` says. */
  private makeRoom(slots: number): boolean {
    this.ring.file.throwIfClosed()
    if (this.refreshRoom(slots)) return true
    const { whenFull } = this.settings
    if (whenFull === 'overwrite') return this.overwrite(slots)
    if (whenFull === 'wait') return this.wait(slots)
    if (whenFull === 'drop') storeInteger(this.u64, R.DROPPED >> 3, this.ring.counted(R.DROPPED) + 1)
    return false
  }

  private refreshRoom(slots: number): boolean {
    const head = Atomics.load(this.i32, HEAD)
    const used = (this.tail - head) | 0
    if (used < 0 || used > this.slots)
      this.ring.file.corrupt(
        `its head (${head >>> 0}) and tail (${this.tail >>> 0}) are not within its ${this.slots} slots`,
      )
    this.roomUntil = (head + this.slots) | 0
    return this.slots - used >= slots
  }

  /**
   * Moves the head past the oldest frames. The consumer moves it too, both by compare-and-swap, so a frame is either
   * read or lapped.
   */
  private overwrite(slots: number): boolean {
    this.publish()
    const { i32, u32, tail } = this
    for (;;) {
      const head = Atomics.load(i32, HEAD)
      const used = (tail - head) | 0
      if (used >= 0 && this.slots - used >= slots) {
        this.roomUntil = (head + this.slots) | 0
        // The consumer must not see the new frame's bytes before it sees the new head.
        fence()
        return true
      }
      const oldest = (u32[this.ring.at(head) >> 2] >>> 16) & 0xff
      if (used < 0 || oldest === 0 || oldest > used)
        this.ring.file.corrupt(`the frame at ${head >>> 0} takes ${oldest} of ${used} slots`)
      if (Atomics.compareExchange(i32, HEAD, head, (head + oldest) | 0) === head) {
        storeInteger(this.u64, R.LAPPED >> 3, this.ring.counted(R.LAPPED) + 1)
      }
    }
  }

  /** Blocks the thread. @throws {StateFullError} after `waitMs`, or the signal's reason. */
  private wait(slots: number): boolean {
    const { signal, waitMs } = this.settings
    // In a batch, unpublished frames cannot be read, so they would never make room.
    this.publish()
    for (let i = 0; i < SPINS; i++) if (this.refreshRoom(slots)) return true
    const end = performance.now() + waitMs
    while (!this.refreshRoom(slots)) {
      signal?.throwIfAborted()
      if (performance.now() >= end) {
        const consumer = this.ring.isRoleHeld('consumer')
          ? 'its consumer is alive and does not read'
          : 'it has no consumer now'
        throw new StateFullError(`${this.ring.path} stayed full for ${waitMs} ms: ${consumer}`, {
          path: this.ring.path,
        })
      }
      sleepThread(1)
    }
    return true
  }

  /**
   * A ring keeps or overwrites unread frames for as long as its file exists, because the consumer reads differently.
   */
  private agreeOnPolicy(): void {
    const wanted = this.settings.whenFull === 'overwrite' ? RingPolicy.OVERWRITE : RingPolicy.KEEP
    const found = Atomics.compareExchange(this.i32, Word.POLICY, RingPolicy.UNKNOWN, wanted)
    if (found === RingPolicy.UNKNOWN || found === wanted) return
    if (found !== RingPolicy.KEEP && found !== RingPolicy.OVERWRITE) this.ring.file.corrupt(`its policy is ${found}`)
    throw new StateMismatchError(
      `${this.ring.path} ${found === RingPolicy.OVERWRITE ? 'overwrites' : 'keeps'} unread frames when it is full, as its first producer chose; open it the same way, or use another path`,
      { path: this.ring.path },
    )
  }

  /** The slow path of `commit`: options, and wrong use. Returns what the options add to the frame's first word. */
  private applyOptions(options: CommitOptions | undefined): number {
    const { entry } = this
    if (entry.pointer.at === DISCARDED)
      this.throwState(
        'commit() of a frame that was discarded, because one of its fields refused its value; begin it again',
      )
    if (entry.pointer.at < 0 || options === undefined) return this.throwState('commit() without begin()')
    return applyCommitOptions(options, entry, this.time, this.timestamps, false)
  }

  /** The slow path of `begin`: wrong use, or another definition than last time. */
  private prepare(definition: FrameDefinition): Entry {
    this.ring.file.throwIfClosed()
    if (this.entry.pointer.at >= 0) {
      this.throwState(
        'begin() before the last frame was committed or aborted; when filling it failed, give it up with abort()',
      )
    }
    const entry = this.entries.of(definition)
    entry.pointer.at = NO_FRAME
    this.entry = entry
    return entry
  }

  private announce(definition: FrameDefinition): void {
    if (definition.slots > this.slots) {
      throw new FrameDefinitionError(
        `a ${definition.name} takes ${definition.slots} slots, ${this.ring.path} has ${this.slots}; create the ring with more`,
      )
    }
    this.ring.addType(definition)
  }

  private throwState(what: string): never {
    this.ring.file.throwIfClosed()
    throw new InvalidStateError(`${this.ring.path}: ${what}`, { path: this.ring.path })
  }
}

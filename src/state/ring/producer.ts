import { clockWords } from '../../base/clock.js'
import { InvalidOptionError, InvalidStateError } from '../../base/errors.js'
import { formatValue } from '../../base/format-value.js'
import { type CommitOptions, checkCommitOptions, storeCommitOptions } from '../../frames/commit-options.js'
import { type Fields, FrameDefinition, isDefinition, type ValuesOf } from '../../frames/definition.js'
import { FrameDefinitionError } from '../../frames/errors.js'
import { Frame } from '../../frames/format.js'
import { type PlainValues, plainValues } from '../../frames/plain-values.js'
import { type BoundWriteView, makeWriteView, type WriteView } from '../../frames/view.js'
import { native } from '../../native/index.js'
import { StateFullError, StateMismatchError } from '../errors.js'
import { fence, storeRelease } from '../file/fence.js'
import { RingWord as R, RingPolicy } from '../file/format.js'
import { storeInteger } from '../file/words.js'
import { type RingFile, Word } from './ring-file.js'

/** What becomes of a frame when the ring is full; see `RingOptions.whenFull`. */
export type WhenFull = 'fail' | 'drop' | 'wait' | 'overwrite'

export interface ProducerSettings {
  readonly whenFull: WhenFull
  readonly waitMs: number
  readonly timestamps: boolean
  readonly signal: AbortSignal | undefined
}

/** One kind of frame, ready to be written. */
interface Entry extends BoundWriteView<Fields> {
  readonly definition: FrameDefinition | undefined
  readonly plain: PlainValues<Fields>
  /** The frame's first word: type and slots. */
  readonly word: number
  readonly slots: number
}

// Copies, because imported names are loaded from their module's cell at each use; these compile to constants.
const TAIL = Word.TAIL
const HEAD = Word.HEAD
const clock = clockWords
const readClock = native.readClock
const ZERO = 0n

/** Looks at the head before a producer that waits takes naps between them: some 20 µs. */
const SPINS = 2000
const napping = new Int32Array(new SharedArrayBuffer(4))

/** The writing side of a ring. */
export class RingProducer {
  private readonly i32: Int32Array
  private readonly u32: Uint32Array
  private readonly u64: BigUint64Array
  private readonly slots: number
  /** Slots written so far, published or not, modulo 2^32. */
  private tail: number
  /** Up to here there is room for sure: the head as it was seen last, plus the ring's slots. */
  private roomUntil: number
  private lastEntry: Entry = NO_ENTRY
  private readonly entryOfType = new Map<number, Entry>()
  private begun = false
  private corked = false
  /** Signed: a field with a number of 2^31 and more would be a new object each time. */
  private lastTimeLow = 0
  private lastTimeHigh = 0

  constructor(
    private readonly ring: RingFile,
    private readonly settings: ProducerSettings,
  ) {
    const { i32, u32, u64 } = ring.memory
    this.i32 = i32
    this.u32 = u32
    this.u64 = u64
    // From here on it has so many.
    ring.agree(ring.slots)
    this.slots = ring.slots
    this.agreeOnPolicy()
    this.tail = Atomics.load(i32, TAIL)
    this.roomUntil = (Atomics.load(i32, HEAD) + this.slots) | 0
  }

  /** Begins a frame: all its fields are zero. Undefined when the ring is full and neither waits nor overwrites. */
  begin<F extends Fields>(definition: FrameDefinition<F>): WriteView<F> | undefined {
    if (this.begun) this.throwState('begin() before the last frame was committed or aborted')
    let entry = this.lastEntry
    if (entry.definition !== definition) entry = this.entryOf(definition)
    if (((this.roomUntil - this.tail) | 0) < entry.slots && !this.makeRoom(entry.slots)) return undefined
    const at = this.ring.at(this.tail)
    this.clear(at >> 3, entry.slots)
    entry.pointer.at = at
    this.begun = true
    return entry.view as WriteView<F>
  }

  /** Commits the frame begun, and publishes it unless in a batch. */
  commit(options?: CommitOptions): void {
    if (!this.begun) this.throwState('commit() without begin()')
    const entry = this.lastEntry
    const at = entry.pointer.at >> 2
    let word = entry.word
    if (options !== undefined) word |= this.applyOptions(options, entry)
    else if (this.settings.timestamps) this.readTime()
    const { u32 } = this
    u32[at] = word
    u32[at + 2] = this.lastTimeLow
    u32[at + 3] = this.lastTimeHigh
    entry.pointer.at = -1
    this.begun = false
    this.tail = (this.tail + entry.slots) | 0
    if (!this.corked) this.publish()
  }

  abort(): void {
    if (!this.begun) this.throwState('abort() without begin()')
    this.lastEntry.pointer.at = -1
    this.begun = false
  }

  write<F extends Fields>(definition: FrameDefinition<F>, values: ValuesOf<F>, options?: CommitOptions): boolean {
    if (this.begin(definition) === undefined) return false
    const entry = this.lastEntry
    const { at } = entry.pointer
    try {
      entry.plain.assign(values)
      if (entry.pointer.at !== at) this.throwState('write() of values that write frames themselves')
      this.commit(options)
    } catch (error) {
      if (this.begun) this.abort()
      throw error
    }
    return true
  }

  /** Publishes what `body` writes in one store, or in as few as the ring's size allows. */
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

  /** Whether a frame of so many slots can be written now without waiting for anything. */
  hasRoom(slots: number): boolean {
    return this.settings.whenFull === 'overwrite' || ((this.roomUntil - this.tail) | 0) >= slots || this.look(slots)
  }

  /** The slots a definition's frames take. @throws as `begin`. */
  slotsOf(definition: FrameDefinition): number {
    return this.entryOf(definition).slots
  }

  close(): void {
    if (this.begun) this.abort()
    this.lastEntry = NO_ENTRY
    this.entryOfType.clear()
  }

  private publish(): void {
    // The commit: everything stored before is visible to whoever sees the new tail.
    storeRelease(this.i32, TAIL, this.tail)
  }

  /** A frame's slots were somebody else's before; the header is stored by `commit`. */
  private clear(at: number, slots: number): void {
    const { u64 } = this
    const end = at + 8 * slots
    for (let i = at + 2; i < end; i++) u64[i] = ZERO
  }

  /** The slow side of `begin`: looks where the consumer is, then does what is to be done when the ring is full. */
  private makeRoom(slots: number): boolean {
    this.ring.file.throwIfClosed()
    if (this.look(slots)) return true
    const { whenFull } = this.settings
    if (whenFull === 'overwrite') return this.overwrite(slots)
    if (whenFull === 'wait') return this.wait(slots)
    if (whenFull === 'drop') storeInteger(this.u64, R.DROPPED >> 3, this.ring.counted(R.DROPPED) + 1)
    return false
  }

  private look(slots: number): boolean {
    const head = Atomics.load(this.i32, HEAD)
    const used = (this.tail - head) | 0
    if (used < 0 || used > this.slots)
      this.ring.file.corrupt(
        `its head (${head >>> 0}) and tail (${this.tail >>> 0}) are not within its ${this.slots} slots`,
      )
    this.roomUntil = (head + this.slots) | 0
    return this.slots - used >= slots
  }

  /** Moves the head on past the oldest frames. The consumer moves it too, both by compare-and-swap: a frame is read, or lapped. */
  private overwrite(slots: number): boolean {
    this.publish()
    const { i32, u32, tail } = this
    for (;;) {
      const head = Atomics.load(i32, HEAD)
      const used = (tail - head) | 0
      if (used >= 0 && this.slots - used >= slots) {
        this.roomUntil = (head + this.slots) | 0
        // The frame's bytes must not be seen before the head that takes the old ones away.
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
    // In a batch: what is not published cannot be read, and so makes no room.
    this.publish()
    for (let i = 0; i < SPINS; i++) if (this.look(slots)) return true
    const end = performance.now() + waitMs
    while (!this.look(slots)) {
      signal?.throwIfAborted()
      if (performance.now() >= end) {
        const consumer = this.ring.roleTaken('consumer')
          ? 'its consumer is alive and does not read'
          : 'it has no consumer now'
        throw new StateFullError(`${this.ring.path} stayed full for ${waitMs} ms: ${consumer}`, {
          path: this.ring.path,
        })
      }
      Atomics.wait(napping, 0, 0, 1)
    }
    return true
  }

  /** A ring keeps what is unread or overwrites it for as long as its file is: the consumer reads differently. */
  private agreeOnPolicy(): void {
    const wanted = this.settings.whenFull === 'overwrite' ? RingPolicy.OVERWRITE : RingPolicy.KEEP
    const found = Atomics.compareExchange(this.i32, Word.POLICY, RingPolicy.UNKNOWN, wanted)
    if (found === RingPolicy.UNKNOWN || found === wanted) return
    if (found !== RingPolicy.KEEP && found !== RingPolicy.OVERWRITE) this.ring.file.corrupt(`its policy is ${found}`)
    throw new StateMismatchError(
      `${this.ring.path} ${found === RingPolicy.OVERWRITE ? 'overwrites' : 'keeps'} what is unread when it is full, since its first producer; go on so, or use another path`,
      { path: this.ring.path },
    )
  }

  private readTime(): void {
    readClock()
    this.lastTimeLow = clock[0] | 0
    this.lastTimeHigh = clock[1] | 0
  }

  private applyOptions(options: CommitOptions, entry: Entry): number {
    const { at } = entry.pointer
    const commit = checkCommitOptions(options, entry.definition?.size ?? 0, 0, 0)
    const { time } = commit
    if (time !== undefined) {
      this.lastTimeLow = Number(BigInt.asIntN(32, time))
      this.lastTimeHigh = Number(time >> 32n)
    } else if (this.settings.timestamps) {
      this.readTime()
    }
    const flags = storeCommitOptions(commit, entry.pointer, this.lastTimeHigh, this.lastTimeLow >>> 0)
    if (entry.pointer.at !== at) this.throwState('commit() with options that write frames themselves')
    return flags << (8 * Frame.FLAGS)
  }

  private entryOf(definition: FrameDefinition): Entry {
    this.ring.file.throwIfClosed()
    if (!isDefinition(definition)) {
      throw new InvalidOptionError(`a ring's frames have definitions made by frame(), not ${formatValue(definition)}`)
    }
    let entry = this.entryOfType.get(definition.id)
    if (entry?.definition !== definition) entry = this.addEntry(definition)
    if (!this.begun) this.lastEntry = entry
    return entry
  }

  private addEntry(definition: FrameDefinition): Entry {
    if (definition.slots > this.slots) {
      throw new FrameDefinitionError(
        `a ${definition.name} takes ${definition.slots} slots, ${this.ring.path} has ${this.slots}; make it with more`,
      )
    }
    this.ring.addType(definition)
    const bound = makeWriteView<Fields>(definition)
    bound.pointer.bind(this.ring.memory)
    const word = definition.id | (definition.slots << (8 * Frame.SLOTS))
    const entry = { definition, ...bound, plain: plainValues(definition, bound), word, slots: definition.slots }
    this.entryOfType.set(definition.id, entry)
    return entry
  }

  private throwState(what: string): never {
    this.ring.file.throwIfClosed()
    throw new InvalidStateError(`${this.ring.path}: ${what}`, { path: this.ring.path })
  }
}

const NOTHING = FrameDefinition.create<Fields>('None', 1, [], 1)
const NO_VIEW = makeWriteView<Fields>(NOTHING)
const NO_ENTRY: Entry = { definition: undefined, ...NO_VIEW, plain: plainValues(NOTHING, NO_VIEW), word: 0, slots: 0 }

import { FrameDefinition } from '../../frames/definition.js'
import { Dispatch, type FrameOrigin } from '../../frames/dispatch.js'
import { Frame, SLOT_SHIFT, SLOT_SIZE } from '../../frames/format.js'
import type { Handlers } from '../../frames/handlers.js'
import { storeRelease } from '../file/fence.js'
import { RingPolicy } from '../file/format.js'
import { type RingFile, RingMemory, Word } from './ring-file.js'

// Copies, because imported names are loaded from their module's cell at each use; these compile to constants.
const TAIL = Word.TAIL
const HEAD = Word.HEAD
const SHIFT = SLOT_SHIFT

/** The reading side of a ring. */
export class RingConsumer {
  private readonly i32: Int32Array
  private readonly u32: Uint32Array
  /** Slots read so far, modulo 2^32. */
  private head: number
  /** The head as it was stored last. */
  private stored: number
  /** The tail as it was seen last. */
  private tail: number
  /** A copy of one frame, away from the producer. */
  private readonly scratch: RingMemory
  private readonly origin: FrameOrigin
  private dispatch: Dispatch | undefined = undefined

  constructor(private readonly ring: RingFile) {
    const { i32, u32 } = ring.memory
    this.i32 = i32
    this.u32 = u32
    this.head = Atomics.load(i32, HEAD)
    this.stored = this.head
    this.tail = this.head
    this.scratch = new RingMemory(new ArrayBuffer(COPY_AT + Frame.MAX_SLOTS * SLOT_SIZE), 0, ring.path, 0)
    this.origin = originOf(ring)
  }

  /** Handles the frames there are, at most `limit`. Returns how many. */
  poll(handlers: Handlers, limit: number): number {
    let { dispatch } = this
    if (dispatch === undefined || dispatch.handlers !== handlers || dispatch.version !== handlers.version)
      this.dispatch = dispatch = new Dispatch(handlers, handlers.version, this.origin, this.ring.memory)
    // The producer settles the policy before it publishes its first frame, so it is known once there is something to read, and not before.
    if (!this.hasNews()) return 0
    const overwrites = this.i32[Word.POLICY] === RingPolicy.OVERWRITE
    return overwrites ? this.pollCopies(dispatch, limit) : this.pollInPlace(dispatch, limit)
  }

  /** Whether there is a frame to read. */
  hasNews(): boolean {
    return Atomics.load(this.i32, TAIL) !== Atomics.load(this.i32, HEAD)
  }

  /** Also from inside a handler: the frames it has had count as read. */
  close(): void {
    // Where nothing was read the head is not ours to store: a producer that overwrites may have begun to move it.
    if (this.head !== this.stored && this.i32[Word.POLICY] !== RingPolicy.OVERWRITE)
      storeRelease(this.i32, HEAD, this.head)
  }

  /** The producer waits for the head, or fails: nothing is overwritten before it is read, so frames are handled where they lie. */
  private pollInPlace(dispatch: Dispatch, limit: number): number {
    let count = 0
    try {
      while (count < limit && !this.ring.file.isClosed && this.available() > 0)
        count += this.pollRun(dispatch, limit - count)
    } finally {
      dispatch.expire()
      // The producer may write over them from here on.
      if (!this.ring.file.isClosed) storeRelease(this.i32, HEAD, this.head)
      this.stored = this.head
    }
    return count
  }

  /** Frames up to the buffer's end: their positions count from the same number. */
  private pollRun(dispatch: Dispatch, limit: number): number {
    const { u32 } = this
    const { file, memory } = this.ring
    const end = this.tail
    let at = this.ring.at(this.head)
    memory.firstPosition = (this.head - (this.head & this.ring.mask)) >>> 0
    let room = this.ring.mask + 1 - (this.head & this.ring.mask)
    // Frames of one kind follow each other, and begin with the same word: it is taken apart only when it changes.
    let known = dispatch.lastWord
    let route = dispatch.lastRoute
    let slots = (known >>> 16) & 0xff
    let count = 0
    while (count < limit && room > 0) {
      const left = (end - this.head) | 0
      if (left <= 0) break
      const word = u32[at >> 2] | 0
      if (word !== known || route === undefined || slots > left) {
        const type = word & 0xffff
        slots = (word >>> 16) & 0xff
        if (slots === 0 || slots > left || type === 0) this.throwDamaged(this.head, type, slots, left)
        route = dispatch.routes[type]
        if (route === undefined || route.slots !== slots) route = dispatch.resolve(type, slots, this.head >>> 0)
        known = word
        dispatch.lastWord = word
        dispatch.lastRoute = route
      }
      this.head = (this.head + slots) | 0
      count++
      room -= slots
      route.pointer.at = at
      at += slots << SHIFT
      route.handle(route.view, 0)
      if (file.isClosed) break
    }
    return count
  }

  /** The producer may take the oldest away at any time: each frame is copied, and is ours only if the head still was where it lay. */
  private pollCopies(dispatch: Dispatch, limit: number): number {
    if (dispatch.memory !== this.scratch) dispatch.rebind(this.scratch)
    const { i32, u32, ring } = this
    let count = 0
    try {
      while (count < limit) {
        const head = Atomics.load(i32, HEAD)
        const left = (Atomics.load(i32, TAIL) - head) | 0
        if (left === 0) break
        const word = u32[ring.at(head) >> 2]
        const type = word & 0xffff
        const slots = (word >>> 16) & 0xff
        this.copy(ring.at(head) >> 2, slots)
        if (Atomics.load(i32, HEAD) !== head) continue
        if (slots === 0 || left < 0 || slots > left || type === 0) this.throwDamaged(head, type, slots, left)
        let route = dispatch.routes[type]
        if (route === undefined || route.slots !== slots) route = dispatch.resolve(type, slots, head >>> 0)
        if (Atomics.compareExchange(i32, HEAD, head, (head + slots) | 0) !== head) continue
        count++
        this.scratch.firstPosition = head >>> 0
        route.pointer.at = COPY_AT
        route.handle(route.view, 0)
        if (ring.file.isClosed) return count
      }
    } finally {
      dispatch.expire()
    }
    return count
  }

  private copy(from: number, slots: number): void {
    const to = this.scratch.u32
    const words = (slots * SLOT_SIZE) >> 2
    for (let i = 0; i < words; i++) to[(COPY_AT >> 2) + i] = this.u32[from + i]
  }

  private available(): number {
    const known = (this.tail - this.head) | 0
    if (known > 0) return known
    this.tail = Atomics.load(this.i32, TAIL)
    const left = (this.tail - this.head) | 0
    if (left < 0 || left > this.ring.capacity)
      this.ring.file.corrupt(
        `its head (${this.head >>> 0}) and tail (${this.tail >>> 0}) are not within its ${this.ring.capacity} slots`,
      )
    return left
  }

  private throwDamaged(at: number, type: number, slots: number, left: number): never {
    this.ring.file.throwIfClosed()
    this.ring.file.corrupt(`the frame at ${at >>> 0} has type ${type} and ${slots} slots, ${left} are unread`)
  }
}

/** Where a copied frame lies in its own memory: views take the slot they look at for the first of a page. */
const COPY_AT = 4096

/** A ring keeps of a definition what tells it from others, and how many slots its frames take. */
function originOf(ring: RingFile): FrameOrigin {
  return {
    find(type) {
      const slots = ring.slotsOf(type)
      return slots === undefined ? undefined : FrameDefinition.create(`type ${type}`, type, [], slots)
    },
    check(definition, met) {
      // The producer has told the ring before it wrote the first one.
      if (!ring.knows(definition) && met)
        ring.file.corrupt(`it has frames of type ${definition.id} and no such definition`)
    },
    damaged: (what, position) => ring.file.corrupt(`the frame at ${position} ${what}`),
  }
}

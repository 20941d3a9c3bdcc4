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
  /** The head that was stored last. */
  private stored: number
  /** The tail that was loaded last. */
  private tail: number
  /** A private copy of one frame. */
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

  /** Handles the frames that exist now, at most `limit`. Returns how many. */
  poll(handlers: Handlers, limit: number): number {
    let { dispatch } = this
    if (dispatch === undefined || dispatch.handlers !== handlers || dispatch.version !== handlers.version)
      this.dispatch = dispatch = new Dispatch(handlers, handlers.version, this.origin, this.ring.memory)
    // The producer stores the policy before it publishes its first frame, so it is known only when there is a frame to
    // read.
    if (!this.hasNews()) return 0
    const overwrites = this.i32[Word.POLICY] === RingPolicy.OVERWRITE
    return overwrites ? this.pollCopies(dispatch, limit) : this.pollInPlace(dispatch, limit)
  }

  /** Whether there is a frame to read. */
  hasNews(): boolean {
    return Atomics.load(this.i32, TAIL) !== Atomics.load(this.i32, HEAD)
  }

  /** May be called inside a handler: the frames handled so far count as read. */
  close(): void {
    // Only after frames were read: otherwise a producer that overwrites may already move the head.
    if (this.head !== this.stored && this.i32[Word.POLICY] !== RingPolicy.OVERWRITE)
      storeRelease(this.i32, HEAD, this.head)
  }

  /** With this policy the producer never overwrites unread frames, so frames are handled in place. */
  private pollInPlace(dispatch: Dispatch, limit: number): number {
    let count = 0
    try {
      while (count < limit && !this.ring.file.isClosed && this.available() > 0)
        count += this.pollRun(dispatch, limit - count)
    } finally {
      dispatch.expire()
      // From here on the producer may overwrite these frames.
      if (!this.ring.file.isClosed) storeRelease(this.i32, HEAD, this.head)
      this.stored = this.head
    }
    return count
  }

  /** Handles frames up to the buffer's end: their positions count from the same number. */
  private pollRun(dispatch: Dispatch, limit: number): number {
    const { u32 } = this
    const { file, memory } = this.ring
    const end = this.tail
    let at = this.ring.at(this.head)
    memory.firstPosition = (this.head - (this.head & this.ring.mask)) >>> 0
    let room = this.ring.mask + 1 - (this.head & this.ring.mask)
    // Successive frames are often of one type and begin with the same word, which is decoded only when it changes.
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

  /**
   * The producer may overwrite the oldest frame at any time, so each frame is copied. The copy counts only if the head
   * has not moved.
   */
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

/** The offset of a copied frame in its own memory: after the size of a page's header, as views expect. */
const COPY_AT = 4096

/** A ring stores of each definition only its hash and the slots of its frames. */
function originOf(ring: RingFile): FrameOrigin {
  return {
    find(type) {
      const slots = ring.slotsOf(type)
      return slots === undefined ? undefined : FrameDefinition.create(`type ${type}`, type, [], slots)
    },
    check(definition, met) {
      // The producer stores a definition before it writes the first frame of it.
      if (!ring.knows(definition) && met)
        ring.file.corrupt(`it has frames of type ${definition.id} and no such definition`)
    },
    damaged: (what, position) => ring.file.corrupt(`the frame at ${position} ${what}`),
  }
}

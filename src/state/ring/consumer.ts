import { FrameDefinition } from '../../frames/definition.js'
import { Frame, SLOT_SHIFT, SLOT_SIZE } from '../../frames/format.js'
import type { Handlers } from '../../frames/handlers.js'
import { PageMemory } from '../../frames/memory.js'
import type { FramePointer } from '../../frames/pointer.js'
import { type FrameView, makeReadView } from '../../frames/view.js'
import { storeRelease } from '../file/fence.js'
import { RingPolicy } from '../file/format.js'
import { type RingFile, RingMemory, Word } from './ring-file.js'

/** Where frames of one type go. */
interface Route {
  readonly view: FrameView
  readonly pointer: FramePointer
  readonly handle: (frame: FrameView, source: number) => unknown
  readonly slots: number
}

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
  private readonly scratch: RingMemory
  private routes: (Route | undefined)[] = []
  private others = new Map<number, Route>()
  private compiled: Handlers | undefined = undefined
  private version = -1
  private memory: PageMemory

  constructor(private readonly ring: RingFile) {
    const { i32, u32 } = ring.memory
    this.i32 = i32
    this.u32 = u32
    this.head = Atomics.load(i32, HEAD)
    this.stored = this.head
    this.tail = this.head
    this.memory = ring.memory
    this.scratch = new RingMemory(new ArrayBuffer(Frame.MAX_SLOTS * SLOT_SIZE), 0, ring.path, 0)
  }

  /** Handles the frames there are, at most `limit`. Returns how many. */
  poll(handlers: Handlers, limit: number): number {
    if (this.compiled !== handlers || this.version !== handlers.version) this.compile(handlers)
    // The producer settles the policy before it publishes its first frame, so it is known once there is something to read, and not before.
    if (!this.hasNews()) return 0
    return this.i32[Word.POLICY] === RingPolicy.OVERWRITE ? this.pollCopies(limit) : this.pollInPlace(limit)
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
  private pollInPlace(limit: number): number {
    this.use(this.ring.memory)
    let count = 0
    try {
      while (count < limit && !this.ring.file.isClosed && this.available() > 0) count += this.pollRun(limit - count)
    } finally {
      this.expire()
      // The producer may write over them from here on.
      if (!this.ring.file.isClosed) storeRelease(this.i32, HEAD, this.head)
      this.stored = this.head
    }
    return count
  }

  /** Frames up to the buffer's end: their positions count from the same number. */
  private pollRun(limit: number): number {
    const { u32, routes } = this
    const { file, memory } = this.ring
    const end = this.tail
    let at = this.ring.at(this.head)
    memory.firstPosition = (this.head - (this.head & this.ring.mask)) >>> 0
    let room = this.ring.mask + 1 - (this.head & this.ring.mask)
    let count = 0
    while (count < limit && room > 0) {
      const left = (end - this.head) | 0
      if (left <= 0) break
      const word = u32[at >> 2]
      const type = word & 0xffff
      const slots = (word >>> 16) & 0xff
      if (slots === 0 || slots > left || type === 0) this.throwDamaged(type, slots, left)
      let route = type < routes.length ? routes[type] : undefined
      if (route === undefined || route.slots !== slots) route = this.resolve(type, slots)
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
  private pollCopies(limit: number): number {
    this.use(this.scratch)
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
        if (slots === 0 || left < 0 || slots > left || type === 0) this.throwDamaged(type, slots, left)
        const route = this.resolve(type, slots)
        if (Atomics.compareExchange(i32, HEAD, head, (head + slots) | 0) !== head) continue
        count++
        this.scratch.firstPosition = head >>> 0
        route.pointer.at = COPY_AT
        route.handle(route.view, 0)
        if (ring.file.isClosed) return count
      }
    } finally {
      this.expire()
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

  private compile(handlers: Handlers): void {
    for (const { definition } of handlers.byType.values()) this.ring.knows(definition)
    this.compiled = handlers
    this.version = handlers.version
    this.routes = []
    this.others = new Map()
  }

  /** Points the views at the ring, or at the copy. */
  private use(memory: PageMemory): void {
    if (this.memory === memory) return
    this.memory = memory
    this.routes = []
    this.others = new Map()
  }

  /** The slow side of the lookup: a type not met before, or one whose frame has not the slots it should. */
  private resolve(type: number, slots: number): Route {
    const route = this.routes[type] ?? this.others.get(type) ?? this.addRoute(type, slots)
    if (route.slots !== slots)
      this.ring.file.corrupt(`a frame of type ${type} takes ${slots} slots, that type has ${route.slots}`)
    return route
  }

  private addRoute(type: number, slots: number): Route {
    const handlers = this.compiled
    const handler = handlers?.byType.get(type)
    // The producer has told the ring before it wrote the first one.
    if (handler !== undefined && !this.ring.knows(handler.definition))
      this.ring.file.corrupt(`it has frames of type ${type} and no such definition`)
    const definition = handler?.definition ?? FrameDefinition.create(`type ${type}`, type, [], slots)
    const { view, pointer } = makeReadView(definition)
    pointer.bind(this.memory)
    const route = { view, pointer, handle: handler?.handle ?? handlers?.rest ?? passOver, slots: definition.slots }
    if (type < DENSE_TYPES) this.routes[type] = route
    else this.others.set(type, route)
    return route
  }

  private expire(): void {
    for (const route of this.routes) if (route !== undefined) route.pointer.at = -1
    for (const route of this.others.values()) route.pointer.at = -1
  }

  private throwDamaged(type: number, slots: number, left: number): never {
    this.ring.file.throwIfClosed()
    this.ring.file.corrupt(`the frame at ${this.head >>> 0} has type ${type} and ${slots} slots, ${left} are unread`)
  }
}

/** Types below this are found in an array, others in a map. */
const DENSE_TYPES = 1024
/** Where a copied frame lies in its own memory: views take the slot they look at for the first of a page. */
const COPY_AT = 4096

function passOver(): void {}

import type { Instruments } from '../../instruments/instruments.js'
import { LiveOrder } from './live-order.js'
import {
  ID_HIGH,
  ID_LOW,
  isAtRest,
  NUMBERS,
  type PackedOrders,
  packOrder,
  type Texts,
  textsOf,
  unpackOrder,
  WORDS,
} from './packed-order.js'

/** So many of the youngest final orders stay objects: most of what a venue says of an order after its end comes at once. */
const YOUNG = 64

const BLOCK_BITS = 10
const BLOCK = 1 << BLOCK_BITS

/** Memory for some orders. */
class Block implements PackedOrders {
  /** When each came, and when it was last heard of; of an order that is an object only the first. Read for many orders in a row. */
  readonly queuedAt = new Float64Array(BLOCK)
  readonly endedAt = new Float64Array(BLOCK)
  readonly numbers = new Float64Array(BLOCK * NUMBERS)
  readonly words = new Uint32Array(BLOCK * WORDS)
  /** Those that are objects. */
  readonly live: (LiveOrder | undefined)[] = new Array<LiveOrder | undefined>(BLOCK).fill(undefined)
}

/**
 * Final orders, as a queue in the order in which they ended. They are named by their place, which counts all that ever came.
 *
 * A desk may have some hundred thousand of them, and as objects they would be most of the heap: each collection would copy and
 * mark them. So all but the youngest are packed into numbers, 160 bytes each, and made objects again when a venue still speaks
 * of them. An order that is not at rest (fills are missing, a request is not answered, risk counts it) stays an object.
 */
export class FinalOrders {
  private readonly blocks: Block[] = []
  private readonly spare: Block[] = []
  private readonly texts = new Map<number, Texts>()
  /** The places of the oldest one, and of the next one that comes. */
  private head = 0
  private tail = 0
  /** The first place of the first block. Places grow beyond what bit operations can hold; their distances do not. */
  private first = 0

  constructor(private readonly instruments: Instruments) {}

  get count(): number {
    return this.tail - this.head
  }

  /** When the oldest one came. There must be one. */
  get oldestQueuedAt(): number {
    return this.blockOf(this.head).queuedAt[this.head & (BLOCK - 1)]
  }

  /** The oldest one; undefined when it is packed. */
  get oldest(): LiveOrder | undefined {
    return this.blockOf(this.head).live[this.head & (BLOCK - 1)]
  }

  /** Of the oldest one, which is packed. */
  get oldestEndedAt(): number {
    return this.blockOf(this.head).endedAt[this.head & (BLOCK - 1)]
  }

  get oldestIdHigh(): number {
    return this.blockOf(this.head).words[(this.head & (BLOCK - 1)) * WORDS + ID_HIGH]
  }

  get oldestIdLow(): number {
    return this.blockOf(this.head).words[(this.head & (BLOCK - 1)) * WORDS + ID_LOW]
  }

  /** Adds an order at the end. */
  add(order: LiveOrder): void {
    const place = this.tail++
    if ((place & (BLOCK - 1)) === 0) this.blocks.push(this.spare.pop() ?? new Block())
    const block = this.blockOf(place)
    const at = place & (BLOCK - 1)
    block.live[at] = order
    block.queuedAt[at] = order.endedAt
    order.queued = true
  }

  /** Removes the oldest one. */
  removeOldest(): void {
    const { head } = this
    const block = this.blockOf(head)
    const at = head & (BLOCK - 1)
    const order = block.live[at]
    if (order !== undefined) order.queued = false
    else if (this.texts.size > 0) this.texts.delete(head)
    block.live[at] = undefined
    this.head = head + 1
    if ((this.head & (BLOCK - 1)) !== 0) return
    this.blocks.shift()
    this.first += BLOCK
    this.spare.push(block)
  }

  /**
   * Packs the order that is no longer one of the youngest. Returns it, so that its object can be used for another order;
   * undefined when there is none, or it is not at rest. To be called after each `add`.
   */
  pack(): LiveOrder | undefined {
    const place = this.packedPlace
    if (place < this.head) return undefined
    const block = this.blockOf(place)
    const at = place & (BLOCK - 1)
    const order = block.live[at]
    if (order === undefined || !isAtRest(order)) return undefined
    packOrder(order, block, at)
    const texts = textsOf(order)
    if (texts !== undefined) this.texts.set(place, texts)
    block.live[at] = undefined
    return order
  }

  /** The place of the order that `pack` has returned last. */
  get packedPlace(): number {
    return this.tail - YOUNG - 1
  }

  /** Makes a packed order an object again, which stays in its place. @param order an empty one. */
  unpack(place: number, order: LiveOrder): LiveOrder {
    const block = this.blockOf(place)
    const at = place & (BLOCK - 1)
    this.read(place, order)
    this.texts.delete(place)
    block.live[at] = order
    order.queued = true
    return order
  }

  /** All of them, oldest first: packed ones as objects that are not those of the book. */
  *[Symbol.iterator](): Generator<LiveOrder, undefined> {
    for (let place = this.head; place < this.tail; place++)
      yield this.blockOf(place).live[place & (BLOCK - 1)] ?? this.read(place, new LiveOrder())
  }

  /** The orders that are objects, oldest first. */
  *objects(): Generator<LiveOrder, undefined> {
    for (let place = this.head; place < this.tail; place++) {
      const order = this.blockOf(place).live[place & (BLOCK - 1)]
      if (order !== undefined) yield order
    }
  }

  /** All of them as plain data, packed but those that are not at rest: of these only the ids. */
  save(): FinalOrdersData {
    const { head, count } = this
    const queuedAt = new Float64Array(count)
    const packed = {
      endedAt: new Float64Array(count),
      numbers: new Float64Array(count * NUMBERS),
      words: new Uint32Array(count * WORDS),
    }
    const texts: [number, Texts][] = []
    const objects: number[] = []
    for (let i = 0; i < count; i++) {
      const block = this.blockOf(head + i)
      const at = (head + i) & (BLOCK - 1)
      const order = block.live[at]
      queuedAt[i] = block.queuedAt[at]
      if (order === undefined) copyPacked(block, at, packed, i)
      else if (isAtRest(order)) packOrder(order, packed, i)
      else {
        objects.push(i)
        packed.words[i * WORDS + ID_HIGH] = order.idHigh
        packed.words[i * WORDS + ID_LOW] = order.idLow
        continue
      }
      const own = order === undefined ? this.texts.get(head + i) : textsOf(order)
      if (own !== undefined) texts.push([i, own])
    }
    const { endedAt, numbers, words } = packed
    return { queuedAt, endedAt, numbers, words: new Uint8Array(words.buffer), texts, objects }
  }

  /**
   * Takes over what `save` gave; there are none yet.
   *
   * @param find the order with an id that is an object.
   * @param found gets the id and the place of each that is packed.
   */
  load(
    { queuedAt, endedAt, numbers, words: bytes, texts, objects }: FinalOrdersData,
    find: (idHigh: number, idLow: number) => LiveOrder | undefined,
    found: (idHigh: number, idLow: number, place: number) => void,
  ): void {
    const words = new Uint32Array(Uint8Array.from(bytes).buffer)
    const packed = { endedAt, numbers, words }
    const notPacked = new Set(objects)
    for (const [place, own] of texts) this.texts.set(place, own)
    for (let place = 0; place < queuedAt.length; place++) {
      const at = place & (BLOCK - 1)
      if (at === 0) this.blocks.push(new Block())
      this.tail++
      const block = this.blockOf(place)
      const idHigh = words[place * WORDS + ID_HIGH]
      const idLow = words[place * WORDS + ID_LOW]
      block.queuedAt[at] = queuedAt[place]
      if (notPacked.has(place)) {
        const order = find(idHigh, idLow)
        block.live[at] = order
        if (order !== undefined) order.queued = true
      } else {
        copyPacked(packed, place, block, at)
        found(idHigh, idLow, place)
      }
    }
  }

  private read(place: number, order: LiveOrder): LiveOrder {
    return unpackOrder(this.blockOf(place), place & (BLOCK - 1), this.texts.get(place), this.instruments, order)
  }

  private blockOf(place: number): Block {
    return this.blocks[(place - this.first) >> BLOCK_BITS]
  }
}

/** Final orders as plain data, in their order. */
export interface FinalOrdersData {
  /** ns. */
  readonly queuedAt: Float64Array
  readonly endedAt: Float64Array
  readonly numbers: Float64Array
  /** Little-endian words of 32 bits. */
  readonly words: Uint8Array
  /** By index. */
  readonly texts: readonly (readonly [index: number, texts: Texts])[]
  /** The indexes of those that are not packed. */
  readonly objects: readonly number[]
}

function copyPacked(from: PackedOrders, at: number, to: PackedOrders, toAt: number): void {
  to.endedAt[toAt] = from.endedAt[at]
  for (let i = 0; i < NUMBERS; i++) to.numbers[toAt * NUMBERS + i] = from.numbers[at * NUMBERS + i]
  for (let i = 0; i < WORDS; i++) to.words[toAt * WORDS + i] = from.words[at * WORDS + i]
}

/**
 * All orders that the venue knows, in one block of memory: 128 bytes each, so that an order is two cache lines and none
 * is ever allocated. An order is named by its index, from 1 on; 0 is none.
 *
 * Final orders stay known, so that they can be asked about, until more than `keep` of them are: then the oldest ones make
 * room for new orders.
 */
export class Orders {
  /** Fields of 8 bytes: an order's begin at `index * DOUBLES`. */
  doubles: Float64Array
  /** Fields of 4 bytes: at `index * WORDS`. */
  words: Int32Array
  /** Fields of 1 byte: at `index * BYTES`. */
  bytes: Uint8Array

  /** Known orders, open or final. */
  known = 0
  /** Orders that are not final. */
  open = 0
  /** Final orders that were forgotten. */
  forgotten = 0
  private capacity: number
  /** Indexes from here on were never used. */
  private unused = 1
  /** The list of indexes that can be used again, by NEXT. */
  private free = 0
  /** Final orders by age, by NEXT. */
  private oldestFinal = 0
  private newestFinal = 0
  /** The first order of each bucket; the others follow by SAME_BUCKET. */
  private buckets: Int32Array
  readonly keep: number

  constructor(keep: number) {
    this.keep = keep
    this.capacity = FIRST_CAPACITY
    const memory = new ArrayBuffer(this.capacity * BYTES)
    this.doubles = new Float64Array(memory)
    this.words = new Int32Array(memory)
    this.bytes = new Uint8Array(memory)
    this.buckets = new Int32Array(this.capacity)
  }

  /** The order of an id; 0 when it is not known. */
  find(idHigh: number, idLow: number): number {
    const words = this.words
    let order = this.buckets[bucketOf(idHigh, idLow) & (this.buckets.length - 1)]
    while (order !== 0) {
      const at = order * WORDS
      if (words[at + ID_LOW] === (idLow | 0) && words[at + ID_HIGH] === (idHigh | 0)) return order
      order = words[at + SAME_BUCKET]
    }
    return 0
  }

  /** A new order, with every field 0 but the id. It may move the memory: take `doubles` and the others again. */
  add(idHigh: number, idLow: number): number {
    let order = this.free
    if (order !== 0) this.free = this.words[order * WORDS + NEXT]
    else {
      if (this.unused === this.capacity) this.grow()
      order = this.unused++
    }
    const at = order * DOUBLES
    const { doubles, words } = this
    for (let i = at; i < at + DOUBLES; i++) doubles[i] = 0
    words[order * WORDS + ID_HIGH] = idHigh
    words[order * WORDS + ID_LOW] = idLow
    this.putInBucket(order)
    this.known++
    this.open++
    return order
  }

  /** The order is final now, and out of every list: it is forgotten when `keep` further ones are final. */
  finish(order: number): void {
    const { words } = this
    words[order * WORDS + NEXT] = 0
    if (this.newestFinal === 0) this.oldestFinal = order
    else words[this.newestFinal * WORDS + NEXT] = order
    this.newestFinal = order
    this.open--
    if (this.known - this.open > this.keep) this.forgetOldest()
  }

  /** Final orders from the oldest on. */
  *final(): Generator<number> {
    for (let order = this.oldestFinal; order !== 0; order = this.words[order * WORDS + NEXT]) yield order
  }

  idHigh(order: number): number {
    return this.words[order * WORDS + ID_HIGH] >>> 0
  }

  idLow(order: number): number {
    return this.words[order * WORDS + ID_LOW] >>> 0
  }

  /** Makes room for so many orders at once. Of a new exchange, before any order. */
  expect(count: number): void {
    while (this.capacity <= count) this.grow()
  }

  private forgetOldest(): void {
    const { words } = this
    const order = this.oldestFinal
    this.oldestFinal = words[order * WORDS + NEXT]
    if (this.oldestFinal === 0) this.newestFinal = 0
    const bucket = bucketOf(words[order * WORDS + ID_HIGH], words[order * WORDS + ID_LOW]) & (this.buckets.length - 1)
    let before = 0
    let one = this.buckets[bucket]
    while (one !== order) {
      before = one
      one = words[one * WORDS + SAME_BUCKET]
    }
    if (before === 0) this.buckets[bucket] = words[order * WORDS + SAME_BUCKET]
    else words[before * WORDS + SAME_BUCKET] = words[order * WORDS + SAME_BUCKET]
    words[order * WORDS + NEXT] = this.free
    this.free = order
    this.known--
    this.forgotten++
  }

  private putInBucket(order: number): void {
    const { words, buckets } = this
    const bucket = bucketOf(words[order * WORDS + ID_HIGH], words[order * WORDS + ID_LOW]) & (buckets.length - 1)
    words[order * WORDS + SAME_BUCKET] = buckets[bucket]
    buckets[bucket] = order
  }

  private grow(): void {
    this.capacity *= GROWTH
    const memory = new ArrayBuffer(this.capacity * BYTES)
    const doubles = new Float64Array(memory)
    doubles.set(this.doubles)
    this.doubles = doubles
    this.words = new Int32Array(memory)
    this.bytes = new Uint8Array(memory)
    this.buckets = new Int32Array(this.capacity)
    // No index is free when the memory grows: every one below is in use.
    for (let order = 1; order < this.unused; order++) this.putInBucket(order)
  }
}

/**
 * Ids with the same high word and neighbouring low words are in neighbouring buckets: a strategy's orders are counted up,
 * so that its buckets are in the cache.
 */
function bucketOf(idHigh: number, idLow: number): number {
  return (idLow + Math.imul(idHigh, 0x9e3779b1)) | 0
}

/** Few steps of growth, because each copies everything. */
const FIRST_CAPACITY = 1024
const GROWTH = 4
const BYTES = 128
export const DOUBLES = BYTES / 8
export const WORDS = BYTES / 4
export { BYTES as BYTES_OF_ORDER }

// Doubles 0 to 7.
/** The limit price; 0 in market orders, and in stop orders too. */
export const TICKS = 0
/** The total quantity, the filled part included. */
export const STEPS = 1
export const FILLED = 2
/** The price that triggers a stop. */
export const STOP_TICKS = 3
export const EXPIRE_AT = 4
/** The recorded quantity in front of it, as the level's `passed` was when that was known; see matching/queue. */
export const AHEAD = 5
/** The venue's number of the order, from 1. */
export const NUMBER = 6
/** When the venue accepted or refused it. */
export const ARRIVED = 7

// Words 16 to 31.
const ID_HIGH = 16
const ID_LOW = 17
const SAME_BUCKET = 18
/** The next order at its level; in the list of final orders, or of free indexes, the next of that. */
export const NEXT = 19
export const PREVIOUS = 20
/** Its level among the price levels of its side. */
export const LEVEL = 21
/** The index of its market. */
export const MARKET_INDEX = 22
export const ACCOUNT = 23
/** The open orders of one account in one market. */
export const NEXT_OF_HOLDING = 24
export const PREVIOUS_OF_HOLDING = 25
/** Its index in the heap of expiries, from 1; 0 when it is not in it. */
export const EXPIRY = 26
/** Its latest fill in the record; 0 when there is none. */
export const LAST_FILL = 27
/** An index into REASONS: why it is final. */
export const REASON = 28
// Bytes 116 to 127 (words 29 to 31).
export const SIDE = 116
export const TYPE = 117
export const TIME_IN_FORCE = 118
export const POST_ONLY = 119
export const REDUCE_ONLY = 120
export const STATUS = 121
/** 1: a stop that was triggered. */
export const TRIGGERED = 122

/** Values of STATUS. */
export const NEW = 0
/** In the book. */
export const RESTING = 1
/** A stop that waits for its trigger. */
export const WAITING = 2
export const FILLED_STATUS = 3
export const CANCELLED = 4
export const EXPIRED = 5
export const REJECTED = 6

/** Numbers of one row of the index: the id's two words, since when it is in the queue, and where its text begins. */
const ROW = 4

/** The final orders of a snapshot as they are stored, in the order in which they are to be forgotten. */
export interface ArchiveData {
  /** `ROW` numbers for each, and after the last one the end of the texts. */
  readonly index: Float64Array
  /** The rows of `savedOrder` as JSON, one behind the other. An empty one is among the orders that were loaded. */
  readonly texts: Uint8Array
}

/**
 * Final orders that a snapshot had, and that nobody has asked about since. There may be a quarter of a million of them, and
 * nearly all are forgotten without a word: so a start makes no objects of them, only a table of their ids.
 */
export class ArchivedOrders {
  private readonly index: Float64Array
  private readonly texts: Uint8Array
  private readonly rows: number
  /** The row that is forgotten next. */
  private head = 0
  /** Rows whose order became an object. */
  private readonly taken: Uint8Array
  /** Open addressing by id: rows from 1, 0 for none. */
  private readonly table: Int32Array
  private readonly mask: number

  constructor({ index, texts }: ArchiveData = NOTHING) {
    this.index = index
    this.texts = texts
    this.rows = Math.max(0, (index.length - 1) / ROW)
    this.taken = new Uint8Array(this.rows)
    this.mask = 2 ** Math.ceil(Math.log2(2 * this.rows + 1)) - 1
    this.table = new Int32Array(this.mask + 1)
    for (let row = 0; row < this.rows; row++) this.put(row)
  }

  /** Rows that are still in the queue. */
  get size(): number {
    return this.rows - this.head
  }

  /** Since when the next one has been in the queue. */
  get queuedAt(): number {
    return this.index[this.head * ROW + 2]
  }

  /** The id of the next one. */
  get idHigh(): number {
    return this.index[this.head * ROW]
  }

  get idLow(): number {
    return this.index[this.head * ROW + 1]
  }

  /** Removes the next one from the queue. */
  shift(): void {
    this.head++
  }

  /** The row of an order that is no object yet, as JSON, and since when it has been in the queue. Gives each only once. */
  take(idHigh: number, idLow: number): { readonly text: string; readonly queuedAt: number } | undefined {
    if (this.size === 0) return undefined
    const { index, mask, table } = this
    for (let i = hashOf(idHigh, idLow) & mask; table[i] !== 0; i = (i + 1) & mask) {
      const row = table[i] - 1
      if (index[row * ROW] !== idHigh || index[row * ROW + 1] !== idLow) continue
      if (row < this.head || this.taken[row] !== 0) return undefined
      this.taken[row] = 1
      return { text: this.textOf(row), queuedAt: index[row * ROW + 2] }
    }
    return undefined
  }

  /** Visits the rows of orders that are objects. Returns how many others there are. */
  eachLoaded(visit: (idHigh: number, idLow: number, queuedAt: number) => void): number {
    const { index, taken } = this
    let others = 0
    for (let row = this.head; row < this.rows; row++)
      if (taken[row] === 0) others++
      else visit(index[row * ROW], index[row * ROW + 1], index[row * ROW + 2])
    return others
  }

  /** What is left, in its order: `text` is undefined when its order is an object. */
  *[Symbol.iterator](): Generator<{
    readonly idHigh: number
    readonly idLow: number
    readonly queuedAt: number
    readonly text: Uint8Array | undefined
  }> {
    for (let row = this.head; row < this.rows; row++) {
      const at = row * ROW
      const text = this.taken[row] === 0 ? this.bytesOf(row) : undefined
      yield { idHigh: this.index[at], idLow: this.index[at + 1], queuedAt: this.index[at + 2], text }
    }
  }

  private put(row: number): void {
    // An empty text stands for an order that was loaded as an object.
    const { index, mask, table } = this
    if (index[this.endOf(row)] === index[row * ROW + 3]) {
      this.taken[row] = 1
      return
    }
    let i = hashOf(index[row * ROW], index[row * ROW + 1]) & mask
    while (table[i] !== 0) i = (i + 1) & mask
    table[i] = row + 1
  }

  private bytesOf(row: number): Uint8Array {
    return this.texts.subarray(this.index[row * ROW + 3], this.index[this.endOf(row)])
  }

  /** Where in the index the end of a row's text is. */
  private endOf(row: number): number {
    return row + 1 === this.rows ? this.rows * ROW : (row + 1) * ROW + 3
  }

  private textOf(row: number): string {
    const bytes = this.bytesOf(row)
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8')
  }
}

/** Collects the rows of an archive. */
export class ArchiveWriter {
  private readonly index: number[] = []
  private readonly texts: Uint8Array[] = []
  private size = 0

  /** @param text undefined for an order that is saved elsewhere. */
  add(idHigh: number, idLow: number, queuedAt: number, text: Uint8Array | undefined): void {
    this.index.push(idHigh, idLow, queuedAt, this.size)
    if (text === undefined) return
    this.texts.push(text)
    this.size += text.length
  }

  get data(): ArchiveData {
    return { index: Float64Array.from([...this.index, this.size]), texts: Buffer.concat(this.texts) }
  }
}

function hashOf(high: number, low: number): number {
  const mixed = Math.imul(low ^ Math.imul(high, 0x9e3779b1), 0x85ebca6b)
  return (mixed ^ (mixed >>> 15)) >>> 0
}

const NOTHING: ArchiveData = { index: new Float64Array(1), texts: new Uint8Array(0) }

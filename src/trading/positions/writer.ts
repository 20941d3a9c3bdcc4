import { InvalidOptionError } from '../../base/errors.js'
import { formatValue } from '../../base/format-value.js'
import { checkOptions, kinds } from '../../base/options.js'
import type { Cause } from '../../frames/commit-options.js'
import { FieldValueError } from '../../frames/errors.js'
import { CAUSE_POSITION_BITS, MAX_JOURNAL_ID } from '../../frames/format.js'
import { pointerOf } from '../../frames/view.js'
import type { WriterOptions } from '../../journal/write/options.js'
import { Writer } from '../../journal/write/writer.js'
import type { Scale } from './book.js'
import type { DecimalInput, ExactFill, Fill } from './exact-fill.js'
import { type FillCause, foldLast } from './fold.js'
import { FillRecord, PositionRecord, Settlement, Snapshot } from './frames.js'
import { type BookEntry, Positions } from './positions.js'
import { writeFill, writeMarket, writePosition, writeSettlement } from './records.js'

export interface PositionsWriterOptions {
  /** Decimals of prices and quantities. Default: those of the existing journal, or 8 each. */
  readonly scale?: Scale
  /** The maximum number of fills that are folded together. Default 16. */
  readonly batch?: number
  /** The longest that a fill waits for others, in ms. Default 100. */
  readonly batchMs?: number
  /** Fills between two snapshots of all positions. Default 10,000. */
  readonly snapshotEvery?: number
  /** Options of the journal's writer. */
  readonly journal?: WriterOptions
}

type BookName = Pick<BookEntry, 'kind' | 'name' | 'symbol'>

/** A fill, or a settlement, that is not folded yet. */
interface Pending {
  readonly write: () => void
  readonly apply: () => void
  /** The books it changes. */
  readonly touched: () => Iterable<BookName>
  readonly cause: FillCause | undefined
}

/**
 * Keeps positions in a journal of their own. It writes in batches: first the fills, then the positions that they
 * change.
 *
 *     const keeper = PositionsWriter.open('/var/lib/desk/positions')
 *     keeper.apply({ strategy: 'momentum', symbol: 'BTC-USDT', side: 'buy', price: '61800.2', quantity: '0.003' }, report)
 *     keeper.positions.get('momentum', 'BTC-USDT')
 *
 * A batch is folded after 16 fills, or 100 ms after its first fill: its fills are written and published together, then
 * counted, then the changed positions are written. However the process ended, the next `open` begins with the last complete
 * snapshot in the journal, folds the fills after it, and compares the result with the positions in the journal;
 * `foldPositions` does that for all fills. A fill that was not folded yet is not in
 * the journal: so give the frame it comes from as its cause, and after a restart begin after `lastCause`.
 */
export class PositionsWriter implements Disposable {
  /** The positions after all folded fills. `fold` folds the waiting ones. */
  readonly positions: Positions
  private readonly writer: Writer
  private readonly batch: number
  private readonly batchMs: number
  private readonly snapshotEvery: number
  private pending: Pending[] = []
  private timer: NodeJS.Timeout | undefined = undefined
  /** The timer's last attempt to fold has failed. */
  private failed = false
  private count: number
  private snapshotAt: number
  private cause: FillCause | undefined

  /**
   * @throws {InvalidOptionError} when the journal has another scale, {CorruptJournalError} when its fills give other
   * positions than it records, and as `Writer.open`.
   */
  static open(directory: string, options: PositionsWriterOptions = {}): PositionsWriter {
    checkOptions('PositionsWriter.open', options, {
      scale: kinds.object,
      batch: kinds.integer(1, 1000),
      batchMs: kinds.number(0, 60_000),
      snapshotEvery: kinds.integer(1, 2 ** 40),
      journal: kinds.object,
    })
    // The writer is opened first: it runs the recovery, and from here on no other process writes.
    const writer = Writer.open(directory, {
      ...options.journal,
      frames: [FillRecord, Settlement, PositionRecord, Snapshot, ...(options.journal?.frames ?? [])],
    })
    try {
      return new PositionsWriter(directory, writer, options)
    } catch (error) {
      writer.close()
      throw error
    }
  }

  private constructor(directory: string, writer: Writer, options: PositionsWriterOptions) {
    this.writer = writer
    this.batch = options.batch ?? 16
    this.batchMs = options.batchMs ?? 100
    this.snapshotEvery = options.snapshotEvery ?? 10_000
    const { positions, folded, lastCause } =
      writer.position === 0 ? fresh(options.scale) : foldLast(directory, options.scale)
    this.positions = positions
    this.count = folded
    this.cause = lastCause
    this.snapshotAt = folded + this.snapshotEvery
    if (writer.position === 0) this.snapshot()
  }

  get path(): string {
    return this.writer.path
  }

  /** Fills and settlements folded since the journal began. */
  get folded(): number {
    return this.count
  }

  /** The cause of the last folded fill; undefined when it had none. */
  get lastCause(): FillCause | undefined {
    return this.cause
  }

  /** Fills and settlements that wait for their batch. */
  get waiting(): number {
    return this.pending.length
  }

  /**
   * Accepts a fill. It counts when its batch is folded.
   *
   * @param cause the frame it comes from, while that frame's handler runs; or its position.
   * @throws {FieldValueError} for an invalid fill, or a text that is too long for its field. Then the fill is not
   * accepted.
   * @throws as `fold`, when the fill completes a batch.
   */
  apply(fill: Fill, cause?: Cause): void {
    if (this.failed) this.fold()
    const exact = this.positions.exact(fill)
    const origin = cause === undefined ? undefined : causeOf(cause)
    const write = writeFill(this.writer, exact, this.positions.scale, origin)
    // At once, not when the batch is folded: the next fill is checked against these currencies.
    if (exact.currencies !== undefined) this.positions.learn(exact.symbol, exact.currencies)
    this.add({
      write,
      apply: () => this.positions.applyExact(exact),
      touched: () => booksOf(exact),
      cause: origin,
    })
  }

  /** Settles a symbol: counts all fills accepted before, then closes all its positions at this price. Folds at once. */
  settle(symbol: string, price: DecimalInput): void {
    const exact = this.positions.price(price)
    if (typeof symbol !== 'string' || symbol === '')
      throw new FieldValueError(`settle() takes a symbol, not ${formatValue(symbol)}`)
    this.add({
      write: writeSettlement(this.writer, symbol, exact, this.positions.scale),
      apply: () => this.positions.settleExact(symbol, exact),
      touched: () => [...this.positions.entries()].filter(entry => entry.symbol === symbol),
      cause: undefined,
    })
    this.fold()
  }

  /**
   * Writes, publishes and counts all fills and settlements that wait. Returns how many.
   *
   * @throws {JournalFullError} when there is no room. Those that were not written still wait, and the next call
   * continues with them.
   */
  fold(): number {
    clearTimeout(this.timer)
    this.timer = undefined
    this.failed = false
    const batch = this.pending
    let written = 0
    try {
      this.writer.batch(() => {
        for (const { write } of batch) {
          write()
          written++
        }
      })
    } finally {
      // Exactly what is in the journal counts, also when the rest did not fit.
      this.pending = batch.slice(written)
      for (const { apply, cause } of batch.slice(0, written)) {
        apply()
        this.count++
        if (cause !== undefined) this.cause = cause
      }
    }
    if (written > 0) this.writeChanged(batch)
    if (this.count >= this.snapshotAt) this.snapshot()
    return written
  }

  /** Writes all positions. Called automatically every `snapshotEvery` fills. */
  snapshot(): void {
    const entries = [...this.positions.entries()]
    const { scale } = this.positions
    const frame = {
      count: entries.length,
      folded: BigInt(this.count),
      priceScale: scale.price,
      quantityScale: scale.quantity,
      lastJournal: this.cause?.journal ?? 0,
      lastNext: this.cause === undefined ? 0n : BigInt(this.cause.position) + 1n,
    }
    this.writer.batch(() => {
      this.writer.write(Snapshot, { event: 'begin', ...frame })
      for (const [symbol, currencies] of this.positions.markets()) writeMarket(this.writer, symbol, currencies)
      for (const entry of entries) writePosition(this.writer, entry)
      this.writer.write(Snapshot, { event: 'end', ...frame })
    })
    this.snapshotAt = this.count + this.snapshotEvery
  }

  /** Folds, and resolves when everything folded so far is durable, by the journal's durability. */
  async flush(): Promise<void> {
    this.fold()
    await this.writer.flush()
  }

  /** Folds what waits, then closes the journal. May be called more than once. */
  close(): void {
    try {
      if (this.pending.length > 0) this.fold()
    } finally {
      clearTimeout(this.timer)
      this.writer.close()
    }
  }

  [Symbol.dispose](): void {
    this.close()
  }

  private add(pending: Pending): void {
    this.pending.push(pending)
    if (this.pending.length >= this.batch) this.fold()
    else this.timer ??= setTimeout(() => this.foldOnTimer(), this.batchMs)
  }

  /** A timer has no caller to throw to: the next call of `apply` folds first, and throws the error then. */
  private foldOnTimer(): void {
    try {
      this.fold()
    } catch {
      this.failed = true
    }
  }

  private writeChanged(batch: readonly Pending[]): void {
    const changed = new Map<string, BookName>()
    for (const { touched } of batch)
      for (const book of touched()) changed.set(`${book.kind}\0${book.name}\0${book.symbol}`, book)
    this.writer.batch(() => {
      for (const { kind, name, symbol } of changed.values()) {
        const { state, charges } = this.positions.bookOf(kind, name, symbol)
        writePosition(this.writer, { kind, name, symbol, state, charges })
      }
    })
  }
}

function fresh(scale: Scale | undefined): { positions: Positions; folded: number; lastCause: undefined } {
  return { positions: new Positions({ scale }), folded: 0, lastCause: undefined }
}

/** The position of a cause. A frame's view is no longer valid when the batch is written, so its position is kept. */
function causeOf(cause: Cause): FillCause {
  const pointer = pointerOf(cause)
  if (pointer !== undefined) return { journal: pointer.memory.journalId, position: pointer.position }
  const given = typeof cause === 'number' ? { journal: 0, position: cause } : (cause as FillCause)
  if (
    typeof given === 'object' &&
    given !== null &&
    inside(given.position, 2 ** CAUSE_POSITION_BITS) &&
    inside(given.journal, MAX_JOURNAL_ID + 1)
  )
    return given
  throw new InvalidOptionError(
    `a fill's cause is a frame, a position, or { journal, position }, not ${formatValue(cause)}`,
  )
}

function inside(value: number, end: number): boolean {
  return Number.isInteger(value) && value >= 0 && value < end
}

function booksOf({ strategy, account, symbol }: ExactFill): BookName[] {
  return [
    { kind: 'strategy', name: strategy, symbol },
    { kind: 'account', name: account, symbol },
    { kind: 'total', name: '', symbol },
  ]
}

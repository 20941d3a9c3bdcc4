import { InvalidOptionError, InvalidStateError } from '../../base/errors.js'
import { formatValue } from '../../base/format-value.js'
import { checkOptions, kinds } from '../../base/options.js'
import { type Fields, type FrameDefinition, isDefinition, type ValuesOf } from '../../frames/definition.js'
import { Frame, Page, SLOT_SIZE } from '../../frames/format.js'
import { PageMemory } from '../../frames/memory.js'
import { plainValues } from '../../frames/plain-values.js'
import { DISCARDED, NO_FRAME } from '../../frames/pointer.js'
import { layoutHash } from '../../frames/schema.js'
import {
  type BoundView,
  type BoundWriteView,
  type FrameView,
  makeReadView,
  makeWriteView,
  type WriteView,
} from '../../frames/view.js'
import { StateBusyError } from '../errors.js'
import { refuseIndex } from '../file/checks.js'
import { fence, storeRelease } from '../file/fence.js'
import { LatestCell as C, Header, Kind } from '../file/format.js'
import { readOwnerSlot, signOwnerSlot } from '../file/owners.js'
import { closeWhenReplaced } from '../file/replacement-watch.js'
import { DEFAULT_MODE, StateFile, type StatePlan } from '../file/state-file.js'

export interface LatestValuesOptions {
  /** Cells in the table, one for each instrument. Default 1024. */
  readonly capacity?: number
  /** Permissions when the file is created. Default 0o600. */
  readonly mode?: number
}

// Copies, because imported names are loaded from their module's cell at each use; these compile to constants.
const CELLS_AT = Header.SIZE
const COPIES = C.COPIES
const COPIES_AT = C.COPIES_AT

/**
 * Attempts to read a cell before it is called damaged. For each to fail, the writer must complete four values during
 * it.
 */
const MAX_ATTEMPTS = 100_000

/**
 * The last value of each instrument, of any frame definition. A slow reader reads it instead of all the values before
 * it.
 *
 *     const latest = LatestValues.open('/dev/shm/session.tickers', Ticker, { capacity: 1024 })
 *     latest.set(3, { symbol: 'BTC-USDT', last: 61800.2, bid: 61800.2, ask: 61800.3, volume: 3 })
 *     latest.get(3)?.last
 *
 * Each cell has one writer: the first process that writes to it, until that process ends or closes the table. There may
 * be any number of readers. They take no lock and write nothing, so the writer never waits for them.
 *
 * How it works: a cell has four copies. The writer announces version v, fills copy v mod 4, then stores v as the cell's
 * version. A reader copies the copy of the current version, then checks whether a version that overwrites this copy has
 * been announced; only a writer four values ahead makes it try again. A writer that dies while it writes leaves the
 * last complete value unchanged.
 */
export class LatestValues<F extends Fields = Fields> implements Disposable {
  private readonly words: Int32Array
  /** The same memory, for copying frames: copying between two such arrays creates no bigint (see words.ts). */
  private readonly longs: BigUint64Array
  private readonly cellSize: number
  private readonly frameSize: number
  private readonly writing: BoundWriteView<F>
  private readonly reading: BoundView<FrameView<F>>
  private readonly toObject: (view: FrameView<F>) => ValuesOf<F>
  /** A private copy of the frame that was read last. */
  private readonly copied: BigUint64Array
  /** 1 for each cell of which this object is the writer. */
  private readonly mine: Uint8Array
  /** The cell of the last `begin`. The pointer of `writing` says whether its value is not committed yet. */
  private begun = 0
  private size: number

  /**
   * @throws {StateMismatchError} when the file holds another definition; {InvalidOptionError, UnsafePathError,
   * CorruptStateError, NoSpaceError}
   */
  static open<F extends Fields>(
    path: string,
    definition: FrameDefinition<F>,
    options: LatestValuesOptions = {},
  ): LatestValues<F> {
    if (!isDefinition(definition)) {
      throw new InvalidOptionError(
        `LatestValues.open takes a definition made by frame(), not ${formatValue(definition)}`,
      )
    }
    checkOptions('LatestValues.open', options, { capacity: kinds.integer(1, 1_000_000), mode: kinds.integer(0, 0o777) })
    return new LatestValues(StateFile.open(path, planOf(definition, options)), definition)
  }

  private constructor(
    private readonly file: StateFile,
    readonly definition: FrameDefinition<F>,
  ) {
    this.size = file.parameters[0]
    this.frameSize = definition.size
    this.cellSize = cellSizeOf(definition.slots)
    this.words = new Int32Array(file.mapping.buffer)
    this.longs = new BigUint64Array(file.mapping.buffer)
    this.mine = new Uint8Array(this.size)
    this.writing = makeWriteView(definition)
    this.writing.pointer.bind(new PageMemory(file.mapping.buffer, 0, file.path, 0))
    this.reading = makeReadView(definition)
    this.toObject = plainValues(definition).toObject as (view: FrameView<F>) => ValuesOf<F>
    // This memory has one frame and no page header. Its slots count as a page's header, so that the frame's position is
    // 0.
    const memory = new PageMemory(new ArrayBuffer(this.frameSize), Page.HEADER_SIZE / SLOT_SIZE, file.path, 0)
    this.reading.pointer.bind(memory)
    this.copied = memory.u64
    closeWhenReplaced(file, this)
  }

  get path(): string {
    return this.file.path
  }

  get capacity(): number {
    return this.file.parameters[0]
  }

  /**
   * Replaces a cell's value.
   *
   * @throws {FieldValueError} for an unknown or missing field or a value that does not fit: the cell keeps the value it
   * had.
   * @throws {StateBusyError} when another writer has the cell, {InvalidOptionError} for a cell that does not exist,
   * {ClosedError}.
   */
  set(index: number, values: ValuesOf<F>): void {
    const at = this.open(index)
    const { pointer } = this.writing
    pointer.at = at
    try {
      this.writing.assign(values)
      if (pointer.at !== at) this.throwInside()
    } finally {
      pointer.at = NO_FRAME
    }
    this.publish(index)
  }

  /**
   * Begins a cell's next value: returns a view to change in place. It has the fields of the last value, or zeros in a
   * new cell. Readers do not see it before `commit`. Allocates nothing. When a field refuses its value
   * (FieldValueError), the new value is discarded: `commit` refuses it, and the cell keeps its last value.
   *
   * @throws as `set`.
   */
  begin(index: number): WriteView<F> {
    const at = this.open(index)
    const version = this.words[this.versionAt(index)]
    if (version !== 0) this.copyLast(index, version, at)
    else this.clear(at) // an aborted value may have left bytes here
    this.writing.pointer.at = at
    return this.writing.view
  }

  /**
   * Publishes the value that was begun. @throws {InvalidStateError} without `begin`, and after a field has refused its
   * value.
   */
  commit(): void {
    const index = this.end('commit')
    this.publish(index)
  }

  /**
   * Gives up the value that was begun: the cell keeps its last value. May also be called after a field has refused its
   * value.
   */
  abort(): void {
    const { pointer } = this.writing
    if (pointer.at === DISCARDED) pointer.at = NO_FRAME
    else this.end('abort')
  }

  /** A cell's value as a plain object, undefined when it was never set. */
  get(index: number): ValuesOf<F> | undefined {
    const view = this.read(index)
    return view === undefined ? undefined : this.toObject(view)
  }

  /**
   * A cell's value as a view, valid until the next `read` or `get` of this table; undefined when it was never set.
   * Allocates nothing.
   */
  read(index: number): FrameView<F> | undefined {
    if (!(index >>> 0 === index && index < this.size)) this.refuseCell(index)
    const { words } = this
    const cell = this.versionAt(index)
    const { pointer, view } = this.reading
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const version = Atomics.load(words, cell)
      if (version === 0) return undefined
      this.copyOut(this.copyAt(index, version) >> 3)
      fence()
      // Versions up to 3 ahead are written to other copies.
      if ((Atomics.load(words, cell - 1) - version) >>> 0 < COPIES) {
        pointer.at = 0
        return view
      }
    }
    this.file.throwIfClosed()
    this.file.corrupt(`cell ${index} announces a version far from the one it has`)
  }

  /** The number of times a cell was set, modulo 2^32, without 0. It changes with each new value; 0 means never set. */
  version(index: number): number {
    if (!(index >>> 0 === index && index < this.size)) this.refuseCell(index)
    return Atomics.load(this.words, this.versionAt(index)) >>> 0
  }

  /** Releases its cells, which keep their values. May be called more than once. */
  close(): void {
    this.size = 0
    this.writing.pointer.at = NO_FRAME
    this.reading.pointer.at = NO_FRAME
    this.file.close()
  }

  [Symbol.dispose](): void {
    this.close()
  }

  /** Acquires the cell and announces its next version. Returns the byte offset at which to write it. */
  private open(index: number): number {
    if (!(index >>> 0 === index && index < this.size)) this.refuseCell(index)
    if (this.writing.pointer.at >= 0) this.throwBegun()
    if (this.mine[index] === 0) this.acquire(index)
    this.begun = index
    const cell = this.versionAt(index)
    const version = nextVersion(this.words[cell])
    this.words[cell - 1] = version
    // No reader may see a store into the copy before it sees the announcement.
    fence()
    const at = this.copyAt(index, version)
    this.words[at >> 2] = this.definition.id | (this.definition.slots << (8 * Frame.SLOTS))
    return at
  }

  private publish(index: number): void {
    const cell = this.versionAt(index)
    storeRelease(this.words, cell, nextVersion(this.words[cell]))
  }

  private end(what: string): number {
    const { pointer } = this.writing
    if (pointer.at < 0) this.throwNotBegun(what)
    pointer.at = NO_FRAME
    return this.begun
  }

  private copyLast(index: number, version: number, to: number): void {
    const { longs } = this
    let from = this.copyAt(index, version) >> 3
    const end = (to + this.frameSize) >> 3
    for (let i = to >> 3; i < end; i++) longs[i] = longs[from++]
  }

  private clear(at: number): void {
    const { longs } = this
    const end = (at + this.frameSize) >> 3
    for (let i = (at + Frame.SMALL_HEADER_SIZE) >> 3; i < end; i++) longs[i] = 0n
  }

  private copyOut(from: number): void {
    const { copied, longs } = this
    for (let i = 0; i < copied.length; i++) copied[i] = longs[from + i]
  }

  /** Makes this object the cell's only writer. A file lock on the cell says so; it ends with the process. */
  private acquire(index: number): void {
    const cell = CELLS_AT + index * this.cellSize
    if (!this.file.mapping.lockRange(cell, 1)) {
      const pid = readOwnerSlot(this.file, cell + C.OWNER)?.pid
      throw new StateBusyError(
        `cell ${index} of ${this.path} has another writer${pid === undefined ? '' : `, process ${pid}`}; it keeps the cell until it closes the table or ends`,
        pid,
        { path: this.path },
      )
    }
    signOwnerSlot(this.file, cell + C.OWNER)
    this.mine[index] = 1
  }

  /** Index of a cell's version word. The word before it is the version announced. */
  private versionAt(index: number): number {
    return (CELLS_AT + index * this.cellSize + C.VERSION) >> 2
  }

  private copyAt(index: number, version: number): number {
    return CELLS_AT + index * this.cellSize + COPIES_AT + (version & (COPIES - 1)) * this.frameSize
  }

  private refuseCell(index: unknown): never {
    refuseIndex(this.file, 'cell', index, this.capacity)
  }

  private throwInside(): never {
    throw new InvalidStateError(`${this.path}: set() with a getter that writes to the table itself`, {
      path: this.path,
    })
  }

  private throwBegun(): never {
    throw new InvalidStateError(
      `${this.path}: the value begun for cell ${this.begun} was neither committed nor aborted; when filling it failed, give it up with abort()`,
      { path: this.path },
    )
  }

  private throwNotBegun(what: string): never {
    this.file.throwIfClosed()
    const why =
      this.writing.pointer.at === DISCARDED
        ? 'of a value that was discarded, because one of its fields refused what was set; begin it again'
        : 'without begin()'
    throw new InvalidStateError(`${this.path}: ${what}() ${why}`, { path: this.path })
  }
}

/** 0 means never set, so it is skipped when the count wraps around. */
function nextVersion(version: number): number {
  const next = (version + 1) | 0
  return next === 0 ? 1 : next
}

function cellSizeOf(slots: number): number {
  return COPIES_AT + COPIES * slots * SLOT_SIZE
}

function planOf(definition: FrameDefinition, options: LatestValuesOptions): StatePlan {
  return {
    what: 'LatestValues',
    kind: Kind.LATEST_VALUES,
    parameters: [
      { name: 'capacity', value: options.capacity, byDefault: 1024 },
      { name: 'slots', value: definition.slots, byDefault: definition.slots },
    ],
    sizeOf: ([capacity, slots]) => Header.SIZE + capacity * cellSizeOf(slots),
    layoutHash: layoutHash([definition]),
    mode: options.mode ?? DEFAULT_MODE,
  }
}

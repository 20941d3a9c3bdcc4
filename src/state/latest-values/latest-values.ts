import { ClosedError, InvalidOptionError, InvalidStateError } from '../../base/errors.js'
import { formatValue } from '../../base/format-value.js'
import { checkOptions, kinds } from '../../base/options.js'
import { type Fields, type FrameDefinition, isDefinition, type ValuesOf } from '../../frames/definition.js'
import { Frame, Page, SLOT_SIZE } from '../../frames/format.js'
import { PageMemory } from '../../frames/memory.js'
import { plainValues } from '../../frames/plain-values.js'
import { GIVEN_UP, NO_FRAME } from '../../frames/pointer.js'
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
import { DEFAULT_MODE, StateFile, type StatePlan } from '../file/state-file.js'

export interface LatestValuesOptions {
  /** Cells in the table, one for each instrument. Default 1024. */
  readonly capacity?: number
  /** Permissions when the file is made. Default 0o600. */
  readonly mode?: number
}

// Copies, because imported names are loaded from their module's cell at each use; these compile to constants.
const CELLS_AT = Header.SIZE
const COPIES = C.COPIES
const COPIES_AT = C.COPIES_AT

/** Looks at a cell before it is called damaged: a writer would have to finish four values within each of them. */
const MOST_LOOKS = 100_000

/**
 * The last value of each instrument, of any frame definition: what a slow reader looks at instead of working off a backlog.
 *
 *     const latest = LatestValues.open('/dev/shm/session.tickers', Ticker, { capacity: 1024 })
 *     latest.set(3, { symbol: 'BTC-USDT', last: 61800.2, bid: 61800.2, ask: 61800.3, volume: 3 })
 *     latest.get(3)?.last
 *
 * One writer a cell: the first to write it has it until its process ends or closes the table. Any number of readers, who take no lock
 * and leave no trace, so that the writer never waits for them.
 *
 * How: a cell has four copies. The writer announces version v, fills copy v mod 4, then makes v the cell's version. A reader copies
 * the copy that the version names out, and looks whether a version has been announced since that is written over it; only a writer four
 * values ahead makes it look again. A writer that dies while it writes leaves the last complete value where it was.
 */
export class LatestValues<F extends Fields = Fields> implements Disposable {
  private readonly words: Int32Array
  /** The same memory, to copy frames by: from one such array to another no bigint is made (words.ts). */
  private readonly longs: BigUint64Array
  private readonly cellSize: number
  private readonly frameSize: number
  private readonly writing: BoundWriteView<F>
  private readonly reading: BoundView<FrameView<F>>
  private readonly toObject: (view: FrameView<F>) => ValuesOf<F>
  /** The frame read last, away from the writer. */
  private readonly taken: BigUint64Array
  /** 1 for cells this opening has. */
  private readonly mine: Uint8Array
  /** The cell begun last. The pointer of `writing` says whether its value is still to be committed. */
  private begun = 0
  private size: number

  /**
   * @throws {StateMismatchError} when the file holds another definition; {InvalidOptionError, UnsafePathError, CorruptStateError,
   * NoSpaceError}
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
    // A copy of one cell and no page: positions, which count from a page's header, come out as 0.
    const memory = new PageMemory(new ArrayBuffer(this.frameSize), Page.HEADER_SIZE / SLOT_SIZE, file.path, 0)
    this.reading.pointer.bind(memory)
    this.taken = memory.u64
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
   * @throws {FieldValueError} for an unknown or missing field or a value that does not fit: the cell keeps the value it had.
   * @throws {StateBusyError} when another writer has the cell, {InvalidOptionError} for a cell that isn't there, {ClosedError}.
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
   * Begins a cell's next value: returns a view that has the last one's fields, zeros in a new cell, to change in place. Nobody sees it
   * before `commit`. Allocates nothing. A field that refuses its value (FieldValueError) gives the new value up: `commit` refuses it, and the
   * cell keeps the one it had.
   *
   * @throws as `set`.
   */
  begin(index: number): WriteView<F> {
    const at = this.open(index)
    const version = this.words[this.versionAt(index)]
    if (version !== 0) this.copyLast(index, version, at)
    else this.clear(at) // of what was begun before and given up
    this.writing.pointer.at = at
    return this.writing.view
  }

  /** Makes the value begun the cell's. @throws {InvalidStateError} without `begin`, and for a value that a field had given up. */
  commit(): void {
    const index = this.end('commit')
    this.publish(index)
  }

  /** Gives the value begun up: the cell keeps the one it had. May be called for one that a field has given up already. */
  abort(): void {
    const { pointer } = this.writing
    if (pointer.at === GIVEN_UP) pointer.at = NO_FRAME
    else this.end('abort')
  }

  /** A cell's value as a plain object, undefined when it was never set. */
  get(index: number): ValuesOf<F> | undefined {
    const view = this.read(index)
    return view === undefined ? undefined : this.toObject(view)
  }

  /** A cell's value as a view, valid until the next `read` or `get` of this table; undefined when it was never set. Allocates nothing. */
  read(index: number): FrameView<F> | undefined {
    if (!(index >>> 0 === index && index < this.size)) this.refuseCell(index)
    const { words } = this
    const cell = this.versionAt(index)
    const { pointer, view } = this.reading
    for (let look = 0; look < MOST_LOOKS; look++) {
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

  /** How often a cell was set, modulo 2^32: changes when it does. 0 when it never was. */
  version(index: number): number {
    if (!(index >>> 0 === index && index < this.size)) this.refuseCell(index)
    return Atomics.load(this.words, this.versionAt(index)) >>> 0
  }

  /** Gives its cells up, with the values they have. Any number of times. */
  close(): void {
    this.size = 0
    this.writing.pointer.at = NO_FRAME
    this.reading.pointer.at = NO_FRAME
    this.file.close()
  }

  [Symbol.dispose](): void {
    this.close()
  }

  /** Claims the cell and announces its next version. Returns where it is to be written. */
  private open(index: number): number {
    if (!(index >>> 0 === index && index < this.size)) this.refuseCell(index)
    if (this.writing.pointer.at >= 0) this.throwBegun()
    if (this.mine[index] === 0) this.claim(index)
    this.begun = index
    const cell = this.versionAt(index)
    const version = nextVersion(this.words[cell])
    this.words[cell - 1] = version
    // No store into the copy may be seen before the announcement.
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
    const { taken, longs } = this
    for (let i = 0; i < taken.length; i++) taken[i] = longs[from + i]
  }

  /** One writer a cell: a lock on the cell says who, and goes with the process. */
  private claim(index: number): void {
    const cell = CELLS_AT + index * this.cellSize
    if (!this.file.mapping.lockRange(cell, 1)) {
      const pid = readOwnerSlot(this.file, cell + C.OWNER)?.pid
      throw new StateBusyError(
        `cell ${index} of ${this.path} has another writer${pid === undefined ? '' : `, process ${pid}`}; a cell has one until that closes the table or ends`,
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
    throw new InvalidStateError(`${this.path}: set() of values that write values themselves`, { path: this.path })
  }

  private throwBegun(): never {
    throw new InvalidStateError(
      `${this.path}: the value begun for cell ${this.begun} was neither committed nor aborted; when filling it failed, give it up with abort()`,
      { path: this.path },
    )
  }

  private throwNotBegun(what: string): never {
    if (this.file.isClosed)
      throw new ClosedError(`the LatestValues of ${this.path} is closed; open another`, { path: this.path })
    const why =
      this.writing.pointer.at === GIVEN_UP
        ? 'of a value that was given up, because one of its fields refused what was set; begin it again'
        : 'without begin()'
    throw new InvalidStateError(`${this.path}: ${what}() ${why}`, { path: this.path })
  }
}

/** 0 means never, so it is left out when the count comes around. */
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

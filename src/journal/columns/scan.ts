import { InvalidOptionError } from '../../base/errors.js'
import type { FrameDefinition } from '../../frames/definition.js'
import { CorruptJournalError } from '../../frames/errors.js'
import { Page as P, SLOT_SHIFT } from '../../frames/format.js'
import type { Directory } from '../../native/addon.js'
import { JournalNotFoundError, JournalReplacedError, PositionGoneError } from '../errors.js'
import { listDirectory } from '../files/directory.js'
import { type MappedPage, openPage } from '../pages/page.js'
import { seekPosition, seekTime, slotAtTime } from '../seek/seek.js'
import { type Column, columnsOf } from './columns.js'
import { ColumnValues } from './gather.js'
import { type JournalMoment, limitOf } from './moment.js'
import { type Predicate, type Test, testOf } from './predicate.js'

/** The frames of one definition in a scan, and the columns that are wanted of them. */
export interface ScanTable {
  readonly definition: FrameDefinition
  /** Names of fields and of values of the header. */
  readonly columns: readonly string[]
  /** Only frames that satisfy all of these. */
  readonly where?: readonly Predicate[]
}

export interface ScanOptions {
  readonly tables: readonly ScanTable[]
  /** The position of the first frame, and the position before which the scan ends. Default: all frames of the moment. */
  readonly from?: number
  readonly to?: number
  /** ns since 1970: only frames at `since` or later, and before `until`. Pages outside of these times are not opened. */
  readonly since?: bigint
  readonly until?: bigint
  /** The most rows of a batch. Default 2048. */
  readonly batch?: number
}

/** Rows of one table. The memory is used again for the table's next batch. */
export interface Batch {
  /** The index of the table in the scan's options. */
  readonly table: number
  readonly rows: number
  /** In the order of the table's columns. */
  readonly columns: readonly ColumnValues[]
}

/** The rows of a batch by default: those of a vector of DuckDB. */
const BATCH = 2048
const HEADER_SIZE = P.HEADER_SIZE
const SHIFT = SLOT_SHIFT

/**
 * Copies columns of a journal's frames into typed arrays, page by page, as the journal was at one moment. Frames of other definitions, and of
 * none, are passed over.
 *
 * Batches of one table are in the order of the journal. When retention removes pages meanwhile, or the journal is replaced, the scan ends
 * with an error, never with an incomplete result.
 */
export class ColumnScan {
  /** By type. */
  private readonly tables: (TableRows | undefined)[] = []
  private readonly all: TableRows[]
  private page: MappedPage | undefined = undefined
  private slot = 0
  private limit = 0
  private done = false
  private readonly ready: TableRows[] = []

  constructor(
    private readonly directory: Directory,
    private readonly moment: JournalMoment,
    private readonly options: ScanOptions,
  ) {
    this.all = options.tables.map((table, index) => new TableRows(index, table, options.batch ?? BATCH))
    for (const table of this.all) {
      if (this.tables[table.definition.id] !== undefined)
        throw new InvalidOptionError(`a scan has '${table.definition.name}' twice`)
      this.tables[table.definition.id] = table
    }
    this.begin()
  }

  /** The part of the journal that was scanned, 0 to 1. */
  get progress(): number {
    const { first, end } = this.moment
    if (this.done || end === first) return 1
    const at = this.page === undefined ? end : this.page.firstPosition + this.slot
    return Math.min(1, (at - first) / (end - first))
  }

  /**
   * The next rows; undefined when there are none.
   *
   * @throws {CorruptJournalError}, {PositionGoneError} when pages were removed before they were scanned, {JournalReplacedError}.
   */
  next(): Batch | undefined {
    for (;;) {
      const full = this.ready.shift()
      if (full !== undefined) return full.take()
      const { page } = this
      if (page === undefined) return this.rest()
      this.collect(page)
      if (this.ready.length === 0) this.advance(page)
    }
  }

  /** Unmaps the page at hand. Any number of times. */
  close(): void {
    this.page?.mapping.close()
    this.page = undefined
    this.done = true
  }

  [Symbol.dispose](): void {
    this.close()
  }

  /** What is left of each table after the last page. */
  private rest(): Batch | undefined {
    this.done = true
    return this.all.find(table => table.rows > 0)?.take()
  }

  private begin(): void {
    const { from, since } = this.options
    const { directory, moment } = this
    const first = Math.max(from ?? 0, moment.first)
    if (first >= moment.end) return
    let start = { number: Math.floor(first / moment.capacity), slot: first % moment.capacity }
    if (first > moment.first) {
      const found = seekPosition(directory, first, undefined)
      start = { number: found.page.number, slot: found.slot }
      found.page.mapping.close()
    }
    if (since !== undefined) {
      const { page, slot } = seekTime(directory, since, undefined)
      const { number } = page
      page.mapping.close()
      if (number > start.number || (number === start.number && slot > start.slot)) start = { number, slot }
    }
    if (start.number <= moment.endPage) this.open(start.number, start.slot)
  }

  private open(number: number, slot: number): void {
    const page = this.openOrGone(number)
    this.page = page
    this.slot = slot
    const { moment, options } = this
    if (page.capacity !== moment.capacity)
      throw new CorruptJournalError(
        `${page.path} does not have the size of the pages after it; run 'ticktape verify' on its journal`,
        { path: page.path, page: number, position: page.firstPosition },
      )
    const limit = number === moment.endPage ? moment.endSlot : limitOf(page, moment.durable)
    if (number === moment.endPage && (page.mapping.inode !== moment.endInode || page.cursor < limit))
      throw this.replaced(page.firstPosition + slot)
    const to = options.to === undefined ? limit : Math.min(limit, Math.max(0, options.to - page.firstPosition))
    this.limit = options.until === undefined ? to : Math.min(to, slotAtTime(page, options.until))
    if (this.limit < limit || number === moment.endPage) this.done = true
  }

  private advance(page: MappedPage): void {
    if (page.mapping.damaged)
      throw new CorruptJournalError(`${page.path} was truncated while it was being read`, {
        path: page.path,
        page: page.number,
      })
    const { done } = this
    page.mapping.close()
    this.page = undefined
    if (!done) this.open(page.number + 1, 0)
  }

  /** Collects frames of the page until a table is full, or the page ends. */
  private collect(page: MappedPage): void {
    const { tables, limit } = this
    const { memory } = page
    const { u32 } = memory
    let { slot } = this
    while (slot < limit) {
      const at = HEADER_SIZE + (slot << SHIFT)
      const word = u32[at >> 2]
      const type = word & 0xffff
      const slots = (word >>> 16) & 0xff
      if (type === 0 || slots === 0 || slot + slots > limit) this.checkFrame(page, slot, type, slots)
      slot += slots
      const table = tables[type]
      if (table === undefined) continue
      if (table.slots !== slots) throw damaged(page, slot - slots, `has ${slots} slots, its definition ${table.slots}`)
      if (table.tests.length > 0 && !table.accepts(memory, at)) continue
      if (table.add(at)) {
        this.slot = slot
        table.gather(memory)
        this.ready.push(table)
        return
      }
    }
    this.slot = slot
    for (const table of this.all) table.gather(memory)
  }

  /** @throws {CorruptJournalError} unless the frame only extends over the scan's own end. */
  private checkFrame(page: MappedPage, slot: number, type: number, slots: number): void {
    if (type === 0) throw damaged(page, slot, 'has no type')
    if (slots === 0) throw damaged(page, slot, 'has no slots')
    if (slot + slots > page.cursor) throw damaged(page, slot, `ends at slot ${slot + slots}, after the cursor`)
  }

  private openOrGone(number: number): MappedPage {
    const { directory, moment } = this
    try {
      return openPage(directory, number, false)
    } catch (error) {
      if (!(error instanceof JournalNotFoundError)) throw error
      const position = number * moment.capacity
      if (!directory.isAtPath()) throw this.replaced(position)
      const first = listDirectory(directory).pages.find(page => page > number)
      if (first === undefined) throw this.replaced(position)
      throw new PositionGoneError(
        `position ${position} of ${directory.path} was removed by retention while it was being scanned; the first existing position is ${first * moment.capacity}: scan again`,
        first * moment.capacity,
        { path: directory.path, position },
      )
    }
  }

  private replaced(position: number): JournalReplacedError {
    const { path } = this.directory
    return new JournalReplacedError(
      `the journal ${path} was removed, moved or created again while it was being scanned: scan again`,
      { path, position },
    )
  }
}

/** The rows of one table that were collected and not yet passed on. */
class TableRows {
  readonly definition: FrameDefinition
  readonly slots: number
  readonly tests: readonly Test[]
  readonly columns: readonly ColumnValues[]
  /** Rows in the columns. */
  rows = 0
  /** Offsets of frames in the page at hand that are not in the columns yet. */
  private readonly at: Int32Array
  private waiting = 0

  constructor(
    readonly index: number,
    table: ScanTable,
    private readonly capacity: number,
  ) {
    this.definition = table.definition
    this.slots = table.definition.slots
    const known = columnsOf(table.definition)
    this.columns = table.columns.map(name => new ColumnValues(columnNamed(known, name, table.definition), capacity))
    this.tests = (table.where ?? []).map(predicate => testOf(predicate, known))
    this.at = new Int32Array(capacity)
  }

  accepts(memory: MappedPage['memory'], at: number): boolean {
    for (let i = 0; i < this.tests.length; i++) if (!this.tests[i](memory, at)) return false
    return true
  }

  /** Returns whether the batch is full now. */
  add(at: number): boolean {
    this.at[this.waiting++] = at
    return this.rows + this.waiting === this.capacity
  }

  gather(memory: MappedPage['memory']): void {
    const { waiting, rows } = this
    if (waiting === 0) return
    for (const values of this.columns) values.gather(memory, this.at, waiting, rows)
    this.rows = rows + waiting
    this.waiting = 0
  }

  take(): Batch {
    const { index, rows, columns } = this
    this.rows = 0
    return { table: index, rows, columns }
  }
}

function columnNamed(columns: readonly Column[], name: string, { name: frame }: FrameDefinition): Column {
  const column = columns.find(one => one.name === name)
  if (column !== undefined) return column
  throw new InvalidOptionError(`a ${frame} has no column '${name}'; it has ${columns.map(one => one.name).join(', ')}`)
}

function damaged(page: MappedPage, slot: number, how: string): CorruptJournalError {
  const { path, number, firstPosition } = page
  return new CorruptJournalError(`the frame at slot ${slot} of ${path} ${how}; run 'ticktape verify' on its journal`, {
    path,
    page: number,
    slot,
    position: firstPosition + slot,
  })
}

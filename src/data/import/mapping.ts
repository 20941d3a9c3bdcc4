import { InvalidOptionError } from '../../base/errors.js'
import type { Cause, CommitOptions } from '../../frames/commit-options.js'
import type { FrameDefinition } from '../../frames/definition.js'
import { symbolNameOf } from '../../frames/definition.js'
import { CAUSE_POSITION_BITS, MAX_JOURNAL_ID } from '../../frames/format.js'
import { type Column, columnsOf } from '../../journal/columns/columns.js'
import { ImportError } from '../errors.js'
import { snakeCase } from '../names.js'
import type { Row, RowFile } from './rows.js'
import { NoValue, readerOf, readTime, type TimeUnit } from './values.js'

export interface MappingOptions {
  /** The column with the times of frames; undefined for 'time', if there is one. */
  readonly time: string | undefined
  readonly unit: TimeUnit
  /** Names of columns, by those of fields. */
  readonly columns: Readonly<Record<string, string>>
}

/** The largest number of a source or a destination. */
const MAX_ADDRESS = 65_535

/** What a row becomes. */
export interface Imported {
  readonly values: Record<string, unknown>
  readonly options: CommitOptions
}

/** Which column of a file each field of a frame comes from. */
export class Mapping {
  /** Columns of the file that nothing was made of. */
  readonly unused: readonly string[]
  private readonly fields: readonly (readonly [name: string, index: number, read: (text: string) => unknown])[]
  private readonly header: ReadonlyMap<string, number>
  private readonly timeAt: number | undefined

  /** @throws {ImportError} when a field has no column, {InvalidOptionError} for a field that the frame has not. */
  constructor(
    private readonly path: string,
    private readonly file: RowFile,
    private readonly definition: FrameDefinition,
    private readonly options: MappingOptions,
  ) {
    const all = columnsOf(definition)
    const used = new Set<number>()
    const find = (column: Column): number | undefined => {
      const given = options.columns[column.name]
      const names = given === undefined ? [column.name, snakeCase(column.name)] : [given]
      const index = file.columns.findIndex(name => names.includes(name))
      if (index < 0 && given !== undefined) throw this.fail(`has no column '${given}'`)
      if (index >= 0) used.add(index)
      return index < 0 ? undefined : index
    }
    for (const name of Object.keys(options.columns))
      if (!all.some(column => column.name === name))
        throw new InvalidOptionError(
          `a ${definition.name} has no field '${name}'; it has ${all.map(column => column.name).join(', ')}`,
        )
    const fields: (readonly [string, number, (text: string) => unknown])[] = []
    const missing: string[] = []
    for (const column of all.filter(({ header }) => header === undefined)) {
      const index = find(column)
      if (index === undefined) missing.push(column.name)
      else fields.push([column.name, index, readerOf(column)])
    }
    if (missing.length > 0)
      throw this.fail(
        `has no column for ${missing.join(', ')}; it has ${file.columns.join(', ')}: say which with --map field=column`,
      )
    this.fields = fields
    this.header = new Map(
      all.flatMap(column => {
        const index = column.header === undefined ? undefined : find(column)
        return index === undefined ? [] : [[column.name, index] as const]
      }),
    )
    this.timeAt = options.time === undefined ? this.header.get('time') : this.columnNamed(options.time)
    if (this.timeAt !== undefined) used.add(this.timeAt)
    const symbols = new Set(
      all.filter(({ kind }) => kind === 'instrument').map(({ name }) => snakeCase(symbolNameOf(name))),
    )
    this.unused = file.columns.filter((name, index) => !used.has(index) && !symbols.has(name) && name !== 'journal')
  }

  /** Whether its rows say when they were. */
  get isTimed(): boolean {
    return this.timeAt !== undefined
  }

  /** @throws {ImportError} that names the file, the line and the column. */
  take(row: Row): Imported {
    const values: Record<string, unknown> = {}
    for (const [name, index, read] of this.fields) {
      const text = row.values[index]
      // A text of no characters and none are the same in CSV.
      if (text === undefined && !this.mayBeEmpty(name)) throw this.at(row, index, 'has no value')
      values[name] = this.read(row, index, () => read(text ?? ''))
    }
    const time = this.timeAt === undefined ? undefined : this.timeOf(row, this.timeAt)
    return { values, options: { ...(time === undefined ? {} : { time }), ...this.largeHeader(row) } }
  }

  /** The line of a row, for a message. */
  place(row: Row): string {
    return `${this.file.unit} ${row.line} of ${this.path}`
  }

  private timeOf(row: Row, index: number): bigint {
    const text = row.values[index]
    if (text === undefined) throw this.at(row, index, 'has no value')
    const unit = this.file.times.has(this.file.columns[index]) ? 'ns' : this.options.unit
    return this.read(row, index, () => readTime(text, unit))
  }

  private largeHeader(row: Row): CommitOptions {
    if (this.definition.slots === 1) return {}
    const number = (name: string, most: number): number | undefined => {
      const index = this.header.get(name)
      const text = index === undefined ? undefined : row.values[index]
      if (index === undefined || text === undefined) return undefined
      return this.read(row, index, () => {
        if (!/^\d{1,15}$/.test(text) || Number(text) > most) throw new NoValue(`a whole number from 0 to ${most}`)
        return Number(text)
      })
    }
    const position = number('cause', 2 ** CAUSE_POSITION_BITS - 1)
    const cause: Cause | undefined =
      position === undefined ? undefined : { position, journal: number('causeJournal', MAX_JOURNAL_ID) ?? 0 }
    const [source, dest] = [number('source', MAX_ADDRESS), number('dest', MAX_ADDRESS)]
    return {
      ...(cause === undefined ? {} : { cause }),
      ...(source === undefined ? {} : { source }),
      ...(dest === undefined ? {} : { dest }),
    }
  }

  private mayBeEmpty(name: string): boolean {
    const kind = this.definition.fields.find(field => field.name === name)?.kind
    return kind === 'ascii' || kind === 'text' || kind === 'bytes'
  }

  private read<T>(row: Row, index: number, read: () => T): T {
    try {
      return read()
    } catch (error) {
      if (!(error instanceof NoValue)) throw error
      throw this.at(row, index, `takes ${error.message}, not '${(row.values[index] ?? '').slice(0, 100)}'`)
    }
  }

  private columnNamed(name: string): number {
    const index = this.file.columns.indexOf(name)
    if (index < 0) throw this.fail(`has no column '${name}'; it has ${this.file.columns.join(', ')}`)
    return index
  }

  private at(row: Row, index: number, what: string): ImportError {
    return new ImportError(`${this.place(row)}: '${this.file.columns[index]}' ${what}`, { path: this.path })
  }

  private fail(what: string): ImportError {
    return new ImportError(`${this.path} ${what}`, { path: this.path })
  }
}

import type * as Api from '@duckdb/node-api'
import type { FrameDefinition } from '../../frames/definition.js'
import { symbolNameOf } from '../../frames/definition.js'
import { type Column, columnsOf } from '../../journal/columns/columns.js'
import { snakeCase, UniqueNames } from '../names.js'

/** A column of a view. */
export interface SqlColumn {
  readonly name: string
  readonly type: SqlType
  /** The column of the scan that it is made from; undefined for the journal's name. */
  readonly from: Column | undefined
}

/** The types of DuckDB that fields have. */
export type SqlType =
  | 'UTINYINT'
  | 'TINYINT'
  | 'USMALLINT'
  | 'SMALLINT'
  | 'UINTEGER'
  | 'INTEGER'
  | 'UBIGINT'
  | 'BIGINT'
  | 'FLOAT'
  | 'DOUBLE'
  | 'BOOLEAN'
  | 'VARCHAR'
  | 'BLOB'
  | 'TIMESTAMP_NS'

const TYPES: Readonly<Record<Column['kind'], SqlType>> = {
  u8: 'UTINYINT',
  i8: 'TINYINT',
  u16: 'USMALLINT',
  i16: 'SMALLINT',
  u32: 'UINTEGER',
  i32: 'INTEGER',
  u64: 'UBIGINT',
  i64: 'BIGINT',
  f32: 'FLOAT',
  f64: 'DOUBLE',
  bool: 'BOOLEAN',
  enum: 'VARCHAR',
  ascii: 'VARCHAR',
  text: 'VARCHAR',
  bytes: 'BLOB',
  instrument: 'UINTEGER',
}

/**
 * The columns of a definition's view: the header's, then the fields, each instrument followed by its symbol.
 *
 * @param withJournal with a first column that says of which journal a frame is.
 */
export function sqlColumnsOf(definition: FrameDefinition, withJournal: boolean): SqlColumn[] {
  const names = new UniqueNames()
  const columns: SqlColumn[] = []
  const add = (name: string, type: SqlType, from: Column | undefined): void => {
    columns.push({ name: names.take(snakeCase(name)), type, from })
  }
  if (withJournal) add('journal', 'VARCHAR', undefined)
  for (const column of columnsOf(definition)) {
    const { name, kind, header } = column
    add(name, header === 'time' ? 'TIMESTAMP_NS' : TYPES[kind], column)
    if (kind === 'instrument') add(symbolNameOf(name), 'VARCHAR', column)
  }
  return columns
}

/** DuckDB's object for a type. */
export function duckDbType(api: typeof Api, type: SqlType): Api.DuckDBType {
  return api[type]
}

/** One row of a file: its values as texts, in the order of the file's columns; undefined where there is none. */
export interface Row {
  /** The line at which it begins, from 1; in Parquet the number of the row. */
  readonly line: number
  readonly values: readonly (string | undefined)[]
}

/** A file that is read row by row. */
export interface RowFile {
  /** The names of its columns. */
  readonly columns: readonly string[]
  /** 'line', or 'row' where there are no lines. */
  readonly unit: 'line' | 'row'
  /** Columns of times that have a unit of their own: their values are ns since 1970. */
  readonly times: ReadonlySet<string>
  readonly rows: AsyncIterable<readonly Row[]>
  readonly close: () => Promise<void>
}

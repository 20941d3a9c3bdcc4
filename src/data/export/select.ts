import { InvalidOptionError } from '../../base/errors.js'
import type { AttachedView } from '../sql/attach.js'
import { sqlText } from '../sql/session.js'

/** DuckDB writes all but 'arrow'. */
export type ExportFormat = 'parquet' | 'csv' | 'jsonl' | 'arrow'

/** How files are laid out, and how values are written. */
export interface ExportLayout {
  readonly format: ExportFormat
  /** Folders: 'day' (UTC), 'symbol', or any column. */
  readonly by: readonly string[]
  /** Columns of floats that become DECIMAL(18, n). */
  readonly decimals: Readonly<Record<string, number>>
}

/** The statement that writes the frames of a view between two positions. `target` is a file, or a folder when there are partitions. */
export function copyStatement(
  view: AttachedView,
  layout: ExportLayout,
  journal: string,
  first: number,
  before: number,
  target: string,
): string {
  const columns = view.columns.map(({ name, type }) => valueOf(name, type, layout))
  if (journal !== '') columns.unshift(`${sqlText(journal)} AS journal`)
  const by = partitionsOf(view, layout)
  if (by.includes('day')) columns.push(`strftime(time, '%Y-%m-%d') AS day`)
  const select = `SELECT ${columns.join(', ')} FROM "scan_${view.name}"(first := ${first}, before := ${before})`
  if (layout.format === 'arrow') throw new TypeError('DuckDB writes no Arrow files')
  const options = [FORMATS[layout.format]]
  // The columns of folders are in the names of folders; all but the day are in the files too.
  if (by.length > 0) options.push(`PARTITION_BY (${by.map(quoted).join(', ')})`)
  if (by.length > 0 && layout.format !== 'jsonl')
    options.push(`WRITE_PARTITION_COLUMNS ${by.some(name => name !== 'day')}`)
  return `COPY (${select}) TO ${sqlText(target)} (${options.join(', ')})`
}

/** The partitions that a view can have: a view without symbols is not partitioned by them. */
export function partitionsOf(view: AttachedView, { by }: ExportLayout): string[] {
  return by.filter(name => name === 'day' || view.columns.some(column => column.name === name))
}

/** @throws {InvalidOptionError} when no view has such a column, or it is no float. */
export function checkLayout(views: readonly AttachedView[], { format, by, decimals }: ExportLayout): void {
  if (format === 'arrow' && by.length + Object.keys(decimals).length > 0)
    throw new InvalidOptionError(
      'Arrow files have no folders and no decimals: leave out --by and --decimal, or export to Parquet',
    )
  const has = (name: string, type?: string): boolean =>
    views.some(view => view.columns.some(one => one.name === name && (type === undefined || one.type === type)))
  for (const name of by)
    if (name !== 'day' && !has(name)) throw new InvalidOptionError(`no frame has a column '${name}' to make folders of`)
  for (const name of Object.keys(decimals))
    if (!has(name, 'DOUBLE'))
      throw new InvalidOptionError(`no frame has a column '${name}' of kind f64 to make decimals of`)
}

const FORMATS: Readonly<Record<Exclude<ExportFormat, 'arrow'>, string>> = {
  parquet: 'FORMAT parquet, COMPRESSION zstd',
  csv: 'FORMAT csv, HEADER true',
  jsonl: 'FORMAT json',
}

function valueOf(name: string, type: string, { format, decimals }: ExportLayout): string {
  const column = quoted(name)
  if (type === 'DOUBLE' && Object.hasOwn(decimals, name)) {
    const decimal = `${column}::DECIMAL(18, ${decimals[name]})`
    const message = sqlText(`a value of '${name}' has more than ${decimals[name]} decimals: `)
    return `CASE WHEN ${decimal}::DOUBLE = ${column} THEN ${decimal} ELSE error(${message} || ${column}) END AS ${column}`
  }
  // JSON has no NaN and no infinity.
  if (format === 'jsonl' && (type === 'DOUBLE' || type === 'FLOAT'))
    return `CASE WHEN isfinite(${column}) THEN to_json(${column}) ELSE to_json(${column}::VARCHAR) END AS ${column}`
  // Text has no raw bytes.
  if (format !== 'parquet' && type === 'BLOB') return `lower(hex(${column})) AS ${column}`
  if (format !== 'parquet' && type === 'TIMESTAMP_NS') return `${isoTime(column)} AS ${column}`
  return column
}

/** ISO 8601 in UTC, to the ns. */
function isoTime(column: string): string {
  return `strftime(${column}, '%Y-%m-%dT%H:%M:%S.%n') || 'Z'`
}

function quoted(name: string): string {
  return `"${name}"`
}

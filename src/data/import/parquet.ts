import * as os from 'node:os'
import { ImportError } from '../errors.js'
import { loadDuckDb } from '../sql/duckdb.js'
import { sqlName, sqlText } from '../sql/session.js'
import type { Row, RowFile } from './rows.js'

/**
 * A Parquet file, read by DuckDB. Its values are texts that have all their digits: bytes are hexadecimal, times are ns since 1970.
 *
 * @throws {PackageMissingError}, {ImportError}.
 */
export async function openParquet(file: string): Promise<RowFile> {
  const { api } = await loadDuckDb()
  const instance = await api.DuckDBInstance.create(':memory:', {
    memory_limit: `${Math.floor(os.totalmem() / 4 / 2 ** 20)}MiB`,
    autoinstall_known_extensions: 'false',
  })
  const connection = await instance.connect()
  const close = async (): Promise<void> => {
    connection.closeSync()
    instance.closeSync()
  }
  const failed = (error: unknown): ImportError =>
    new ImportError(`${file} cannot be read: ${(error as Error).message}`, { path: file, cause: error })
  try {
    await connection.run("SET TimeZone = 'UTC'")
    const from = `read_parquet(${sqlText(file)})`
    const described = (await connection.runAndReadAll(`DESCRIBE SELECT * FROM ${from}`)).getRows()
    const columns = described.map(([name]) => String(name))
    const times = new Set(columns.filter((_, i) => isTime(String(described[i][1]))))
    const select = described.map(([name, type]) => textOf(sqlName(String(name)), String(type)))
    const [[total]] = (await connection.runAndReadAll(`SELECT count(*) FROM ${from}`)).getRows()
    const result = await connection.stream(`SELECT ${select.join(', ')} FROM ${from}`)
    async function* rows(): AsyncGenerator<readonly Row[], void, undefined> {
      let row = 0
      for (;;) {
        const chunk = await result.fetchChunk().catch((error: unknown) => {
          throw failed(error)
        })
        if (chunk === null || chunk.rowCount === 0) break
        yield chunk.getRows().map(values => ({
          line: ++row,
          values: values.map(value => (value === null ? undefined : String(value as string).slice(1))),
        }))
      }
      // DuckDB ends a stream without an error when one happens after its first rows.
      if (BigInt(row) !== total) throw await shortened(row)
    }
    /** Why there are fewer rows than the file says: a query without a result has the error that the stream has not. */
    async function shortened(read: number): Promise<ImportError> {
      const counts = select.map(one => `count(${one})`).join(', ')
      const why = await connection.run(`SELECT ${counts} FROM ${from}`).catch((error: unknown) => error)
      const reason = why instanceof Error ? `: ${why.message}` : ''
      return new ImportError(
        `${file} has ${String(total)} rows, of which only the first ${read} can be read${reason}`,
        {
          path: file,
          cause: why,
        },
      )
    }
    return { columns, unit: 'row', times, rows: rows(), close }
  } catch (error) {
    await close()
    throw failed(error)
  }
}

/** An expression for a column's values as text, behind a character: DuckDB's package takes a byte order mark away from the front. */
function textOf(column: string, type: string): string {
  if (type === 'BLOB') return `'=' || lower(hex(${column}))`
  if (isTime(type)) return `'=' || epoch_ns(${column})::VARCHAR`
  return `'=' || ${column}::VARCHAR`
}

function isTime(type: string): boolean {
  return type.startsWith('TIMESTAMP')
}

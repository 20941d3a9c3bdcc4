import * as fs from 'node:fs'
import * as os from 'node:os'
import * as path from 'node:path'
import type * as Api from '@duckdb/node-api'
import { QueryError } from '../errors.js'
import { type Attachment, type AttachOptions, attach } from './attach.js'
import { loadDuckDb } from './duckdb.js'

/** A part of a result. */
export interface ResultRows {
  readonly names: readonly string[]
  readonly types: readonly Api.DuckDBType[]
  readonly rows: readonly (readonly Api.DuckDBValue[])[]
}

/** The share of the machine's memory that DuckDB may use; what needs more goes to a temporary folder. */
const MEMORY_SHARE = 0.5

/** A DuckDB of its own with journals attached, for the commands. Nothing of it stays. */
export class SqlSession {
  private stopped = false

  private constructor(
    private readonly instance: Api.DuckDBInstance,
    private readonly connection: Api.DuckDBConnection,
    readonly attachment: Attachment,
    private readonly temporary: string,
  ) {}

  /** @throws {PackageMissingError}, and as `attach`. */
  static async open(directory: string, options: AttachOptions): Promise<SqlSession> {
    const { api } = await loadDuckDb()
    const temporary = path.join(os.tmpdir(), `ticktape-sql-${process.pid}-${++sessions}`)
    const instance = await api.DuckDBInstance.create(':memory:', {
      memory_limit: `${Math.floor((os.totalmem() * MEMORY_SHARE) / 2 ** 20)}MiB`,
      temp_directory: temporary,
      // What is needed is inside; nothing is loaded from the internet.
      autoinstall_known_extensions: 'false',
    })
    const connection = await instance.connect()
    try {
      // Times of frames are in UTC: compared with now(), they are taken for times of this zone.
      await connection.run("SET TimeZone = 'UTC'")
      return new SqlSession(instance, connection, await attach(connection, directory, options), temporary)
    } catch (error) {
      connection.closeSync()
      instance.closeSync()
      throw error
    }
  }

  /** Whether `interrupt` ended a statement. */
  get interrupted(): boolean {
    return this.stopped
  }

  /** Ends the statement that runs; the next one runs. */
  interrupt(): void {
    this.stopped = true
    this.connection.interrupt()
  }

  /**
   * The result of the last of one or several statements, in parts. A single SELECT is complete before its first part comes, in a table that
   * DuckDB moves to disk when it is large: so there is no result that ends at an error, and memory does not grow with the rows. (A stream of
   * DuckDB ends without an error when one happens after its first rows.)
   *
   * @throws {QueryError}, and what a scan throws.
   */
  async *query(sql: string): AsyncGenerator<ResultRows, void, undefined> {
    this.stopped = false
    await this.attachment.refresh()
    try {
      if (!(await this.isSelect(sql)) || !(await this.store(sql))) {
        yield await this.runEach(sql)
        return
      }
      yield* this.stored()
    } catch (error) {
      throw this.errorOf(error)
    } finally {
      await this.connection.run(`DROP TABLE IF EXISTS ${RESULT}`)
    }
  }

  /** Runs a statement for its effect. Returns the number of rows that it changed or wrote. @throws {QueryError} */
  async run(sql: string): Promise<number> {
    this.stopped = false
    try {
      return (await this.connection.run(sql)).rowsChanged
    } catch (error) {
      throw this.errorOf(error)
    }
  }

  /** Runs one statement after another, because one may need what the one before has made. The result is that of the last one. */
  private async runEach(sql: string): Promise<ResultRows> {
    const statements = await this.connection.extractStatements(sql)
    for (let i = 0; ; i++) {
      const statement = await statements.prepare(i)
      const reader = await statement.runAndReadAll()
      statement.destroySync()
      if (i >= statements.count - 1)
        return { names: reader.deduplicatedColumnNames(), types: reader.columnTypes(), rows: reader.getRows() }
    }
  }

  /** Whether it is one statement, and one whose rows a table can take. */
  private async isSelect(sql: string): Promise<boolean> {
    const { api } = await loadDuckDb()
    const statements = await this.connection.extractStatements(sql)
    if (statements.count !== 1) return false
    const statement = await statements.prepare(0)
    const isSelect = statement.statementType === api.StatementType.SELECT
    statement.destroySync()
    // It was only planned.
    await this.attachment.refresh()
    return isSelect
  }

  /** Puts the result into a table. Returns false for what reads as a SELECT and cannot be one of a table, such as SHOW. */
  private async store(sql: string): Promise<boolean> {
    try {
      await this.connection.run(`CREATE OR REPLACE TEMP TABLE ${RESULT} AS ${sql}`)
      return true
    } catch (error) {
      if (error instanceof Error && error.message.startsWith('Parser Error')) return false
      throw error
    }
  }

  private async *stored(): AsyncGenerator<ResultRows, void, undefined> {
    const [[total]] = (await this.connection.runAndReadAll(`SELECT count(*) FROM ${RESULT}`)).getRows()
    const table = await this.connection.run(`SELECT * FROM ${RESULT} LIMIT 0`)
    const names = table.deduplicatedColumnNames()
    const types = table.columnTypes()
    // DuckDB's package takes a byte order mark away from the front of a text: so there is a character before it.
    const isText = types.map(type => String(type) === 'VARCHAR')
    const columns = names.map((name, i) => (isText[i] ? `'=' || ${sqlName(name)}` : sqlName(name)))
    const result = await this.connection.stream(`SELECT ${columns.join(', ')} FROM ${RESULT}`)
    let passed = 0
    do {
      const chunk = await result.fetchChunk()
      const rows =
        chunk === null ? [] : chunk.getRows().map(row => row.map((value, i) => withoutMark(value, isText[i])))
      passed += rows.length
      if (rows.length === 0 && BigInt(passed) !== total)
        throw new QueryError(`only ${passed} of ${String(total)} rows could be read from the result`)
      yield { names, types, rows }
    } while (BigInt(passed) !== total)
  }

  async close(): Promise<void> {
    await this.attachment.detach()
    this.connection.closeSync()
    this.instance.closeSync()
    fs.rmSync(this.temporary, { recursive: true, force: true })
  }

  /** A scan's own error says more than DuckDB's. */
  private errorOf(error: unknown): unknown {
    const own = this.attachment.takeError()
    if (own !== undefined) return own
    if (!(error instanceof Error)) return error
    return new QueryError(error.message, { cause: error })
  }
}

/** The table of a result. */
const RESULT = 'ticktape_result'

let sessions = 0

function withoutMark(value: Api.DuckDBValue, isText: boolean): Api.DuckDBValue {
  return isText && typeof value === 'string' ? value.slice(1) : value
}

/** A name in double quotes, for a statement. */
export function sqlName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** A text in single quotes, for a statement. */
export function sqlText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

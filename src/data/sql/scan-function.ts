import type * as Api from '@duckdb/node-api'
import { InvalidOptionError, TicktapeError } from '../../base/errors.js'
import { SchemaMismatchError } from '../../frames/errors.js'
import { compare } from '../../frames/schema.js'
import { ColumnScan } from '../../journal/columns/scan.js'
import { duckDbType, type SqlColumn } from './columns.js'
import type { DuckDb } from './duckdb.js'
import { type Fill, fillJournalName, fillOf } from './fill.js'
import type { JournalAt, Moments } from './moments.js'
import type { ViewPlan, ViewSource } from './views.js'

/** The most rows of a vector of DuckDB. */
const ROWS = 2048

/** What limits every scan of an attachment. */
export interface ScanLimits {
  readonly since?: bigint
  readonly until?: bigint
}

/** How far the scans of a statement are. */
export interface ScanWatch {
  /** Of the scan that runs: 0 to 1. */
  progress: number
  /** Why the last scan failed. */
  error: Error | undefined
}

/** What was decided when a statement was planned. */
interface Bound {
  readonly journals: readonly JournalAt[]
  readonly since: bigint | undefined
  readonly until: bigint | undefined
  readonly first: number | undefined
  readonly before: number | undefined
}

/**
 * The table function of DuckDB that scans the frames of a view. Its named parameters pass over pages: `since` and `until` are times, `first`
 * and `before` positions.
 */
export function scanFunction(
  duckDb: DuckDb,
  name: string,
  view: ViewPlan,
  moments: Moments,
  limits: ScanLimits,
  watch: ScanWatch,
): Api.DuckDBTableFunction {
  const { api } = duckDb
  const guarded = (info: { setError(message: string): void }, action: () => void): void => {
    try {
      action()
    } catch (error) {
      watch.error = error as Error
      const code = error instanceof TicktapeError ? `${error.code}: ` : ''
      info.setError(`${code}${(error as Error).message}`)
    }
  }
  return api.DuckDBTableFunction.create({
    name,
    supportsProjectionPushdown: true,
    namedParameterTypes: {
      since: api.TIMESTAMP_NS,
      until: api.TIMESTAMP_NS,
      first: api.UBIGINT,
      before: api.UBIGINT,
    },
    bindFunction: info =>
      guarded(info, () => {
        for (const { name: column, type } of view.columns) info.addResultColumn(column, duckDbType(api, type))
        const bound: Bound = {
          journals: view.sources.map(({ journal }) => moments.at(journal.path)),
          since: later(limits.since, timeOf(info.getNamedParameter('since'))),
          until: earlier(limits.until, timeOf(info.getNamedParameter('until'))),
          first: positionOf(info.getNamedParameter('first')),
          before: positionOf(info.getNamedParameter('before')),
        }
        info.setBindData(bound)
      }),
    initFunction: info =>
      guarded(info, () => {
        moments.begin()
        const columns = info.getColumnIndexes().map(index => view.columns[index])
        info.setInitData(new ViewScan(duckDb, view, columns, info.getBindData() as Bound, watch))
      }),
    mainFunction: (info, chunk) =>
      guarded(info, () => {
        ;(info.getInitData() as ViewScan).fill(chunk)
      }),
  })
}

/** One scan of a view: its journals one after another. */
class ViewScan {
  private index = -1
  private scan: ColumnScan | undefined = undefined
  private fills: Fill[] = []
  private names: ReturnType<typeof fillJournalName> | undefined = undefined
  /** For each column of the view that is wanted: the index of its column in the scan; -1 for the journal's name. */
  private readonly places: readonly number[]
  private readonly scanned: readonly string[]

  constructor(
    private readonly duckDb: DuckDb,
    private readonly view: ViewPlan,
    private readonly columns: readonly SqlColumn[],
    private readonly bound: Bound,
    private readonly watch: ScanWatch,
  ) {
    this.scanned = [...new Set(columns.flatMap(({ from }) => (from === undefined ? [] : [from.name])))]
    this.places = columns.map(({ from }) => (from === undefined ? -1 : this.scanned.indexOf(from.name)))
  }

  /** Fills a chunk with the next rows: none at the end. */
  fill(chunk: Api.DuckDBDataChunk): void {
    try {
      const batch = this.next()
      chunk.rowCount = batch?.rows ?? 0
      if (batch === undefined) return
      for (const [i, place] of this.places.entries()) {
        const vector = this.duckDb.vectors.data_chunk_get_vector(chunk.chunk, i)
        if (place < 0) this.names?.(vector, batch.rows)
        else this.fills[i](vector, batch.columns[place], batch.rows)
      }
    } catch (error) {
      this.scan?.close()
      throw error
    }
  }

  private next(): ReturnType<ColumnScan['next']> {
    const { sources } = this.view
    for (;;) {
      const batch = this.scan?.next()
      this.watch.progress = (Math.max(0, this.index) + (this.scan?.progress ?? 0)) / sources.length
      if (batch !== undefined) return batch
      this.scan?.close()
      this.scan = undefined
      if (++this.index >= sources.length) return undefined
      this.begin(sources[this.index], this.bound.journals[this.index])
    }
  }

  private begin(source: ViewSource, { directory, moment, instruments }: JournalAt): void {
    if (moment === undefined) return
    // The columns of the view are those of the definition as it was when the views were made.
    const definition = moment.schema.get(source.definition.id)
    if (definition === undefined) return
    const differences = compare(definition, source.definition)
    if (differences.length > 0)
      throw new SchemaMismatchError(
        `'${source.definition.name}' has another definition in ${directory.path} than when it was attached: attach it again`,
        differences,
        { path: directory.path },
      )
    const { since, until, first, before } = this.bound
    this.scan = new ColumnScan(directory, moment, {
      tables: [{ definition, columns: this.scanned }],
      batch: ROWS,
      ...(since === undefined ? {} : { since }),
      ...(until === undefined ? {} : { until }),
      ...(first === undefined ? {} : { from: first }),
      ...(before === undefined ? {} : { to: before }),
    })
    const { vectors } = this.duckDb
    const current = new Map(definition.fields.map(field => [field.name, field]))
    this.fills = this.columns.map(column => {
      if (column.from === undefined) return () => {}
      // An enum may have more names by now.
      const values = current.get(column.from.name)?.values
      const from = values === undefined ? column.from : { ...column.from, values }
      return fillOf(vectors, { ...column, from }, instruments.names, directory.path, ROWS)
    })
    this.names = fillJournalName(vectors, source.journal.name, ROWS)
  }
}

/** ns since 1970 of a parameter; undefined when it was not given. */
function timeOf(value: Api.DuckDBValue): bigint | undefined {
  if (value === null || value === undefined) return undefined
  const { nanos, nanoseconds } = value as { nanos?: bigint; nanoseconds?: bigint }
  const ns = nanos ?? nanoseconds
  if (typeof ns !== 'bigint') throw new InvalidOptionError(`since and until take a TIMESTAMP_NS`)
  return ns
}

function positionOf(value: Api.DuckDBValue): number | undefined {
  return value === null || value === undefined ? undefined : Number(value)
}

function later(a: bigint | undefined, b: bigint | undefined): bigint | undefined {
  return a === undefined || (b !== undefined && b > a) ? b : a
}

function earlier(a: bigint | undefined, b: bigint | undefined): bigint | undefined {
  return a === undefined || (b !== undefined && b < a) ? b : a
}

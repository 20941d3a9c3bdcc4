import type * as Api from '@duckdb/node-api'
import { absolute } from '../../base/absolute.js'
import { InvalidOptionError } from '../../base/errors.js'
import { formatValue } from '../../base/format-value.js'
import { checkOptions, kinds } from '../../base/options.js'
import { journalsAt } from '../journals.js'
import { loadDuckDb } from './duckdb.js'
import { Moments } from './moments.js'
import { type ScanLimits, type ScanWatch, scanFunction } from './scan-function.js'
import { planViews, type ViewPlan } from './views.js'

export interface AttachOptions {
  /** Only durable frames, which survive power loss. Default false. */
  readonly durable?: boolean
  /** ns since 1970, or a Date: only frames at this time or later; pages before it are not read. */
  readonly since?: bigint | Date
  /** ns since 1970, or a Date: only frames before this time. */
  readonly until?: bigint | Date
  /** Put before the names of all views: 'paper_' for paper_book_top. Lower-case letters, digits and underscores. Default ''. */
  readonly prefix?: string
}

/** A view: one frame definition. */
export interface AttachedView {
  readonly name: string
  /** The frame's name. */
  readonly frame: string
  readonly columns: readonly { readonly name: string; readonly type: string }[]
}

/** Counts table functions: DuckDB cannot replace one. */
let functions = 0

/** Journals as views of a connection to DuckDB. Made by {@link attach}. */
export class Attachment {
  private readonly moments: Moments
  private readonly watch: ScanWatch = { progress: 0, error: undefined }
  private plans: readonly ViewPlan[] = []
  private planned = ''

  /** @internal */
  constructor(
    private readonly connection: Api.DuckDBConnection,
    /** The directory of the journal, the home or the journals. */
    readonly path: string,
    private readonly limits: ScanLimits,
    private readonly prefix: string,
    durable: boolean,
  ) {
    this.moments = new Moments(durable)
  }

  /** The views, in the order of the definitions. */
  get views(): AttachedView[] {
    return this.plans.map(({ name, columns, sources }) => ({
      name: this.prefix + name,
      frame: sources[0].definition.name,
      columns: columns.map(({ name: column, type }) => ({ name: column, type })),
    }))
  }

  /** How far the scan is that runs now, 0 to 1. */
  get progress(): number {
    return this.watch.progress
  }

  /** Why the last scan failed that did, with its code: DuckDB's error has only its message. Reading it forgets it. */
  takeError(): Error | undefined {
    const { error } = this.watch
    this.watch.error = undefined
    return error
  }

  /**
   * Adds views of definitions and journals that are new, and lets the next statement see the journals as they are then, also right after one
   * that was only planned (EXPLAIN). Call it between statements. Returns whether views changed.
   */
  async refresh(): Promise<boolean> {
    this.moments.begin()
    const plans = planViews(journalsAt(this.path))
    const planned = JSON.stringify(plans.map(({ name, columns, sources }) => [name, columns, sources]))
    if (planned === this.planned) return false
    const duckDb = await loadDuckDb()
    for (const plan of plans) {
      const scan = `ticktape_scan_${++functions}`
      this.connection.registerTableFunction(scanFunction(duckDb, scan, plan, this.moments, this.limits, this.watch))
      const name = this.prefix + plan.name
      await this.connection.run(`CREATE OR REPLACE TEMP VIEW "${name}" AS SELECT * FROM ${scan}()`)
      await this.connection.run(
        `CREATE OR REPLACE TEMP MACRO "scan_${name}"(since := NULL, until := NULL, first := NULL, before := NULL) AS TABLE SELECT * FROM ${scan}(since := since::TIMESTAMP_NS, until := until::TIMESTAMP_NS, first := first::UBIGINT, before := before::UBIGINT)`,
      )
    }
    this.plans = plans
    this.planned = planned
    this.moments.begin()
    return true
  }

  /** Removes the views, and closes the journals. No statement may run that uses them. */
  async detach(): Promise<void> {
    for (const { name } of this.plans) {
      await this.connection.run(`DROP VIEW IF EXISTS "${this.prefix}${name}"`)
      await this.connection.run(`DROP MACRO TABLE IF EXISTS "scan_${this.prefix}${name}"`)
    }
    this.plans = []
    this.planned = ''
    this.moments.close()
  }
}

/**
 * Makes the frames of a journal, of a home or of the journals in a directory views of a connection to DuckDB: `BookTop` is the view
 * `book_top`. Each statement sees the journals as they were when it was planned. Nothing is copied: frames are read when a statement runs.
 *
 *     const connection = await (await DuckDBInstance.create()).connect()
 *     await attach(connection, '/dev/shm/desk')
 *     const result = await connection.runAndReadAll('SELECT symbol, avg(bid) FROM book_top GROUP BY symbol')
 *
 * @param connection one of `@duckdb/node-api`.
 * @throws {PackageMissingError} when that package is not installed, {JournalNotFoundError}, {NotAJournalError}, {CorruptJournalError},
 * {InvalidOptionError}.
 */
export async function attach(
  connection: Api.DuckDBConnection,
  path: string,
  options: AttachOptions = {},
): Promise<Attachment> {
  if (typeof path !== 'string' || path === '' || path.includes('\0'))
    throw new InvalidOptionError(`attach takes the directory of a journal or a home, not ${formatValue(path)}`)
  checkOptions('attach', options, {
    durable: kinds.boolean,
    since: isTime,
    until: isTime,
    prefix: value =>
      typeof value === 'string' && /^[a-z_][a-z0-9_]{0,63}$/.test(value) ? undefined : 'a name in lower-case letters',
  })
  await loadDuckDb()
  const limits: ScanLimits = {
    ...(options.since === undefined ? {} : { since: nsOf(options.since) }),
    ...(options.until === undefined ? {} : { until: nsOf(options.until) }),
  }
  const attachment = new Attachment(connection, absolute(path), limits, options.prefix ?? '', options.durable ?? false)
  await attachment.refresh()
  return attachment
}

function isTime(value: unknown): string | undefined {
  return typeof value === 'bigint' || (value instanceof Date && !Number.isNaN(value.getTime()))
    ? undefined
    : 'ns since 1970 as a bigint, or a Date'
}

function nsOf(time: bigint | Date): bigint {
  return typeof time === 'bigint' ? time : BigInt(time.getTime()) * 1_000_000n
}

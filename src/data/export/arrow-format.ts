import * as fs from 'node:fs'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type * as Api from 'apache-arrow'
import { fromSystemError, systemCode } from '../../base/system-error.js'
import { SLOT_SIZE } from '../../frames/format.js'
import type { Schema } from '../../frames/schema.js'
import type { JournalMoment } from '../../journal/columns/moment.js'
import { ColumnScan } from '../../journal/columns/scan.js'
import { InstrumentCache } from '../../journal/files/instrument-cache.js'
import type { Directory } from '../../native/addon.js'
import { snakeCase, UniqueNames } from '../names.js'
import type { AttachedView } from '../sql/attach.js'
import { type SqlColumn, sqlColumnsOf } from '../sql/columns.js'
import { arrowColumnsOf, constantColumn } from './arrow-columns.js'
import { type Arrow, loadArrow } from './arrow-package.js'
import type { PartFormat } from './part-format.js'

/** Bytes of the frames of a record batch, and its most rows: so memory does not grow with the journal. */
const BATCH_BYTES = 4 * 1024 * 1024
const MOST_ROWS = 65_536

/** The frames of one definition. */
interface ArrowView extends AttachedView {
  readonly columns: readonly SqlColumn[]
}

/** Writes parts as files of Apache Arrow's IPC format, without DuckDB. */
export class ArrowFormat implements PartFormat {
  readonly views: readonly ArrowView[]

  private constructor(
    private readonly arrow: Arrow,
    private readonly journal: string,
    private readonly opened: Directory,
    private readonly moment: JournalMoment,
  ) {
    this.views = viewsOf(moment.schema)
  }

  /** @param journal its name in a first column; '' for none. @throws {PackageMissingError} */
  static async open(journal: string, opened: Directory, moment: JournalMoment): Promise<ArrowFormat> {
    return new ArrowFormat(await loadArrow(), journal, opened, moment)
  }

  /** @throws {CorruptJournalError} for a value that is damaged, and as a scan. */
  async write(view: AttachedView, first: number, before: number, target: string, signal: AbortSignal): Promise<void> {
    const { arrow, opened, moment, journal } = this
    const definition = moment.schema.definitions.find(({ name }) => name === view.frame)
    const plan = this.views.find(({ frame }) => frame === view.frame)
    if (definition === undefined || plan === undefined) throw new TypeError(`there is no view of '${view.frame}'`)
    const { names } = new InstrumentCache(opened)
    const encoders = arrowColumnsOf(arrow, plan.columns, names, opened.path)
    const scanned = [...new Set(plan.columns.flatMap(({ from }) => (from === undefined ? [] : [from.name])))]
    const places = plan.columns.map(({ from }) => scanned.indexOf(from?.name ?? ''))
    if (journal !== '') {
      encoders.unshift(constantColumn(arrow, 'journal', journal))
      places.unshift(0)
    }
    const schema = new arrow.Schema(encoders.map(({ field }) => field))
    const type = new arrow.Struct(schema.fields)
    using scan = new ColumnScan(opened, moment, {
      tables: [{ definition, columns: scanned }],
      from: first,
      to: before,
      batch: Math.max(1, Math.min(MOST_ROWS, Math.floor(BATCH_BYTES / (definition.slots * SLOT_SIZE)))),
    })
    await writeFile(arrow, schema, target, async write => {
      for (let batch = scan.next(); batch !== undefined && !signal.aborted; batch = scan.next()) {
        const { rows, columns } = batch
        const children = encoders.map(({ encode }, i) => encode(columns[places[i]], rows))
        write(new arrow.RecordBatch(schema, arrow.makeData({ type, length: rows, nullCount: 0, children })))
        await nextTurn()
      }
    })
    signal.throwIfAborted()
  }

  interrupt(): void {
    // `write` looks at its signal.
  }

  close(): Promise<void> {
    return Promise.resolve()
  }
}

/** As SQL has them for this journal alone. */
function viewsOf(schema: Schema): ArrowView[] {
  const names = new UniqueNames()
  return schema.definitions.map(definition => ({
    name: names.take(snakeCase(definition.name)),
    frame: definition.name,
    columns: sqlColumnsOf(definition, false),
  }))
}

/** Writes a file as its batches come. @throws the library's error of a system call. */
async function writeFile(
  arrow: Arrow,
  schema: Api.Schema,
  target: string,
  body: (write: (batch: Api.RecordBatch) => void) => Promise<void>,
): Promise<void> {
  const file = fs.openSync(target, 'wx', 0o600)
  try {
    const put = (bytes: Uint8Array): void => {
      try {
        fs.writeFileSync(file, bytes)
      } catch (error) {
        throw systemCode(error) === '' ? error : fromSystemError(error, 'writing', target)
      }
    }
    const writer = new arrow.RecordBatchFileWriter()
    writer.reset(fileSink(arrow, put), schema)
    await body(batch => writer.write(batch))
    writer.close()
  } finally {
    fs.closeSync(file)
  }
}

/** What the writer writes into goes to the file at once: its own queue would hold all of it. */
function fileSink(arrow: Arrow, put: (bytes: Uint8Array) => void): Api.AsyncByteQueue {
  class FileSink extends arrow.AsyncByteQueue {
    override write(value: Uint8Array): void {
      put(value)
    }
  }
  return new FileSink()
}

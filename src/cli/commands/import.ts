import type { Command } from 'commander'
import { importFiles } from '../../data/import/import.js'
import { TIME_UNITS, type TimeUnit } from '../../data/import/values.js'
import { Exit, printable, UsageError } from '../output/failure.js'
import { wrapped } from '../output/help.js'
import { Output } from '../output/output.js'
import { Progress } from '../output/progress.js'
import { grouped, parseList } from '../output/units.js'

interface Flags {
  readonly to: string
  readonly frame: string
  readonly schema: string
  readonly time?: string
  readonly timeUnit: TimeUnit
  readonly map?: Readonly<Record<string, string>>
  readonly pageSize?: number
  readonly json?: boolean
}

export function registerImport(program: Command): void {
  program
    .command('import')
    .description('make a journal of Parquet, CSV or JSON lines: a frame of each row')
    .argument('<files...>', 'files that end in .parquet, .csv, .jsonl or .ndjson (.gz too), or directories of such')
    .requiredOption('--to <dir>', 'the directory of the journal, which must not exist yet')
    .requiredOption('--frame <name>', 'the kind of frame that each row becomes')
    .requiredOption('--schema <path>', 'a journal that has its definition, or a file like schema.json')
    .option(
      '--time <column>',
      "the column with the times of frames (default: 'time'; without one the time of the import)",
    )
    .option('--time-unit <unit>', 'of times that are plain numbers: ns, us, ms or s', parseUnit, 'ns')
    .option('--map <columns>', 'where names differ: price=px,quantity=qty', parseMap)
    .option('--page-size <bytes>', 'of the journal', Number)
    .option('--json', 'one JSON object')
    .addHelpText('after', wrapped(HELP))
    .action(async (files: string[], flags: Flags) => {
      process.exitCode = await runImport(files, flags)
    })
}

const HELP = `
The first line of a CSV file names its columns. Columns are found by the names of fields, or as 'ticktape export' writes them (bid_size), so what was
exported can be imported: each value is the same again, 64-bit integers and the bits of floats included. Bytes are hexadecimal, times ISO 8601 or numbers.
Files are read in the order given, and all rows must be in the order of their times. A value that is none, a value that does not fit, and an order of times that goes
back are errors with the file and the line; then there is no journal. Parquet needs the package @duckdb/node-api.

A schema of your own has no sizes and offsets:
{ "frames": [{ "name": "Tick", "id": 1, "fields": [{ "name": "symbol", "kind": "ascii(16)" }, { "name": "last", "kind": "f64" }] }] }

Exit codes: 0 done, 2 could not import, 130 ended by Ctrl-C.

Examples:
  $ ticktape import trades.parquet --to /data/trades --frame Tick --schema tick.json --time ts --time-unit ms --map last=price
  $ ticktape import /data/export/book_top --to /data/again --frame BookTop --schema /dev/shm/desk/gateway`

async function runImport(files: readonly string[], flags: Flags): Promise<number> {
  const stop = new AbortController()
  const interrupt = (): void => stop.abort()
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt)
  const progress = new Progress(`import ${flags.to}`)
  try {
    const report = await importFiles(files, flags.to, {
      schema: flags.schema,
      frame: flags.frame,
      time: flags.time,
      unit: flags.timeUnit,
      columns: flags.map ?? {},
      pageSize: flags.pageSize,
      signal: stop.signal,
      onProgress: (done, total, frames) => progress.update(done, total, `${grouped(frames)} frames`),
    }).finally(() => progress.end())
    if (report.unused.length > 0)
      process.stderr.write(`columns that were not used: ${report.unused.map(printable).join(', ')}\n`)
    const out = new Output()
    if (flags.json === true) out.json(report)
    else out.line(`${printable(report.path)}: ${grouped(report.frames)} frames from ${grouped(report.files)} files`)
    await out.flush()
  } catch (error) {
    if (!stop.signal.aborted) throw error
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt)
  }
  return stop.signal.aborted ? Exit.INTERRUPTED : Exit.OK
}

function parseUnit(text: string): TimeUnit {
  if (Object.hasOwn(TIME_UNITS, text)) return text as TimeUnit
  throw new UsageError(`--time-unit takes ${Object.keys(TIME_UNITS).join(', ')}, not '${text}'`)
}

function parseMap(text: string): Record<string, string> {
  return Object.fromEntries(
    parseList(text).map(one => {
      const [field, column] = one.split(/=(.*)/s)
      if (field === '' || column === undefined || column === '')
        throw new UsageError(`--map takes field=column, not '${one}'`)
      return [field, column]
    }),
  )
}

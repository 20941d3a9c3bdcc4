import type { Command } from 'commander'
import { backtest } from '../../trading/backtest/backtest.js'
import { reportText } from '../../trading/backtest/report-text.js'
import { writeReport } from '../../trading/backtest/write-report.js'
import { DIALECT_NAMES } from '../../trading/market/dialects/dialects.js'
import { SyntheticFeed } from '../../trading/market/synthetic-feed.js'
import { Exit, printable, UsageError } from '../output/failure.js'
import { wrapped } from '../output/help.js'
import { Output } from '../output/output.js'
import { Progress } from '../output/progress.js'
import { grouped, wholeNumber } from '../output/units.js'
import { objectIn, type RunFiles, readRunFiles } from '../run/run-files.js'

interface BacktestCommandOptions extends Pick<RunFiles, 'risk' | 'instruments'> {
  readonly capture?: string
  readonly feed?: string
  readonly limit: number
  readonly seed: number
  readonly exchange?: string
  readonly report?: string
  readonly home?: string
  readonly json?: boolean
}

export function registerBacktest(program: Command): void {
  program
    .command('backtest')
    .description("run strategies on recorded market data, in the market's own time and as fast as it goes")
    .argument('<file...>', 'modules whose default export is a strategy or a list of them')
    .option('--capture <path>', `a capture (${DIALECT_NAMES}), the directory of a journal with market data, or a home`)
    .option('--feed <kind>', "'synthetic', instead of --capture")
    .option('--limit <events>', 'of the synthetic feed: how many events', wholeNumber(1), 1_000_000)
    .option('--seed <number>', 'of the synthetic feed, and of random()', wholeNumber(0), 1)
    .option('--exchange <file>', 'options of the simulated exchange (fees, latencyNs, queue ...), as a JSON object')
    .option('--risk <file>', 'limits, as a JSON object; default: none')
    .option('--instruments <file>', 'terms of instruments, as a JSON list')
    .option('--report <dir>', 'write report.txt, report.json and plots into this directory')
    .option('--home <dir>', 'keep the journals in this directory, which must be new: for replay and tail')
    .option('--json', 'the report as one JSON object')
    .addHelpText('after', wrapped(HELP))
    .action(async (files: string[], options: BacktestCommandOptions) => {
      process.exitCode = await run(files, options)
    })
}

const HELP = `
The strategies are the same files as for 'run'. They run in this process, with the exchange, risk and journals of a desk; nothing waits, and
nothing reads the clock. Each market event is taken alone at its own time, and every strategy has handled it before the next one comes.
The same input gives the same report.

Exit codes: 0 it ran to the end, 2 it could not, 130 stopped by Ctrl-C.

Examples:
  $ ticktape backtest momentum.mjs --capture btcusdt.gz --report out
  $ ticktape backtest momentum.mjs --capture /var/lib/desk --exchange exchange.json --json
  $ ticktape backtest momentum.mjs --feed synthetic --limit 200000 --home /dev/shm/test && ticktape replay /dev/shm/test`

async function run(files: readonly string[], options: BacktestCommandOptions): Promise<number> {
  const { capture, feed, limit, seed, exchange, report: directory, home } = options
  if (feed !== undefined && feed !== 'synthetic')
    throw new UsageError(`'${feed}' is not a feed; type --feed synthetic, or --capture PATH`)
  if ((capture === undefined) === (feed === undefined))
    throw new UsageError('type --capture PATH or --feed synthetic: a backtest needs market data')
  if (seed >= 2 ** 32) throw new UsageError(`--seed takes a number below 2^32, not ${seed}`)
  const progress = new Progress('backtest')
  const leave = new AbortController()
  const interrupt = (): void => leave.abort()
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt)
  try {
    const { risk, instruments } = readRunFiles(options)
    const report = await backtest({
      strategies: files,
      ...(capture === undefined ? { feed: new SyntheticFeed({ seed, limit }) } : { capture }),
      ...(exchange === undefined ? {} : { exchange: objectIn(exchange, '--exchange') }),
      risk,
      instruments,
      seed,
      home,
      signal: leave.signal,
      onProgress: ({ events, part = capture === undefined ? events / limit : 0 }) =>
        progress.update(part, 1, `${grouped(events)} events`),
      onLog: (id, text) => process.stderr.write(printable(`[${id}] ${text}`) + '\n'),
      onProblem: ({ code, message }) => process.stderr.write(printable(`${code}: ${message}`) + '\n'),
    })
    progress.end()
    const written = directory === undefined ? [] : writeReport(directory, report)
    const out = new Output()
    if (options.json === true) out.json(report)
    else {
      for (const line of reportText(report).trimEnd().split('\n')) out.line(printable(line))
      if (written.length > 0) out.line(`written to ${directory}: ${written.join(', ')}`)
    }
    await out.flush()
    return Exit.OK
  } catch (error) {
    if (!leave.signal.aborted) throw error
    return Exit.INTERRUPTED
  } finally {
    progress.end()
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt)
  }
}

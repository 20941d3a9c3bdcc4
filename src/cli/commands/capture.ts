import type { Command } from 'commander'
import { formatAge } from '../../base/format-duration.js'
import { type CaptureInfo, captureInfo } from '../../trading/market/capture-info.js'
import { DIALECT_NAMES } from '../../trading/market/dialects/dialects.js'
import { Exit, printable } from '../output/failure.js'
import { wrapped } from '../output/help.js'
import { Output, paint } from '../output/output.js'
import { Progress } from '../output/progress.js'
import { table } from '../output/table.js'
import { formatBytes, formatTime, grouped, parseAge } from '../output/units.js'

interface Options {
  readonly json?: boolean
  readonly gap: number
}

/** `ticktape capture ...`: files of recorded messages of venues. */
export function registerCapture(program: Command): void {
  const capture = program
    .command('capture')
    .description('say what files of recorded messages of venues have')
    .addHelpText('after', wrapped(HELP))
  capture
    .command('info')
    .description('say what a file has: dialects, symbols, kinds and counts, times, gaps, and what is not understood')
    .argument('<file>', 'a capture, gzip or plain')
    .option('--gap <time>', 'list times without any line that are longer than this', parseAge, 10_000)
    .option('--json', 'one JSON object; times are ns since 1970, as text')
    .addHelpText('after', wrapped(HELP))
    .action(async (file: string, options: Options) => {
      process.exitCode = await runInfo(file, options)
    })
}

const HELP = `
A capture has one message a line behind its receive time: \`<ns since 1970> <JSON>\`, or \`<s since 1970>: <JSON>\`. Dialects: ${DIALECT_NAMES}.

Exit codes: 0 all is understood and no number is missing; 1 lines are not understood, the compressed data is cut off, or numbers that the
venue gave are missing; 2 there is no such file, or it has no quote and no trade, so that no run can use it.

Examples:
  $ ticktape capture info btcusdt.gz
  $ ticktape capture info btcusdt.gz --gap 500ms
  $ ticktape capture info btcusdt.gz --json | jq '.contents[] | {symbol, kind, count}'`

async function runInfo(file: string, { json, gap }: Options): Promise<number> {
  const progress = new Progress(`capture info ${file}`)
  let info: CaptureInfo
  try {
    info = await captureInfo(file, {
      gapMs: gap,
      onProgress: (done, bytes) => progress.update(done, bytes, `${formatBytes(done)} of ${formatBytes(bytes)}`),
    })
  } finally {
    progress.end()
  }
  const out = new Output()
  if (json === true) out.json(info)
  else describe(out, info, gap)
  await out.flush()
  if (info.quotes + info.trades === 0) return Exit.FAILED
  return info.problems.length > 0 || info.series.gapCount > 0 ? Exit.DAMAGED : Exit.OK
}

function describe(out: Output, info: CaptureInfo, gapMs: number): void {
  const { path, bytes, lines, from, to, quotes, trades } = info
  out.line(`${printable(path)}: ${formatBytes(bytes)}, ${grouped(lines)} lines`)
  if (from !== undefined && to !== undefined)
    out.line(`received  ${formatTime(from)} to ${formatTime(to)}, ${formatAge(Number(to - from) / 1e6)}`)
  out.line(`a run gets  ${grouped(quotes)} quotes and ${grouped(trades)} trades`)
  out.line('')
  contents(out, info)
  out.line('')
  gaps(out, info, gapMs)
  for (const { why, lines: count, firstLine } of info.problems)
    out.line(
      `${paint('red', 'not understood')}  ${grouped(count)} lines, the first is line ${firstLine}: ${printable(why)}`,
    )
  if (info.problems.length === 0 && lines > 0) out.line(paint('green', 'all lines are understood'))
  if (quotes + trades === 0) out.line(paint('red', 'no quote and no trade: no run can use this file'))
}

function contents(out: Output, info: CaptureInfo): void {
  const rows = info.contents.map(({ dialect, market, symbol, kind, count }) => [
    printable(dialect),
    market,
    printable(symbol),
    printable(kind),
    grouped(count),
  ])
  if (rows.length > 0)
    out.add(`${table([['dialect', 'market', 'symbol', 'kind', 'count'], ...rows], 'llllr').join('\n')}\n`)
}

/** Gaps that are shown; --json has more. */
const SHOWN = 10

function gaps(out: Output, { time, series }: CaptureInfo, gapMs: number): void {
  if (time.gapCount === 0)
    out.line(
      `no time without a line is longer than ${formatAge(gapMs)}; the longest is ${formatAge(time.longestGapMs)}`,
    )
  for (const { line, ms } of time.gaps.slice(0, SHOWN))
    out.line(`${paint('yellow', 'gap')}  ${formatAge(ms)} without a line before line ${line}`)
  more(out, time.gapCount, 'times without a line')
  if (time.backwards > 0)
    out.line(`${paint('yellow', 'note')}  ${grouped(time.backwards)} lines have an earlier time than the one before`)
  for (const { line, symbol, series: name, missing } of series.gaps.slice(0, SHOWN))
    out.line(
      `${paint('red', 'missing')}  ${grouped(missing)} numbers of ${printable(symbol)} ${printable(name)} before line ${line}`,
    )
  more(out, series.gapCount, 'places where numbers are missing')
  if (series.count === 0) out.line('the venue does not number these messages: lost ones cannot be found')
  else if (series.gapCount === 0) out.line('no number that the venue gives to trades or depth is missing')
  if (series.repeated > 0)
    out.line(`${paint('yellow', 'note')}  ${grouped(series.repeated)} messages are repeated or out of order`)
}

function more(out: Output, count: number, what: string): void {
  if (count > SHOWN) out.line(`and more: ${grouped(count)} ${what} in all`)
}

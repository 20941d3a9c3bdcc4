import * as fs from 'node:fs'
import type { Command } from 'commander'
import { formatAge } from '../../base/format-duration.js'
import { BinanceSource } from '../../exchanges/binance/binance-source.js'
import { OkxSource } from '../../exchanges/okx/okx-source.js'
import { CaptureWriter } from '../../trading/recorder/capture-writer.js'
import { loadSource } from '../../trading/recorder/load-source.js'
import type { MessageSource } from '../../trading/recorder/message-source.js'
import { record } from '../../trading/recorder/record.js'
import { LONGEST_TIMER_MS } from '../../wait/nap.js'
import { Exit, printable, UsageError } from '../output/failure.js'
import { wrapped } from '../output/help.js'
import { Output } from '../output/output.js'
import { StatusLine } from '../output/status-line.js'
import { formatBytes, grouped, parseAge, parseBytes, parseList, wholeNumber } from '../output/units.js'

interface Options {
  readonly source?: string
  readonly venue?: string
  readonly endpoint?: string
  readonly symbols?: readonly string[]
  readonly to: string
  readonly name?: string
  readonly maxSize?: number
  readonly keep?: number
  readonly duration?: number
  readonly json?: boolean
}

export function registerRecord(program: Command): void {
  program
    .command('record')
    .description("record a venue's messages into capture files, as they were received")
    .option('--source <file>', 'a module whose default export receives messages')
    .option('--venue <name>', "instead: 'okx', 'binance' or 'binance-usd-m', with its best prices, trades and books")
    .option(
      '--endpoint <where>',
      "of --venue: 'live' (default), another name that the venue has, or the address of a fake one",
    )
    .option('--symbols <list>', 'of --venue: the instruments, as BTC-USDT,ETH-USDT', parseList)
    .requiredOption('--to <dir>', 'the directory of the files; a recording that is there is continued')
    .option('--name <name>', "what the names of files begin with; default: 'capture'")
    .option('--max-size <bytes>', 'begin another file at this size: 500M, 2G; default: 1G', parseBytes)
    .option(
      '--keep <days>',
      'remove files of this recording from before the last so many days; default: keep all',
      wholeNumber(1),
    )
    .option(
      '--duration <time>',
      'stop after this time: 90s, 12h; default: at Ctrl-C, or when the source ends',
      parseDuration,
    )
    .option('--json', 'one JSON object at the end')
    .addHelpText('after', wrapped(HELP))
    .action(async (options: Options) => {
      process.exitCode = await run(options)
    })
}

const HELP = `
Files are NAME-YYYYMMDD-NNNN.gz, with a line \`<receive time, ns since 1970> <JSON>\` for each message. Another one begins at --max-size and
when a day ends (UTC). Every second what was received is written as one complete block: a kill loses a second at most, and the next recording
continues in the same file and says what it has missed. 'ticktape capture info' says what a file has, 'run --capture' plays it.

A source is an object with receive(take, signal): it calls take(json, ns) for each message, and resolves after the signal.

Exit codes: 0 the source has ended or the time is over, 2 could not record, 130 stopped by Ctrl-C.

Examples:
  $ ticktape record --source binance.mjs --to /data/binance
  $ ticktape record --venue okx --symbols BTC-USDT,ETH-USDT --to /data/okx
  $ ticktape record --source binance.mjs --to /data/binance --name btcusdt --max-size 500M --duration 24h`

function parseDuration(text: string): number {
  const ms = parseAge(text)
  if (ms >= 1 && ms <= LONGEST_TIMER_MS) return ms
  throw new UsageError(`--duration takes a time from 1ms to ${formatAge(LONGEST_TIMER_MS)}, not ${text}`)
}

/** Where the messages come from. @param onGap what was not received, for people. */
async function sourceOf(
  { source: file, venue, endpoint, symbols }: Options,
  onGap: (what: string) => void,
): Promise<MessageSource> {
  if ((file === undefined) === (venue === undefined)) throw new UsageError('give --source FILE, or --venue NAME')
  if (file === undefined) {
    if (venue === 'okx') return new OkxSource({ endpoint, symbols }, onGap)
    if (venue === 'binance') return new BinanceSource({ endpoint, symbols }, onGap)
    if (venue === 'binance-usd-m') return new BinanceSource({ endpoint, symbols, market: 'usd-m' }, onGap)
    throw new UsageError(`--venue: '${venue}' cannot be recorded by name; there are: okx, binance, binance-usd-m`)
  }
  if (endpoint !== undefined || symbols !== undefined) throw new UsageError('--endpoint and --symbols go with --venue')
  if (!fs.existsSync(file)) throw new UsageError(`--source: there is no file ${file}`)
  return await loadSource(file)
}

/** ms between two status reports. */
const STATUS_MS = 500

async function run(options: Options): Promise<number> {
  const { to, name, maxSize, keep, duration, json } = options
  const line = new StatusLine(process.stderr)
  const source = await sourceOf(options, what => line.event(printable(what)))
  const writer = CaptureWriter.open(to, { name, maxBytes: maxSize, keepDays: keep })
  const interrupt = new AbortController()
  const stop = (): void => interrupt.abort()
  process.on('SIGINT', stop).on('SIGTERM', stop)
  const signals = [interrupt.signal, ...(duration === undefined ? [] : [AbortSignal.timeout(duration)])]
  const timer = setInterval(() => {
    line.show(`${grouped(writer.messages)} messages | ${printable(writer.path)} ${formatBytes(writer.size)}`)
  }, STATUS_MS)
  let missedMs: number | undefined
  try {
    await record(source, writer, AbortSignal.any(signals), ns => {
      missedMs = Number(ns) / 1e6
      line.event(
        `continues a recording whose last message was received ${formatAge(missedMs)} before the first of this one`,
      )
    })
  } finally {
    clearInterval(timer)
    line.erase()
    process.off('SIGINT', stop).off('SIGTERM', stop)
  }
  const { messages, files, directory } = writer
  const out = new Output()
  if (json === true) out.json({ directory, messages, files, missedMs })
  else out.line(`${grouped(messages)} messages in ${grouped(files)} files of ${printable(directory)}`)
  await out.flush()
  return interrupt.signal.aborted ? Exit.INTERRUPTED : Exit.OK
}

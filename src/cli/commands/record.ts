import * as fs from 'node:fs'
import type { Command } from 'commander'
import { formatAge } from '../../base/format-duration.js'
import { BinanceFeed } from '../../exchanges/binance/binance-feed.js'
import { BinanceSource } from '../../exchanges/binance/binance-source.js'
import { BybitFeed } from '../../exchanges/bybit/bybit-feed.js'
import { BybitSource } from '../../exchanges/bybit/bybit-source.js'
import { CcxtFeed } from '../../exchanges/ccxt/ccxt-feed.js'
import { ccxtVenueName } from '../../exchanges/ccxt/options.js'
import { OkxFeed } from '../../exchanges/okx/okx-feed.js'
import { OkxSource } from '../../exchanges/okx/okx-source.js'
import type { WriterRetention } from '../../journal/retain/plan.js'
import type { Feed } from '../../trading/market/feed.js'
import { CaptureWriter } from '../../trading/recorder/capture-writer.js'
import { loadSource } from '../../trading/recorder/load-source.js'
import { MarketJournal } from '../../trading/recorder/market-journal.js'
import type { MessageSource } from '../../trading/recorder/message-source.js'
import { record } from '../../trading/recorder/record.js'
import { recordMarket } from '../../trading/recorder/record-market.js'
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
  readonly to?: string
  readonly journal?: string
  readonly name?: string
  readonly maxSize?: number
  readonly keep?: number
  readonly retainArchive?: string
  readonly duration?: number
  readonly json?: boolean
}

export function registerRecord(program: Command): void {
  program
    .command('record')
    .description(
      "record a venue's messages into capture files, as they were received, or its market data into a journal",
    )
    .option('--source <file>', 'a module whose default export receives messages')
    .option(
      '--venue <name>',
      "instead: 'okx', 'binance', 'binance-usd-m', 'binance-coin-m', 'bybit' or 'bybit-spot', with its best prices, trades and books; 'ccxt:NAME' with --journal",
    )
    .option(
      '--endpoint <where>',
      "of --venue: 'live' (default), another name that the venue has, or the address of a fake one",
    )
    .option('--symbols <list>', 'of --venue: the instruments, as BTC-USDT,ETH-USDT', parseList)
    .option('--to <dir>', 'the directory of capture files; a recording that is there is continued')
    .option('--journal <dir>', 'of --venue: a journal of quotes and trades, instead of --to or beside it')
    .option('--name <name>', "what the names of files begin with; default: 'capture'")
    .option(
      '--max-size <bytes>',
      'begin another file at this size: 500M, 2G; default: 1G. A journal keeps at most as much; default: all',
      parseBytes,
    )
    .option('--keep <days>', 'remove what is from before the last so many days; default: keep all', wholeNumber(1))
    .option(
      '--retain-archive <dir>',
      'of --journal: pack each page into this archive before --keep or --max-size removes it',
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

A journal has 64 bytes for each quote and trade, with the venue's time and that of receipt. Its pages are its rotation: --keep and --max-size
remove the oldest. It can be read while it grows ('ticktape tail'), and played by 'ticktape backtest --capture DIR'. A MarketGap frame says
what may be missing: while nothing was recorded, and while a connection was lost. With --retain-archive a page is only removed once it is in the archive
('ticktape restore', 'sql', 'export' and 'tail' read it), verified and durable.

A source is an object with receive(take, signal): it calls take(json, ns) for each message, and resolves after the signal.

Exit codes: 0 the source has ended or the time is over, 2 could not record, 130 stopped by Ctrl-C.

Examples:
  $ ticktape record --source binance.mjs --to /data/binance
  $ ticktape record --venue okx --symbols BTC-USDT,ETH-USDT --to /data/okx
  $ ticktape record --venue okx --symbols BTC-USDT --journal /data/okx-quotes --keep 30
  $ ticktape record --venue okx --symbols BTC-USDT --journal /data/okx-quotes --keep 2 --retain-archive /archive/okx-quotes
  $ ticktape record --source binance.mjs --to /data/binance --name btcusdt --max-size 500M --duration 24h`

function parseDuration(text: string): number {
  const ms = parseAge(text)
  if (ms >= 1 && ms <= LONGEST_TIMER_MS) return ms
  throw new UsageError(`--duration takes a time from 1ms to ${formatAge(LONGEST_TIMER_MS)}, not ${text}`)
}

interface Market {
  readonly endpoint?: string | undefined
  readonly symbols?: readonly string[] | undefined
}

/** What can be recorded by its name. */
interface RecordedVenue {
  /** Its messages as they come. @param onGap what was not received, for people. */
  readonly source: (market: Market, onGap: (what: string) => void) => MessageSource
  /** Its name in instruments, where it is another one. */
  readonly venue?: string
  /** Its quotes and trades. */
  readonly feed: (market: Market) => Feed
}

const VENUES: Readonly<Record<string, RecordedVenue>> = {
  okx: { source: (market, onGap) => new OkxSource(market, onGap), feed: market => new OkxFeed(market) },
  binance: {
    source: (market, onGap) => new BinanceSource(market, onGap),
    feed: market => new BinanceFeed(market),
  },
  'binance-usd-m': {
    source: (market, onGap) => new BinanceSource({ ...market, market: 'usd-m' }, onGap),
    feed: market => new BinanceFeed({ ...market, market: 'usd-m' }),
  },
  'binance-coin-m': {
    source: (market, onGap) => new BinanceSource({ ...market, market: 'coin-m' }, onGap),
    feed: market => new BinanceFeed({ ...market, market: 'coin-m' }),
  },
  bybit: {
    source: (market, onGap) => new BybitSource(market, onGap),
    feed: market => new BybitFeed(market),
  },
  'bybit-spot': {
    source: (market, onGap) => new BybitSource({ ...market, category: 'spot' }, onGap),
    feed: market => new BybitFeed({ ...market, category: 'spot' }),
  },
}

function venueOf(name: string): RecordedVenue {
  if (Object.hasOwn(VENUES, name)) return VENUES[name]
  const exchange = /^ccxt:([a-z0-9]{1,32})$/.exec(name)?.[1]
  if (exchange !== undefined) return byCcxt(exchange)
  throw new UsageError(`--venue: '${name}' cannot be recorded by name; there are: ${Object.keys(VENUES).join(', ')}`)
}

/** Its messages are of many forms, which no reader of captures knows: there are quotes and trades of it alone. */
function byCcxt(exchange: string): RecordedVenue {
  return {
    venue: ccxtVenueName(exchange),
    source: () => {
      throw new UsageError(`--to: messages of ccxt:${exchange} cannot be read again; give --journal DIR instead`)
    },
    feed: market => new CcxtFeed({ exchange, ...market }),
  }
}

/** Where the messages come from. @param onGap what was not received, for people. */
async function sourceOf(
  { source: file, venue, endpoint, symbols }: Options,
  onGap: (what: string) => void,
): Promise<MessageSource> {
  if ((file === undefined) === (venue === undefined)) throw new UsageError('give --source FILE, or --venue NAME')
  if (venue !== undefined) return venueOf(venue).source({ endpoint, symbols }, onGap)
  if (endpoint !== undefined || symbols !== undefined) throw new UsageError('--endpoint and --symbols go with --venue')
  if (file === undefined || !fs.existsSync(file)) throw new UsageError(`--source: there is no file ${file}`)
  return await loadSource(file)
}

/** ms between two status reports. */
const STATUS_MS = 500

async function run(options: Options): Promise<number> {
  const { to, journal, duration } = options
  if (to === undefined && journal === undefined) throw new UsageError('give --to DIR, --journal DIR, or both')
  if (journal === undefined && options.retainArchive !== undefined)
    throw new UsageError('--retain-archive goes with --journal: captures are compressed files already')
  const line = new StatusLine(process.stderr)
  const interrupt = new AbortController()
  const failed = new AbortController()
  const stop = (): void => interrupt.abort()
  process.on('SIGINT', stop).on('SIGTERM', stop)
  const signals = [interrupt.signal, failed.signal, ...(duration === undefined ? [] : [AbortSignal.timeout(duration)])]
  const signal = AbortSignal.any(signals)
  const recordings: Recording[] = []
  let timer: NodeJS.Timeout | undefined
  try {
    // All are opened before any begins.
    if (to !== undefined) recordings.push(await intoCaptures(options, to, line))
    if (journal !== undefined) recordings.push(intoJournal(options, journal, line))
    timer = setInterval(() => line.show(recordings.map(({ status }) => status()).join(' | ')), STATUS_MS)
    // One that fails ends the other one too; both end in order.
    const ends = await Promise.allSettled(
      recordings.map(async recording => {
        try {
          await recording.run(signal)
        } finally {
          failed.abort()
        }
      }),
    )
    for (const end of ends) if (end.status === 'rejected') throw end.reason
  } finally {
    clearInterval(timer)
    for (const { close } of recordings) close()
    line.erase()
    process.off('SIGINT', stop).off('SIGTERM', stop)
  }
  const out = new Output()
  if (options.json === true) out.json(Object.assign({}, ...recordings.map(({ result }) => result())) as object)
  else for (const { summary } of recordings) out.line(summary())
  await out.flush()
  return interrupt.signal.aborted ? Exit.INTERRUPTED : Exit.OK
}

/** A recording in progress. */
interface Recording {
  readonly run: (signal: AbortSignal) => Promise<void>
  readonly close: () => void
  readonly status: () => string
  readonly summary: () => string
  readonly result: () => object
}

async function intoCaptures(options: Options, to: string, line: StatusLine): Promise<Recording> {
  const { name, maxSize, keep } = options
  const source = await sourceOf(options, what => line.event(printable(what)))
  const writer = CaptureWriter.open(to, { name, maxBytes: maxSize, keepDays: keep })
  let missedMs: number | undefined
  const onFirst = (ns: bigint): void => {
    missedMs = Number(ns) / 1e6
    line.event(
      `continues a recording whose last message was received ${formatAge(missedMs)} before the first of this one`,
    )
  }
  return {
    run: signal => record(source, writer, signal, onFirst),
    close: () => writer.close(),
    status: () => `${grouped(writer.messages)} messages | ${printable(writer.path)} ${formatBytes(writer.size)}`,
    summary: () =>
      `${grouped(writer.messages)} messages in ${grouped(writer.files)} files of ${printable(writer.directory)}`,
    result: () => ({ directory: writer.directory, messages: writer.messages, files: writer.files, missedMs }),
  }
}

function intoJournal(
  { venue, endpoint, symbols, maxSize, keep, retainArchive }: Options,
  directory: string,
  line: StatusLine,
): Recording {
  if (venue === undefined) throw new UsageError('--journal is for the data of --venue')
  const recorded = venueOf(venue)
  const feed = recorded.feed({ endpoint, symbols })
  const retain = retentionOf(maxSize, keep, retainArchive)
  const journal = MarketJournal.open(directory, { venue: recorded.venue ?? venue, retain })
  const onGap = (what: string, ms: number): void => line.event(`${printable(what)}: ${formatAge(ms)} without data`)
  return {
    run: signal => recordMarket(feed, journal, signal, onGap),
    close: () => journal.close(),
    status: () => `${grouped(journal.events)} events | ${printable(journal.path)}`,
    summary: () => `${grouped(journal.events)} quotes and trades in ${printable(journal.path)}`,
    result: () => ({ journal: journal.path, events: journal.events, gaps: journal.gaps }),
  }
}

function retentionOf(
  bytes: number | undefined,
  days: number | undefined,
  archive: string | undefined,
): WriterRetention | undefined {
  if (bytes === undefined && days === undefined) {
    if (archive === undefined) return undefined
    throw new UsageError('--retain-archive says where removed pages go: give --keep or --max-size too')
  }
  return {
    ...(bytes === undefined ? {} : { bytes }),
    ...(days === undefined ? {} : { age: days * MS_PER_DAY }),
    ...(archive === undefined ? {} : { archive }),
  }
}

const MS_PER_DAY = 86_400_000

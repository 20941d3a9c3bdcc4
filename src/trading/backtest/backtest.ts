import * as fs from 'node:fs'
import * as os from 'node:os'
import * as path from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { absolute } from '../../base/absolute.js'
import { InvalidOptionError } from '../../base/errors.js'
import { VirtualDesk } from '../virtual/virtual-desk.js'
import { type EventStream, FeedStream, openStream } from './event-streams.js'
import { Ledger } from './ledger.js'
import { type BacktestOptions, checkBacktestOptions, exchangesOf } from './options.js'
import { OutcomeWatch } from './outcome-watch.js'
import { type BacktestReport, makeReport } from './report.js'
import { Samples } from './samples.js'

/** The event loop gets a turn this often, in ms: for signals, progress, and the removal of pages that are not kept. */
const SLICE_MS = 20
/** Of journals that are not kept so many bytes stay. */
const KEPT_BYTES = 256 * 1024 * 1024

/**
 * Runs strategies on recorded market data against simulated exchanges, in this process, in the market's own time and as fast
 * as it goes. Everything else is as live: the same strategies, journals, risk and exchange.
 *
 *     const report = await backtest({ strategies: ['momentum.mjs'], capture: 'btcusdt.gz', exchange: { latencyNs: 1e6 } })
 *
 * Each market event is taken alone, at its own time, and every strategy has handled it before the next one comes. What a
 * strategy sends is taken at once; latencies are the exchange's. The run ends with the last event.
 *
 * @throws {InvalidOptionError}, {StrategyError}, {CaptureError}, what a strategy's handler throws, and the signal's reason.
 */
export async function backtest(options: BacktestOptions): Promise<BacktestReport> {
  checkBacktestOptions(options)
  const home = absolute(options.home)
  if (home !== undefined && fs.existsSync(home) && fs.readdirSync(home).length > 0)
    throw new InvalidOptionError(`${home} is not empty; a backtest begins a home of its own`, { path: home })
  const stream = streamOf(options)
  const folder = home === undefined ? makeFolder() : undefined
  try {
    if (!(await stream.fill())) throw new InvalidOptionError('there is no market event to run on')
    return await run(options, stream, home ?? path.join(folder ?? '', 'home'), home !== undefined)
  } finally {
    await stream.close()
    if (folder !== undefined) fs.rmSync(folder, { recursive: true, force: true })
  }
}

async function run(
  options: BacktestOptions,
  stream: EventStream,
  home: string,
  isKept: boolean,
): Promise<BacktestReport> {
  const { buffer } = stream
  const { strategies, risk, requestExpiryMs, seed = 1, pageSize, onLog, onProgress, signal } = options
  const venues = exchangesOf(options, stream.instruments)
  const begun = performance.now()
  const desk = await VirtualDesk.open({
    home,
    strategies,
    venues: () => venues,
    instruments: [
      ...stream.instruments.filter(({ venue }) => venues.some(({ name }) => name === venue)),
      ...(options.instruments ?? []),
    ],
    risk,
    requestExpiryMs,
    seed,
    pageSize,
    origin: BigInt(Math.floor(buffer.originMs)) * 1_000_000n,
    onLog,
    retain: isKept ? undefined : { bytes: KEPT_BYTES },
  })
  try {
    const { open } = desk
    const samples = new Samples()
    const ledger = new Ledger((symbol, price) => open.instrumentOf(buffer.symbols[symbol], price), samples)
    const watch = new OutcomeWatch(open.sequence.writer, open.desk.instruments, ledger)
    open.desk.outcomes.writeTo(watch)
    buffer.listener = ledger
    desk.feed(buffer)
    let sliceEnd = performance.now() + SLICE_MS
    do {
      desk.advanceTo(buffer.lastAt)
      if (performance.now() < sliceEnd) continue
      onProgress?.({ events: buffer.taken, part: stream.part })
      await turn()
      signal?.throwIfAborted()
      sliceEnd = performance.now() + SLICE_MS
    } while (await stream.fill())
    desk.stop()
    ledger.end(buffer.lastAt)
    return makeReport({
      events: buffer.taken,
      fromMs: buffer.originMs,
      toMs: buffer.originMs + buffer.lastAt / 1e6,
      wallMs: performance.now() - begun,
      openOrders: open.desk.orders.open,
      home: isKept ? home : null,
      ledger,
      samples,
      watch,
      strategies: desk.strategies.map(({ running }) => running.known),
    })
  } finally {
    desk.kill()
  }
}

function streamOf({ feed, capture = '', onProblem }: BacktestOptions): EventStream {
  return feed === undefined ? openStream(capture, onProblem) : new FeedStream(feed, onProblem)
}

/** A directory for journals that are not kept: in memory, where there is one. */
function makeFolder(): string {
  const memory = '/dev/shm'
  return fs.mkdtempSync(path.join(fs.existsSync(memory) ? memory : os.tmpdir(), 'ticktape-backtest-'))
}

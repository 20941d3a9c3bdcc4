import { setTimeout as sleep } from 'node:timers/promises'
import type { Command } from 'commander'
import { descriptionDifferences } from '../../desk-file/differences.js'
import { keepDeskFile } from '../../desk-file/keep.js'
import { deskOptions } from '../../desk-file/options.js'
import { Gateway } from '../../trading/gateway/gateway.js'
import { HomeDirectory } from '../../trading/sequence/home.js'
import { Exit, UsageError } from '../output/failure.js'
import { wrapped } from '../output/help.js'
import { parseList, wholeNumber } from '../output/units.js'
import { addFeedOptions, checkFeed } from '../run/feed-options.js'
import { PYTHON_HELP, usePython } from '../run/python.js'
import { deskOf, type RunDeskOptions } from '../run/run-desk.js'
import { JsonView, type RunView, STOP_MS, TextView } from '../run/run-view.js'
import { makeTemporaryHome } from '../run/temporary-home.js'

interface RunOptions extends RunDeskOptions {
  readonly duration?: number
  readonly retain?: number
  readonly json?: boolean
  readonly python?: string
}

export function registerRun(program: Command): void {
  const command = program
    .command('run')
    .description('run strategies on market data: a gateway, and a process for each strategy')
    .argument('[file...]', 'modules with strategies, in JavaScript, TypeScript or Python (.py); or --config')
    .option('--config <file>', 'what to run, as a desk.json; options of the command line come before it')
    .option('--home <dir>', 'keep the journals here, and continue a home that is there; default: a temporary directory')
    .option('--apply', "put <home>/desk.json into effect, where it differs from what the home's sequence has")
    .option(
      '--venue <name>',
      "'okx', 'binance', 'binance-usd-m', 'binance-coin-m', 'bybit', 'bybit-spot', 'ccxt:NAME' for any exchange that ccxt knows, or a module with a venue: it gets a process of its own; default: a simulated exchange",
    )
    .option(
      '--endpoint <where>',
      "of a real venue: 'live' (default), another name that it has, or the address of a fake venue",
    )
    .option(
      '--credentials <file>',
      'of a real venue: a file of mode 0600; default: the environment, such as OKX_KEY and OKX_SECRET',
    )
    .option(
      '--symbols <list>',
      'of a real venue: the instruments, as BTC-USDT,ETH-USDT; default: what strategies ask for',
      parseList,
    )
    .option('--risk <file>', 'limits, as a JSON object; default: none')
    .option('--instruments <file>', 'terms of instruments that the venue does not know itself, as a JSON list')
    .option(
      '--retain <snapshots>',
      'retire pages of the home that no start from one of the last so many snapshots needs; default: keep all',
      wholeNumber(1),
    )
    .option('--in-process', "run the modules given here inside the gateway's process: least latency, and no isolation")
    .option('--python <program>', PYTHON_HELP)
    .option('--feed <kind>', "'synthetic'; see also --capture")
  addFeedOptions(command)
    .option('--duration <seconds>', 'stop after this time; default: when the feed ends, or at Ctrl-C', parseSeconds)
    .option('--json', 'one JSON object a line: status, strategy, venue, problem, stopping, end')
    .addHelpText('after', wrapped(HELP))
    .action(async (files: string[], options: RunOptions) => {
      process.exitCode = await run(files, options, name => command.getOptionValueSource(name) === 'cli')
    })
}

const HELP = `
Exit codes: 0 every strategy stopped in order, 1 one had to be killed, 2 could not run, 130 stopped by Ctrl-C.

A strategy that dies is started again and continues where it was. If a run is killed, another run with the same --home continues where it was;
it must have the same venue.
Without files and --config the desk runs as its home's sequence says it did last. A <home>/desk.json counts for the first start only: later
differences are shown, and applied with --apply.
Instruments that neither the venue nor --instruments names get terms from the feed: steps of 0.00000001 and no smallest order.
At Ctrl-C strategies handle the frames written up to then; those that need more than ${STOP_MS / 1000} s are killed, and all are at a second Ctrl-C, except
those inside the gateway's process.
Open orders stay at the venue unless a strategy cancels them in onStop.

Examples:
  $ ticktape run examples/momentum.mjs --home /dev/shm/desk --duration 10
  $ ticktape run examples/momentum.mjs --venue examples/own-venue.mjs --duration 10
  $ ticktape run pairs.js --venue okx --endpoint ws://127.0.0.1:8080 --home /dev/shm/desk    see ticktape fake-venue
  $ ticktape run momentum.py --home /dev/shm/desk           a strategy in Python: docs/python.md
  $ ticktape run momentum.js --home /dev/shm/desk --in-process    docs/strategies.md says what one loses
  $ ticktape run momentum.js --home /dev/shm/desk --capture btcusdt.gz --speed 20x --risk limits.json
  $ ticktape run --config desk.json --home /dev/shm/desk
  $ ticktape run --home /dev/shm/desk                       goes on as it was
  $ ticktape replay /dev/shm/desk                           do all decide the same again?`

/** ms between two status reports. */
const STATUS_MS = 500

async function run(
  files: readonly string[],
  options: RunOptions,
  isGiven: (name: keyof RunDeskOptions) => boolean,
): Promise<number> {
  if (options.feed !== undefined && options.feed !== 'synthetic')
    throw new UsageError(`'${options.feed}' is not a feed; type --feed synthetic, or --capture FILE`)
  usePython(options.python)
  const { description, unapplied } = deskOf(files, options, isGiven)
  const desk = deskOptions(description)
  const { feed } = desk
  await checkFeed(feed)
  const temporary = options.home === undefined ? makeTemporaryHome('run') : undefined
  const home = options.home ?? temporary?.home ?? ''
  const { stopMs = STOP_MS } = desk
  const view: RunView = options.json === true ? new JsonView(stopMs) : new TextView(stopMs)
  const leave = new AbortController()
  let gateway: Gateway | undefined
  const interrupt = (): void => {
    if (leave.signal.aborted) return kill(gateway)
    view.stopping()
    leave.abort()
  }
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt)
  try {
    const running = await Gateway.start({
      ...desk,
      home,
      retain: options.retain === undefined ? desk.retain : { snapshots: options.retain },
      stopMs,
      onStrategy: (id, event) => view.strategy(id, event),
      onVenue: (name, event) => view.venue(name, event),
      onProblem: problem => view.problem(problem),
    })
    gateway = running
    const { earlierDescription } = running
    if (options.config !== undefined && earlierDescription !== undefined)
      view.configuration('changed', descriptionDifferences(earlierDescription, desk.description))
    view.configuration('not applied', unapplied)
    const timer = setInterval(() => view.status(running.status), STATUS_MS)
    const over = [running.fed, aborted(leave.signal)]
    if (options.duration !== undefined) over.push(sleep(options.duration * 1000, undefined, { ref: false }))
    try {
      if (options.config !== undefined && options.home !== undefined)
        keepDeskFile(HomeDirectory.openExisting(home), description, earlierDescription)
      await Promise.race(over)
    } finally {
      clearInterval(timer)
      const orderly = await running.stop()
      await view.end({ status: running.status, orderly, home: temporary === undefined ? home : undefined, feed })
      process.exitCode = orderly ? Exit.OK : Exit.DAMAGED
    }
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt)
    temporary?.remove()
  }
  return leave.signal.aborted ? Exit.INTERRUPTED : Number(process.exitCode)
}

/** Kills the strategies' processes at once. They handle the remaining frames when the home is continued. */
function kill(gateway: Gateway | undefined): void {
  for (const { pid } of gateway?.status.strategies ?? []) {
    try {
      // Not this process, in which a strategy may run: it still has to end the others.
      if (pid !== undefined && pid !== process.pid) process.kill(pid, 'SIGKILL')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error // The process has just ended.
    }
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise(resolve => signal.addEventListener('abort', () => resolve(), { once: true }))
}

function parseSeconds(text: string): number {
  const seconds = Number(text)
  if (!/^\d+(\.\d+)?$/.test(text) || !(seconds > 0) || seconds > 1e6)
    throw new UsageError(`'${text}' is not a duration; type seconds, such as 10`)
  return seconds
}

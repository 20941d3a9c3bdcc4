import { setTimeout as sleep } from 'node:timers/promises'
import type { Command } from 'commander'
import { Gateway } from '../../trading/gateway/gateway.js'
import { Exit, UsageError } from '../output/failure.js'
import { wrapped } from '../output/help.js'
import { JsonView, type RunView, STOP_MS, TextView } from './run-view.js'
import { addFeedOptions, checkedFeed, type FeedOptions } from './session-options.js'
import { makeTemporaryHome } from './temporary-home.js'

interface RunOptions extends FeedOptions {
  readonly home?: string
  readonly feed?: string
  readonly duration?: number
  readonly json?: boolean
}

export function registerRun(program: Command): void {
  const command = program
    .command('run')
    .description('run strategies on market data: a gateway, and a process for each strategy')
    .argument('<file...>', 'modules whose default export is a strategy or a list of them')
    .option('--home <dir>', 'keep the journals here and go on with what is there; default: a temporary directory')
    .option('--feed <kind>', "'synthetic'; see also --capture")
  addFeedOptions(command)
    .option('--duration <seconds>', 'stop after so long; default: when the feed ends, or at Ctrl-C', parseSeconds)
    .option('--json', 'one JSON object a line: status, strategy, problem, stopping, end')
    .addHelpText('after', wrapped(HELP))
    .action(async (files: string[], options: RunOptions) => {
      process.exitCode = await run(files, options)
    })
}

const HELP = `
Exit codes: 0 every strategy stopped in order, 1 one had to be killed, 2 could not run, 130 stopped by Ctrl-C.

A strategy that dies is started again and goes on where it was. A run that is killed goes on, with the same --home, where it was.
At Ctrl-C strategies handle what was written up to then; those that have not after ${STOP_MS / 1000} s, or at a second Ctrl-C, are killed.

Examples:
  $ ticktape run examples/strategy.mjs --home /dev/shm/desk --duration 10
  $ ticktape run momentum.js --home /dev/shm/desk --capture btcusdt.gz --speed 20x
  $ ticktape replay /dev/shm/desk --strategy momentum       does it decide the same again?`

/** ms between two looks at how it goes. */
const STATUS_MS = 500

async function run(files: readonly string[], options: RunOptions): Promise<number> {
  if (options.feed !== undefined && options.feed !== 'synthetic')
    throw new UsageError(`'${options.feed}' is no feed; type --feed synthetic, or --capture FILE`)
  const feed = await checkedFeed(options)
  const temporary = options.home === undefined ? makeTemporaryHome('run') : undefined
  const home = options.home ?? temporary?.home ?? ''
  const view: RunView = options.json === true ? new JsonView() : new TextView()
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
      home,
      strategies: files,
      feed,
      speed: options.speed,
      maxGapMs: options.maxGap,
      wait: options.wait,
      stopMs: STOP_MS,
      onStrategy: (id, event) => view.strategy(id, event),
      onProblem: problem => view.problem(problem),
    })
    gateway = running
    const timer = setInterval(() => view.status(running.status), STATUS_MS)
    const over = [running.fed, aborted(leave.signal)]
    if (options.duration !== undefined) over.push(sleep(options.duration * 1000, undefined, { ref: false }))
    try {
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

/** Ends the strategies' processes at once: what they had not handled they will when the session goes on. */
function kill(gateway: Gateway | undefined): void {
  for (const { pid } of gateway?.status.strategies ?? []) {
    try {
      if (pid !== undefined) process.kill(pid, 'SIGKILL')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error // It has just ended.
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
    throw new UsageError(`'${text}' is no duration; type seconds, such as 10`)
  return seconds
}

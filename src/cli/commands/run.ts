import { setTimeout as sleep } from 'node:timers/promises'
import type { Command } from 'commander'
import type { SupervisorEvent } from '../../runtime/supervision/supervisor.js'
import { Gateway, type GatewayStatus } from '../../trading/gateway/gateway.js'
import { Exit, printable, UsageError } from '../output/failure.js'
import { wrapped } from '../output/help.js'
import { Output } from '../output/output.js'
import { StatusLine } from '../output/status-line.js'
import { grouped } from '../output/units.js'
import { ProgressWatchdog } from './progress-watchdog.js'
import { addFeedOptions, type FeedOptions, feedOf, formatNs } from './session-options.js'
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

/** How long a strategy may take to stop before it is killed, in ms. */
const STOP_MS = 15_000

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
  const temporary = options.home === undefined ? makeTemporaryHome('run') : undefined
  const home = options.home ?? temporary?.home ?? ''
  const view = options.json === true ? new JsonView() : new TextView()
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
      feed: feedOf(options),
      speed: options.speed,
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
      await view.end(running.status, orderly, temporary === undefined ? home : undefined)
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

/** Every line a JSON object. */
class JsonView {
  private readonly out = new Output()

  strategy(strategy: string, event: SupervisorEvent): void {
    const { kind: what, ...rest } = event
    this.print({ kind: 'strategy', strategy, event: what, ...rest })
  }

  problem(problem: Error & { code: string }): void {
    this.print({ kind: 'problem', code: problem.code, message: problem.message })
  }

  status(status: GatewayStatus): void {
    this.print({ kind: 'status', ...status })
  }

  stopping(): void {
    this.print({ kind: 'stopping', limitMs: STOP_MS })
  }

  /** @param home undefined when it was temporary. */
  async end(status: GatewayStatus, orderly: boolean, home: string | undefined): Promise<void> {
    this.out.json({ kind: 'end', orderly, home: home ?? null, ...status })
    await this.out.flush()
  }

  private print(value: object): void {
    this.out.json(value)
    // Nobody reads any more: the run goes on, Ctrl-C ends it.
    this.out.flush().catch(() => {})
  }
}

/** Lines for people: how it goes on stderr, how it ended on stdout. */
class TextView {
  private readonly line = new StatusLine(process.stderr)
  private readonly rate = new Rate()
  private readonly watchdog = new ProgressWatchdog()

  strategy(id: string, event: SupervisorEvent): void {
    this.watchdog.event(id, event)
    this.line.event(printable(`${id}: ${strategyText(event)}`))
  }

  problem(problem: Error & { code: string }): void {
    this.line.event(printable(`${problem.code}: ${problem.message}`))
  }

  status(status: GatewayStatus): void {
    this.line.show(statusText(status, this.rate.next(status.events), this.watchdog))
  }

  stopping(): void {
    this.line.event(`stopping; strategies have up to ${STOP_MS / 1000} s, Ctrl-C again kills now`)
  }

  /** @param home undefined when it was temporary. */
  async end(status: GatewayStatus, orderly: boolean, home: string | undefined): Promise<void> {
    this.line.erase()
    const out = new Output()
    out.line(
      `${grouped(status.events)} events, ${grouped(status.orders)} orders in this run; ${orderly ? 'all stopped in order' : 'not every strategy stopped by itself'}; home ${home === undefined ? '(temporary, removed; keep it with --home DIR)' : printable(home)}`,
    )
    await out.flush()
  }
}

export function strategyText(event: SupervisorEvent): string {
  switch (event.kind) {
    case 'started':
      return `started, pid ${event.pid}`
    case 'ready':
      return 'ready'
    case 'failed':
      return `failed: ${event.message}`
    case 'ended':
      return `ended (${event.how})${event.restartInMs === undefined ? '' : `, starts again in ${event.restartInMs} ms`}`
  }
}

/** Events a second, from one look to the next. */
export class Rate {
  private last: { readonly events: number; readonly atMs: number } | undefined = undefined

  /** 0 at the first look, and where a count begins anew. */
  next(events: number): number {
    const atMs = performance.now()
    const { last } = this
    this.last = { events, atMs }
    return last === undefined || events < last.events
      ? 0
      : Math.round(((events - last.events) * 1000) / (atMs - last.atMs))
  }
}

export function statusText(status: GatewayStatus, rate: number, watchdog?: ProgressWatchdog): string {
  const parts = status.strategies.map(({ id, pid, progress }) => {
    if (pid === undefined) return `${id} down`
    const silentMs = watchdog?.of(id, progress)
    if (silentMs !== undefined) return `${id} no progress for ${Math.floor(silentMs / 1000)} s`
    if (progress === undefined) return `${id} starting`
    return `${id} lag ${progress.lag}, p50 ${formatNs(progress.p50)}, p99 ${formatNs(progress.p99)}`
  })
  return `${grouped(status.events)} events, ${grouped(rate)}/s, ${grouped(status.orders)} orders | ${parts.join(' | ')}`
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

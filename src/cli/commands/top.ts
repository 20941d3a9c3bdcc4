import type { Command } from 'commander'
import { Sampler } from '../../ops/sampler.js'
import { nap } from '../../wait/nap.js'
import { Exit, UsageError } from '../output/failure.js'
import { wrapped } from '../output/help.js'
import { Output } from '../output/output.js'
import { Terminal } from '../top/terminal.js'
import { TopView } from '../top/view.js'
import { parseInterval } from './interval.js'

interface TopOptions {
  readonly interval: number
  readonly once?: boolean
  readonly json?: boolean
}

export function registerTop(program: Command): void {
  program
    .command('top')
    .description('watch a home or journals in the terminal: rates, lag, processes, orders, one strategy')
    .argument('<dir>', 'a home, a journal, or a directory of journals')
    .option('--interval <age>', 'between two samples: 500ms, 2s', parseInterval, 1000)
    .option('--once', 'print everything once, and end')
    .option('--json', 'one JSON object a line for each sample; with --once one object')
    .addHelpText('after', wrapped(HELP))
    .action(async (directory: string, options: TopOptions) => {
      process.exitCode = await top(directory, options)
    })
}

const HELP = `
It reads mapped memory and files: what it looks at is not delayed, locked or woken. It needs less than 1 % of a core; when a sequence is
written faster than it reads in that time, it says how much it has not read.
Keys: 1 to 4 or Tab for the pages, arrows and Enter for one strategy, s and r to sort, / to filter, p to pause, q or Ctrl-C to end.
JSON: path, kind, time, sinceMs, journals, processes, desk, space, problems, as docs/operations.md describes them. Times are ns since 1970
(strings), ages ms, latencies ns, positions and lags slots of 64 bytes. --once takes two samples a moment apart, so that there are rates.

Exit codes: 0 done, 2 could not: no journal, no terminal; 130 ended by a signal.

Examples:
  $ ticktape top /dev/shm/desk
  $ ticktape top /dev/shm/desk --once --json | jq '.journals[] | {name, slotsPerSecond}'
  $ ticktape top /dev/shm/desk --json --interval 10s >> desk.jsonl`

/** ms between the two samples of `--once`. */
const ONCE_MS = 250
/** The most time that a sample reads the sequence, as a part of the interval: half of the 1 % that all of it may need. */
const BUDGET = 0.005

async function top(directory: string, { interval, once = false, json = false }: TopOptions): Promise<number> {
  if (once) return printOnce(directory, json)
  if (json) return printAll(directory, interval)
  const { stdin, stdout } = process
  if (!stdin.isTTY || !stdout.isTTY)
    throw new UsageError('top needs a terminal; without one use --once, or --json for a line a sample')
  return showPages(directory, interval)
}

async function printOnce(directory: string, json: boolean): Promise<number> {
  const out = new Output()
  using sampler = new Sampler(directory)
  const view = new TopView(sampler.sample())
  await new Promise(resolve => setTimeout(resolve, ONCE_MS))
  const sample = sampler.sample()
  view.take(sample)
  if (json) out.json(sample)
  else for (const line of view.everything()) out.line(line)
  await out.flush()
  return Exit.OK
}

async function printAll(directory: string, interval: number): Promise<number> {
  const out = new Output()
  const stop = new AbortController()
  const interrupt = (): void => stop.abort()
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt)
  using sampler = new Sampler(directory)
  try {
    while (!stop.signal.aborted) {
      out.json(sampler.sample())
      await out.flush()
      await nap(interval, stop.signal)
    }
    return Exit.INTERRUPTED
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt)
  }
}

async function showPages(directory: string, interval: number): Promise<number> {
  using sampler = new Sampler(directory, { budgetMs: interval * BUDGET })
  const view = new TopView(sampler.sample())
  const stop = new AbortController()
  let exit: number = Exit.OK
  const draw = (): void => terminal.draw(view.lines(terminal.size))
  const terminal = new Terminal(process.stdin, process.stdout, {
    onKey: (name, text) => {
      if (view.press(name, text)) stop.abort()
      else draw()
    },
    onResize: draw,
    onEnd: () => {
      exit = Exit.INTERRUPTED
      stop.abort()
    },
  })
  try {
    draw()
    while (!stop.signal.aborted) {
      await nap(interval, stop.signal)
      if (stop.signal.aborted) break
      view.take(sampler.sample())
      draw()
    }
    return exit
  } finally {
    terminal.close()
  }
}

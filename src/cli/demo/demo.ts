import type { Command } from 'commander'
import { isHome } from '../../trading/sequence/home.js'
import { Exit, printable, UsageError } from '../output/failure.js'
import { wrapped } from '../output/help.js'
import { Output } from '../output/output.js'
import { StatusLine } from '../output/status-line.js'
import { addFeedOptions, checkFeed } from '../run/feed-options.js'
import { makeTemporaryHome } from '../run/temporary-home.js'
import { DemoRun, MOST_EVENTS } from './course.js'
import { demoFeed } from './feed.js'
import type { DemoOptions } from './options.js'
import { type DemoSummary, describeDemo, summarize } from './summary.js'

export function registerDemo(program: Command): void {
  const command = program
    .command('demo')
    .description('run a demonstration: two strategies at two venues, killed and restarted, then replayed and checked')
    .option('--home <dir>', 'put the journals here, and keep them; default: a temporary directory')
    .option('--keep', 'keep the temporary directory; it is also kept when something was lost or done twice')
  addFeedOptions(command)
    .option('--json', 'the summary as one JSON object; progress goes to stderr')
    .addHelpText('after', wrapped(HELP))
    .action(async (options: DemoOptions) => {
      process.exitCode = await demo(options)
    })
}

const HELP = `
Takes some 12 seconds. A gateway process writes market data of two simulated venues into a memory-mapped journal, the sequence. Two strategy
processes read it and send orders through journals of their own: a market maker keeps an order on each side at one venue; the other one trades
pairs, a purchase where the market is cheaper and a sale where it is dearer, both or neither. The gateway takes the orders into the sequence,
checks them, and the venues answer. The second strategy is killed with SIGKILL and started again by the gateway, then the gateway itself is
killed and started again. The summary is counted from the journals alone; then the gateway and the strategies are replayed.

Exit codes: 0 nothing was lost or done twice, 1 something was, or a process did not behave as expected, 2 could not run, 130 ended by
Ctrl-C.

Examples:
  $ ticktape demo
  $ ticktape demo --capture btcusdt.gz --speed 30x
  $ ticktape demo --json | jq .strategies`

async function demo(options: DemoOptions): Promise<number> {
  await checkFeed(demoFeed(options, MOST_EVENTS)) // Report problems of the feed now, not from the gateway's process.
  if (options.home !== undefined && isHome(options.home)) {
    throw new UsageError(`${options.home} is a home already; the demo needs a new one, so give it another directory`)
  }
  const temporary = options.home === undefined ? makeTemporaryHome('demo') : undefined
  const home = options.home ?? temporary?.home ?? ''
  const line = new StatusLine(options.json === true ? process.stderr : process.stdout)
  const leave = new AbortController()
  const interrupt = (): void => leave.abort()
  let keep = options.keep === true
  for (const signal of SIGNALS) process.on(signal, interrupt)
  try {
    const run = new DemoRun(home, options, line, leave.signal)
    const course = await run.play()
    if (course === undefined) return Exit.INTERRUPTED
    const summary = await summarize(
      home,
      options,
      course,
      part => line.show(`replaying the journals: ${Math.floor(part * 100)} %`),
      leave.signal,
    )
    line.erase()
    await print(summary, options)
    // What went wrong can be found in the journals alone.
    keep ||= summary.checks.some(({ holds, loss }) => loss && !holds)
    return summary.holds ? Exit.OK : Exit.DAMAGED
  } catch (error) {
    if (leave.signal.aborted) return Exit.INTERRUPTED
    throw error
  } finally {
    line.erase()
    for (const signal of SIGNALS) process.off(signal, interrupt)
    if (keep) temporary?.leave()
    else temporary?.remove()
    const out = options.json === true ? process.stderr : process.stdout
    if (keep) out.write(`the journals are in ${printable(home)}\n`)
  }
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

async function print(summary: DemoSummary, options: DemoOptions): Promise<void> {
  const out = new Output()
  if (options.json === true) out.json(summary)
  else for (const text of describeDemo(summary)) out.line(text)
  await out.flush()
}

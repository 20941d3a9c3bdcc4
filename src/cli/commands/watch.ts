import type { Command } from 'commander'
import { Sampler } from '../../ops/sampler.js'
import { Notifier } from '../../ops/watch/notify.js'
import { defaultRules, readRules, type WatchRules } from '../../ops/watch/rules-file.js'
import { type AlertEvent, Watcher } from '../../ops/watch/watcher.js'
import { nap } from '../../wait/nap.js'
import { Exit, printable, UsageError } from '../output/failure.js'
import { wrapped } from '../output/help.js'
import { Output, paint, toJson } from '../output/output.js'
import { formatTime } from '../output/units.js'
import { parseInterval } from './interval.js'

interface WatchOptions {
  readonly rules?: string
  readonly interval: number
  readonly once?: boolean
  readonly exit?: boolean
  readonly exec?: string
  readonly webhook?: string
  readonly showRules?: boolean
  readonly json?: boolean
}

export function registerWatch(program: Command): void {
  program
    .command('watch')
    .description('apply rules to a home or to journals, and report what fires and what clears')
    .argument('<dir>', 'a home, a journal, or a directory of journals')
    .option('--rules <file>', 'a JSON file with other limits than the defaults')
    .option('--interval <age>', 'between two checks: 500ms, 2s', parseInterval, 1000)
    .option('--once', 'check once, without waiting for durations, and end: 1 when something is wrong')
    .option('--exit', 'end with 1 when the first alert fires')
    .option(
      '--exec <program>',
      'start it for each alert: PROGRAM fired|cleared RULE SUBJECT, with the alert as JSON on stdin',
    )
    .option('--webhook <url>', 'send each alert there as JSON, with POST')
    .option('--show-rules', 'print the rules in effect as JSON, and end')
    .option('--json', 'one JSON object a line for each alert')
    .addHelpText('after', wrapped(HELP))
    .action(async (directory: string, options: WatchOptions) => {
      process.exitCode = await watch(directory, options)
    })
}

const HELP = `
Each rule fires once, after the value was bad for its duration, and clears once, when it is back behind another limit. It reads mapped memory
and files: what it looks at is not delayed, locked or woken. docs/operations.md has the rules, and what to do about each.
The file of --rules has limits by rule, and false for a rule that is off: {"lag":{"above":500000,"forMs":60000},"profit":{"below":-5000}}
JSON: event, rule, subject, value, threshold, time (ns since 1970, a string), path, text.

Exit codes: 0 nothing is wrong (--once), 1 an alert fired (--once, --exit), 2 could not: no journal, wrong rules; 130 ended by Ctrl-C.

Examples:
  $ ticktape watch /dev/shm/desk --exec ./page-me.sh
  $ ticktape watch /dev/shm/desk --rules watch.json --webhook https://hooks.example.com/desk
  $ ticktape watch /dev/shm/desk --once || echo 'something is wrong'
  $ ticktape watch /dev/shm/desk --show-rules > watch.json`

/** ms between the two samples of `--once`. */
const ONCE_MS = 250

async function watch(directory: string, options: WatchOptions): Promise<number> {
  const { once = false, showRules = false, webhook, exec, json = false, interval } = options
  const rules = options.rules === undefined ? defaultRules() : readRules(options.rules)
  const out = new Output()
  if (showRules) {
    out.line(JSON.stringify(rules, undefined, 2))
    await out.flush()
    return Exit.OK
  }
  if (webhook !== undefined) checkWebhook(webhook)
  const notifier = new Notifier({
    command: exec,
    webhook,
    onProblem: message => process.stderr.write(`${printable(message)}\n`),
  })
  using sampler = new Sampler(directory)
  const watcher = new Watcher(once ? atOnce(rules) : rules)
  const check = async (): Promise<void> => {
    for (const event of watcher.check(sampler.sample(), performance.now())) {
      out.line(json ? toJson(event) : lineOf(event))
      notifier.send(event)
    }
    await out.flush()
  }
  if (once) {
    sampler.sample()
    await new Promise(resolve => setTimeout(resolve, ONCE_MS))
    await check()
    await notifier.done()
    return watcher.firing > 0 ? Exit.DAMAGED : Exit.OK
  }
  const stop = new AbortController()
  const interrupt = (): void => stop.abort()
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt)
  try {
    while (!stop.signal.aborted) {
      await check()
      if (options.exit === true && watcher.firing > 0) {
        await notifier.done()
        return Exit.DAMAGED
      }
      await nap(interval, stop.signal)
    }
    await notifier.done()
    return Exit.INTERRUPTED
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt)
  }
}

/** The same rules without durations. */
function atOnce(rules: WatchRules): WatchRules {
  return Object.fromEntries(Object.entries(rules).map(([name, rule]) => [name, { ...rule, forMs: 0 }]))
}

function lineOf({ event, time, text }: AlertEvent): string {
  const line = `${formatTime(time).slice(0, 19)}Z  ${printable(text)}`
  return event === 'fired' ? paint('red', line) : paint('green', line)
}

/** @throws {UsageError} */
function checkWebhook(text: string): void {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url?.protocol !== 'https:' && url?.protocol !== 'http:')
    throw new UsageError('--webhook takes a URL that begins with https:// or http://')
}

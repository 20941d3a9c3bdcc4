import { existsSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { Command } from 'commander'
import { resumeHome } from '../../trading/operator/resume.js'
import type { BreakerLimits } from '../../trading/risk/breaker-options.js'
import type { BreakerNote } from '../../trading/risk/breaker-switch.js'
import { type BreakerStatus, CircuitBreaker } from '../../trading/risk/circuit-breaker.js'
import { isHome } from '../../trading/sequence/home.js'
import { Exit, printable, UsageError } from '../output/failure.js'
import { wrapped } from '../output/help.js'
import { Output, paint } from '../output/output.js'
import { formatTime, grouped } from '../output/units.js'

/** The circuit breaker's file in a directory that has one, and in a home. */
const FILE_NAME = 'breaker'
const IN_HOME = join('state', FILE_NAME)

interface LimitFlags {
  readonly maxErrors?: number
  readonly maxLoss?: number
  readonly maxPosition?: number
  readonly json?: boolean
}

/** `ticktape halt`, `resume` and `breaker`: control of the circuit breaker by hand. */
export function registerBreaker(program: Command): void {
  program
    .command('halt')
    .description('halt trading: every process that shares the circuit breaker is halted at its next order')
    .argument('<path>', PATH_HELP)
    .argument('[reason...]', 'the reason, shown by ticktape breaker')
    .option('--reduce', 'still let orders pass that make a position smaller')
    .option('--json', 'one JSON object')
    .addHelpText('after', wrapped(HALT_HELP))
    .action(async (path: string, words: string[], flags: { json?: boolean; reduce?: boolean }) => {
      // A desk whose breaker was removed is halted too: its gateway takes the new one.
      if (isHome(path)) CircuitBreaker.open(breakerAt(path)).close()
      const reason = words.length === 0 ? undefined : words.join(' ')
      await withBreaker(path, flags.json, breaker => {
        if (flags.reduce !== true) breaker.halt(reason)
        else if (!breaker.reduce(reason) && breaker.halted) throw alreadyHalted(path)
        return Exit.OK
      })
    })
  program
    .command('resume')
    .description('allow trading again after a halt: resets the breaker and, in a home, the halt in its sequence')
    .argument('<path>', PATH_HELP)
    .option('--reason <text>', 'why: it is on record in the home')
    .option('--reduce', 'let only orders pass that make a position smaller')
    .option('--json', 'one JSON object')
    .addHelpText('after', wrapped(HALT_HELP))
    .action(async (path: string, flags: { json?: boolean; reason?: string; reduce?: boolean }) => {
      await withBreaker(path, flags.json, async breaker => {
        const to = flags.reduce === true ? 'reducing' : 'active'
        breaker.resume(to, flags.reason)
        // Halted means that the breaker or the sequence says so.
        const home = homeOf(breaker.path)
        if (home !== undefined) await resumeHome(home, flags.reason ?? '', to)
        return Exit.OK
      })
    })
  program
    .command('breaker')
    .description('show the circuit breaker, or change its limits')
    .argument('<path>', PATH_HELP)
    .option('--max-errors <number>', "errors in a row that halt; 'none' removes the limit", limit)
    .option('--max-loss <minor units>', "a day's loss above this halts; 'none' removes the limit", limit)
    .option('--max-position <quantity>', "largest position in one market; 'none' removes the limit", limit)
    .option('--json', 'one JSON object')
    .addHelpText('after', wrapped(HELP))
    .action(async (path: string, flags: LimitFlags) => {
      await withBreaker(path, flags.json, breaker => {
        const limits: BreakerLimits = {
          maxConsecutiveErrors: flags.maxErrors,
          maxDailyLoss: flags.maxLoss,
          maxPosition: flags.maxPosition,
        }
        breaker.setLimits(limits)
        return breaker.state === 'active' ? Exit.OK : Exit.DAMAGED
      })
    })
}

const PATH_HELP = `a home, the circuit breaker's file, or a directory with one named '${FILE_NAME}'`

const HELP = `
Exit codes: 0 trading is allowed, 1 it is halted or may only make positions smaller, 2 could not check.

Examples:
  $ ticktape breaker /dev/shm/desk && echo trading
  $ ticktape breaker /dev/shm/desk --max-loss 50000`

const HALT_HELP = `
With --reduce an order passes only if it makes its position smaller, with all that is pending on its side; cancels always pass. Orders that
are open stay open: see cancel-all. A halt is stricter: 'halt --reduce' does not end it, 'resume --reduce' does, with no moment between.

Exit codes: 0 done, 2 could not: there is no breaker. Of resume also: 1 the gateway refused it, 3 it did not take it within 5 s.

Examples:
  $ ticktape halt /dev/shm/desk exchange maintenance
  $ ticktape halt /dev/shm/desk --reduce end of the quarter
  $ ticktape resume /dev/shm/desk --reduce                  halted before: strategies may close positions now
  $ ticktape resume /dev/shm/desk`

/** Calls `action` with the breaker, then prints the breaker's state. */
async function withBreaker(
  path: string,
  json: boolean | undefined,
  action: (breaker: CircuitBreaker) => number | Promise<number>,
): Promise<void> {
  const file = breakerAt(path)
  const breaker = CircuitBreaker.find(file)
  if (breaker === undefined)
    throw new UsageError(
      `there is no circuit breaker at ${file}; ${isHome(path) ? "the home's gateway creates it when it starts" : 'the first process that opens it creates it'}`,
    )
  try {
    process.exitCode = await action(breaker)
    const out = new Output()
    if (json === true) out.json({ path: file, ...plain(breaker.status()) })
    else describe(out, file, breaker.status())
    await out.flush()
  } finally {
    breaker.close()
  }
}

function alreadyHalted(path: string): UsageError {
  return new UsageError(
    `trading is halted, and a halt is stricter: nothing was changed. 'ticktape resume ${path} --reduce' lets pass what makes a position smaller`,
  )
}

function breakerAt(path: string): string {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) return path
  const own = join(path, FILE_NAME)
  const ofHome = join(path, IN_HOME)
  return !existsSync(own) && (existsSync(ofHome) || isHome(path)) ? ofHome : own
}

/** The home that a breaker belongs to; undefined for one that belongs to none. */
function homeOf(breaker: string): string | undefined {
  const home = dirname(dirname(breaker))
  return basename(dirname(breaker)) === 'state' && isHome(home) ? home : undefined
}

function describe(out: Output, path: string, status: BreakerStatus): void {
  const { halt, reducing, limits } = status
  if (halt !== undefined) out.line(`${printable(path)}: ${paint('red', 'halted')} (${halt.code})${why(halt)}`)
  else if (reducing === undefined) out.line(`${printable(path)}: ${paint('green', 'trading is allowed')}`)
  else
    out.line(`${printable(path)}: ${paint('yellow', 'reducing')} (only what makes a position smaller)${why(reducing)}`)
  const note = halt ?? reducing
  if (note !== undefined && note.pid !== 0) out.line(`  by process ${note.pid}, ${formatTime(note.time)}`)
  out.line(
    `  errors in a row  ${grouped(status.consecutiveErrors)} (${shownLimit('halts at', limits.maxConsecutiveErrors)})`,
  )
  out.line(
    `  P&L today        ${status.dailyPnl} minor units (${shownLimit('halts at a loss above', limits.maxDailyLoss)})`,
  )
  out.line(`  largest position ${shownLimit('', limits.maxPosition)}`)
}

function why({ reason }: BreakerNote): string {
  return reason === '' ? '' : `: ${printable(reason)}`
}

/** JSON has no Infinity: a limit that is not set is null. */
function plain(status: BreakerStatus): object {
  const { halt, reducing, limits, ...rest } = status
  const entries = Object.entries(limits).map(([name, value]) => [name, Number.isFinite(value) ? value : null] as const)
  return {
    halted: halt !== undefined,
    ...rest,
    halt: halt ?? null,
    reducing: reducing ?? null,
    limits: Object.fromEntries(entries),
  }
}

function shownLimit(what: string, value: number): string {
  return Number.isFinite(value) ? `${what} ${value}`.trimStart() : 'no limit'
}

function limit(text: string): number {
  if (text === 'none') return Number.POSITIVE_INFINITY
  const value = Number(text)
  if (!/^\d+(\.\d+)?$/.test(text) || !Number.isFinite(value))
    throw new UsageError(`a limit is a number of 0 or more, or 'none', not '${text}'`)
  return value
}

import { readFileSync } from 'node:fs'
import type { Command } from 'commander'
import { nearestName } from '../../base/nearest.js'
import { changeLimits, type LimitsChange, namedLimits, parseChanges } from '../../trading/operator/limits-change.js'
import { command } from '../../trading/operator/send-command.js'
import { checkRisk, type RiskOptions } from '../../trading/risk/limits.js'
import { HomeDirectory } from '../../trading/sequence/home.js'
import { printable, UsageError } from '../output/failure.js'
import { wrapped } from '../output/help.js'
import { Output } from '../output/output.js'
import { table } from '../output/table.js'
import { type CommandFlags, EXIT_CODES, problemText } from './command-output.js'

/** `ticktape limits`: shows the limits of risk that are in effect, and changes them. */
export function registerLimits(program: Command): void {
  program
    .command('limits')
    .description('show the risk limits of a home that are in effect, or change them')
    .argument('<home>', 'the home of the gateway')
    .argument('[changes...]', "NAME=VALUE, such as maxPosition=5; the value 'none' removes a limit")
    .option('--reason <text>', 'why: it is on record')
    .option('--json', 'one JSON object: the limits in effect')
    .addHelpText('after', wrapped(HELP))
    .action(limits)
}

const HELP = `
Names are those of docs/risk.md. A limit of one strategy, instrument or account has its group and name in front:
strategies.momentum.maxPosition, instruments.BTCUSDT.priceBand, accounts.main.maxOpenOrders.
Limits of a strategy may be given before it is added. Changes are checked together, and all or none are made. They hold until the gateway is started again, which puts the limits of its options
into effect. Showing works without a gateway: the limits of its last run.
${EXIT_CODES}

Examples:
  $ ticktape limits /dev/shm/desk
  $ ticktape limits /dev/shm/desk maxOrderNotional=5000 strategies.momentum.maxPosition=2 --reason 'thin market'
  $ ticktape limits /dev/shm/desk maxOpenOrders=none`

async function limits(home: string, texts: readonly string[], { reason, json }: CommandFlags): Promise<void> {
  const change = parseChanges(texts)
  if (texts.length > 0) {
    const present = limitsOf(home)
    // What is wrong with them is said here; the gateway only refuses.
    checkRisk(changeLimits(present, change))
    for (const line of strangers(home, change)) process.stderr.write(`${printable(line)}\n`)
    await command(home, { action: 'limits', detail: JSON.stringify(change), reason }, problemText)
  }
  const out = new Output()
  const effective = texts.length > 0 ? changeLimits(limitsOf(home), change) : limitsOf(home)
  if (json === true) out.json(effective)
  else {
    const named = namedLimits(effective)
    if (named.length === 0) out.line('there are no limits')
    for (const line of table(
      named.map(([name, value]) => [printable(name), String(value)]),
      'lr',
    ))
      out.line(line)
  }
  await out.flush()
}

/** What is to be said of strategies that the home never had: limits may be given before one is added. */
function strangers(home: string, change: LimitsChange): string[] {
  const known = HomeDirectory.openExisting(home).strategyIds
  const names = new Set(Object.keys(change).flatMap(name => /^strategies\.(.+)\.[^.]+$/.exec(name)?.[1] ?? []))
  return [...names]
    .filter(name => !known.includes(name))
    .map(name => {
      const near = nearestName(name, known)
      const hint = near === undefined ? '' : `; did you mean '${near}'?`
      return `the home has no strategy '${name}' so far: its limits wait until one is added${hint}`
    })
}

/** The limits that the gateway shows in the home's state. */
function limitsOf(home: string): RiskOptions {
  const directory = HomeDirectory.openExisting(home)
  try {
    return JSON.parse(readFileSync(directory.limits, 'utf8')) as RiskOptions
  } catch (error) {
    throw new UsageError(
      `${directory.limits} cannot be read (${(error as Error).message}); a gateway writes it when it starts`,
    )
  }
}

import type { Command } from 'commander'
import { type PositionLine, PositionTable } from '../../trading/inspect/positions.js'
import { POSITION_OWNERS, type PositionOwner } from '../../trading/positions/desk-positions.js'
import { HomeDirectory } from '../../trading/sequence/home.js'
import { shortDecimal } from '../output/decimals.js'
import { printable, UsageError } from '../output/failure.js'
import { wrapped } from '../output/help.js'
import { Output, paint, toJson } from '../output/output.js'
import { table } from '../output/table.js'
import { formatTime } from '../output/units.js'
import { checkFilters } from './home-filters.js'
import { readSequence } from './read-sequence.js'

interface PositionsOptions {
  readonly strategy?: string
  readonly instrument?: string
  readonly state: 'all' | 'open' | 'flat'
  readonly by: PositionOwner
  readonly follow?: boolean
  readonly json?: boolean
}

const STATES = ['all', 'open', 'flat'] as const

export function registerPositions(program: Command): void {
  program
    .command('positions')
    .description('show the positions of a home, from the fills in its sequence, whether a gateway runs or not')
    .argument('<home>', "the home's directory")
    .option('--strategy <id>', 'only fills of this strategy')
    .option('--instrument <symbol>', "only this instrument: 'BTCUSDT', or with its venue 'BTCUSDT.sim'")
    .option('--state <state>', `${STATES.join(', ')}: flat ones were closed`, oneOf(STATES), 'all')
    .option('--by <owner>', `whose: ${POSITION_OWNERS.join(', ')}`, oneOf(POSITION_OWNERS), 'strategy')
    .option('-f, --follow', 'then a line for each fill, until Ctrl-C')
    .option('--json', 'one JSON object a line')
    .addHelpText('after', wrapped(HELP))
    .action(async (home: string, options: PositionsOptions) => {
      process.exitCode = await showPositions(home, options)
    })
}

const HELP = `
Average cost, counted exactly from the fills: the sequence is read forward once; nothing else of the home is used. Profit is in the
settlement currency, without fees and without funding; unrealised at the middle of the last quote. Strategies that trade against each other
have positions that cancel out with --by desk.
JSON: owner, instrument, quantity, averagePrice, realised, unrealised, price, currency, fees by currency, fills, changedAt (ns since 1970) and
position in the sequence of the last fill. Decimals are strings, with all their digits.

Exit codes: 0 done, 2 could not: no home, an unknown strategy or instrument; 130 ended by Ctrl-C.

Examples:
  $ ticktape positions /dev/shm/desk
  $ ticktape positions /dev/shm/desk --by desk --state open
  $ ticktape positions /dev/shm/desk --strategy momentum --json | jq '{instrument, quantity, realised}'`

async function showPositions(path: string, options: PositionsOptions): Promise<number> {
  const home = HomeDirectory.openExisting(path)
  const { strategy, instrument, state, follow = false, json = false } = options
  const isShown = ({ quantity }: PositionLine): boolean => state === 'all' || (state === 'flat') === (quantity === '0')
  const out = new Output()
  const print = (line: PositionLine): void => out.line(json ? toJson(line) : changeText(line))
  let isFollowing = false
  const found: PositionTable = new PositionTable(options.by, { strategy, instrument }, line => {
    if (isFollowing && isShown(line)) print(line)
  })
  return readSequence({
    home,
    handlers: found.handlers,
    out,
    follow,
    begin: known => found.begin(known),
    onEnd: () => {
      checkFilters(found.names, options)
      const shown = found.lines.filter(isShown)
      if (json) shown.forEach(print)
      else for (const text of describe(shown, options.by)) out.line(text)
      isFollowing = true
    },
  })
}

function describe(lines: readonly PositionLine[], by: PositionOwner): string[] {
  if (lines.length === 0) return ['no positions']
  const rows = lines.map(line => [
    printable(line.owner),
    printable(line.instrument),
    shortDecimal(line.quantity),
    shortDecimal(line.averagePrice),
    coloured(line.realised),
    line.unrealised === undefined ? '' : coloured(line.unrealised),
    printable(line.currency),
    printable(feesText(line)),
    String(line.fills),
    formatTime(line.changedAt).slice(0, 23),
  ])
  return table([[by, ...HEADING], ...rows], 'llrrrrlrrl')
}

const HEADING = ['instrument', 'quantity', 'average', 'realised', 'unrealised', 'in', 'fees', 'fills', 'changed (UTC)']

function feesText({ fees }: PositionLine): string {
  const texts = Object.entries(fees).map(([currency, fee]) => `${shortDecimal(fee)} ${currency}`)
  return texts.join(', ')
}

function coloured(money: string): string {
  const text = shortDecimal(money)
  return text === '0' ? text : paint(text.startsWith('-') ? 'red' : 'green', text)
}

function changeText(line: PositionLine): string {
  const fees = feesText(line)
  return `${formatTime(line.changedAt)}  ${printable(`${line.owner}: ${line.instrument}`)}  ${shortDecimal(line.quantity)} at ${shortDecimal(line.averagePrice)}, realised ${coloured(line.realised)} ${printable(line.currency)}${fees === '' ? '' : printable(`, fees ${fees}`)}`
}

function oneOf<T extends string>(names: readonly T[]): (text: string) => T {
  return text => {
    const found = names.find(name => name === text)
    if (found === undefined) throw new UsageError(`'${text}' is not one of ${names.join(', ')}`)
    return found
  }
}

import type { Command } from 'commander'
import type { FrameView } from '../../frames/view.js'
import { PositionError } from '../../journal/errors.js'
import { Reader } from '../../journal/read/reader.js'
import { UnknownOrderError } from '../../trading/errors.js'
import { Chain, type Hop } from '../../trading/inspect/chain.js'
import type { Names } from '../../trading/inspect/names.js'
import { type RecordedStall, stallInWords } from '../../trading/inspect/stalls.js'
import { epochOfHigh, idHalves, strategyOfOrder } from '../../trading/messages/order-id.js'
import { HomeDirectory } from '../../trading/sequence/home.js'
import { printable, UsageError } from '../output/failure.js'
import { wrapped } from '../output/help.js'
import { Output, paint, toJson } from '../output/output.js'
import { formatNs, formatTime, wholeNumber } from '../output/units.js'
import { parseOrderOrPosition } from './order-id.js'
import { readSequence } from './read-sequence.js'

interface WhyOptions {
  readonly follow?: boolean
  readonly json?: boolean
  readonly depth: number
}

export function registerWhy(program: Command): void {
  program
    .command('why')
    .description('show the chain of causes of an order, hop by hop: from the market event to its fills')
    .argument('<home>', "the home's directory")
    .argument('<what>', "an order's id, its client order id at the venue, or a position in the sequence")
    .option('-f, --follow', 'then what becomes of the order, until Ctrl-C')
    .option('--depth <causes>', "at most this many causes before the order's first frame", wholeNumber(1), 16)
    .option('--json', 'one JSON object a line, one for each hop')
    .addHelpText('after', wrapped(HELP))
    .action(async (home: string, what: string, options: WhyOptions) => {
      process.exitCode = await why(home, what, options)
    })
}

const HELP = `
Each line is a frame: its journal and position, when it was written, and how long after the frame that led to it ("after 3": after the hop 3).
A whole number from 2^52 on is an order's id, a smaller one a position. A position whose frame is about an order shows that order's chain, with
the frame marked; of other frames the causes are shown. The sequence is read forward once, and of the other journals only what the order needs.
A hop that took more than 1 ms is followed by the pauses of its process that are on record: garbage collection, and an event loop that did not
turn.
JSON: number, after, since (ns), journal, position, time (ns since 1970, a string), type, text, asked, stalls (kind, collection, began, lasted
in ns), and the frame as 'tail --json' shows it.

Exit codes: 0 done, 2 could not: no home, no such order or position; 130 ended by Ctrl-C.

Examples:
  $ ticktape orders /dev/shm/desk --all -n 1 --json | jq -r .orderId
  $ ticktape why /dev/shm/desk 4503603922337793
  $ ticktape why /dev/shm/desk 51872 --json | jq -c '[.number, .after, .since, .type]'
  $ ticktape why /dev/shm/desk 4503603922337793 --follow`

async function why(path: string, what: string, options: WhyOptions): Promise<number> {
  const home = HomeDirectory.openExisting(path)
  const { follow = false, json = false, depth } = options
  const asked = parseOrderOrPosition(home, what)
  const orderId = asked.orderId ?? orderAt(home, asked.position)
  if (orderId === undefined && follow)
    throw new UsageError(`--follow is for orders; the frame at position ${asked.position} is about none`)
  const out = new Output()
  const chain = new Chain(home, {
    orderId,
    position: asked.position,
    depth,
    onHop: hop => {
      out.line(json ? toJson(hop) : lineOf(hop))
      if (!json) for (const stall of hop.stalls) out.line(stallLine(hop, stall))
    },
  })
  return readSequence({
    home,
    handlers: chain.handlers,
    out,
    follow,
    begin: known => chain.begin(known),
    onEnd: () => {
      if (orderId === undefined) chain.addAt(asked.position ?? 0)
      else if (chain.isEmpty && !chain.addUntaken()) throw unknown(home, orderId, chain.names)
    },
  })
}

/** The order that the frame at a position is about; undefined for none. @throws {PositionError} */
function orderAt(home: HomeDirectory, position = 0): bigint | undefined {
  const reader = Reader.open(home.sequence, { from: { position } })
  try {
    for (const frame of reader) return orderIdOf(frame)
    throw new PositionError(
      `${home.sequence} ends at position ${position}: there is no frame yet; 'ticktape tail ${home.sequence}' shows the last ones`,
      { path: home.sequence, position },
    )
  } finally {
    reader.close()
  }
}

function orderIdOf(frame: FrameView): bigint | undefined {
  const { orderId } = frame as { readonly orderId?: unknown }
  return typeof orderId === 'bigint' && orderId !== 0n ? orderId : undefined
}

function unknown(home: HomeDirectory, orderId: bigint, names: Names): UnknownOrderError {
  const strategy = names.strategy(strategyOfOrder(orderId))
  const epoch = epochOfHigh(idHalves(orderId).high)
  const known = names.strategyIds.includes(strategy)
  const hint = known
    ? `its id says ${strategy}, epoch ${epoch}, number ${orderId & 0xffffffffn}; 'ticktape orders ${home.path} --strategy ${strategy} --all' shows what it sent`
    : `its id says ${strategy}, which this home has never had; it has ${names.strategyIds.join(', ') || 'none'}`
  return new UnknownOrderError(`${home.path} has no order ${orderId}: ${hint}`, orderId, { path: home.path })
}

function lineOf({ number, after, since, journal, position, time, type, text, asked }: Hop): string {
  const age = since === undefined || after === undefined ? '' : `${signedNs(since)} after ${after}`
  const where = `${printable(journal)} ${position}`
  const line = `${String(number).padStart(4)} ${asked ? '*' : ' '} ${clockOf(time)}  ${age.padEnd(18)}  ${where.padEnd(28)}  ${type.padEnd(12)}  ${printable(text)}`
  return asked ? paint('bold', line) : line
}

function stallLine({ journal }: Hop, { began, lasted, ...what }: RecordedStall): string {
  const text = `       ${formatTime(began)}  ${printable(journal)} paused for ${formatNs(lasted)}: ${stallInWords(what)}`
  return paint('yellow', text)
}

/** '2026-11-27T08:00:00.123456789Z'; spaces for a time that is not known. */
function clockOf(time: bigint): string {
  const text = formatTime(time)
  return time === 0n ? ' '.repeat(text.length) : text
}

function signedNs(ns: number): string {
  return ns < 0 ? `-${formatNs(-ns)}` : formatNs(ns)
}

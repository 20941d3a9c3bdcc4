import type { Command } from 'commander'
import { nearestName } from '../../base/nearest.js'
import { type ForeignLine, ForeignTable } from '../../trading/inspect/foreign-orders.js'
import { FINAL_STATES, type OrderLine, OrderTable } from '../../trading/inspect/orders.js'
import { termsOf } from '../../trading/inspect/words.js'
import { ORDER_STATES, type OrderState } from '../../trading/messages/order-terms.js'
import { HomeDirectory } from '../../trading/sequence/home.js'
import { printable, UsageError } from '../output/failure.js'
import { wrapped } from '../output/help.js'
import { Output, paint, toJson } from '../output/output.js'
import { table } from '../output/table.js'
import { formatTime, wholeNumber } from '../output/units.js'
import { checkFilters } from './home-filters.js'
import { readSequence } from './read-sequence.js'

interface OrdersOptions {
  readonly strategy?: string
  readonly instrument?: string
  readonly state?: readonly OrderState[]
  readonly all?: boolean
  readonly limit: number
  readonly follow?: boolean
  readonly json?: boolean
}

export function registerOrders(program: Command): void {
  program
    .command('orders')
    .description('show the orders of a home, from its sequence, whether a gateway runs or not')
    .argument('<home>', "the home's directory")
    .option('--strategy <id>', 'only orders of this strategy')
    .option('--instrument <symbol>', "only orders in this instrument: 'BTCUSDT', or with its venue 'BTCUSDT.sim'")
    .option('--state <states>', `only in these states, with commas between: ${ORDER_STATES.join(', ')}`, parseStates)
    .option('-a, --all', 'final orders too')
    .option('-n, --limit <orders>', 'at most this many final orders, those that changed last', wholeNumber(1), 100)
    .option('-f, --follow', 'then a line for each change, until Ctrl-C')
    .option('--json', 'one JSON object a line')
    .addHelpText('after', wrapped(HELP))
    .action(async (home: string, options: OrdersOptions) => {
      process.exitCode = await showOrders(home, options)
    })
}

const HELP = `
Without --all and --state it shows the orders that are not final. The sequence is read forward once; nothing else of the home is used.
JSON: orderId (a string), strategy, epoch, instrument, account, side, orderType, timeInForce, price, stopPrice, quantity, filledQuantity,
averagePrice, state, reason, pendingCancel, pendingAmend, orphan, clientOrderId, takenAt and changedAt (ns since 1970, strings), and the position in
the sequence of the last frame about it. An orphan is an order of this home that the venue has shown and no journal knows.
Orders of others on the home's accounts, as far as venues show them, follow ours: nobody here touches them. JSON: foreign (true), venueOrderId,
instrument, account, side, price, quantity, filledQuantity, state ('open', 'final'), changedAt. They are left out with --strategy and --state.

Exit codes: 0 done, 2 could not: no home, an unknown strategy or instrument; 130 ended by Ctrl-C.

Examples:
  $ ticktape orders /dev/shm/desk
  $ ticktape orders /dev/shm/desk --strategy momentum --all -n 20
  $ ticktape orders /dev/shm/desk --state denied,rejected --json | jq -r .reason | sort | uniq -c
  $ ticktape orders /dev/shm/desk --follow`

async function showOrders(path: string, options: OrdersOptions): Promise<number> {
  const home = HomeDirectory.openExisting(path)
  const { strategy, instrument, state, follow = false, json = false } = options
  const isShown = (order: OrderLine): boolean =>
    state === undefined ? options.all === true || !FINAL_STATES.has(order.state) : state.includes(order.state)
  const out = new Output()
  const print = (order: OrderLine): void => out.line(json ? toJson(order) : changeText(order))
  let isFollowing = false
  const found: OrderTable = new OrderTable({
    wants: (id, number) =>
      (strategy === undefined || id === strategy) &&
      (instrument === undefined || found.names.isInstrument(number, instrument)),
    keeps: isShown,
    mostFinal: options.limit,
    // The end of an order that was shown as open is shown too.
    onChange: order => {
      if (isFollowing && (state === undefined || state.includes(order.state))) print(order)
    },
  })
  const foreign = new ForeignTable(found.names)
  return readSequence({
    home,
    handlers: foreign.learnBy(found.handlers),
    out,
    follow,
    begin: known => {
      found.begin(known)
      foreign.begin(known)
    },
    onEnd: () => {
      checkFilters(found.names, options)
      const shown = found.orders.filter(isShown)
      const others = foreignOf(foreign, found, options)
      if (json) {
        shown.forEach(print)
        for (const order of others) out.line(toJson(order))
      } else {
        for (const line of describe(shown, options)) out.line(line)
        for (const line of describeForeign(others)) out.line(line)
      }
      isFollowing = true
    },
  })
}

function describe(orders: readonly OrderLine[], { all, state }: OrdersOptions): string[] {
  if (orders.length === 0)
    return [all === true || state !== undefined ? 'no orders' : 'no open orders; see the others with --all']
  const rows = orders.map(order => [
    String(order.orderId),
    printable(order.orphan ? `${order.strategy} (orphan)` : order.strategy),
    printable(order.instrument),
    order.side,
    String(order.quantity),
    order.orderType === undefined ? String(order.price) : termsText(order),
    order.filledQuantity === 0 ? '' : `${order.filledQuantity} at ${order.averagePrice}`,
    stateText(order),
    order.changedAt === 0n ? '' : formatTime(order.changedAt).slice(0, 23),
  ])
  return table([HEADING, ...rows], 'rlllrllll')
}

/** Those of others, of the last ones at most so many. */
function foreignOf(
  foreign: ForeignTable,
  { names }: OrderTable,
  { strategy, state, instrument, all, limit }: OrdersOptions,
): ForeignLine[] {
  if (strategy !== undefined || state !== undefined) return []
  return foreign
    .lines(number => instrument === undefined || names.isInstrument(number, instrument))
    .filter(order => all === true || order.state === 'open')
    .slice(-limit)
}

function describeForeign(orders: readonly ForeignLine[]): string[] {
  if (orders.length === 0) return []
  const rows = orders.map(order => [
    printable(order.venueOrderId),
    printable(order.account),
    printable(order.instrument),
    order.side,
    String(order.quantity),
    order.price === 0 ? '' : String(order.price),
    order.filledQuantity === 0 ? '' : String(order.filledQuantity),
    order.state,
    formatTime(order.changedAt).slice(0, 23),
  ])
  return [
    '',
    'orders of others on these accounts, which nobody here touches:',
    ...table([FOREIGN_HEADING, ...rows], 'llllrrrll'),
  ]
}

const FOREIGN_HEADING = [
  "venue's id",
  'account',
  'instrument',
  'side',
  'quantity',
  'price',
  'filled',
  'state',
  'heard of (UTC)',
]

const HEADING = ['order', 'strategy', 'instrument', 'side', 'quantity', 'terms', 'filled', 'state', 'changed (UTC)']

function termsText({ orderType = 'limit', timeInForce = 'gtc', price, stopPrice }: OrderLine): string {
  return termsOf({ orderType, timeInForce, price, stopPrice })
}

function stateText({ state, reason, pendingCancel, pendingAmend }: OrderLine): string {
  const waiting = [...(pendingCancel ? ['cancel'] : []), ...(pendingAmend ? ['amend'] : [])]
  const text = `${state}${reason === 'none' ? '' : `: ${reason}`}${waiting.length === 0 ? '' : `, ${waiting.join(' and ')} pending`}`
  if (state === 'unknown') return paint('yellow', text)
  return state === 'denied' || state === 'rejected' ? paint('red', text) : text
}

function changeText(order: OrderLine): string {
  const filled = order.filledQuantity === 0 ? '' : `, ${order.filledQuantity} filled at ${order.averagePrice}`
  const what = `${order.side} ${order.quantity} ${order.instrument} ${termsText(order)}`
  return `${formatTime(order.changedAt)}  ${order.orderId}  ${printable(`${order.strategy}: ${what}`)}: ${stateText(order)}${filled}`
}

/** @throws {UsageError} */
function parseStates(text: string): readonly OrderState[] {
  return text.split(',').map(name => {
    const state = ORDER_STATES.find(known => known === name.trim())
    if (state !== undefined) return state
    const near = nearestName(name.trim(), ORDER_STATES)
    throw new UsageError(
      `'${name}' is no state of an order; ${near === undefined ? `there are ${ORDER_STATES.join(', ')}` : `did you mean '${near}'?`}`,
    )
  })
}

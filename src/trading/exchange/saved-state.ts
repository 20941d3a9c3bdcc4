import { InvalidOptionError, InvalidStateError } from '../../base/errors.js'
import type { Amount } from '../exact/amount.js'
import { Instrument, type InstrumentSpec } from '../instruments/instrument.js'
import { BUY, GTD, SELL } from '../messages/order-terms.js'
import type { VenueEvent } from '../venues/venue-event.js'
import type { Account, Holding } from './accounts/account.js'
import { FILL_FIELDS } from './accounts/fills.js'
import type { Market } from './accounts/market.js'
import {
  ACCOUNT,
  AHEAD,
  BYTES_OF_ORDER,
  DOUBLES,
  LAST_FILL,
  LEVEL,
  MARKET_INDEX,
  NEXT,
  NEXT_OF_HOLDING,
  NUMBER,
  type Orders,
  REASON,
  RESTING,
  SIDE,
  STATUS,
  STOP_TICKS,
  TICKS,
  TIME_IN_FORCE,
  WORDS,
} from './book/orders.js'
import type { PriceLevels } from './book/price-levels.js'
import type { RecordedSide } from './book/recorded-side.js'
import type { Incoming } from './delivery/incoming.js'
import type { TimedQueue } from './delivery/timed-queue.js'
import type { Answers } from './matching/answers.js'
import type { VenueState } from './matching/venue-state.js'

/**
 * Everything that an exchange knows, as plain data: numbers, texts and lists, which JSON keeps as they are. An exchange
 * with the same options that loads it continues as the saved one would have.
 */
export interface SavedExchange {
  readonly version: 1
  /** The options as JSON: they must be the same. */
  readonly options: string
  /** time, random state, order number, trade number, liquidations, duplicates, next funding, last arrival, forgotten orders. */
  readonly numbers: readonly number[]
  readonly currencies: readonly (readonly [name: string, decimals: number])[]
  readonly markets: readonly SavedMarket[]
  readonly accounts: readonly SavedAccount[]
  /** Indexes of accounts that have had positions in several markets of one pool. */
  readonly spread: readonly number[]
  /** All known orders: the final ones by age, then the open ones. `ORDER_NUMBERS` each, one behind the other. */
  readonly orders: ArrayLike<number>
  readonly finalOrders: number
  readonly fills: { readonly count: number; readonly values: ArrayLike<number> }
  readonly connection: {
    readonly downUntil: number
    readonly lastArrival: number
    readonly events: readonly (readonly [at: number, event: Readonly<Record<string, unknown>>])[]
  }
  readonly incoming: readonly (readonly [at: number, request: Readonly<Record<string, unknown>>])[]
}

interface SavedMarket {
  readonly number: number
  readonly spec: InstrumentSpec
  /** last, trigger and mark price, 1 when settled, then ticks, steps, taken and traded of the recorded bid and ask. */
  readonly numbers: readonly number[]
  /** Mark prices between which no account has to be checked. null: no bound; 'all': every account has to be checked. */
  readonly safeBelow: number | null | 'all'
  readonly safeAbove: number | null
  readonly holdings: readonly SavedHolding[]
  /** The numbers of the orders, the best price first: bids, asks, buy stops, sell stops. */
  readonly books: readonly (readonly number[])[]
}

interface SavedHolding {
  readonly account: number
  readonly position: number
  /** cost, open buys, open sells. */
  readonly amounts: readonly string[]
  /** The numbers of its open orders. */
  readonly orders: readonly number[]
}

interface SavedAccount {
  readonly reconciledFill: number
  /** Index of the currency, total, reserved. */
  readonly wallets: readonly (readonly [currency: number, total: string, reserved: string])[]
}

export interface Transit {
  readonly incoming: TimedQueue<Incoming>
  lastArrival: number
}

export function saveExchange(state: VenueState, transit: Transit): SavedExchange {
  const { orders, fills, connection } = state
  const final = [...orders.final()]
  const open = state.markets.flatMap(market =>
    state.holdings.of(market).flatMap(holding => openOrders(orders, holding)),
  )
  const firstFill = fills.oldest
  return {
    version: 1,
    options: JSON.stringify(state.options),
    numbers: [
      state.time,
      state.random.state,
      state.orderNumber,
      state.tradeNumber,
      state.liquidations,
      state.duplicates,
      state.nextFunding,
      transit.lastArrival,
      orders.forgotten,
    ],
    currencies: state.currencies.all.map(({ name, decimals }) => [name, decimals] as const),
    markets: state.markets.map(market => saveMarket(orders, market, state.holdings.of(market))),
    accounts: state.allAccounts.map(saveAccount),
    spread: [...state.spread].map(({ index }) => index),
    orders: [...final, ...open].flatMap(order => saveOrder(state, order)),
    finalOrders: final.length,
    fills: {
      count: fills.count,
      values: Array.from({ length: fills.count - firstFill + 1 }, (_, i) => fills.at(firstFill + i)).flatMap(at => [
        ...fills.values.subarray(at, at + FILL_FIELDS),
      ]),
    },
    connection: {
      downUntil: connection.downUntil,
      lastArrival: connection.lastArrival,
      events: connection.queue.all().map(({ at, thing }) => [at, Object.fromEntries(Object.entries(thing))] as const),
    },
    incoming: transit.incoming.all().map(({ at, thing }) => [at, saveIncoming(thing)] as const),
  }
}

/** @throws {InvalidOptionError}, {InvalidStateError} */
export function loadExchange(state: VenueState, transit: Transit, answers: Answers, saved: SavedExchange): void {
  if (state.orderNumber > 0 || state.markets.length > 0)
    throw new InvalidStateError('a saved exchange is loaded by a new one, before any other call')
  if (saved.version !== 1 || saved.options !== JSON.stringify(state.options))
    throw new InvalidOptionError('a saved exchange is loaded by one with the same options')
  const { orders, fills, connection } = state
  // What it has said and been asked since its start: nothing of it has happened.
  connection.queue.clear()
  transit.incoming.clear()
  for (const [name, decimals] of saved.currencies) state.currencies.need(name, decimals)
  for (const { number, spec } of saved.markets) state.marketOf(new Instrument(number, spec))
  for (const [index, account] of saved.accounts.entries()) loadAccount(state, state.allAccounts[index], account)
  for (const index of saved.spread) state.spread.add(state.accounts[index])
  const byNumber = new Map<number, number>()
  const known = saved.orders.length / ORDER_NUMBERS
  orders.expect(known)
  for (let i = saved.finalOrders; i < known; i++) {
    const order = loadOrder(orders, saved.orders, i * ORDER_NUMBERS)
    byNumber.set(orders.doubles[order * DOUBLES + NUMBER], order)
  }
  for (let i = 0; i < saved.finalOrders; i++) orders.finish(loadOrder(orders, saved.orders, i * ORDER_NUMBERS))
  for (const [index, market] of saved.markets.entries())
    loadMarket(state, state.markets[index], market, byNumber, answers)
  const firstFill = saved.fills.count - saved.fills.values.length / FILL_FIELDS + 1
  fills.count = firstFill - 1
  for (let number = firstFill; number <= saved.fills.count; number++) {
    const from = (number - firstFill) * FILL_FIELDS
    const to = fills.add()
    for (let i = 0; i < FILL_FIELDS; i++) fills.values[to + i] = saved.fills.values[from + i]
  }
  connection.downUntil = saved.connection.downUntil
  connection.lastArrival = saved.connection.lastArrival
  for (const [at, event] of saved.connection.events)
    Object.assign(connection.queue.add(at).clear(), event as Partial<VenueEvent>)
  for (const [at, request] of saved.incoming) {
    const { instrument, ...rest } = request as Partial<Incoming> & {
      instrument?: { number: number; spec: InstrumentSpec }
    }
    const sent = Object.assign(transit.incoming.add(at), rest)
    if (instrument !== undefined)
      sent.instrument =
        state.marketOfNumber(instrument.number)?.instrument ?? new Instrument(instrument.number, instrument.spec)
  }
  ;[
    state.time,
    state.random.state,
    state.orderNumber,
    state.tradeNumber,
    state.liquidations,
    state.duplicates,
    state.nextFunding,
    transit.lastArrival,
    orders.forgotten,
  ] = saved.numbers as [number, number, number, number, number, number, number, number, number]
}

function saveMarket(orders: Orders, market: Market, holdings: readonly Holding[]): SavedMarket {
  const { instrument, recordedBid, recordedAsk } = market
  return {
    number: instrument.number,
    spec: instrument.spec,
    numbers: [
      market.lastTicks,
      market.triggerTicks,
      market.setMarkTicks,
      market.settled ? 1 : 0,
      ...recordedNumbers(recordedBid),
      ...recordedNumbers(recordedAsk),
    ],
    safeBelow: market.safeBelow === Number.POSITIVE_INFINITY ? 'all' : finite(market.safeBelow),
    safeAbove: finite(market.safeAbove),
    holdings: holdings.map(holding => ({
      account: holding.account.index,
      position: holding.position,
      amounts: [holding.cost, holding.openBuys, holding.openSells].map(text),
      orders: openOrders(orders, holding).map(order => orders.doubles[order * DOUBLES + NUMBER]),
    })),
    books: [market.bids, market.asks, market.buyStops, market.sellStops].map(levels =>
      levels === undefined ? [] : numbersIn(orders, levels),
    ),
  }
}

function loadMarket(
  state: VenueState,
  market: Market,
  saved: SavedMarket,
  byNumber: ReadonlyMap<number, number>,
  answers: Answers,
): void {
  const { orders, expiries } = state
  const find = (number: number): number => byNumber.get(number) as number
  const { doubles, words, bytes } = orders
  for (const number of saved.books[0]) enter(market.bids, find(number))
  for (const number of saved.books[1]) enter(market.asks, find(number))
  for (const number of saved.books[2])
    market.stops(BUY).append(find(number), doubles[find(number) * DOUBLES + STOP_TICKS])
  for (const number of saved.books[3])
    market.stops(SELL).append(find(number), doubles[find(number) * DOUBLES + STOP_TICKS])
  function enter(levels: PriceLevels, order: number): void {
    levels.append(order, doubles[order * DOUBLES + TICKS])
    if (doubles[order * DOUBLES + AHEAD] > 0) levels.queued[words[order * WORDS + LEVEL]] = 1
  }
  for (const { account, position, amounts, orders: numbers } of saved.holdings) {
    const holding = state.allAccounts[account].holdingOf(market)
    holding.position = position
    holding.cost.set(BigInt(amounts[0]))
    holding.openBuys.set(BigInt(amounts[1]))
    holding.openSells.set(BigInt(amounts[2]))
    for (const number of numbers) {
      const order = find(number)
      answers.link(order, holding)
      if (bytes[order * BYTES_OF_ORDER + TIME_IN_FORCE] === GTD) expiries.add(order)
    }
  }
  const [last, trigger, mark, settled, ...recorded] = saved.numbers
  market.lastTicks = last
  market.triggerTicks = trigger
  market.setMarkTicks = mark
  market.settled = settled === 1
  market.safeBelow =
    saved.safeBelow === 'all' ? Number.POSITIVE_INFINITY : (saved.safeBelow ?? Number.NEGATIVE_INFINITY)
  market.safeAbove = saved.safeAbove ?? Number.POSITIVE_INFINITY
  for (const [i, side] of [market.recordedBid, market.recordedAsk].entries())
    [side.ticks, side.steps, side.taken, side.traded] = recorded.slice(i * 4, i * 4 + 4)
}

function saveAccount(account: Account): SavedAccount {
  return {
    reconciledFill: account.reconciledFill,
    wallets: account.wallets.flatMap((wallet, index) =>
      wallet === undefined ? [] : [[index, text(wallet.total), text(wallet.reserved)] as const],
    ),
  }
}

function loadAccount(state: VenueState, account: Account, saved: SavedAccount): void {
  account.reconciledFill = saved.reconciledFill
  for (const [index, total, reserved] of saved.wallets) {
    const wallet = account.walletOf(state.currencies.all[index])
    wallet.total.set(BigInt(total))
    wallet.reserved.set(BigInt(reserved))
  }
}

/** The id, the 8 doubles (with the quantity in front, -1 when it is not known), the words and bytes that are no links. */
function saveOrder(state: VenueState, order: number): number[] {
  const { orders, markets } = state
  const { doubles, words, bytes } = orders
  const values = [...doubles.subarray(order * DOUBLES, order * DOUBLES + SAVED_DOUBLES)]
  const isResting = bytes[order * BYTES_OF_ORDER + STATUS] === RESTING
  values[AHEAD] = 0
  if (isResting) {
    const market = markets[words[order * WORDS + MARKET_INDEX]]
    const levels = market.side(bytes[order * BYTES_OF_ORDER + SIDE])
    const ahead = doubles[order * DOUBLES + AHEAD] - levels.passed[words[order * WORDS + LEVEL]]
    values[AHEAD] = ahead === Number.POSITIVE_INFINITY ? -1 : Math.max(0, ahead)
  }
  return [
    orders.idHigh(order),
    orders.idLow(order),
    ...values,
    ...SAVED_WORDS.map(word => words[order * WORDS + word]),
    ...bytes.subarray(order * BYTES_OF_ORDER + SIDE, order * BYTES_OF_ORDER + SIDE + SAVED_BYTES),
  ]
}

/** @param at where the order's numbers begin. */
function loadOrder(orders: Orders, values: ArrayLike<number>, at: number): number {
  const order = orders.add(values[at], values[at + 1])
  const { doubles, words, bytes } = orders
  for (let i = 0; i < SAVED_DOUBLES; i++) doubles[order * DOUBLES + i] = values[at + 2 + i]
  if (values[at + 2 + AHEAD] === -1) doubles[order * DOUBLES + AHEAD] = Number.POSITIVE_INFINITY
  for (let i = 0; i < SAVED_WORDS.length; i++)
    words[order * WORDS + SAVED_WORDS[i]] = values[at + 2 + SAVED_DOUBLES + i]
  const from = at + 2 + SAVED_DOUBLES + SAVED_WORDS.length
  for (let i = 0; i < SAVED_BYTES; i++) bytes[order * BYTES_OF_ORDER + SIDE + i] = values[from + i]
  return order
}

function openOrders(orders: Orders, holding: Holding): number[] {
  const found: number[] = []
  for (let order = holding.firstOrder; order !== 0; order = orders.words[order * WORDS + NEXT_OF_HOLDING])
    found.push(order)
  return found
}

function numbersIn(orders: Orders, levels: PriceLevels): number[] {
  const found: number[] = []
  for (const level of levels.levels())
    for (let order = levels.first[level]; order !== 0; order = orders.words[order * WORDS + NEXT])
      found.push(orders.doubles[order * DOUBLES + NUMBER])
  return found
}

/** What its kind has: the objects are used again, and have more from before. */
function saveIncoming(sent: Incoming): Readonly<Record<string, unknown>> {
  const { kind, request, idHigh, idLow, instrument, ticks, steps, account, instrumentNumber } = sent
  switch (kind) {
    case 'submit':
      return {
        ...Object.fromEntries(Object.entries(sent)),
        instrumentNumber: 0,
        instrument: { number: instrument.number, spec: instrument.spec },
      }
    case 'amend':
      return { kind, request, idHigh, idLow, ticks, steps }
    case 'cancel':
      return { kind, request, idHigh, idLow }
    case 'query':
      return { kind, request, idHigh, idLow, account, instrumentNumber }
    case 'reconcile':
      return { kind, request, idHigh, idLow, account }
  }
}

function recordedNumbers({ ticks, steps, taken, traded }: RecordedSide): number[] {
  return [ticks, steps, taken, traded]
}

function finite(bound: number): number | null {
  return Number.isFinite(bound) ? bound : null
}

function text(amount: Amount): string {
  return amount.toBigInt().toString()
}

/** TICKS to ARRIVED. */
const SAVED_DOUBLES = 8
const SAVED_WORDS: readonly number[] = [MARKET_INDEX, ACCOUNT, LAST_FILL, REASON]
/** SIDE to TRIGGERED. */
const SAVED_BYTES = 7
const ORDER_NUMBERS = 2 + SAVED_DOUBLES + SAVED_WORDS.length + SAVED_BYTES

import { decimalText } from '../exact/decimal.js'
import type { OrderType, Side, TimeInForce } from '../messages/order-terms.js'
import { ORDER_TYPES, SIDES, TIMES_IN_FORCE } from '../messages/order-terms.js'
import { REASONS, type Reason } from '../messages/reasons.js'
import type { Account, Wallet } from './accounts/account.js'
import type { Currency } from './accounts/currencies.js'
import {
  FILL_FEE,
  FILL_ID_HIGH,
  FILL_ID_LOW,
  FILL_MARKET,
  FILL_STEPS,
  FILL_TICKS,
  FILL_TIME,
  FILL_TRADE,
  FILL_WHO,
} from './accounts/fills.js'
import type { Market } from './accounts/market.js'
import {
  ACCOUNT,
  AHEAD,
  ARRIVED,
  BYTES_OF_ORDER,
  DOUBLES,
  FILLED,
  NEXT,
  NEXT_OF_HOLDING,
  NUMBER,
  REASON,
  SIDE,
  STATUS,
  STEPS,
  TICKS,
  TIME_IN_FORCE,
  TYPE,
  WORDS,
} from './book/orders.js'
import type { PriceLevels } from './book/price-levels.js'
import type { Answers } from './matching/answers.js'
import type { VenueState } from './matching/venue-state.js'

/** The state of an order at the exchange. */
export type ExchangeOrderState = 'open' | 'filled' | 'cancelled' | 'expired' | 'rejected'

export interface OrderRecord {
  readonly idHigh: number
  readonly idLow: number
  /** The exchange's number of the order: it grows with each order that arrives. */
  readonly number: number
  readonly instrument: number
  readonly account: number
  readonly side: Side
  readonly type: OrderType
  readonly timeInForce: TimeInForce
  /** The limit price, in ticks; 0 without. */
  readonly ticks: number
  /** The total quantity, the filled part included. */
  readonly steps: number
  readonly filledSteps: number
  readonly state: ExchangeOrderState
  readonly reason: Reason
  /** ns since the home's origin. */
  readonly arrivedAt: number
}

export interface FillRecord {
  readonly idHigh: number
  readonly idLow: number
  readonly instrument: number
  readonly account: number
  readonly side: Side
  readonly maker: boolean
  readonly ticks: number
  readonly steps: number
  readonly fee: number
  readonly feeCurrency: string
  readonly tradeId: string
  readonly time: number
}

export interface ExchangeRecord {
  /** In the order of their numbers. Orders of the exchange itself (liquidations) have `idHigh` 0. */
  readonly orders: readonly OrderRecord[]
  /** In the order in which they happened. */
  readonly fills: readonly FillRecord[]
  /** Second submits of known ids, which did nothing. */
  readonly duplicates: number
  /** Final orders and fills that are no longer kept: see the options `keepOrders` and `keepFills`. */
  readonly forgottenOrders: number
  readonly forgottenFills: number
}

export interface PositionRecord {
  readonly instrument: number
  /** Steps, negative when short. */
  readonly position: number
  /** What the position cost, as a decimal in `currency`, with the position's sign; '0' in spot markets. */
  readonly cost: string
  readonly currency: string
}

/** One margin pool, in units of its currency, as doubles. */
export interface MarginRecord {
  readonly currency: string
  /** Balance and unrealised profit. */
  readonly equity: number
  readonly initial: number
  readonly maintenance: number
}

export interface AccountRecord {
  readonly name: string
  /** Decimals by currency. */
  readonly balances: Readonly<Record<string, string>>
  /** What open spot orders may need of them. */
  readonly reserved: Readonly<Record<string, string>>
  readonly positions: readonly PositionRecord[]
  /** One for each currency. */
  readonly margins: readonly MarginRecord[]
}

export interface BookOrder {
  readonly idHigh: number
  readonly idLow: number
  readonly account: number
  /** The open quantity. */
  readonly steps: number
  /** Recorded quantity in front of it, in steps; Infinity when it is not known. */
  readonly ahead: number
}

export interface BookLevel {
  readonly ticks: number
  /** In the order in which they trade. */
  readonly orders: readonly BookOrder[]
}

/** The resting orders of one instrument, the best price first. Stops that wait are not in it. */
export interface BookRecord {
  readonly bids: readonly BookLevel[]
  readonly asks: readonly BookLevel[]
}

export interface Sums {
  /**
   * By currency: the balances of all accounts, less what the positions of contracts cost (more, for inverse ones, whose
   * profit is what they cost less what they are worth). Decimals.
   */
  readonly cash: Readonly<Record<string, string>>
  /** By instrument number: the sum of all positions, in steps. */
  readonly positions: Readonly<Record<number, number>>
  /** By currency: what the exchange itself has: fees less what bankrupt accounts owed. */
  readonly house: Readonly<Record<string, string>>
}

export function recordOf(state: VenueState, answers: Answers): ExchangeRecord {
  const { fills, orders } = state
  const all = [...orders.final()]
  for (const account of state.accounts) {
    for (const holding of account.holdings) {
      for (let order = holding?.firstOrder ?? 0; order !== 0; order = orders.words[order * WORDS + NEXT_OF_HOLDING])
        all.push(order)
    }
  }
  const fillRecords: FillRecord[] = []
  for (let number = fills.oldest; number <= fills.count; number++) fillRecords.push(fillRecord(state, number))
  return {
    orders: all.map(order => orderRecord(state, answers, order)).sort((a, b) => a.number - b.number),
    fills: fillRecords,
    duplicates: state.duplicates,
    forgottenOrders: orders.forgotten,
    forgottenFills: fills.oldest - 1,
  }
}

function orderRecord(state: VenueState, answers: Answers, order: number): OrderRecord {
  const { orders } = state
  const { doubles, words, bytes } = orders
  const [double, word, byte] = [order * DOUBLES, order * WORDS, order * BYTES_OF_ORDER]
  return {
    idHigh: orders.idHigh(order),
    idLow: orders.idLow(order),
    number: doubles[double + NUMBER],
    instrument: answers.marketOf(order).instrument.number,
    account: words[word + ACCOUNT],
    side: SIDES[bytes[byte + SIDE]],
    type: ORDER_TYPES[bytes[byte + TYPE]],
    timeInForce: TIMES_IN_FORCE[bytes[byte + TIME_IN_FORCE]],
    ticks: doubles[double + TICKS],
    steps: doubles[double + STEPS],
    filledSteps: doubles[double + FILLED],
    state: STATE_WORDS[bytes[byte + STATUS]],
    reason: REASONS[words[word + REASON]],
    arrivedAt: doubles[double + ARRIVED],
  }
}

function fillRecord(state: VenueState, number: number): FillRecord {
  const { values } = state.fills
  const at = state.fills.at(number)
  const market = state.markets[values[at + FILL_MARKET]]
  const who = values[at + FILL_WHO]
  return {
    idHigh: values[at + FILL_ID_HIGH],
    idLow: values[at + FILL_ID_LOW],
    instrument: market.instrument.number,
    account: Math.floor(who / 4),
    side: SIDES[who & 1],
    maker: (who & 2) !== 0,
    ticks: values[at + FILL_TICKS],
    steps: values[at + FILL_STEPS],
    fee: values[at + FILL_FEE],
    feeCurrency: market.currency.name,
    tradeId: String(values[at + FILL_TRADE]),
    time: values[at + FILL_TIME],
  }
}

export function bookOf(state: VenueState, market: Market): BookRecord {
  return { bids: levelsOf(state, market.bids), asks: levelsOf(state, market.asks) }
}

function levelsOf({ orders }: VenueState, levels: PriceLevels): BookLevel[] {
  const { doubles, words } = orders
  return [...levels.levels()].map(level => {
    const found: BookOrder[] = []
    for (let order = levels.first[level]; order !== 0; order = words[order * WORDS + NEXT]) {
      const at = order * DOUBLES
      found.push({
        idHigh: orders.idHigh(order),
        idLow: orders.idLow(order),
        account: words[order * WORDS + ACCOUNT],
        steps: doubles[at + STEPS] - doubles[at + FILLED],
        ahead: Math.max(0, doubles[at + AHEAD] - levels.passed[level]),
      })
    }
    return { ticks: levels.ticksOf(level), orders: found }
  })
}

export function accountRecord(state: VenueState, index: number): AccountRecord {
  const account = state.accounts[index]
  const positions: PositionRecord[] = []
  for (const holding of account.holdings) {
    if (holding === undefined) continue
    const { market, position, cost } = holding
    positions.push({
      instrument: market.instrument.number,
      position,
      cost: decimalText(cost.toBigInt() * BigInt(market.valueFactor), market.currency.decimals),
      currency: market.currency.name,
    })
  }
  return {
    name: account.name,
    balances: amounts(account, wallet => wallet.total.toBigInt()),
    reserved: amounts(account, wallet => wallet.reserved.toBigInt()),
    positions,
    margins: account.wallets.flatMap(wallet => (wallet === undefined ? [] : [marginRecord(state, account, wallet)])),
  }
}

function marginRecord({ margin }: VenueState, account: Account, { currency }: Wallet): MarginRecord {
  const unit = 10 ** currency.decimals
  return {
    currency: currency.name,
    equity: margin.equity(account, currency) / unit,
    initial: margin.initialMargin(account, currency) / unit,
    maintenance: margin.maintenanceMargin(account, currency) / unit,
  }
}

function amounts(
  account: Account,
  amount: (wallet: NonNullable<Account['wallets'][number]>) => bigint,
): Record<string, string> {
  const found: Record<string, string> = {}
  for (const wallet of account.wallets)
    if (wallet !== undefined) found[wallet.currency.name] = decimalText(amount(wallet), wallet.currency.decimals)
  return found
}

export function sumsOf(state: VenueState): Sums {
  const cash = new Map<Currency, bigint>()
  const positions: Record<number, number> = {}
  for (const account of state.allAccounts) {
    for (const wallet of account.wallets)
      if (wallet !== undefined) cash.set(wallet.currency, (cash.get(wallet.currency) ?? 0n) + wallet.total.toBigInt())
    for (const holding of account.holdings) {
      if (holding === undefined) continue
      const { market, cost } = holding
      const { number } = market.instrument
      positions[number] = (positions[number] ?? 0) + holding.position
      const spent = cost.toBigInt() * BigInt(market.inverse ? market.valueFactor : -market.valueFactor)
      cash.set(market.currency, (cash.get(market.currency) ?? 0n) + spent)
    }
  }
  return {
    cash: Object.fromEntries(
      [...cash].map(([currency, units]) => [currency.name, decimalText(units, currency.decimals)]),
    ),
    positions,
    house: amounts(state.house, wallet => wallet.total.toBigInt()),
  }
}

/** By the status of an order. */
const STATE_WORDS: readonly ExchangeOrderState[] = [
  'open',
  'open',
  'open',
  'filled',
  'cancelled',
  'expired',
  'rejected',
]

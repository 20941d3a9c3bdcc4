import { InvalidOptionError } from '../../../base/errors.js'
import { formatValue } from '../../../base/format-value.js'
import { checkOptions, kinds } from '../../../base/options.js'
import { readDecimal } from '../../exact/decimal.js'
import { Instrument, type InstrumentSpec, isVenueName } from '../../instruments/instrument.js'
import { checkRequestLimits, type RequestLimits } from '../../venues/request-limits.js'
import { type CheckedFaults, checkFaults, type Faults } from '../delivery/faults.js'
import type { Delay } from '../delivery/latency.js'

/** Shares of a trade's value, as decimals such as '0.0002'; negative for a rebate. */
export interface FeeRates {
  readonly maker: number | string
  readonly taker: number | string
}

/** What happens when an order would trade with another one of its account. */
export type SelfTrade = 'cancel-newest' | 'cancel-oldest' | 'cancel-both' | 'decrement'

/** Amounts by currency, as decimals: `{ USDT: '10000.5', BTC: 2 }`. */
export type Balances = Readonly<Record<string, string | number>>

export interface AccountOptions {
  readonly name: string
  /** Default: the option `balances` of the exchange. */
  readonly balances?: Balances
}

/** A funding payment of a perpetual: those who are long pay `rate` times their value to those who are short. */
export interface FundingTime {
  readonly symbol: string
  /** ns since the home's origin. */
  readonly at: number
  /** A decimal, such as '0.0001'; negative when those who are short pay. */
  readonly rate: string | number
}

export interface SimulatedExchangeOptions {
  /** Its name as a venue. Default: the venue of the first instrument, else 'sim'. */
  readonly name?: string
  /** What it trades. Default: everything that orders, quotes and trades name. */
  readonly instruments?: readonly InstrumentSpec[]
  /** Shares of a trade's value; negative for a rebate. Default: no fees. */
  readonly fees?: FeeRates
  /** Names of accounts, or how many. Default: one, 'main'. */
  readonly accounts?: number | readonly (string | AccountOptions)[]
  /** What each account has at first. Default: whatever it needs, and nothing is checked. */
  readonly balances?: Balances
  /** The value of a position for one unit of margin, 1 to 1,000. Default 1. */
  readonly leverage?: number
  /** The share of a position's value below which an account is liquidated. Default 0.005. */
  readonly maintenanceMargin?: number
  readonly funding?: readonly FundingTime[]
  /** Time to the exchange and back, each. Default 0: an order is answered inside the call. */
  readonly latencyNs?: Delay | { readonly to: Delay; readonly from: Delay }
  /** The same seed and the same calls give the same events. 0 to 2^32 - 1. Default 1. */
  readonly seed?: number
  /** Default 'cancel-newest'. */
  readonly selfTrade?: SelfTrade
  /** How the recorded quantity in front of a resting order gets less; see docs/exchange.md. Default 'risk-averse'. */
  readonly queue?: 'risk-averse' | 'probabilistic'
  readonly faults?: Faults
  /** How many requests it takes; the gateway lets the others wait. Default: any number. */
  readonly requestLimits?: RequestLimits
  /** Decimals to which the value of an inverse contract is rounded. Default 8. */
  readonly settlementDecimals?: number
  /** How many final orders and how many fills stay known. Default 65,536 each. */
  readonly keepOrders?: number
  readonly keepFills?: number
}

/** The options with their defaults, all checked. */
export interface CheckedOptions {
  readonly name: string
  readonly instruments: readonly InstrumentSpec[]
  readonly fees: FeeRates
  readonly accounts: readonly { readonly name: string; readonly balances: Balances | undefined }[]
  readonly leverage: number
  readonly maintenanceMargin: number
  readonly funding: readonly FundingTime[]
  readonly to: Delay
  readonly from: Delay
  readonly seed: number
  readonly selfTrade: SelfTrade
  readonly isProbabilistic: boolean
  readonly faults: CheckedFaults
  readonly settlementDecimals: number
  readonly keepOrders: number
  readonly keepFills: number
}

/** @throws {InvalidOptionError} */
export function checkExchangeOptions(options: SimulatedExchangeOptions): CheckedOptions {
  checkOptions(WHAT, options, {
    name: value => (isVenueName(value) ? undefined : "1 to 16 letters, digits, '_' and '-'"),
    instruments: kinds.array,
    fees: kinds.object,
    accounts: value =>
      Array.isArray(value) || (Number.isInteger(value) && (value as number) >= 1 && (value as number) <= MAX_ACCOUNTS)
        ? undefined
        : `a list of names, or a number from 1 to ${MAX_ACCOUNTS}`,
    balances: kinds.object,
    leverage: kinds.number(1, 1000),
    maintenanceMargin: kinds.number(0, 1),
    funding: kinds.array,
    latencyNs: () => undefined,
    seed: kinds.integer(0, 2 ** 32 - 1),
    selfTrade: kinds.oneOf('cancel-newest', 'cancel-oldest', 'cancel-both', 'decrement'),
    queue: kinds.oneOf('risk-averse', 'probabilistic'),
    faults: kinds.object,
    requestLimits: kinds.object,
    settlementDecimals: kinds.integer(0, 18),
    keepOrders: kinds.integer(1, 2 ** 24),
    keepFills: kinds.integer(1, 2 ** 26),
  })
  if (options.requestLimits !== undefined) checkRequestLimits(options.requestLimits, WHAT)
  const instruments = options.instruments ?? []
  // Says what is wrong with an instrument now, not at its first order.
  const venue = instruments.map(spec => new Instrument(1, spec).venue)[0] as string | undefined
  const other = instruments.find(spec => spec.venue !== venue)
  if (other !== undefined)
    throw new InvalidOptionError(
      `the instruments of one ${WHAT} are of one venue, not of ${formatValue(venue)} and ${formatValue(other.venue)}`,
    )
  const { latencyNs = 0 } = options
  const isPair = typeof latencyNs === 'object' && latencyNs !== null && ('to' in latencyNs || 'from' in latencyNs)
  return {
    name: options.name ?? venue ?? 'sim',
    instruments,
    fees: checkFees(options.fees ?? { maker: 0, taker: 0 }),
    accounts: checkAccounts(options),
    leverage: options.leverage ?? 1,
    maintenanceMargin: options.maintenanceMargin ?? 0.005,
    funding: checkFunding(options.funding ?? []),
    to: isPair ? latencyNs.to : latencyNs,
    from: isPair ? latencyNs.from : latencyNs,
    seed: options.seed ?? 1,
    selfTrade: options.selfTrade ?? 'cancel-newest',
    isProbabilistic: options.queue === 'probabilistic',
    faults: checkFaults(options.faults ?? {}),
    settlementDecimals: options.settlementDecimals ?? 8,
    keepOrders: options.keepOrders ?? 65_536,
    keepFills: options.keepFills ?? 65_536,
  }
}

const WHAT = 'SimulatedExchange'
const MAX_ACCOUNTS = 2 ** 20

function checkFees(fees: FeeRates): FeeRates {
  checkOptions(`option 'fees' of ${WHAT}`, fees, { maker: checkFeeRate, taker: checkFeeRate })
  return { maker: fees.maker ?? 0, taker: fees.taker ?? 0 }
}

function checkFeeRate(value: unknown): string | undefined {
  const parts = readDecimal(value)
  const isRate = parts !== undefined && parts.decimals <= 10 && Math.abs(Number(value)) <= 1
  return isRate ? undefined : "a decimal from -1 to 1 with at most 10 decimals, such as '0.0002'"
}

function checkAccounts(options: SimulatedExchangeOptions): CheckedOptions['accounts'] {
  const { accounts = ['main'], balances } = options
  if (balances !== undefined) checkBalances(balances, `option 'balances' of ${WHAT}`)
  const list =
    typeof accounts === 'number'
      ? Array.from({ length: accounts }, (_, i) => ({ name: i === 0 ? 'main' : `main-${i + 1}`, balances }))
      : accounts.map(account => {
          if (typeof account === 'string') return { name: account, balances }
          checkOptions(`an account of ${WHAT}`, account, { name: kinds.string, balances: kinds.object })
          if (account.balances !== undefined) checkBalances(account.balances, `an account of ${WHAT}`)
          return { name: account.name, balances: account.balances ?? balances }
        })
  if (list.length === 0) throw new InvalidOptionError(`option 'accounts' of ${WHAT} needs at least one`)
  const seen = new Set<string>()
  for (const { name } of list) {
    if (!isVenueName(name))
      throw new InvalidOptionError(
        `an account of ${WHAT} has a name of 1 to 16 letters, digits, '_' and '-', not ${formatValue(name)}`,
      )
    if (seen.has(name)) throw new InvalidOptionError(`two accounts of ${WHAT} are called ${formatValue(name)}`)
    seen.add(name)
  }
  return list
}

function checkBalances(balances: Balances, what: string): void {
  for (const [currency, amount] of Object.entries(balances)) {
    const parts = readDecimal(amount)
    if (!/^\S{1,12}$/.test(currency) || parts === undefined || parts.decimals > 18 || parts.numerator < 0n)
      throw new InvalidOptionError(
        `${what}: a balance is a currency and a decimal of at least 0, such as { USDT: '10000.5' }, not ${formatValue(currency)}: ${formatValue(amount)}`,
      )
  }
}

function checkFunding(funding: readonly FundingTime[]): readonly FundingTime[] {
  for (const one of funding) {
    checkOptions(`an entry of option 'funding' of ${WHAT}`, one, {
      symbol: kinds.string,
      at: kinds.number(0, Number.MAX_SAFE_INTEGER),
      rate: checkRate,
    })
    if (one.symbol === undefined || one.at === undefined || one.rate === undefined)
      throw new InvalidOptionError(
        `an entry of option 'funding' of ${WHAT} needs symbol, at and rate; this one is ${formatValue(one)}`,
      )
  }
  return [...funding].sort((a, b) => a.at - b.at)
}

/** Whether a value is a funding rate. */
export function checkRate(value: unknown): string | undefined {
  const parts = readDecimal(value)
  return parts !== undefined && parts.decimals <= 18 && Math.abs(Number(value)) <= 1
    ? undefined
    : "a decimal from -1 to 1, such as '0.0001'"
}

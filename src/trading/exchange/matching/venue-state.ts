import { InvalidOptionError } from '../../../base/errors.js'
import { PASSED_ON } from '../../../base/passed-on.js'
import type { Amount } from '../../exact/amount.js'
import { readDecimal } from '../../exact/decimal.js'
import { Random } from '../../exact/random.js'
import { Instrument } from '../../instruments/instrument.js'
import { Account, MarketHoldings, type Wallet } from '../accounts/account.js'
import { Currencies } from '../accounts/currencies.js'
import { Fills } from '../accounts/fills.js'
import { Ledger } from '../accounts/ledger.js'
import { Margin } from '../accounts/margin.js'
import { Market } from '../accounts/market.js'
import { Expiries } from '../book/expiries.js'
import { Orders } from '../book/orders.js'
import { Connection } from '../delivery/connection.js'
import { DelayDraw } from '../delivery/latency.js'
import type { CheckedOptions } from '../options/options.js'

/** All that an exchange knows, and the objects that keep it. */
export class VenueState {
  readonly options: CheckedOptions
  readonly random: Random
  readonly orders: Orders
  readonly expiries: Expiries
  readonly currencies: Currencies
  /** In the order of their first use. */
  readonly markets: Market[] = []
  /** By the number of the instrument: nearly all are small. */
  private readonly byNumber: (Market | undefined)[] = []
  private readonly byLargeNumber = new Map<number, Market>()
  readonly holdings = new MarketHoldings()
  /** The accounts of the option, in its order. */
  readonly accounts: readonly Account[]
  /** The other side of all trades with the recorded market. */
  readonly crowd: Account
  /** The exchange's own account: fees, and what bankrupt accounts owed. */
  readonly house: Account
  readonly ledger: Ledger
  readonly margin: Margin
  readonly fills: Fills
  readonly connection: Connection
  /** The time of the last call, or of what was done since. ns since the home's origin. */
  time = PASSED_ON
  /** Numbers that were given out. */
  orderNumber = 0
  tradeNumber = 0
  liquidations = 0
  /** Second submits of a known order: they did nothing. */
  duplicates = 0
  /** Accounts with limits whose money or positions have changed since their margins were checked. */
  readonly touched: Account[] = []
  /** Accounts that have had positions in several markets of one margin pool. */
  readonly spread = new Set<Account>()
  /** Which of the funding times come next. */
  nextFunding = 0
  private readonly symbols: ReadonlySet<string> | undefined

  constructor(options: CheckedOptions) {
    this.time = 0
    this.options = options
    this.random = new Random(options.seed)
    this.orders = new Orders(options.keepOrders)
    this.expiries = new Expiries(this.orders)
    this.currencies = new Currencies((currency, more) => this.scale(currency.index, more))
    this.accounts = options.accounts.map(
      ({ name, balances }, index) => new Account(index, name, balances !== undefined, this.holdings),
    )
    this.crowd = new Account(this.accounts.length, '(market)', false, this.holdings)
    this.house = new Account(this.accounts.length + 1, '(exchange)', false, this.holdings)
    this.ledger = new Ledger(market => this.houseWallet(market))
    this.margin = new Margin(this.orders, {
      leverage: options.leverage,
      maintenance: options.maintenanceMargin,
    })
    this.fills = new Fills(options.keepFills)
    this.connection = new Connection(new DelayDraw(options.from, this.random, 'latencyNs'), options.faults, this.random)
    this.symbols = options.instruments.length > 0 ? new Set(options.instruments.map(({ symbol }) => symbol)) : undefined
    for (const [i, spec] of options.instruments.entries()) this.checkInstrument(new Instrument(i + 1, spec))
    this.payIn()
  }

  get allAccounts(): readonly Account[] {
    return [...this.accounts, this.crowd, this.house]
  }

  /** The market of an instrument. Undefined when the exchange does not trade it or cannot compute with its terms. */
  marketOf(instrument: Instrument): Market | undefined {
    return this.marketOfNumber(instrument.number) ?? this.openMarket(instrument)
  }

  marketOfNumber(number: number): Market | undefined {
    return number < LARGE_NUMBER ? this.byNumber[number] : this.byLargeNumber.get(number)
  }

  houseWallet(market: Market): Wallet {
    return this.house.walletOf(market.currency)
  }

  /** @throws {InvalidOptionError} when its amounts need more digits than there are */
  private checkInstrument(instrument: Instrument): void {
    const { fees, settlementDecimals } = this.options
    const currencies = new Currencies(() => {})
    const market = new Market(0, instrument, this.orders, currencies, fees, settlementDecimals)
    market.setFactors()
  }

  private openMarket(instrument: Instrument): Market | undefined {
    if (instrument.spec.kind === 'index' || this.symbols?.has(instrument.symbol) === false) return undefined
    try {
      const { fees, settlementDecimals } = this.options
      const market = new Market(this.markets.length, instrument, this.orders, this.currencies, fees, settlementDecimals)
      this.markets.push(market)
      const { number } = instrument
      if (number >= LARGE_NUMBER) this.byLargeNumber.set(number, market)
      else {
        while (this.byNumber.length < number) this.byNumber.push(undefined)
        this.byNumber[number] = market
      }
      return market
    } catch (error) {
      if (error instanceof InvalidOptionError) return undefined
      throw error
    }
  }

  /** The account's money or position has changed. */
  touch(account: Account): void {
    if (!account.limited || account.touched) return
    account.touched = true
    this.touched.push(account)
  }

  private payIn(): void {
    for (const [index, { balances }] of this.options.accounts.entries()) {
      for (const [name, amount] of Object.entries(balances ?? {})) {
        const { numerator, decimals } = readDecimal(amount) ?? { numerator: 0n, decimals: 0 }
        const currency = this.currencies.need(name, decimals)
        const units = numerator * 10n ** BigInt(currency.decimals - decimals)
        this.accounts[index].walletOf(currency).total.set(units)
      }
    }
  }

  /** A currency gets more decimals: every amount of it is multiplied. */
  private scale(currency: number, more: number): void {
    const factor = 10n ** BigInt(more)
    const scale = (amount: Amount): Amount => amount.set(amount.toBigInt() * factor)
    for (const account of this.allAccounts) {
      const wallet = account.wallets[currency]
      if (wallet === undefined) continue
      scale(wallet.total)
      scale(wallet.reserved)
    }
    for (const market of this.markets) market.setFactors()
  }
}

const LARGE_NUMBER = 65_536

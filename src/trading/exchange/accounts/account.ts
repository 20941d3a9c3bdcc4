import { Amount } from '../../exact/amount.js'
import type { Currency } from './currencies.js'
import type { Market } from './market.js'

/** What an account has of one currency, in its smallest units. */
export class Wallet {
  readonly currency: Currency
  readonly total = new Amount()
  /** The part that open spot orders may need. */
  readonly reserved = new Amount()

  constructor(currency: Currency) {
    this.currency = currency
  }
}

/** What an account has in one market: its position and its open orders. */
export class Holding {
  readonly account: Account
  readonly market: Market
  /** Steps, negative when short. In spot markets: bought less sold. */
  position = 0
  /**
   * What the position cost, in units of value (see Market), with the sign of the position. Not used in spot markets, where
   * cost is paid at once.
   */
  readonly cost = new Amount()
  /** The value of the open buy and sell orders with a limit price. Kept for accounts with limits, in markets with margin. */
  readonly openBuys = new Amount()
  readonly openSells = new Amount()
  /** The list of open orders, by NEXT_OF_HOLDING; 0 when there is none. */
  firstOrder = 0
  lastOrder = 0
  reduceOnlyOrders = 0
  /** The wallet that pays and earns: of the quote currency (spot) or of the settlement currency. */
  readonly wallet: Wallet
  /** The wallet of the base currency; in markets with margin the same as `wallet`. */
  readonly baseWallet: Wallet

  constructor(account: Account, market: Market) {
    this.account = account
    this.market = market
    this.wallet = account.walletOf(market.currency)
    this.baseWallet = account.walletOf(market.baseCurrency)
  }
}

/** The holdings of all accounts in each market, in the order in which they began. */
export class MarketHoldings {
  /** By the index of the market. */
  private readonly byMarket: Holding[][] = []

  of(market: Market): readonly Holding[] {
    return this.byMarket[market.index] ?? NONE
  }

  add(holding: Holding): void {
    const { index } = holding.market
    while (this.byMarket.length <= index) this.byMarket.push([])
    this.byMarket[index].push(holding)
  }
}

const NONE: readonly Holding[] = []

/** An account at the exchange. */
export class Account {
  readonly index: number
  readonly name: string
  /** Whether its balances limit what it may do. Without, balances may become negative. */
  readonly limited: boolean
  /** By the index of the currency. */
  readonly wallets: (Wallet | undefined)[] = []
  /** By the index of the market. */
  readonly holdings: (Holding | undefined)[] = []
  /** Whether its margins are to be checked because its money or its positions have changed. */
  touched = false
  /** The number of the last fill that a reconciliation reported. */
  reconciledFill = 0

  private readonly all: MarketHoldings

  constructor(index: number, name: string, limited: boolean, all: MarketHoldings) {
    this.index = index
    this.name = name
    this.limited = limited
    this.all = all
  }

  walletOf(currency: Currency): Wallet {
    const wallet = this.wallets[currency.index]
    if (wallet !== undefined) return wallet
    while (this.wallets.length < currency.index) this.wallets.push(undefined)
    return (this.wallets[currency.index] = new Wallet(currency))
  }

  holdingOf(market: Market): Holding {
    const holding = this.holdings[market.index]
    if (holding !== undefined) return holding
    while (this.holdings.length < market.index) this.holdings.push(undefined)
    const created = new Holding(this, market)
    this.holdings[market.index] = created
    this.all.add(created)
    return created
  }
}

import { InvalidOptionError } from '../../base/errors.js'
import type { Grid } from '../exact/grid.js'
import { Wide } from '../exact/wide.js'
import type { Instrument } from '../instruments/instrument.js'
import type { Instruments } from '../instruments/instruments.js'
import type { LiveOrder } from '../orders/life/live-order.js'
import { Currency, MOST_DECIMALS } from './currency.js'
import { Holding } from './holding.js'
import type { RiskOptions } from './limits.js'
import { factorsOf, Market } from './market.js'
import { Owner } from './owner.js'
import { Scope } from './scope.js'
import { StaleHoldings } from './stale-holdings.js'

/** All owners, markets and holdings, found by number. Everything is made at its first use, and nothing after that. */
export class Desk {
  readonly desk = new Owner('desk', 0, '')
  readonly strategies: (Owner | undefined)[] = []
  readonly accounts: (Owner | undefined)[] = []
  readonly currencies: Currency[] = []
  /** By the instrument's number. */
  readonly markets: (Market | undefined)[] = []
  options: RiskOptions = {}
  deniesDuplicates = false
  /** Time that has passed, ns: it does not go back when clocks do. For rates. */
  elapsed = 0
  /** Markets whose prices have changed since exposures were counted. */
  private readonly dirty: Market[] = []
  private readonly stale = new StaleHoldings()
  /** The owners of instruments' own limits, by the instrument's number. What they hold is the desk's holding in the instrument. */
  private readonly instrumentOwners: (Owner | undefined)[] = []
  private readonly scopes: Scope[] = []
  /** By the numbers of the strategy, the instrument and the account. */
  private readonly scopeTable: (((Scope | undefined)[] | undefined)[] | undefined)[] = []

  constructor(private readonly instruments: Instruments) {}

  /** All owners; the desk is the first. */
  *owners(): Generator<Owner, undefined> {
    yield this.desk
    for (const owner of this.strategies) if (owner !== undefined) yield owner
    for (const owner of this.accounts) if (owner !== undefined) yield owner
    for (const market of this.markets) {
      const owner = market === undefined ? undefined : this.ownOwner(market)
      if (owner !== undefined) yield owner
    }
  }

  /** A strategy; one that was never named has no limits of its own. */
  strategy(number: number): Owner {
    return this.strategies[number] ?? this.addStrategy(number, '')
  }

  account(number: number): Owner {
    return this.accounts[number] ?? this.addAccount(number, '')
  }

  addStrategy(number: number, id: string): Owner {
    const owner = (this.strategies[number] ??= new Owner('strategy', number, ''))
    if (owner.name === id && id !== '') return owner
    owner.name = id
    countProfits(owner)
    owner.setLimits(this.options.strategies?.[id] ?? {})
    this.refreshHoldings(owner)
    this.mergeLimits()
    return owner
  }

  addAccount(number: number, name: string): Owner {
    const owner = (this.accounts[number] ??= new Owner('account', number, ''))
    if (owner.name === name && name !== '') return owner
    owner.name = name
    countProfits(owner)
    owner.setLimits(this.options.accounts?.[name] ?? {})
    this.refreshHoldings(owner)
    this.mergeLimits()
    return owner
  }

  market(instrument: Instrument): Market {
    return this.markets[instrument.number] ?? this.addMarket(instrument)
  }

  /** The owner of an instrument's own limits. It stays when the limits are taken away. */
  instrumentOwner(market: Market): Owner {
    const known = this.ownOwner(market)
    if (known !== undefined) return known
    const owner = this.addInstrumentOwner(market)
    this.limitMarket(market)
    return owner
  }

  holding(owner: Owner, market: Market): Holding {
    return owner.holdings[market.instrument.number] ?? this.addHolding(owner, market)
  }

  /** The owners of an order, what they hold in its instrument, and their limits. */
  scope(order: LiveOrder): Scope {
    const scope = this.scopeTable[order.strategy]?.[order.instrument.number]?.[order.accountNumber]
    return scope ?? this.addScope(order)
  }

  currency(name: string): Currency {
    const known = this.currencies.find(one => one.name === name)
    if (known !== undefined) return known
    const currency = new Currency(this.currencies.length, name)
    this.currencies.push(currency)
    return currency
  }

  /** Puts new limits into effect. Positions, reserves and profits stay. */
  setOptions(options: RiskOptions): void {
    // A new limit of profit counts from what profit is now, not from when it was counted last.
    this.refreshProfits()
    this.options = options
    this.deniesDuplicates = options.denyDuplicates === true
    this.desk.setLimits(options)
    for (const owner of this.strategies) owner?.setLimits(options.strategies?.[owner.name] ?? {})
    for (const owner of this.accounts) owner?.setLimits(options.accounts?.[owner.name] ?? {})
    for (const market of this.markets) if (market !== undefined) this.limitMarket(market)
    for (const owner of this.owners()) this.refreshHoldings(owner)
    this.mergeLimits()
  }

  /** A quote. Profits follow at once, because a peak must not be missed; exposures when they are next needed. */
  quote(market: Market, bid: number, ask: number, now: number): void {
    const { bid: oldBid, ask: oldAsk, followers } = market
    if (!market.setQuote(bid, ask, now)) return
    if (market.bid === oldBid && market.ask === oldAsk) return
    this.moveCeiling(market)
    if (followers.length === 0) return
    for (let i = 0; i < followers.length; i++) {
      const holding = followers[i]
      if (holding.position !== 0 && holding.isEarning) holding.countProfit()
    }
    if (market.isDirty) return
    market.isDirty = true
    this.dirty.push(market)
  }

  /** To be called when a market's price has changed. */
  moveCeiling(market: Market): void {
    if (!market.moveCeiling()) return
    const { followers } = market
    for (let i = 0; i < followers.length; i++) if (followers[i].isExposed) followers[i].revalue()
  }

  /** Brings exposures up to date. */
  refreshExposures(): void {
    const { dirty, stale } = this
    for (let i = 0; i < dirty.length; i++) {
      const { followers } = dirty[i]
      dirty[i].isDirty = false
      for (let k = 0; k < followers.length; k++) {
        const holding = followers[k]
        if (holding.isExposed && holding.position !== 0 && !holding.isStale) holding.markStale()
      }
    }
    // Setting the length of an array is slow.
    if (dirty.length > 0) dirty.length = 0
    stale.recount()
  }

  /** Brings the profits of all owners up to date, also of those that have no limit of it. */
  refreshProfits(): void {
    for (const owner of this.owners()) countProfits(owner)
  }

  private addMarket(instrument: Instrument): Market {
    const quote = this.currency(instrument.quote)
    const settlement = this.currency(instrument.settlement)
    const decimals = Market.decimalsOf(instrument)
    this.checkWidth(instrument, decimals)
    this.widen(quote, decimals)
    if (!instrument.inverse) this.widen(settlement, decimals)
    const market = new Market(instrument, quote, settlement)
    this.markets[instrument.number] = market
    this.limitMarket(market)
    return market
  }

  /** Whether all amounts can be counted exactly with this instrument: nothing is changed before that is clear. */
  private checkWidth(instrument: Instrument, decimals: number): void {
    if (decimals >= MOST_DECIMALS)
      throw new InvalidOptionError(
        `the ticks and steps of ${instrument.name} have ${decimals} decimals together; risk counts up to ${MOST_DECIMALS - 1}`,
      )
    const widthOf = (name: string): number => {
      const isWider = name === instrument.quote || (name === instrument.settlement && !instrument.inverse)
      return Math.max(this.currency(name).decimals, isWider ? decimals + 1 : 0)
    }
    for (const other of [instrument, ...this.markets.flatMap(market => market?.instrument ?? [])]) {
      if (factorsOf(other, widthOf(other.quote), widthOf(other.settlement)) !== undefined) continue
      throw new InvalidOptionError(
        `risk cannot count ${instrument.name} exactly: beside its ticks and steps, those of ${other.name} are too large or too fine`,
      )
    }
  }

  private limitMarket(market: Market): void {
    const { instrument, quote } = market
    const { minNotional = '', maxNotional = '' } = instrument.spec
    market.minNotional = minNotional === '' ? undefined : quote.wideOf(minNotional)
    market.maxNotional = maxNotional === '' ? undefined : quote.wideOf(maxNotional)
    const limits = this.limitsOf(instrument)
    if (limits !== undefined || this.ownOwner(market) !== undefined) {
      const owner = this.ownOwner(market) ?? this.addInstrumentOwner(market)
      owner.openOrders = market.openOrders
      owner.setLimits(limits ?? {})
    }
    const own = this.ownOwner(market)?.limits ?? {}
    const all = this.desk.limits
    market.maxOrderSteps = stepsWithin(instrument.quantity, least(own.maxOrderQuantity, all.maxOrderQuantity))
    market.maxPositionSteps = stepsWithin(instrument.quantity, least(own.maxPosition, all.maxPosition))
    market.maxOrderMoney = wideOf(quote, least(own.maxOrderNotional, all.maxOrderNotional))
    market.maxExposure = wideOf(quote, own.maxExposure)
    market.priceBand = least(own.priceBand, all.priceBand) ?? Number.POSITIVE_INFINITY
    market.staleAfterNs = (least(own.staleAfterMs, all.staleAfterMs) ?? Number.POSITIVE_INFINITY) * 1e6
    const holding = this.desk.holdings[instrument.number]
    if (holding !== undefined) this.limitHolding(this.desk, holding)
  }

  /** An instrument gets limits of its own while the desk holds something in it: its days and drawdown begin now. */
  private startOwner(holding: Holding, owner: Owner): void {
    if (holding.alsoEarned !== undefined) return
    const totals = owner.totalsIn(holding.market.settlement)
    holding.alsoEarned = totals
    holding.countProfit()
    totals.dayBase.copy(totals.profit)
    totals.resetPeak()
  }

  private ownOwner(market: Market): Owner | undefined {
    return this.instrumentOwners[market.instrument.number]
  }

  private addInstrumentOwner({ instrument }: Market): Owner {
    const owner = new Owner('instrument', instrument.number, instrument.name)
    this.instrumentOwners[instrument.number] = owner
    return owner
  }

  private limitsOf(instrument: Instrument): RiskOptions | undefined {
    for (const [name, limits] of Object.entries(this.options.instruments ?? {}))
      if (name === instrument.name || name === instrument.symbol) return limits
    return undefined
  }

  private addScope(order: LiveOrder): Scope {
    const market = this.market(order.instrument)
    const strategy = this.strategy(order.strategy)
    const account = this.account(order.accountNumber)
    const ofStrategy = this.holding(strategy, market)
    const ofAccount = this.holding(account, market)
    const ofDesk = this.holding(this.desk, market)
    const own = this.ownOwner(market)
    const scope = new Scope(market, strategy, account, this.desk, ofStrategy, ofAccount, ofDesk, own)
    const ofThisStrategy = (this.scopeTable[strategy.number] ??= [])
    const ofThisInstrument = (ofThisStrategy[market.instrument.number] ??= [])
    ofThisInstrument[account.number] = scope
    this.scopes.push(scope)
    return scope
  }

  /** To be called after limits have changed. */
  private mergeLimits(): void {
    for (const scope of this.scopes) scope.merge(this.ownOwner(scope.market))
  }

  private addHolding(owner: Owner, market: Market): Holding {
    const { quote, settlement } = market
    const holding = new Holding(market, owner.totalsIn(quote), owner.totalsIn(settlement), this.stale)
    owner.holdings[market.instrument.number] = holding
    this.limitHolding(owner, holding)
    return holding
  }

  /** A limit in decimals becomes whole steps, and units of a currency, once. */
  private limitHolding(owner: Owner, holding: Holding): void {
    const { market } = holding
    const { maxOrderQuantity, maxOrderNotional, maxPosition } = owner.limits
    const { quantity } = market.instrument
    holding.maxOrderSteps = stepsWithin(quantity, maxOrderQuantity)
    holding.maxPositionSteps = stepsWithin(quantity, maxPosition)
    holding.maxOrderMoney = wideOf(market.quote, maxOrderNotional)
    holding.isEarning = owner.watchesProfit
    // What an instrument's own owner holds is what the desk holds in it.
    const own = owner === this.desk ? this.ownOwner(market) : undefined
    holding.follow(holding.exposed.maxExposure !== undefined || (own !== undefined && market.maxExposure !== undefined))
    if (own !== undefined) {
      if (own.watchesProfit) holding.isEarning = true
      this.startOwner(holding, own)
    }
    const watched = market.followers.indexOf(holding)
    const isWatched = holding.isExposed || holding.isEarning
    if (isWatched && watched < 0) market.followers.push(holding)
    if (!isWatched && watched >= 0) market.followers.splice(watched, 1)
  }

  /** After its limits have changed. Sums that were not kept up to date are made again. */
  private refreshHoldings(owner: Owner): void {
    for (const holding of owner.holdings) {
      if (holding === undefined) continue
      this.limitHolding(owner, holding)
      holding.countProfit()
    }
  }

  /** Makes a currency's grid fine enough, and every sum in it with it. */
  private widen(currency: Currency, decimals: number): void {
    const more = currency.widen(decimals)
    if (more === 0) return
    for (const owner of this.owners()) {
      const totals = owner.totals[currency.index]
      if (totals === undefined) continue
      totals.refine(more)
      owner.limit(totals)
      for (const holding of owner.holdings) {
        if (holding === undefined) continue
        const { quote, settlement } = holding.market
        holding.refine(quote === currency ? more : 0, settlement === currency ? more : 0)
        this.limitHolding(owner, holding)
      }
    }
    for (const market of this.markets) {
      if (market?.quote !== currency && market?.settlement !== currency) continue
      market.setFactors()
      this.limitMarket(market)
    }
    this.mergeLimits()
  }
}

/** Brings an owner's profits up to date: without a limit of them they do not follow the quotes. */
function countProfits(owner: Owner): void {
  for (const holding of owner.holdings) holding?.countProfit()
}

/** The most whole steps within a quantity. */
export function stepsWithin(grid: Grid, quantity: number | undefined): number {
  if (quantity === undefined) return Number.POSITIVE_INFINITY
  const steps = grid.nearest(quantity)
  if (Number.isNaN(steps)) return Number.POSITIVE_INFINITY
  return grid.valueOf(steps) > quantity ? steps - 1 : steps
}

/** The smaller of two limits, of which each may be missing. */
function least(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined ? b : b === undefined ? a : Math.min(a, b)
}

function wideOf(currency: Currency, amount: number | undefined): Wide | undefined {
  return amount === undefined ? undefined : currency.wideOf(amount)
}

/** The sum of an owner's profits in a currency, made from scratch. */
export function profitOf(owner: Owner, currency: Currency): bigint {
  const profit = new Wide()
  let sum = 0n
  for (const holding of owner.holdings) {
    if (holding === undefined || holding.market.settlement !== currency) continue
    holding.setProfit(profit)
    sum += profit.toBigInt()
  }
  return sum
}

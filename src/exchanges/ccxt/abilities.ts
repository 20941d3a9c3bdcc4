import { InvalidOptionError } from '../../base/errors.js'
import { formatValue } from '../../base/format-value.js'
import { BUY, FOK, GTC, IOC, LIMIT, MARKET } from '../../trading/messages/order-terms.js'
import type { VenueOrder } from '../../trading/venues/async-venue.js'
import type { CcxtExchange, CcxtMarket } from './ccxt-types.js'

/** Without these an order could be sent and not be followed. */
const NEEDED = ['createOrder', 'cancelOrder', 'fetchOpenOrders', 'fetchOrder', 'fetchMyTrades'] as const

/** What an exchange can do, as its table `has` says: 'emulated' counts as no. */
export class Abilities {
  /** @throws {InvalidOptionError} for an exchange that cannot be traded at: what it lacks is named. */
  constructor(private readonly exchange: CcxtExchange) {
    const missing = NEEDED.filter(name => !this.can(name))
    if (missing.length > 0)
      throw new InvalidOptionError(
        `ccxt cannot trade at ${exchange.id} as this adapter needs it: it has no ${missing.join(', no ')}`,
      )
  }

  can(name: string): boolean {
    return this.exchange.has[name] === true
  }

  get hasStream(): boolean {
    return this.can('watchOrders')
  }

  /** Whether a question needs the symbol; what ccxt does not say is taken for a yes. */
  needsSymbol(method: string, { symbol }: CcxtMarket): boolean {
    return this.exchange.featureValue(symbol, method, 'symbolRequired') !== false
  }

  /** Rows of one answer about fills. */
  fillsLimit({ symbol }: CcxtMarket): number {
    const limit = this.exchange.featureValue(symbol, 'fetchMyTrades', 'limit')
    return typeof limit === 'number' && limit > 0 ? Math.min(limit, MOST_FILLS) : FEW_FILLS
  }

  /** Whether a question about fills may have an end. */
  hasUntil({ symbol }: CcxtMarket): boolean {
    return typeof this.exchange.featureValue(symbol, 'fetchMyTrades', 'untilDays') === 'number'
  }

  /** How far back fills are known, ms; Infinity when ccxt does not say. */
  fillsKeptMs({ symbol }: CcxtMarket): number {
    const days = this.exchange.featureValue(symbol, 'fetchMyTrades', 'daysBack')
    return typeof days === 'number' && days > 0 ? days * MS_PER_DAY : Number.POSITIVE_INFINITY
  }

  /** What `createOrder` is called with besides the client id; undefined for terms that ccxt does not say the exchange has. */
  terms(order: VenueOrder, market: CcxtMarket): CcxtTerms | undefined {
    const { type, timeInForce, postOnly, reduceOnly } = order
    if (reduceOnly && (market.contract !== true || !this.can('createReduceOnlyOrder'))) return undefined
    const common = reduceOnly ? { reduceOnly: true } : {}
    if (type === MARKET) return this.hasMarketOrders(order, market) ? { type: 'market', parameters: common } : undefined
    // Stops have ids, questions and streams of their own at many exchanges.
    if (type !== LIMIT) return undefined
    if (postOnly)
      return this.hasTime(market, 'PO') ? { type: 'limit', parameters: { ...common, postOnly: true } } : undefined
    if (timeInForce === GTC) return { type: 'limit', parameters: common }
    const word = timeInForce === IOC ? 'IOC' : timeInForce === FOK ? 'FOK' : undefined
    if (word === undefined || !this.hasTime(market, word)) return undefined
    return { type: 'limit', parameters: { ...common, timeInForce: word } }
  }

  /** @throws {InvalidOptionError} when questions need symbols, and none are chosen. */
  checkSymbols(markets: readonly CcxtMarket[], chosen: readonly string[] | undefined): void {
    const [first] = markets
    if (chosen !== undefined || markets.length === 0) return
    const needy = ['fetchOpenOrders', 'fetchMyTrades'].find(method => this.needsSymbol(method, first))
    if (needy !== undefined)
      throw new InvalidOptionError(
        `${this.exchange.id} wants the symbol in ${needy}: name the instruments to trade, as --symbols ${formatValue(first.symbol).replaceAll("'", '')}`,
      )
  }

  private hasMarketOrders({ side }: VenueOrder, market: CcxtMarket): boolean {
    if (this.exchange.has['createMarketOrder'] === false) return false
    // The quantity would be an amount of the quote currency.
    const byCost = this.exchange.featureValue(market.symbol, 'createOrder', 'marketBuyRequiresPrice') === true
    return market.type !== 'spot' || side !== BUY || !byCost
  }

  private hasTime({ symbol }: CcxtMarket, word: 'IOC' | 'FOK' | 'PO'): boolean {
    const known = this.exchange.featureValue(symbol, 'createOrder', 'timeInForce') as
      | Record<string, unknown>
      | undefined
    return known?.[word] === true
  }
}

export interface CcxtTerms {
  readonly type: 'limit' | 'market'
  readonly parameters: Readonly<Record<string, unknown>>
}

const MOST_FILLS = 1000
const FEW_FILLS = 50
const MS_PER_DAY = 86_400_000

import { formatValue } from '../../base/format-value.js'
import type { AccountAnswers, AskedOrder } from '../adapter/account-questions.js'
import { unitsIn } from '../decimals.js'
import { VenueMessageError, VenueRequestError } from '../errors.js'
import { isFields } from '../fields.js'
import { guarded, reportBalance, reportPosition } from '../private-events.js'
import type { Abilities } from './abilities.js'
import type { CcxtAccount } from './ccxt-account.js'
import type { CcxtSession } from './ccxt-session.js'
import type { CcxtMarket, CcxtOrder, CcxtPosition, CcxtTrade } from './ccxt-types.js'
import { FillPages } from './fill-pages.js'
import type { LiveOrder } from './live-orders.js'
import type { OrderWords } from './order-words.js'

/** Fills are asked for from so long before the last time, ms: they may be listed late, and clocks differ. */
const OVERLAP_MS = 60_000
/** Lists of orders that have ended, by ccxt's names. The first that the exchange has is used. */
const ENDED_LISTS = ['fetchOrders', 'fetchCanceledAndClosedOrders', 'fetchClosedOrders'] as const

/** How an exchange is asked about an account, through ccxt. */
export class CcxtAnswers implements AccountAnswers {
  private readonly pages: FillPages

  constructor(
    private readonly session: CcxtSession,
    private readonly abilities: Abilities,
    private readonly account: CcxtAccount,
    private readonly words: OrderWords,
    /** The markets that are traded. */
    private readonly markets: readonly CcxtMarket[],
  ) {
    this.pages = new FillPages(session, abilities)
  }

  readonly time = (): Promise<number> => this.session.time()

  readonly all = async (since: number): Promise<void> => {
    const began = await this.session.time()
    for (const market of this.scopes('fetchMyTrades')) {
      const from = Math.max(since - OVERLAP_MS, began - this.abilities.fillsKeptMs(market), 0)
      await this.fills(market, this.symbolFor('fetchMyTrades', market), Math.floor(from))
    }
    for (const order of await this.openOrders(this.scopes('fetchOpenOrders'))) this.hear(order, true)
    await this.positions(began)
    await this.balances(began)
  }

  readonly order = async ({ idHigh, idLow, instrument, symbol }: AskedOrder): Promise<void> => {
    const { account } = this
    const own = { high: idHigh, low: idLow }
    const found = await this.find(own, symbol, account.live.find(own)?.venueId ?? '')
    if (found === undefined)
      // Without the time of the venue: it proves nothing, because no request by ccxt has a time after which it does not act.
      return account.say('not-found', event => {
        event.idHigh = idHigh
        event.idLow = idLow
        event.instrument = instrument
      })
    await this.fillsOf(found)
    this.hear(found, true)
  }

  /**
   * Asks about the orders of ours that have not ended, and reports what is new. One that the list of open orders does not have is asked for
   * by itself.
   */
  async refresh(orders: readonly LiveOrder[]): Promise<void> {
    const wanted = new Set(orders.map(({ symbol }) => symbol))
    const open = await this.openOrders(
      this.scopes('fetchOpenOrders').filter(({ symbol }) => this.isAll || wanted.has(symbol)),
    )
    for (const live of orders) {
      const listed = open.find(order => this.isOrder(order, live))
      const found = listed ?? (await this.find(live, live.symbol, live.venueId))
      if (found !== undefined) this.hear(found, false)
    }
  }

  /** The venue's id of one of our open orders; undefined when it is not among them. */
  async openId(own: { readonly high: number; readonly low: number }, symbol: string): Promise<string | undefined> {
    const open = await this.openOrders(this.markets.filter(market => market.symbol === symbol))
    return open.find(order => this.isOwn(order, own))?.id
  }

  /** An order, wherever it is found: by the venue's id, by ours, and in its lists. What is found has one of these ids. */
  private async find(
    own: { readonly high: number; readonly low: number },
    symbol: string,
    venueId: string,
  ): Promise<CcxtOrder | undefined> {
    const clientOrderId = this.account.forms.of(own.high, own.low)
    if (venueId !== '') {
      const found = await this.orderOrNothing(venueId, symbol, {})
      if (found?.id === venueId) return found
    } else {
      // Not every exchange takes it: what it refuses is no word about the order.
      const found = await this.orderOrNothing(undefined, symbol, { clientOrderId })
      if (found !== undefined && this.isOwn(found, own)) return found
    }
    const market = this.markets.filter(one => one.symbol === symbol)
    const open = (await this.openOrders(market)).find(order => this.isOwn(order, own))
    if (open !== undefined) return open
    return (await this.ended(symbol)).find(order => this.isOwn(order, own))
  }

  private async orderOrNothing(
    id: string | undefined,
    symbol: string,
    parameters: Readonly<Record<string, string>>,
  ): Promise<CcxtOrder | undefined> {
    try {
      return await this.session.ask(exchange => exchange.fetchOrder(id, symbol, parameters))
    } catch (error) {
      if (error instanceof VenueRequestError && NO_ORDER.has(error.venueCode)) return undefined
      throw error
    }
  }

  private async ended(symbol: string): Promise<readonly CcxtOrder[]> {
    const name = ENDED_LISTS.find(method => this.abilities.can(method))
    if (name === undefined) return []
    return await this.session.ask(exchange => {
      const list = exchange as unknown as Record<string, (symbol: string) => Promise<readonly CcxtOrder[]>>
      return list[name](symbol)
    })
  }

  /** Fills of a market, or of all. Whose they are is asked for where it is not known. */
  private async fills(market: CcxtMarket, symbol: string | undefined, since: number): Promise<void> {
    const asked = new Set<string>()
    for await (const trades of this.pages.since(market, symbol, since))
      for (const trade of trades) {
        await this.learnOrderOf(trade, asked)
        guarded(this.account, () => this.words.fill(trade))
      }
  }

  /** The fills of one order: among those since it was made. Returns whether they are all that the order says. */
  async fillsOf(order: CcxtOrder): Promise<boolean> {
    const { id, symbol, timestamp, filled } = order
    const market = this.markets.find(one => one.symbol === symbol)
    const instrument = this.account.instruments.get(symbol ?? '')
    if (id === undefined || market === undefined || instrument === undefined) return true
    this.learn(order)
    const { numberToString } = this.session.exchange
    const since = timestamp ?? this.account.live.withVenueId(id)?.since ?? 0
    // By their names: a fill may be in two pages.
    const steps = new Map<string, number>()
    for await (const trades of this.pages.since(market, symbol, Math.max(0, since - OVERLAP_MS)))
      for (const trade of trades) {
        if (trade.order !== id) continue
        guarded(this.account, () => this.words.fill(trade))
        steps.set(trade.id ?? '', unitsIn(instrument.quantity, numberToString(trade.amount) ?? ''))
      }
    const sum = [...steps.values()].reduce((total, one) => total + one, 0)
    return sum >= unitsIn(instrument.quantity, numberToString(filled) ?? '0')
  }

  /** Fills name their order by the venue's id alone: those that are not known are asked for, each once. */
  private async learnOrderOf({ order, symbol }: CcxtTrade, asked: Set<string>): Promise<void> {
    if (order === undefined || symbol === undefined || asked.has(order)) return
    if (this.account.known.ownIdOf(order) !== undefined) return
    asked.add(order)
    const found = await this.orderOrNothing(order, symbol, {})
    if (found?.id === order) this.learn(found)
  }

  private learn(order: CcxtOrder): void {
    const own = this.account.ids.read(this.words.lettersOf(order))
    if (own !== undefined && order.id !== undefined) this.account.known.learnVenueId(own.high, own.low, order.id)
  }

  private async openOrders(markets: readonly CcxtMarket[]): Promise<readonly CcxtOrder[]> {
    const all: CcxtOrder[] = []
    for (const market of markets) {
      const symbol = this.symbolFor('fetchOpenOrders', market)
      all.push(...(await this.session.ask(exchange => exchange.fetchOpenOrders(symbol))))
    }
    return all
  }

  private async positions(at: number): Promise<void> {
    const contracts = this.markets.filter(
      ({ contract, symbol }) => contract === true && this.account.instruments.has(symbol),
    )
    if (contracts.length === 0 || !this.abilities.can('fetchPositions')) return
    const symbols = contracts.map(({ symbol }) => symbol)
    const rows = await this.session.ask(exchange => exchange.fetchPositions(symbols))
    const named = new Set<string>()
    for (const row of rows)
      guarded(this.account, () => {
        const quantity = this.quantityOf(row)
        if (row.symbol === undefined || quantity === undefined) return
        named.add(row.symbol)
        reportPosition(row.symbol, quantity, at, this.account)
      })
    // A position that is closed is not named everywhere.
    for (const { symbol } of this.account.touched.values())
      if (symbols.includes(symbol) && !named.has(symbol)) reportPosition(symbol, '0', at, this.account)
  }

  /** Below 0 when short; undefined when it does not say. @throws {VenueMessageError} */
  private quantityOf({ symbol, side, contracts, hedged }: CcxtPosition): string | undefined {
    const quantity = this.session.exchange.numberToString(contracts)
    if (quantity === undefined) return undefined
    if (hedged === true)
      throw new VenueMessageError(`the account keeps long and short positions of ${formatValue(symbol)} apart`)
    if (Number(quantity) === 0) return '0'
    if (side === 'long') return quantity
    if (side === 'short') return `-${quantity.replace('-', '')}`
    throw new VenueMessageError(`a position of ${formatValue(symbol)} has the side ${formatValue(side)}`)
  }

  private async balances(at: number): Promise<void> {
    if (!this.abilities.can('fetchBalance')) return
    const { total } = await this.session.ask(exchange => exchange.fetchBalance())
    for (const [currency, amount] of Object.entries(isFields(total) ? total : {})) {
      const text = this.session.exchange.numberToString(amount)
      if (text !== undefined) guarded(this.account, () => reportBalance(currency, text, at, this.account))
    }
  }

  private hear(order: CcxtOrder, isAnswer: boolean): void {
    guarded(this.account, () => {
      if (!this.words.order(order, isAnswer))
        throw new VenueMessageError(
          `ccxt says too little of order ${formatValue(order.id)}: its state is ${formatValue(order.status)}`,
        )
    })
  }

  private isOrder(order: CcxtOrder, live: LiveOrder): boolean {
    return live.venueId === '' ? this.isOwn(order, live) : order.id === live.venueId
  }

  private isOwn(order: CcxtOrder, { high, low }: { readonly high: number; readonly low: number }): boolean {
    const own = this.account.ids.read(this.words.lettersOf(order))
    return own !== undefined && own.high === high && own.low === low
  }

  private get isAll(): boolean {
    const [first] = this.markets
    return first !== undefined && !this.abilities.needsSymbol('fetchOpenOrders', first)
  }

  /** The markets that a question is asked for: one stands for all where no symbol is needed. */
  private scopes(method: string): readonly CcxtMarket[] {
    const [first] = this.markets
    return first === undefined || this.abilities.needsSymbol(method, first) ? this.markets : [first]
  }

  private symbolFor(method: string, market: CcxtMarket): string | undefined {
    return this.abilities.needsSymbol(method, market) ? market.symbol : undefined
  }
}

/** Answers of ccxt to a question about one order which say that it was not found like this. */
const NO_ORDER: ReadonlySet<string> = new Set([
  'OrderNotFound',
  'InvalidOrder',
  'ArgumentsRequired',
  'BadRequest',
  'NotSupported',
  'ExchangeError',
  'NullResponse',
])

import type { AccountAnswers, AskedOrder } from '../adapter/account-questions.js'
import type { AccountReporter } from '../adapter/account-reporter.js'
import type { KnownOrders } from '../adapter/known-orders.js'
import { VenueRequestError } from '../errors.js'
import { type Fields, filledField, isFields, optionalField } from '../fields.js'
import type { PrivateContext } from '../private-context.js'
import {
  readAccountAnswer,
  readOrderAnswer,
  readOrdersAnswer,
  readPositionsAnswer,
  readTradesAnswer,
} from './answers.js'
import { type BinanceRest, FUTURES_PATHS, rowsOf } from './binance-rest.js'
import { NOT_FOUND } from './codes.js'
import type { TradedMarket } from './endpoints.js'
import { idField } from './fields.js'
import type { Parameters } from './signing.js'

/** Fills are asked for from so long before the last time, ms: they may be listed late. */
const OVERLAP_MS = 60_000
/** Binance answers about fills of a day at a time. */
const DAY_MS = 86_400_000
/** Fills of a page. */
const PAGE = 1000

/**
 * How long after its window a request may still act, ms. Spot looks at the window again before the matching. USD-M looks at it where
 * requests arrive, and answers "timeout" when it has waited for 10 s behind that; COIN-M, with the same engine, is taken to do so too.
 */
const LATENESS_MS: Readonly<Record<TradedMarket, number>> = { spot: 0, 'usd-m': 15_000, 'coin-m': 15_000 }

/** Asks Binance about an account by REST. */
export class BinanceAccountAnswers implements AccountAnswers {
  constructor(
    private readonly rest: BinanceRest,
    private readonly reporter: AccountReporter,
    private readonly context: PrivateContext,
    private readonly known: KnownOrders,
  ) {}

  readonly time = (): Promise<number> => this.rest.time()

  readonly all = async (since: number): Promise<void> => {
    // Binance lists fills by symbol alone: those of other orders are asked for with the orders.
    for (const { symbol } of this.reporter.touched.values()) await this.fillsSince(symbol, since - OVERLAP_MS)
    readOrdersAnswer(await this.rest.ask(this.rest.paths.openOrders), this.context)
    await this.holdings()
  }

  readonly order = async ({ idHigh, idLow, clientOrderId, symbol, instrument }: AskedOrder): Promise<void> => {
    // Before the question: the answer is later than this.
    const time = await this.rest.passedTime()
    const answer = await this.find({ symbol, origClientOrderId: clientOrderId })
    if (answer === undefined) {
      const { reporter, rest } = this
      return reporter.say('not-found', event => {
        event.idHigh = idHigh
        event.idLow = idLow
        event.instrument = instrument
        event.venueTime = reporter.timeOf(Math.floor(time - LATENESS_MS[rest.endpoint.market]))
      })
    }
    const orderId = this.learn(answer)
    // Its fills first: what is missing then is known to be missing.
    if (Number(filledField(answer, 'executedQty')) > 0)
      for await (const rows of this.fills(symbol, { orderId }))
        readTradesAnswer(
          // Pages after the first have those of other orders too.
          rows.filter(row => idField(row, 'orderId') === orderId),
          this.context,
        )
    readOrderAnswer(answer, this.context)
  }

  /** An order by our id or by Binance's; undefined when Binance says that there is none. */
  private async find(name: Readonly<Record<string, string>>): Promise<Fields | undefined> {
    try {
      const answer = await this.rest.ask(this.rest.paths.order, name)
      return isFields(answer) ? answer : {}
    } catch (error) {
      if (error instanceof VenueRequestError && error.venueCode === NOT_FOUND) return undefined
      throw error
    }
  }

  /** Remembers whose order it is: its fills name it by Binance's id alone. */
  private learn(answer: Fields): string {
    const orderId = idField(answer, 'orderId')
    const id = this.reporter.ids.read(optionalField(answer, 'clientOrderId'))
    if (id !== undefined) this.known.learnVenueId(id.high, id.low, orderId)
    return orderId
  }

  private async fillsSince(symbol: string, since: number): Promise<void> {
    const { rest } = this
    const asked = new Set<string>()
    for (let from = Math.max(0, Math.floor(since)); from <= rest.clock.now(); from += DAY_MS) {
      for await (const rows of this.fills(symbol, { startTime: from, endTime: from + DAY_MS - 1 })) {
        await this.learnOrdersOf(symbol, rows, asked)
        readTradesAnswer(rows, this.context)
      }
    }
  }

  /** Fills in pages. @param query of the first page: those after it begin behind its last fill, whatever that asked for. */
  private async *fills(symbol: string, query: Parameters): AsyncGenerator<readonly Fields[], void, undefined> {
    const { rest } = this
    let page = query
    for (;;) {
      const rows = rowsOf(await rest.ask(rest.paths.trades, { symbol, limit: PAGE, ...page }))
      if (rows.length > 0) yield rows
      if (rows.length < PAGE) return
      page = { fromId: String(BigInt(idField(rows[rows.length - 1], 'id')) + 1n) }
    }
  }

  /** Fills do not say whose they are: orders that are not known are asked for, each once. */
  private async learnOrdersOf(symbol: string, rows: readonly Fields[], asked: Set<string>): Promise<void> {
    for (const row of rows) {
      const orderId = idField(row, 'orderId')
      if (asked.has(orderId) || this.known.ownIdOf(orderId) !== undefined) continue
      asked.add(orderId)
      const answer = await this.find({ symbol, orderId })
      if (answer !== undefined) this.learn(answer)
    }
  }

  private async holdings(): Promise<void> {
    const { rest, context, reporter } = this
    const at = Math.floor(rest.clock.now())
    readAccountAnswer(await rest.ask(rest.paths.account), context, at)
    const { market } = rest.endpoint
    if (market === 'spot') return
    const positions = rowsOf(await rest.ask(FUTURES_PATHS[market].positions))
    readPositionsAnswer(positions, context, at)
    // A position that is closed is not named.
    const named = new Set(positions.map(row => row['symbol']))
    for (const { symbol } of reporter.touched.values()) if (!named.has(symbol)) reporter.position(symbol, '0')
  }
}

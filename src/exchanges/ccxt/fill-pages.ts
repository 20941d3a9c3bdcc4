import type { Abilities } from './abilities.js'
import type { CcxtSession } from './ccxt-session.js'
import type { CcxtMarket, CcxtTrade } from './ccxt-types.js'

/**
 * All fills since a time, in pages. Exchanges differ in which end of a time a page is from: a page that is full is asked for again in two
 * halves, where the exchange takes an end of the time.
 */
export class FillPages {
  constructor(
    private readonly session: CcxtSession,
    private readonly abilities: Abilities,
  ) {}

  /** @param symbol undefined: of all markets. @param since ms since 1970. @throws {VenueRequestError} */
  async *since(market: CcxtMarket, symbol: string | undefined, since: number): AsyncGenerator<readonly CcxtTrade[]> {
    const limit = this.abilities.fillsLimit(market)
    const page = await this.page(symbol, since, limit, undefined)
    if (page.length < limit) return yield page
    if (this.abilities.hasUntil(market)) return yield* this.between(symbol, since, await this.session.time(), limit)
    yield page
    yield* this.after(symbol, page, limit)
  }

  private async *between(
    symbol: string | undefined,
    since: number,
    until: number,
    limit: number,
  ): AsyncGenerator<readonly CcxtTrade[]> {
    const page = await this.page(symbol, since, limit, until)
    if (page.length < limit || until - since <= 1) return yield page
    const middle = Math.floor((since + until) / 2)
    yield* this.between(symbol, since, middle, limit)
    yield* this.between(symbol, middle, until, limit)
  }

  /** Page after page, each from the last fill of the one before. */
  private async *after(
    symbol: string | undefined,
    first: readonly CcxtTrade[],
    limit: number,
  ): AsyncGenerator<readonly CcxtTrade[]> {
    let page = first
    let from = 0
    while (page.length >= limit) {
      const newest = Math.max(...page.map(({ timestamp = 0 }) => timestamp))
      // All of one millisecond: the next one begins after it.
      from = newest > from ? newest : from + 1
      page = await this.page(symbol, from, limit, undefined)
      yield page
    }
  }

  private async page(
    symbol: string | undefined,
    since: number,
    limit: number,
    until: number | undefined,
  ): Promise<readonly CcxtTrade[]> {
    return await this.session.ask(exchange =>
      exchange.fetchMyTrades(symbol, since, limit, until === undefined ? {} : { until }),
    )
  }
}

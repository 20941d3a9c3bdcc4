import type { VenueEvent } from '../../trading/venues/venue-event.js'
import type { AccountAnswers, AskedOrder } from '../adapter/account-questions.js'
import { VenueRequestError } from '../errors.js'
import { type Fields, filledField, isFields, listField } from '../fields.js'
import type { PrivateContext } from '../private-context.js'
import { reportPosition } from '../private-events.js'
import { readExecutionsAnswer, readOrdersAnswer, readPositionsAnswer, readWalletAnswer } from './answers.js'
import type { BybitAccount } from './bybit-account.js'
import type { BybitRest } from './bybit-rest.js'
import { resultOf } from './instruments.js'
import { isNotFound } from './refusals.js'

/** The longest time between the first and the last fill of a question, ms. */
const LONGEST_MS = 7 * 86_400_000
/** Fills are asked for from so long before the last time, ms: they may be listed late. */
const OVERLAP_MS = 60_000
const PAGE = { limit: '50' }
const LARGE_PAGE = { limit: '100' }

/** How Bybit is asked about an account. */
export class BybitAnswers implements AccountAnswers {
  /** @param coins the currencies that instruments are settled in. */
  constructor(
    private readonly rest: BybitRest,
    private readonly account: BybitAccount,
    private readonly coins: readonly string[],
  ) {}

  readonly time = (): Promise<number> => this.rest.time()

  readonly all = async (since: number): Promise<void> => {
    const began = await this.rest.passedTime()
    await this.fills(since, began)
    await this.openOrders(began)
    await this.positions(began)
    readWalletAnswer(await this.rest.get('/v5/account/wallet-balance', { accountType: 'UNIFIED' }), this.account)
  }

  readonly order = async ({ idHigh, idLow, clientOrderId, symbol, instrument }: AskedOrder): Promise<void> => {
    // Before the questions: the answers are later than this.
    const asked = await this.rest.passedTime()
    // Open orders, and the last 500 that ended; then those that it keeps for longer.
    const found =
      (await this.find('/v5/order/realtime', symbol, clientOrderId)) ??
      (await this.find('/v5/order/history', symbol, clientOrderId))
    if (found === undefined)
      return this.account.say('not-found', event => {
        event.idHigh = idHigh
        event.idLow = idLow
        event.instrument = instrument
        event.venueTime = this.account.timeOf(asked)
      })
    // Its fills first: what is missing then is known to be missing.
    if (Number(firstIn(found)?.['cumExecQty']) > 0)
      await this.readFills({ symbol, orderLinkId: clientOrderId, ...LARGE_PAGE })
    readOrdersAnswer(found, this.asOf(asked))
  }

  /** The answer about an order; undefined when it says that there is none. */
  private async find(path: string, symbol: string, orderLinkId: string): Promise<Fields | undefined> {
    try {
      const answer = await this.rest.get(path, { category: this.rest.category, symbol, orderLinkId })
      return firstIn(answer) === undefined ? undefined : answer
    } catch (error) {
      if (error instanceof VenueRequestError && isNotFound(Number(error.venueCode))) return undefined
      throw error
    }
  }

  private async fills(since: number, until: number): Promise<void> {
    let begin = Math.max(0, Math.floor(since - OVERLAP_MS))
    while (begin <= until) {
      const end = begin + LONGEST_MS
      // The last one has no end: fills of this moment belong to it.
      const range = { startTime: String(begin), ...(end <= until ? { endTime: String(end) } : {}) }
      await this.readFills({ ...range, ...LARGE_PAGE })
      begin = end
    }
  }

  private async readFills(query: Readonly<Record<string, string>>): Promise<void> {
    for await (const answer of this.rest.pages('/v5/execution/list', query)) readExecutionsAnswer(answer, this.account)
  }

  private async openOrders(began: number): Promise<void> {
    const context = this.asOf(began)
    for (const scope of this.scopes())
      for await (const answer of this.rest.pages('/v5/order/realtime', { ...scope, ...PAGE }))
        readOrdersAnswer(answer, context)
  }

  private async positions(began: number): Promise<void> {
    if (this.rest.category === 'spot') return
    const named = new Set<string>()
    for (const scope of this.scopes())
      for await (const answer of this.rest.pages('/v5/position/list', { ...scope, ...LARGE_PAGE })) {
        readPositionsAnswer(answer, this.account)
        for (const row of listField(resultOf(answer), 'list')) named.add(filledField(row, 'symbol'))
      }
    // A position that is closed is not named.
    for (const { symbol } of this.account.touched.values())
      if (!named.has(symbol)) reportPosition(symbol, '0', began, this.account)
  }

  /** Contracts are asked for by the currency of their settlement. */
  private scopes(): readonly Readonly<Record<string, string>>[] {
    return this.rest.category === 'spot' ? [{}] : this.coins.map(settleCoin => ({ settleCoin }))
  }

  /** That an order works with its terms is said of a time of the venue, not only of the order's last change. */
  private asOf(ms: number): PrivateContext {
    const { account } = this
    const time = account.timeOf(ms)
    const report = (event: VenueEvent): void => {
      if (event.kind === 'open' && event.venueTime < time) event.venueTime = time
      account.report(event)
    }
    return {
      account: account.account,
      ids: account.ids,
      instrumentOf: (symbol, clientOrderId) => account.instrumentOf(symbol, clientOrderId),
      timeOf: account.timeOf,
      orderOf: account.orderOf,
      amendOf: account.amendOf,
      passOver: account.passOver,
      problem: account.problem,
      report,
    }
  }
}

/** The first row of an answer; undefined when it has none. */
function firstIn({ result }: Fields): Fields | undefined {
  const list = isFields(result) ? result['list'] : undefined
  const first: unknown = Array.isArray(list) ? list[0] : undefined
  return isFields(first) ? first : undefined
}

import type { AccountAnswers, AskedOrder } from '../adapter/account-questions.js'
import { type Fields, optionalField } from '../fields.js'
import { readBalances, readPosition } from './account-messages.js'
import { isNotFound } from './answers.js'
import type { OkxReporter } from './okx-reporter.js'
import type { OkxRest } from './okx-rest.js'
import { dataOf } from './okx-rest.js'
import { readOrder, readOrderFill } from './order-messages.js'
import type { OkxTriggers } from './triggers.js'

/** OKX keeps fills of so many ms in `fills`, and older ones in `fills-history`. */
const RECENT_MS = 3 * 86_400_000
/** Fills are asked for from so long before the last time, ms: they may be listed late. */
const OVERLAP_MS = 60_000
/** A request by REST acts until its signature is so old, ms: a stop has no other expiry. */
const SIGNATURE_MS = 30_000

/** Asks OKX about an account by REST. */
export class OkxAccountAnswers implements AccountAnswers {
  constructor(
    private readonly rest: OkxRest,
    private readonly reporter: OkxReporter,
    private readonly triggers: OkxTriggers,
  ) {}

  readonly time = (): Promise<number> => this.rest.time()

  readonly all = async (since: number): Promise<void> => {
    await this.fills(since)
    await this.openOrders()
    await this.holdings()
  }

  readonly order = async ({ idHigh, idLow, clientOrderId, symbol, instrument }: AskedOrder): Promise<void> => {
    // Before the question: the answer is later than this.
    const time = await this.rest.passedTime()
    const isTrigger = this.triggers.isKnown(clientOrderId)
    const ordId = this.triggers.orderOf(clientOrderId)
    const name: Record<string, string> = ordId === '' ? { clOrdId: clientOrderId } : { ordId }
    const found =
      isTrigger && ordId === '' ? undefined : await this.find('/api/v5/trade/order', { instId: symbol, ...name })
    if (found !== undefined) return this.answer(found)
    const trigger = await this.find('/api/v5/trade/order-algo', { algoClOrdId: clientOrderId })
    if (trigger !== undefined) {
      this.triggers.row(trigger)
      const sent = optionalField(trigger, 'ordId')
      const order = sent === '' ? undefined : await this.find('/api/v5/trade/order', { instId: symbol, ordId: sent })
      if (order !== undefined) await this.answer(order)
      return
    }
    const lateness = isTrigger ? SIGNATURE_MS + Math.abs(this.rest.clock.offsetMs) : 0
    this.reporter.say('not-found', event => {
      event.idHigh = idHigh
      event.idLow = idLow
      event.instrument = instrument
      event.venueTime = this.reporter.timeOf(Math.floor(time - lateness))
    })
  }

  /** The first row of an answer; undefined when the venue says that there is none. */
  private async find(path: string, query: Readonly<Record<string, string>>): Promise<Fields | undefined> {
    const { body } = await this.rest.getAll(path, query)
    if (isNotFound(optionalField(body, 'code'))) return undefined
    return dataOf(body)[0]
  }

  private async answer(fields: Fields): Promise<void> {
    const order = readOrder(fields)
    this.triggers.learn(order)
    // Its fills first: what is missing then is known to be missing.
    if (Number(order.filled) > 0)
      for await (const rows of this.rest.pages('/api/v5/trade/fills', { ordId: order.orderId }, 'billId'))
        for (const row of rows) this.reporter.fill(readOrderFill(row), order.triggerId)
    this.reporter.openOrder(order)
  }

  private async fills(since: number): Promise<void> {
    const begin = since - OVERLAP_MS
    const path = this.rest.clock.now() - begin < RECENT_MS ? '/api/v5/trade/fills' : '/api/v5/trade/fills-history'
    const query = { begin: String(Math.max(0, Math.floor(begin))) }
    const queries = path.endsWith('history')
      ? ['SPOT', 'SWAP', 'FUTURES', 'OPTION'].map(instType => ({ ...query, instType }))
      : [query]
    for (const one of queries)
      for await (const rows of this.rest.pages(path, one, 'billId')) for (const row of rows) await this.fill(row)
  }

  private async fill(fields: Fields): Promise<void> {
    const fill = readOrderFill(fields)
    // The order of a trigger has no client id of its own: the order says whose it is.
    if (fill.clientOrderId !== '') return this.reporter.fill(fill)
    const order = await this.find('/api/v5/trade/order', { instId: fill.symbol, ordId: fill.orderId })
    this.reporter.fill(fill, order === undefined ? '' : optionalField(order, 'algoClOrdId'))
  }

  private async openOrders(): Promise<void> {
    for await (const rows of this.rest.pages('/api/v5/trade/orders-pending', {}, 'ordId'))
      for (const row of rows) {
        const order = readOrder(row)
        this.triggers.learn(order)
        this.reporter.openOrder(order)
      }
    for await (const rows of this.rest.pages('/api/v5/trade/orders-algo-pending', { ordType: 'trigger' }, 'algoId'))
      for (const row of rows) this.triggers.row(row)
  }

  private async holdings(): Promise<void> {
    const named = new Set<string>()
    for (const row of await this.rest.get('/api/v5/account/positions')) {
      const position = readPosition(row)
      named.add(position.symbol)
      this.reporter.position(position.symbol, position.quantity)
    }
    // A position that is closed is not named.
    for (const { symbol, spec } of this.reporter.touched.values())
      if (spec.kind !== 'spot' && !named.has(symbol)) this.reporter.position(symbol, '0')
    for (const { currency, amount } of readBalances({ data: await this.rest.get('/api/v5/account/balance') }))
      this.reporter.balance(currency, amount)
  }
}

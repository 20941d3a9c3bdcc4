import { nap } from '../../wait/nap.js'
import { BackOff } from '../connection/back-off.js'
import { VenueMessageError, VenueRequestError } from '../errors.js'
import { type Fields, optionalField } from '../fields.js'
import { readBalances, readPosition } from './account-messages.js'
import { isNotFound } from './answers.js'
import type { OkxRest } from './okx-rest.js'
import { dataOf } from './okx-rest.js'
import { readOrder, readOrderFill } from './order-messages.js'
import type { Reporter } from './reporter.js'
import type { OkxTriggers } from './triggers.js'

/** OKX keeps fills of so many ms in `fills`, and older ones in `fills-history`. */
const RECENT_MS = 3 * 86_400_000
/** Fills are asked for from so long before the last time, ms: they may be listed late. */
const OVERLAP_MS = 60_000
/** A request by REST acts until its signature is so old, ms: a stop has no other expiry. */
const SIGNATURE_MS = 30_000

/** Questions about an account by REST, asked again until they are answered: a reconciliation, and what became of one order. */
export class AccountQuestions {
  private readonly closing = new AbortController()
  /** Fills before this time are reported, ms since 1970 by the venue. */
  private filledUntil: number
  /** Counts reconciliations: a new one ends those before. */
  private generation = 0
  /** Orders that are being asked about. */
  private readonly asking = new Set<string>()

  /** @param since ms since 1970: there is no fill of ours before it. */
  constructor(
    private readonly rest: OkxRest,
    private readonly reporter: Reporter,
    private readonly triggers: OkxTriggers,
    since: number,
    private readonly onTrouble: (why: string) => void,
  ) {
    this.filledUntil = since
  }

  /** Asks until there is an answer. Returns undefined when it is no longer wanted. */
  async untilAnswered<T>(ask: () => Promise<T>, isWanted: () => boolean): Promise<T | undefined> {
    const backOff = new BackOff(200, 10_000)
    const { signal } = this.closing
    while (!signal.aborted && isWanted()) {
      try {
        return await ask()
      } catch (error) {
        if (!(error instanceof VenueRequestError || error instanceof VenueMessageError)) throw error
        if (signal.aborted) return undefined
        this.onTrouble(error.message)
      }
      await nap(backOff.next(), signal)
    }
    return undefined
  }

  /** Fills since the last time, open orders, positions and balances; then 'reconciled'. */
  async reconcile(): Promise<void> {
    const generation = ++this.generation
    await this.untilAnswered(
      async () => {
        const began = await this.rest.time()
        await this.fills()
        await this.openOrders()
        await this.holdings()
        if (generation !== this.generation) return
        this.filledUntil = began
        this.reporter.say('reconciled', event => {
          event.venueTime = this.reporter.timeOf(began)
        })
      },
      () => generation === this.generation,
    )
  }

  /** The connection is lost: a reconciliation that is on its way is over. */
  stopReconciling(): void {
    this.generation++
  }

  /** What became of one order: its fills, then its state; or that it is not known. */
  async order(idHigh: number, idLow: number, symbol: string, instrument: number): Promise<void> {
    const clientOrderId = this.reporter.ids.of(idHigh, idLow)
    if (this.asking.has(clientOrderId)) return
    this.asking.add(clientOrderId)
    try {
      await this.untilAnswered(
        () => this.orderOnce(idHigh, idLow, clientOrderId, symbol, instrument),
        () => true,
      )
    } finally {
      this.asking.delete(clientOrderId)
    }
  }

  close(): void {
    this.closing.abort()
  }

  private async orderOnce(
    idHigh: number,
    idLow: number,
    clientOrderId: string,
    symbol: string,
    instrument: number,
  ): Promise<void> {
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

  private async fills(): Promise<void> {
    const begin = this.filledUntil - OVERLAP_MS
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
      this.reporter.position(position)
    }
    // A position that is closed is not named.
    for (const { symbol, spec } of this.reporter.touched.values())
      if (spec.kind !== 'spot' && !named.has(symbol)) this.reporter.position({ symbol, quantity: '0', side: 'net' })
    for (const balance of readBalances({ data: await this.rest.get('/api/v5/account/balance') }))
      this.reporter.balance(balance)
  }
}

import { AsyncLocalStorage } from 'node:async_hooks'
import { VenueRequestError } from '../errors.js'
import { type CcxtCredentials, hasSecret } from './ccxt-credentials.js'
import { ccxtError } from './ccxt-errors.js'
import type { CcxtExchange } from './ccxt-types.js'

/** A request that is on its way through ccxt, which may make it wait. */
interface Going {
  /** The clock's time after which nothing of it may leave, ms since 1970; Infinity without a limit. */
  readonly lastMs: number
  /** Requests over HTTP whose first byte may have left. */
  left: number
}

/** Why a request ended without an answer. */
export interface CcxtFailure {
  /** Of ccxt, or of this session. */
  readonly error: unknown
  /** Requests over HTTP that may have left: of several it is not known which one was refused. */
  readonly left: number
  readonly isLate: boolean
}

export type CcxtOutcome<T> = { readonly value: T } | { readonly failure: CcxtFailure }

/** It was too late for a request. */
class LateError extends Error {
  override readonly name = 'LateError'
}

const NOTHING = (): void => {}

/** An exchange of ccxt with an account: what leaves is seen before it leaves, what arrives before anything is made of it. */
export class CcxtSession {
  /** Called with each private answer and each message of a private socket, as it was received. */
  onPrivate: (text: string) => void = NOTHING
  private readonly going = new AsyncLocalStorage<Going>()

  constructor(
    readonly exchange: CcxtExchange,
    readonly credentials: CcxtCredentials,
    private readonly onTrouble: (why: string) => void,
  ) {
    // Texts: no amount of money goes through a double.
    exchange.number = String
    // An answer with a number that is not exact as a double is read again, with numbers as texts: always.
    exchange.hasUnsafeInteger = () => true
    // It needs a right of the key that trading does not need.
    exchange.has['fetchCurrencies'] = false
    // Nothing is sent again by itself.
    exchange.options['maxRetriesOnFailure'] = 0
    exchange.log = () => onTrouble('a message of the exchange was not understood by ccxt, and was passed over')
    this.watchRequests()
    this.watchAnswers()
    this.watchSockets()
  }

  /** Asks a question. @throws {VenueRequestError} without a credential in it; its `venueCode` is the name of ccxt's error. */
  async ask<T>(question: (exchange: CcxtExchange) => Promise<T>): Promise<T> {
    const outcome = await this.send(question, Number.POSITIVE_INFINITY)
    if ('value' in outcome) return outcome.value
    throw ccxtError(outcome.failure.error, this.credentials)
  }

  /** Sends a request about an order. @param lastMs nothing of it leaves later, ms since 1970; Infinity without a limit. */
  async send<T>(request: (exchange: CcxtExchange) => Promise<T>, lastMs: number): Promise<CcxtOutcome<T>> {
    const going: Going = { lastMs, left: 0 }
    try {
      return { value: await this.going.run(going, () => request(this.exchange)) }
    } catch (error) {
      return { failure: { error, left: going.left, isLate: error instanceof LateError } }
    }
  }

  /** The venue's time, ms since 1970; our own where the exchange does not tell its time. @throws {VenueRequestError} */
  async time(): Promise<number> {
    if (this.exchange.has['fetchTime'] !== true) return Date.now()
    const time = await this.ask(exchange => exchange.fetchTime())
    if (typeof time === 'number' && Number.isFinite(time)) return time
    throw new VenueRequestError('the exchange did not say its time')
  }

  private watchRequests(): void {
    const { exchange, going } = this
    const fetch = exchange.fetch.bind(exchange)
    exchange.fetch = async (...request) => {
      const now = going.getStore()
      if (now !== undefined) {
        if (Date.now() > now.lastMs) throw new LateError('it is too late for the request')
        now.left++
      }
      return await fetch(...request)
    }
  }

  private watchAnswers(): void {
    const { exchange, going } = this
    const onRestResponse = exchange.onRestResponse.bind(exchange)
    exchange.onRestResponse = (...answer) => {
      // Others are of ccxt's own: keys of streams are among them.
      if (going.getStore() !== undefined) this.record(answer[5])
      return onRestResponse(...answer)
    }
  }

  private watchSockets(): void {
    const { exchange } = this
    const client = exchange.client.bind(exchange)
    const seen = new WeakSet<object>()
    exchange.client = url => {
      const found = client(url)
      if (seen.has(found)) return found
      seen.add(found)
      const onMessage = found.onMessage.bind(found)
      found.onMessage = message => {
        const { data } = message
        if (typeof data === 'string' || Buffer.isBuffer(data)) this.record(String(data))
        onMessage(message)
      }
      return found
    }
  }

  private record(text: string): void {
    if (hasSecret(text, this.credentials))
      this.onTrouble('a message of the exchange has a credential in it: it is not recorded')
    else this.onPrivate(text)
  }
}

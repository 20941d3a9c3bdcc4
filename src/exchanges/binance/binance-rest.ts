import { parseJson } from '../../trading/exact/parse-json.js'
import { RequestWindow } from '../connection/request-window.js'
import { type RestAnswer, RestClient } from '../connection/rest-client.js'
import { ServerClock } from '../connection/server-clock.js'
import { VenueMessageError, VenueRequestError } from '../errors.js'
import { type Fields, filledField, isFields } from '../fields.js'
import type { VenueInstruments } from '../venue-instruments.js'
import { failureOf } from './codes.js'
import type { BinanceEndpoint, FuturesMarket, TradedMarket } from './endpoints.js'
import { msField } from './fields.js'
import { binanceInstruments } from './instruments.js'
import { venueName } from './options.js'
import { type BinanceCredentials, type Parameters, signedQuery } from './signing.js'

/** How long an answer may take, ms. */
const TIMEOUT_MS = 10_000
/** How long a time that has passed is good enough, ms. */
const FRESH_MS = 500
/** How long Binance may take to answer a question, ms. */
const RECV_WINDOW_MS = 10_000
/** Levels of each side of a book's snapshot. */
const DEPTH_LEVELS = 100

/** A path, and what Binance counts for it. */
export type WeighedPath = readonly [path: string, weight: number]

/** The paths of a market, and what Binance counts for each in its weight of a minute: docs/venues/binance.md. */
export const PATHS: Readonly<Record<TradedMarket, Readonly<Record<PathName, WeighedPath>>>> = {
  spot: {
    time: ['/api/v3/time', 1],
    instruments: ['/api/v3/exchangeInfo', 20],
    depth: ['/api/v3/depth', 5],
    order: ['/api/v3/order', 4],
    openOrders: ['/api/v3/openOrders', 80],
    trades: ['/api/v3/myTrades', 20],
    account: ['/api/v3/account', 20],
  },
  'usd-m': {
    time: ['/fapi/v1/time', 1],
    instruments: ['/fapi/v1/exchangeInfo', 1],
    depth: ['/fapi/v1/depth', 5],
    order: ['/fapi/v1/order', 1],
    openOrders: ['/fapi/v1/openOrders', 40],
    trades: ['/fapi/v1/userTrades', 5],
    account: ['/fapi/v3/balance', 5],
  },
  'coin-m': {
    time: ['/dapi/v1/time', 1],
    instruments: ['/dapi/v1/exchangeInfo', 1],
    depth: ['/dapi/v1/depth', 5],
    order: ['/dapi/v1/order', 1],
    openOrders: ['/dapi/v1/openOrders', 40],
    trades: ['/dapi/v1/userTrades', 20],
    account: ['/dapi/v1/balance', 1],
  },
}

/** What futures alone have. */
export const FUTURES_PATHS: Readonly<Record<FuturesMarket, Readonly<Record<FuturesPathName, WeighedPath>>>> = {
  'usd-m': {
    positionMode: ['/fapi/v1/positionSide/dual', 30],
    positions: ['/fapi/v3/positionRisk', 5],
    countdown: ['/fapi/v1/countdownCancelAll', 10],
    listenKey: ['/fapi/v1/listenKey', 1],
  },
  'coin-m': {
    positionMode: ['/dapi/v1/positionSide/dual', 30],
    positions: ['/dapi/v1/positionRisk', 1],
    countdown: ['/dapi/v1/countdownCancelAll', 10],
    listenKey: ['/dapi/v1/listenKey', 1],
  },
}

type FuturesPathName = 'positionMode' | 'positions' | 'countdown' | 'listenKey'

type PathName = 'time' | 'instruments' | 'depth' | 'order' | 'openOrders' | 'trades' | 'account'

/** The weight that a client has in a minute. */
const WEIGHTS: Readonly<Record<TradedMarket, number>> = { spot: 6000, 'usd-m': 2400, 'coin-m': 2400 }

/** Requests to one market of Binance by REST, within its limits. */
export class BinanceRest {
  readonly clock = new ServerClock()
  readonly paths: (typeof PATHS)[TradedMarket]
  /** Called with each answer about the account, as it was received. */
  onPrivate: (text: string) => void = () => {}
  private readonly client: RestClient
  private readonly window: RequestWindow
  private passed: { readonly time: number; readonly at: number } | undefined = undefined
  /** performance.now() until which Binance wants to hear nothing. */
  private silentUntil = 0

  constructor(
    readonly endpoint: BinanceEndpoint,
    private readonly credentials?: BinanceCredentials,
  ) {
    this.client = new RestClient({ base: endpoint.rest, timeoutMs: TIMEOUT_MS, parse: parseJson })
    this.paths = PATHS[endpoint.market]
    this.window = new RequestWindow(WEIGHTS[endpoint.market], 60_000)
  }

  /** Asks for the venue's time, and sets the clock. Returns ms since 1970, by the venue. @throws {VenueRequestError} */
  async time(): Promise<number> {
    const { body, sentAt, receivedAt } = await this.send('GET', ...this.paths.time)
    const time = msField(body, 'serverTime')
    this.clock.add(sentAt, time, receivedAt)
    return time
  }

  /**
   * A time of the venue's clock that has passed there, not long ago, ms since 1970: what is asked afterwards is answered later than
   * it. @throws {VenueRequestError}
   */
  async passedTime(): Promise<number> {
    const { passed } = this
    if (passed !== undefined && performance.now() - passed.at < FRESH_MS) return passed.time
    const time = await this.time()
    this.passed = { time, at: performance.now() }
    return time
  }

  /** @throws {VenueRequestError}, {VenueMessageError} */
  async instruments(): Promise<VenueInstruments> {
    const { market } = this.endpoint
    return binanceInstruments((await this.send('GET', ...this.paths.instruments)).body, market, venueName(market))
  }

  /** The snapshot of a book. @throws {VenueRequestError} */
  async depth(symbol: string): Promise<Fields> {
    const [path, weight] = this.paths.depth
    return (await this.send('GET', `${path}?symbol=${encodeURIComponent(symbol)}&limit=${DEPTH_LEVELS}`, weight)).body
  }

  /** The answer to a question about the account: an object or a list. @throws {VenueRequestError} */
  async ask([path, weight]: WeighedPath, parameters: Parameters = {}): Promise<unknown> {
    return (await this.send('GET', path, weight, parameters)).value
  }

  /** Asks for something to be done. @throws {VenueRequestError} when there is no answer, or a refusal. */
  async post([path, weight]: WeighedPath, parameters: Parameters): Promise<void> {
    await this.send('POST', path, weight, parameters)
  }

  /** The key of the account's stream, for an hour from now. It is no part of any record. @throws {VenueRequestError} */
  async listenKey(): Promise<string> {
    return filledField((await this.sendKeyed('POST')).body, 'listenKey')
  }

  /** The key is good for another hour. @throws {VenueRequestError} */
  async keepListenKey(): Promise<void> {
    await this.sendKeyed('PUT')
  }

  close(): void {
    this.client.close()
  }

  private async sendKeyed(method: 'POST' | 'PUT'): Promise<RestAnswer> {
    const { market } = this.endpoint
    if (market === 'spot') throw new VenueRequestError("spot has no key of the account's stream")
    return this.deliver(method, ...FUTURES_PATHS[market].listenKey, undefined, false)
  }

  /** @param parameters of a signed request; undefined for one that needs no signature. */
  private send(method: 'GET' | 'POST', path: string, weight: number, parameters?: Parameters): Promise<RestAnswer> {
    return this.deliver(method, path, weight, parameters, parameters !== undefined)
  }

  private async deliver(
    method: 'GET' | 'POST' | 'PUT',
    path: string,
    weight: number,
    parameters: Parameters | undefined,
    isRecorded: boolean,
  ): Promise<RestAnswer> {
    const { credentials, window, clock } = this
    const silentMs = this.silentUntil - performance.now()
    if (silentMs > 0)
      throw new VenueRequestError(`Binance wants no requests for another ${Math.ceil(silentMs / 1000)} s`, '-1003')
    const query = (): string => {
      if (parameters === undefined || credentials === undefined) return ''
      const times = { timestamp: Math.floor(clock.now()), recvWindow: RECV_WINDOW_MS }
      return `?${signedQuery(credentials, { ...parameters, ...times })}`
    }
    // Only a request that may be late is not sent.
    const answer = (await this.client.send({
      method,
      path,
      query,
      windows: [window],
      weight,
      headers: () => keyHeader(credentials),
      onAnswer: text => {
        if (isRecorded) this.onPrivate(text)
      },
    })) as RestAnswer
    if (answer.status === 429 || answer.status === 418)
      this.silentUntil = performance.now() + Math.max(answer.retryAfterMs, 1000)
    return checked(answer)
  }
}

function keyHeader(credentials: BinanceCredentials | undefined): Readonly<Record<string, string>> {
  return credentials === undefined ? {} : { 'x-mbx-apikey': credentials.key.reveal() }
}

/** @throws {VenueRequestError} when it is a refusal. */
function checked(answer: RestAnswer): RestAnswer {
  const { status, body } = answer
  if (status < 400) return answer
  const { code, text } = failureOf(body)
  throw new VenueRequestError(`Binance refused a request: ${code} ${text}`, String(code))
}

/** The objects of a list. @throws {VenueMessageError} */
export function rowsOf(answer: unknown): readonly Fields[] {
  if (Array.isArray(answer) && answer.every(isFields)) return answer
  throw new VenueMessageError('an answer of Binance is no list of objects')
}

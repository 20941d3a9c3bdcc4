import { RequestWindow } from '../connection/request-window.js'
import { type RestAnswer, RestClient, type RestRequest } from '../connection/rest-client.js'
import { ServerClock } from '../connection/server-clock.js'
import { VenueRequestError } from '../errors.js'
import { type Fields, listField, optionalField, timeField } from '../fields.js'
import type { OkxEndpoint } from './endpoints.js'
import type { OkxType } from './instruments.js'
import { type OkxInstrument, okxInstruments } from './instruments.js'
import { type OkxCredentials, signedHeaders } from './signing.js'

/** How long an answer may take, ms. */
const TIMEOUT_MS = 10_000
/** How long a time that has passed is good enough, ms. */
const FRESH_MS = 500
/** Rows of a page, and the most pages that are read: 100,000 rows. */
const PAGE = 100
const MOST_PAGES = 1000

/** Requests in 2 s by path, as OKX counts them; others 5. */
const LIMITS: Readonly<Record<string, number>> = {
  '/api/v5/public/time': 10,
  '/api/v5/public/instruments': 20,
  '/api/v5/account/balance': 10,
  '/api/v5/account/positions': 10,
  '/api/v5/trade/order': 60,
  '/api/v5/trade/orders-pending': 60,
  '/api/v5/trade/fills': 60,
  '/api/v5/trade/fills-history': 10,
  '/api/v5/trade/order-algo': 20,
  '/api/v5/trade/orders-algo-pending': 20,
  '/api/v5/trade/cancel-algos': 20,
  '/api/v5/trade/cancel-all-after': 2,
}
const OTHERS = 5

/** Requests to OKX by REST, within its limits. */
export class OkxRest {
  readonly clock = new ServerClock()
  /** Called with each answer about the account, as it was received. */
  onPrivate: (text: string) => void = () => {}
  private readonly client: RestClient
  private passed: { readonly time: number; readonly at: number } | undefined = undefined
  private readonly windows = new Map<string, RequestWindow>()

  constructor(
    private readonly endpoint: OkxEndpoint,
    private readonly credentials?: OkxCredentials,
  ) {
    this.client = new RestClient({ base: endpoint.rest, timeoutMs: TIMEOUT_MS })
  }

  /** Asks for the venue's time, and sets the clock. Returns ms since 1970, by the venue. @throws {VenueRequestError} */
  async time(): Promise<number> {
    const { body, sentAt, receivedAt } = await this.send('GET', '/api/v5/public/time')
    const time = timeField(dataOf(body)[0] ?? {}, 'ts')
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

  /** The instruments of some kinds. @throws {VenueRequestError}, {VenueMessageError} */
  async instruments(types: readonly OkxType[]): Promise<readonly OkxInstrument[]> {
    const all: OkxInstrument[] = []
    // One after the other: OKX counts them.
    for (const type of types) {
      const { body } = await this.send('GET', `/api/v5/public/instruments?instType=${type}`)
      dataOf(body)
      all.push(...okxInstruments(body).instruments)
    }
    return all
  }

  /** The rows of an answer about the account. @throws {VenueRequestError}, {VenueMessageError} */
  async get(path: string, query: Readonly<Record<string, string>> = {}): Promise<readonly Fields[]> {
    return dataOf((await this.getAll(path, query)).body)
  }

  /** All rows of an answer in pages, the newest first. @param id the field that names a row. */
  async *pages(
    path: string,
    query: Readonly<Record<string, string>>,
    id: string,
  ): AsyncGenerator<readonly Fields[], void, undefined> {
    let after = ''
    for (let page = 0; page < MOST_PAGES; page++) {
      const rows = await this.get(path, { ...query, limit: String(PAGE), ...(after === '' ? {} : { after }) })
      if (rows.length > 0) yield rows
      if (rows.length < PAGE) return
      after = optionalField(rows[rows.length - 1], id)
    }
    throw new VenueRequestError(`GET ${path} has more than ${MOST_PAGES} pages: not all of them were read`)
  }

  /** The answer to a question about the account, whatever it is. @throws {VenueRequestError} when there is none. */
  async getAll(path: string, query: Readonly<Record<string, string>>): Promise<{ readonly body: Fields }> {
    const text = new URLSearchParams(query).toString()
    return this.send('GET', text === '' ? path : `${path}?${text}`, undefined, true)
  }

  /**
   * @param isLate asked when the request's turn has come: a request that is late is not sent.
   * @returns undefined when it was not sent.
   * @throws {VenueRequestError} when there is no answer.
   */
  async post(path: string, body: unknown, isLate?: () => boolean): Promise<Fields | undefined> {
    return (await this.client.send(this.request('POST', path, JSON.stringify(body), true, isLate)))?.body
  }

  close(): void {
    this.client.close()
  }

  private async send(method: 'GET' | 'POST', path: string, body?: string, isPrivate = false): Promise<RestAnswer> {
    // Only a request that may be late is not sent.
    return (await this.client.send(this.request(method, path, body, isPrivate))) as RestAnswer
  }

  private request(
    method: 'GET' | 'POST',
    path: string,
    body: string | undefined,
    isPrivate: boolean,
    isLate?: () => boolean,
  ): RestRequest {
    const { credentials, endpoint, clock } = this
    return {
      method,
      path,
      body,
      isLate,
      windows: [this.windowOf(path.replace(/\?.*/, ''))],
      headers: () => ({
        ...endpoint.headers,
        ...(isPrivate && credentials !== undefined ? signedHeaders(credentials, clock.now(), method, path, body) : {}),
      }),
      onAnswer: text => {
        if (isPrivate) this.onPrivate(text)
      },
    }
  }

  private windowOf(path: string): RequestWindow {
    const known = this.windows.get(path)
    if (known !== undefined) return known
    const window = new RequestWindow(LIMITS[path] ?? OTHERS, 2000)
    this.windows.set(path, window)
    return window
  }
}

/** The rows of an answer. @throws {VenueRequestError} when it is a refusal. */
export function dataOf(body: Fields): readonly Fields[] {
  const code = optionalField(body, 'code')
  if (code === '0') return listField(body, 'data')
  throw new VenueRequestError(`the venue refused a request: ${code} ${optionalField(body, 'msg')}`, code)
}

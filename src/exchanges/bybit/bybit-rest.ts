import { RequestWindow } from '../connection/request-window.js'
import { type RestAnswer, RestClient, type RestRequest } from '../connection/rest-client.js'
import { ServerClock } from '../connection/server-clock.js'
import { VenueMessageError, VenueRequestError } from '../errors.js'
import { type Fields, isFields, optionalField } from '../fields.js'
import type { VenueInstruments } from '../venue-instruments.js'
import type { BybitEndpoint, BybitTraded } from './endpoints.js'
import { bybitInstruments } from './instruments.js'
import { bybitVenueName } from './options.js'
import { type BybitCredentials, type SendWindow, signedHeaders } from './signing.js'

/** How long an answer may take, ms. */
const TIMEOUT_MS = 10_000
/** How long a time that has passed is good enough, ms. */
const FRESH_MS = 500
/** The most pages that are read. */
const MOST_PAGES = 1000
/** How long a question may act, ms. */
const WINDOW_MS = 5000

/** Requests in a second by path, as Bybit counts them for an account; others 10. */
const LIMITS: Readonly<Record<string, number>> = {
  '/v5/market/time': 50,
  '/v5/market/instruments-info': 50,
  '/v5/order/realtime': 50,
  '/v5/order/history': 50,
  '/v5/execution/list': 50,
  '/v5/position/list': 50,
  '/v5/account/wallet-balance': 50,
  '/v5/order/disconnected-cancel-all': 5,
}
const OTHERS = 10
/** Requests about orders of spot. */
const SPOT_ORDERS = 20

/** A request about orders by REST. */
export interface BybitPost {
  readonly path: string
  readonly body: unknown
  /** When it may act, made when its turn has come; undefined when it is too late by then. */
  readonly window: () => SendWindow | undefined
  /** As how many requests it counts. */
  readonly weight: number
}

/** Requests to Bybit by REST, within its limits. */
export class BybitRest {
  readonly clock = new ServerClock()
  /** Called with each answer about the account, as it was received. */
  onPrivate: (text: string) => void = () => {}
  private readonly client: RestClient
  private passed: { readonly time: number; readonly at: number } | undefined = undefined
  private readonly windows = new Map<string, RequestWindow>()

  constructor(
    endpoint: BybitEndpoint,
    readonly category: BybitTraded,
    private readonly credentials?: BybitCredentials,
  ) {
    this.client = new RestClient({ base: endpoint.rest, timeoutMs: TIMEOUT_MS })
  }

  /** Asks for the venue's time, and sets the clock. Returns ms since 1970, by the venue. @throws {VenueRequestError} */
  async time(): Promise<number> {
    const { body, sentAt, receivedAt } = await this.send({ method: 'GET', path: '/v5/market/time' })
    checkAnswer(body)
    const { time } = body
    if (!Number.isSafeInteger(time)) throw new VenueMessageError('an answer of Bybit has no time')
    this.clock.add(sentAt, time as number, receivedAt)
    return time as number
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

  /** The instruments of the category. @throws {VenueRequestError}, {VenueMessageError} */
  async instruments(): Promise<VenueInstruments> {
    const { category } = this
    const pages: VenueInstruments[] = []
    for await (const answer of this.pages('/v5/market/instruments-info', { limit: '1000' }, false))
      pages.push(bybitInstruments(answer, category, bybitVenueName(category)))
    return {
      specs: pages.flatMap(({ specs }) => specs),
      suspended: pages.flatMap(({ suspended }) => suspended),
      passedOver: new Map(pages.flatMap(({ passedOver }) => [...passedOver])),
    }
  }

  /** An answer about the account. @throws {VenueRequestError} when there is none, or it is a refusal. */
  async get(path: string, query: Readonly<Record<string, string>> = {}): Promise<Fields> {
    return this.ask(path, query, true)
  }

  /** All answers of a question in pages; the category is added. @throws {VenueRequestError} */
  async *pages(
    path: string,
    query: Readonly<Record<string, string>>,
    isPrivate = true,
  ): AsyncGenerator<Fields, void, undefined> {
    let cursor = ''
    for (let page = 0; page < MOST_PAGES; page++) {
      const more: Record<string, string> = cursor === '' ? {} : { cursor }
      const answer = await this.ask(path, { category: this.category, ...query, ...more }, isPrivate)
      yield answer
      const { result } = answer
      cursor = isFields(result) ? decoded(optionalField(result, 'nextPageCursor')) : ''
      if (cursor === '' || !hasRows(answer)) return
    }
    throw new VenueRequestError(`GET ${path} has more than ${MOST_PAGES} pages: not all of them were read`)
  }

  /**
   * The answer to a request, whatever it says.
   *
   * @returns undefined when it was too late, and was not sent.
   * @throws {VenueRequestError} when there is no answer.
   */
  async post({ path, body, window, weight }: BybitPost): Promise<Fields | undefined> {
    const text = JSON.stringify(body)
    const { credentials } = this
    let made: SendWindow | undefined
    const answer = await this.client.send({
      method: 'POST',
      path,
      body: text,
      windows: [this.windowOf(path)],
      weight,
      isLate: () => {
        made = window()
        return made === undefined
      },
      headers: () => (credentials === undefined || made === undefined ? {} : signedHeaders(credentials, made, text)),
      onAnswer: said => this.onPrivate(said),
    })
    return answer?.body
  }

  /** From now on, for as long as a question may take. */
  windowFromNow(): SendWindow {
    return { time: Math.floor(this.clock.now()), windowMs: WINDOW_MS }
  }

  close(): void {
    this.client.close()
  }

  private async ask(path: string, query: Readonly<Record<string, string>>, isPrivate: boolean): Promise<Fields> {
    const { credentials } = this
    const text = new URLSearchParams(query).toString()
    const { body } = await this.send({
      method: 'GET',
      path: text === '' ? path : `${path}?${text}`,
      ...(isPrivate && credentials !== undefined
        ? {
            headers: () => signedHeaders(credentials, this.windowFromNow(), text),
            onAnswer: (said: string) => this.onPrivate(said),
          }
        : {}),
    })
    return checkAnswer(body)
  }

  private async send(request: RestRequest): Promise<RestAnswer> {
    const window = this.windowOf(request.path.replace(/\?.*/, ''))
    // Only a request that may be late is not sent.
    return (await this.client.send({ ...request, windows: [window] })) as RestAnswer
  }

  private windowOf(path: string): RequestWindow {
    const known = this.windows.get(path)
    if (known !== undefined) return known
    const isOrder = /^\/v5\/order\/(create|amend|cancel)/.test(path)
    const count = isOrder && this.category === 'spot' ? SPOT_ORDERS : (LIMITS[path] ?? OTHERS)
    const window = new RequestWindow(count, 1000)
    this.windows.set(path, window)
    return window
  }
}

/** The answer itself. @throws {VenueRequestError} when it is a refusal. */
export function checkAnswer(answer: Fields): Fields {
  const { retCode, retMsg } = answer
  if (retCode === 0) return answer
  const code = typeof retCode === 'number' ? String(retCode) : ''
  throw new VenueRequestError(`the venue refused a request: ${code} ${String(retMsg)}`, code)
}

/** Bybit has its cursors as an address has them: they are encoded again when they are sent. */
function decoded(cursor: string): string {
  try {
    return decodeURIComponent(cursor)
  } catch {
    return cursor
  }
}

function hasRows({ result }: Fields): boolean {
  return isFields(result) && Array.isArray(result['list']) && result['list'].length > 0
}

import type { WebSocket } from 'ws'
import { checkFaults, type FakeFaults, FaultDraw } from '../../fake/fake-faults.js'
import { checkFakeOptions, type FakeVenueOptions } from '../../fake/fake-options.js'
import { type FakeRequest, type FakeResponse, FakeServer } from '../../fake/fake-server.js'
import type { Fields } from '../../fields.js'
import { FUTURES_PATHS } from '../binance-rest.js'
import { TRADED_MARKETS, type TradedMarket } from '../endpoints.js'
import { type BinanceCredentials, FAKE_CREDENTIALS } from '../signing.js'
import { ApiSession } from './api-session.js'
import { requestRefusal } from './checks.js'
import { FakeMarketPart } from './fake-market-part.js'
import { refuse, routesOf, signedText } from './fake-rest.js'
import { BAD_KEY, isRefusal, refusal, TOO_MANY_REQUESTS } from './refusals.js'
import { type StreamKind, StreamSession } from './stream-session.js'

/** `limit`: new orders in 10 s, for each market; default 100 for spot and 300 for futures. */
export interface FakeBinanceOptions extends FakeVenueOptions {
  /** What clients must sign with. Default: FAKE_CREDENTIALS. */
  readonly credentials?: BinanceCredentials
}

const ROUTES = { spot: routesOf('spot'), 'usd-m': routesOf('usd-m'), 'coin-m': routesOf('coin-m') }
const LISTEN_KEY_PATHS: ReadonlySet<string> = new Set(Object.values(FUTURES_PATHS).map(({ listenKey: [path] }) => path))

/** The sockets by their paths. */
const SOCKETS: Readonly<Record<string, readonly [market: TradedMarket, kind: StreamKind | 'api']>> = {
  '/ws-api/v3': ['spot', 'api'],
  '/stream': ['spot', 'all'],
  '/ws-fapi/v1': ['usd-m', 'api'],
  '/public/stream': ['usd-m', 'quotes'],
  '/market/stream': ['usd-m', 'trades'],
  '/private/ws': ['usd-m', 'account'],
  '/ws-dapi/v1': ['coin-m', 'api'],
  '/dstream/stream': ['coin-m', 'all'],
  '/dstream/ws': ['coin-m', 'account'],
}

/**
 * A Binance on this machine, spot, USD-M and COIN-M: its protocol over HTTP and WebSocket, with a simulated exchange and an artificial market
 * behind each. To try a desk before there is an account, and to test what happens when a venue does what it should not.
 */
export class FakeBinance {
  readonly parts: Readonly<Record<TradedMarket, FakeMarketPart>>
  private readonly draw: FaultDraw
  private readonly credentials: BinanceCredentials
  private readonly listenKey = `fake${Math.random().toString(36).slice(2)}`
  /** Its connections. */
  server!: FakeServer<ApiSession | StreamSession>

  private constructor({
    seed = 1,
    rate = 200,
    speed = 1,
    faults = {},
    limit,
    credentials = FAKE_CREDENTIALS,
  }: FakeBinanceOptions) {
    this.credentials = credentials
    this.draw = new FaultDraw(seed)
    this.draw.faults = faults
    const part = (market: TradedMarket): FakeMarketPart => {
      const made: FakeMarketPart = new FakeMarketPart(
        market,
        this.draw,
        { seed, rate, speed, limit },
        {
          publish: (stream, data) => {
            const text = JSON.stringify({ stream, data })
            for (const client of this.server.clients)
              if (client instanceof StreamSession && client.part === made) client.publish(stream, text)
          },
          push: event => {
            for (const client of this.server.clients) if (client.part === made) client.push(event)
          },
        },
      )
      return made
    }
    this.parts = { spot: part('spot'), 'usd-m': part('usd-m'), 'coin-m': part('coin-m') }
  }

  /** @throws {InvalidOptionError}, {PackageMissingError}, {SystemError} when the port cannot be opened. */
  static async start(options: FakeBinanceOptions = {}): Promise<FakeBinance> {
    checkFakeOptions('FakeBinance.start', options)
    const fake = new FakeBinance(options)
    fake.server = await FakeServer.listen(options.port ?? 0, {
      answer: request => fake.answer(request),
      accepts: url => Object.hasOwn(SOCKETS, pathOf(url)),
      connected: (socket, url) => fake.connected(socket, pathOf(url)),
    })
    for (const market of TRADED_MARKETS) fake.parts[market].prices.start()
    return fake
  }

  get port(): number {
    return this.server.port
  }

  /** What `--endpoint` takes. */
  get endpoint(): string {
    return this.server.endpoint
  }

  /** What it does wrong from now on. @throws {InvalidOptionError} */
  set faults(faults: FakeFaults) {
    this.draw.faults = checkFaults(faults)
  }

  /** Sends a message of the account's stream, as a venue does before it ends a connection. */
  announce(market: TradedMarket, event: Fields): void {
    for (const client of this.server.clients) if (client.part === this.parts[market]) client.push(event)
  }

  /** Drops all sockets, as a network does. */
  dropSockets(): void {
    this.server.dropSockets()
  }

  async stop(): Promise<void> {
    for (const market of TRADED_MARKETS) this.parts[market].stop()
    this.draw.stop()
    await this.server.stop()
  }

  private connected(socket: WebSocket, path: string): ApiSession | StreamSession {
    const [market, kind] = SOCKETS[path]
    const part = this.parts[market]
    return kind === 'api'
      ? new ApiSession(part, this.draw, this.credentials, socket)
      : new StreamSession(part, this.draw, kind, this.listenKey, socket)
  }

  private answer(request: FakeRequest): FakeResponse {
    const { method, path, query, headers } = request
    const name = `${method} ${path}`
    const apiKey = headers['x-mbx-apikey']
    if (LISTEN_KEY_PATHS.has(path) && (method === 'POST' || method === 'PUT')) {
      if (apiKey !== this.credentials.key.reveal()) return refuse(401, BAD_KEY)
      return { status: 200, reply: { listenKey: this.listenKey } }
    }
    const market = marketOf(path)
    const route = Object.hasOwn(ROUTES[market], name) ? ROUTES[market][name] : undefined
    if (route === undefined) return refuse(404, refusal(-1000, `There is no ${name}`))
    const part = this.parts[market]
    if (!part.allows(route.weight)) return { ...refuse(429, TOO_MANY_REQUESTS), headers: { 'retry-after': '1' } }
    if (route.isSigned) {
      const refused = requestRefusal(this.credentials, apiKey, signedText(request), Object.fromEntries(query))
      if (refused !== undefined) return refuse(refused === BAD_KEY ? 401 : 400, refused)
      if (method === 'GET' && this.draw.happens('unavailable'))
        return refuse(
          503,
          refusal(-1008, 'Server is currently overloaded with other requests. Please try again in a few minutes.'),
        )
    }
    const answer = route.answer(part, query)
    return 'code' in answer && isRefusal(answer) ? refuse(400, answer) : { status: 200, reply: answer }
  }
}

function marketOf(path: string): TradedMarket {
  if (path.startsWith('/fapi/')) return 'usd-m'
  return path.startsWith('/dapi/') ? 'coin-m' : 'spot'
}

function pathOf(url: string): string {
  return url.replace(/\?.*/, '')
}

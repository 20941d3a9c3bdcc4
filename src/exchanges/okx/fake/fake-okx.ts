import { CancelAllTimer } from '../../fake/cancel-all-timer.js'
import { checkFaults, type FakeFaults, FaultDraw } from '../../fake/fake-faults.js'
import { FakeMarket } from '../../fake/fake-market.js'
import { checkFakeOptions, type FakeVenueOptions } from '../../fake/fake-options.js'
import { type FakeRequest, type FakeResponse, FakeServer, NO_ANSWER } from '../../fake/fake-server.js'
import { RequestCount } from '../../fake/request-count.js'
import { type Fields, isFields } from '../../fields.js'
import { FAKE_CREDENTIALS, type OkxCredentials } from '../signing.js'
import { FakeOperations } from './fake-operations.js'
import { type FakeReply, PRIVATE_ROUTES, PUBLIC_ROUTES, type SignedRequest } from './fake-rest.js'
import { FakeSession, SOCKETS } from './fake-session.js'
import { FakeTriggers } from './fake-triggers.js'
import { accountRows, type FakeWorld, positionRows, requestRefusal } from './fake-world.js'
import { bookMessage, quoteMessage, tradeMessage } from './market-messages.js'
import { OkxOrders } from './okx-orders.js'

/** `limit`: requests of one kind in 2 s, for each instrument; default 60. */
export interface FakeOkxOptions extends FakeVenueOptions {
  /** What clients must sign with. Default: FAKE_CREDENTIALS. */
  readonly credentials?: OkxCredentials
}

/** Requests of one kind by REST in 2 s. */
const REST_LIMIT = 60
const SOCKET_PATH = /^\/ws\/v5\//

/**
 * An OKX on this machine: its protocol over HTTP and WebSocket, with the simulated exchange and an artificial market behind it. To try
 * a desk before there is an account, and to test what happens when a venue does what it should not.
 */
export class FakeOkx {
  readonly world: FakeWorld
  private readonly counts = new RequestCount(REST_LIMIT, 2000)
  private readonly cancelAllAfter: CancelAllTimer
  readonly market: FakeMarket
  /** Its connections. */
  server!: FakeServer<FakeSession>

  private constructor({
    seed = 1,
    rate = 200,
    speed = 1,
    faults = {},
    limit = 60,
    credentials = FAKE_CREDENTIALS,
  }: FakeOkxOptions) {
    const orders = new OkxOrders(seed)
    const { exchange } = orders
    const triggers = new FakeTriggers(orders)
    const draw = new FaultDraw(seed)
    draw.faults = faults
    const operations = new FakeOperations(orders, draw, limit)
    this.world = { orders, exchange, triggers, draw, credentials, operations, market: () => this.market }
    this.cancelAllAfter = new CancelAllTimer(() => exchange.cancelAll('dead-man-switch'))
    orders.onOrder = row => this.push('orders', [row])
    triggers.onTrigger = row => this.push('orders-algo', [row])
    exchange.onAccount = () => {
      this.push('account', accountRows(this.world))
      this.push('positions', positionRows(this.world))
    }
    this.market = new FakeMarket(
      exchange,
      { seed, rate, speed },
      {
        onTrade: (book, trade) => {
          triggers.priceMoved(book.instrument.symbol, trade.ticks)
          this.publish('trades', book.instrument.symbol, tradeMessage(book, trade))
        },
        onBook: (book, before) => {
          const { symbol } = book.instrument
          this.publish('books', symbol, bookMessage(book, before))
          for (const channel of ['bbo-tbt', 'tickers']) this.publish(channel, symbol, quoteMessage(channel, book))
        },
      },
    )
  }

  /** @throws {InvalidOptionError}, {PackageMissingError}, {SystemError} when the port cannot be opened. */
  static async start(options: FakeOkxOptions = {}): Promise<FakeOkx> {
    checkFakeOptions('FakeOkx.start', options)
    const fake = new FakeOkx(options)
    fake.server = await FakeServer.listen(options.port ?? 0, {
      answer: request => fake.answer(request),
      accepts: url => Object.hasOwn(SOCKETS, kindOf(url)),
      connected: (socket, url) => new FakeSession(fake.world, socket, kindOf(url) as keyof typeof SOCKETS),
    })
    fake.market.start()
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
    this.world.draw.faults = checkFaults(faults)
  }

  /** Drops all sockets, as a network does. */
  dropSockets(): void {
    this.server.dropSockets()
  }

  async stop(): Promise<void> {
    this.market.stop()
    this.cancelAllAfter.stop()
    this.world.draw.stop()
    await this.server.stop()
  }

  private publish(channel: string, symbol: string, message: Fields): void {
    const text = JSON.stringify(message)
    for (const session of this.server.clients) session.publish(`${channel} ${symbol}`, text)
  }

  private push(channel: string, rows: readonly Fields[]): void {
    for (const session of this.server.clients) session.push(channel, rows)
  }

  private answer({ method, url, path, query, headers, body }: FakeRequest): FakeResponse {
    const name = `${method} ${path}`
    const request = { query, body: partsOf(body), expTime: headers['exptime'] as string | undefined }
    const open = PUBLIC_ROUTES[name]
    if (!this.counts.allows(name)) return refuse(429, '50011', 'Too Many Requests')
    if (open !== undefined) return { status: 200, reply: open(this.world, request) }
    const refusal = requestRefusal(this.world.credentials, headers, method, url, body)
    if (refusal !== undefined) return refuse(401, refusal.code, refusal.msg)
    if (method === 'GET' && this.world.draw.happens('unavailable'))
      return refuse(503, '50001', 'Service temporarily unavailable. Try again later')
    const { draw } = this.world
    const isAboutOrders = method === 'POST' && path.startsWith('/api/v5/trade/')
    if (isAboutOrders && draw.happens('loseRequest')) return { status: NO_ANSWER, reply: {} }
    const reply = this.signed(name, path, request)
    if (isAboutOrders && draw.happens('loseAnswer')) return { status: NO_ANSWER, reply: {} }
    return reply === undefined ? refuse(404, '50404', `There is no ${name}`) : { status: 200, reply }
  }

  private signed(name: string, path: string, request: SignedRequest): FakeReply | undefined {
    const route = PRIVATE_ROUTES[name]
    if (route !== undefined) return route(this.world, request)
    if (name === 'POST /api/v5/trade/cancel-all-after') {
      const timeOut = Number(request.body[0]?.['timeOut'])
      const isTime = timeOut === 0 || (Number.isInteger(timeOut) && timeOut >= 10 && timeOut <= 120)
      if (!isTime) return { code: '51000', msg: 'Parameter timeOut error', data: [] }
      const triggerTime = String(this.cancelAllAfter.set(timeOut * 1000))
      return { code: '0', msg: '', data: [{ triggerTime, ts: String(Date.now()) }] }
    }
    const operation = name.startsWith('POST ') ? path.slice(path.lastIndexOf('/') + 1) : ''
    return this.world.operations.act(operation, request.body, request.expTime)
  }
}

/** The last part of a socket's path. */
function kindOf(url: string): string {
  return url.replace(SOCKET_PATH, '')
}

function refuse(status: number, code: string, msg: string): FakeResponse {
  return { status, reply: { code, msg, data: [] } }
}

function partsOf(body: string): readonly Fields[] {
  let value: unknown
  try {
    value = JSON.parse(body)
  } catch {
    return []
  }
  return (Array.isArray(value) ? value : [value]).filter(isFields)
}

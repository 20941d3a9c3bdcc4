import { CancelAllTimer } from '../../fake/cancel-all-timer.js'
import { checkFaults, type FakeFaults, FaultDraw } from '../../fake/fake-faults.js'
import { type FakeBook, FakeMarket, type FakeTrade } from '../../fake/fake-market.js'
import { checkFakeOptions, type FakeVenueOptions } from '../../fake/fake-options.js'
import { type FakeRequest, type FakeResponse, FakeServer } from '../../fake/fake-server.js'
import { RequestCount } from '../../fake/request-count.js'
import type { Fields } from '../../fields.js'
import type { BybitTraded } from '../endpoints.js'
import { BYBIT_TRADED } from '../options.js'
import { type BybitCredentials, FAKE_CREDENTIALS } from '../signing.js'
import { BybitOrders } from './bybit-orders.js'
import { FakeOperations, windowRefusal } from './fake-operations.js'
import { bodyOf, PRIVATE_ROUTES, PUBLIC_ROUTES } from './fake-rest.js'
import { FakeSession, SOCKETS } from './fake-session.js'
import { type FakeWorld, isSigned, positionRows, walletRow } from './fake-world.js'
import { type BookTopic, bookMessage, DEPTHS, tickerMessage, tradeMessage } from './market-messages.js'

/** `limit`: requests about orders of one kind in a second; default 10 for linear, 20 for spot. */
export interface FakeBybitOptions extends FakeVenueOptions {
  /** What clients must sign with. Default: FAKE_CREDENTIALS. */
  readonly credentials?: BybitCredentials
}

/** Questions of one kind in a second. */
const REST_LIMIT = 50
const PRODUCTS: Readonly<Record<string, BybitTraded>> = { DERIVATIVES: 'linear', SPOT: 'spot' }

/**
 * A Bybit on this machine: its protocol over HTTP and WebSocket, linear and spot, with simulated exchanges and artificial markets behind
 * it. To try a desk before there is an account, and to test what happens when a venue does what it should not.
 */
export class FakeBybit {
  readonly world: FakeWorld
  private readonly counts = new RequestCount(REST_LIMIT, 1000)
  private readonly markets: Readonly<Record<BybitTraded, FakeMarket>>
  private readonly timers: Readonly<Record<BybitTraded, CancelAllTimer>>
  /** Seconds after the loss of a connection until all orders are cancelled; undefined for never. */
  private readonly windows = new Map<BybitTraded, number>()
  /** Its connections. */
  server!: FakeServer<FakeSession>

  private constructor({
    seed = 1,
    rate = 200,
    speed = 1,
    faults = {},
    limit,
    credentials = FAKE_CREDENTIALS,
  }: FakeBybitOptions) {
    const orders = { linear: new BybitOrders('linear', seed), spot: new BybitOrders('spot', seed) }
    const draw = new FaultDraw(seed)
    draw.faults = faults
    const watching = { linear: 0, spot: 0 }
    this.world = {
      orders,
      draw,
      credentials,
      operations: new FakeOperations(orders, draw, limit),
      market: category => this.markets[category],
      numbers: { linear: new Map(), spot: new Map() },
      protect: (category, change) => {
        watching[category] += change === 'begun' ? 1 : -1
        if (watching[category] > 0) this.timers[category].set(0)
        else if (change === 'lost') this.timers[category].set((this.windows.get(category) ?? 0) * 1000)
      },
    }
    const timerOf = (category: BybitTraded): CancelAllTimer =>
      new CancelAllTimer(() => orders[category].exchange.cancelAll('dead-man-switch'))
    this.timers = { linear: timerOf('linear'), spot: timerOf('spot') }
    for (const category of BYBIT_TRADED) {
      orders[category].onRow = (topic, row) => this.push(topic, [row])
      orders[category].exchange.onAccount = () => {
        this.push('wallet', [walletRow(this.world)])
        if (category === 'linear') this.push('position', positionRows(this.world))
      }
    }
    const marketOf = (category: BybitTraded): FakeMarket =>
      new FakeMarket(
        orders[category].exchange,
        { seed, rate: rate / BYBIT_TRADED.length, speed },
        {
          onTrade: (book, trade) => this.traded(category, book, trade),
          onBook: (book, before) => this.moved(category, book, before),
        },
      )
    this.markets = { linear: marketOf('linear'), spot: marketOf('spot') }
  }

  /** @throws {InvalidOptionError}, {PackageMissingError}, {SystemError} when the port cannot be opened. */
  static async start(options: FakeBybitOptions = {}): Promise<FakeBybit> {
    checkFakeOptions('FakeBybit.start', options)
    const fake = new FakeBybit(options)
    fake.server = await FakeServer.listen(options.port ?? 0, {
      answer: request => fake.answer(request),
      accepts: url => Object.hasOwn(SOCKETS, url),
      connected: (socket, url) => new FakeSession(fake.world, socket, SOCKETS[url as keyof typeof SOCKETS]),
    })
    for (const category of BYBIT_TRADED) fake.markets[category].start()
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
    await this.server.stop()
    for (const category of BYBIT_TRADED) {
      this.markets[category].stop()
      this.timers[category].stop()
    }
    this.world.draw.stop()
  }

  private traded(category: BybitTraded, book: FakeBook, trade: FakeTrade): void {
    const { symbol } = book.instrument
    this.world.orders[category].priceMoved(symbol, trade.ticks)
    this.publish(category, tradeMessage(category, book, trade))
  }

  private moved(category: BybitTraded, book: FakeBook, before: FakeBook): void {
    const numbers = this.world.numbers[category]
    for (const topic of Object.keys(DEPTHS) as BookTopic[]) {
      const name = `${topic}.${book.instrument.symbol}`
      const number = (numbers.get(name) ?? 1) + 1
      const message = bookMessage(topic, book, before, number)
      if (message === undefined) continue
      numbers.set(name, number)
      this.publish(category, message)
    }
    this.publish(category, tickerMessage(category, book, before))
  }

  private publish(category: BybitTraded, message: Fields): void {
    const text = JSON.stringify(message)
    for (const session of this.server.clients)
      if (session.kind === category) session.publish(String(message['topic']), text)
  }

  private push(topic: string, rows: readonly Fields[]): void {
    for (const session of this.server.clients) session.push(topic, rows)
  }

  private answer({ method, url, path, query, headers, body }: FakeRequest): FakeResponse {
    const { world } = this
    if (method === 'GET' && !this.counts.allows(path)) return reply(refusal(10_006, 'Too many visits!'))
    const open = PUBLIC_ROUTES[path] as (typeof PUBLIC_ROUTES)[string] | undefined
    if (method === 'GET' && open !== undefined) return reply({ ...open(world, query) })
    const content = method === 'GET' ? url.slice(path.length + 1) : body
    if (headers['x-bapi-api-key'] !== world.credentials.key.reveal())
      return reply(refusal(10_003, 'API key is invalid.'))
    if (!isSigned(world.credentials, headers, content)) return reply(refusal(10_004, 'error sign!'))
    const late = windowRefusal(headers['x-bapi-timestamp'], headers['x-bapi-recv-window'])
    if (late !== undefined) return reply(refusal(late.retCode, late.retMsg))
    if (method === 'POST') return reply(this.post(path, bodyOf(body)))
    if (world.draw.happens('unavailable')) return reply(refusal(10_016, 'Server error.'))
    const route = PRIVATE_ROUTES[path] as (typeof PRIVATE_ROUTES)[string] | undefined
    return route === undefined
      ? { status: 404, reply: refusal(10_017, 'Route not found.') }
      : reply({ ...route(world, query) })
  }

  /** A request about orders by REST. One that gets lost, or whose answer does, times out in Bybit's service. */
  private post(path: string, body: Fields): Fields {
    const { draw, operations } = this.world
    if (path === '/v5/order/disconnected-cancel-all') return this.protect(body)
    if (draw.happens('loseRequest')) return refusal(10_000, 'Server Timeout')
    const { data, ...answer } = operations.act(path.replace(/^\/v5\/order\//, 'order.'), body)
    return draw.happens('loseAnswer') ? refusal(10_000, 'Server Timeout') : { ...answer, result: data }
  }

  private protect({ product, timeWindow }: Fields): Fields {
    const category = PRODUCTS[String(product)] as BybitTraded | undefined
    const isTime = Number.isInteger(timeWindow) && (timeWindow as number) >= 3 && (timeWindow as number) <= 300
    if (category === undefined || !isTime) return refusal(10_001, 'params error')
    this.windows.set(category, timeWindow as number)
    return refusal(0, 'success')
  }
}

function reply(fields: Fields): FakeResponse {
  return { status: 200, reply: { ...fields, retExtInfo: fields['retExtInfo'] ?? {}, time: Date.now() } }
}

function refusal(retCode: number, retMsg: string): Fields {
  return { retCode, retMsg, result: {} }
}

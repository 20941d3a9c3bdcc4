import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { WebSocketServer } from 'ws'
import { checkOptions, kinds } from '../../../base/options.js'
import { fromSystemError } from '../../../base/system-error.js'
import { loadWs } from '../../connection/ws-package.js'
import { CancelAllTimer } from '../../fake/cancel-all-timer.js'
import { checkFaults, type FakeFaults, FaultDraw } from '../../fake/fake-faults.js'
import { RequestCount } from '../../fake/request-count.js'
import { type Fields, isFields } from '../../fields.js'
import { FAKE_CREDENTIALS, type OkxCredentials } from '../signing.js'
import { FakeExchange } from './fake-exchange.js'
import { FakeMarket } from './fake-market.js'
import { FakeOperations } from './fake-operations.js'
import { type FakeReply, type FakeRequest, PRIVATE_ROUTES, PUBLIC_ROUTES } from './fake-rest.js'
import { FakeSession, SOCKETS } from './fake-session.js'
import { FakeTriggers } from './fake-triggers.js'
import { accountRows, type FakeWorld, positionRows, requestRefusal } from './fake-world.js'

export interface FakeOkxOptions {
  /** Default 0: any free port. */
  readonly port?: number
  /** Of the market and of the faults. Default 1. */
  readonly seed?: number
  /** Market events a second, over all instruments. Default 200. */
  readonly rate?: number
  readonly faults?: FakeFaults
  /** Requests of one kind that it takes in 2 s, for each instrument. Default 60. */
  readonly limit?: number
  /** What clients must sign with. Default: FAKE_CREDENTIALS. */
  readonly credentials?: OkxCredentials
}

/** Requests of one kind by REST in 2 s. */
const REST_LIMIT = 60
/** The largest body that is read, bytes. */
const MOST_BYTES = 1_000_000

/**
 * An OKX on this machine: its protocol over HTTP and WebSocket, with the simulated exchange and an artificial market behind it. To try
 * a desk before there is an account, and to test what happens when a venue does what it should not.
 */
export class FakeOkx {
  readonly world: FakeWorld
  private readonly sessions = new Set<FakeSession>()
  private readonly operations: FakeOperations
  private readonly counts = new RequestCount(REST_LIMIT, 2000)
  private readonly cancelAllAfter: CancelAllTimer
  private readonly market: FakeMarket

  private constructor(
    private readonly server: Server,
    private readonly sockets: WebSocketServer,
    { seed = 1, rate = 200, faults = {}, limit = 60, credentials = FAKE_CREDENTIALS }: FakeOkxOptions,
  ) {
    const exchange = new FakeExchange(seed)
    const triggers = new FakeTriggers(exchange)
    const draw = new FaultDraw(seed)
    draw.faults = faults
    this.operations = new FakeOperations(exchange, draw, limit)
    this.world = { exchange, triggers, draw, credentials, operations: this.operations, market: () => this.market }
    this.cancelAllAfter = new CancelAllTimer(() => exchange.cancelAll('20'))
    exchange.onOrder = row => this.push('orders', [row])
    triggers.onTrigger = row => this.push('orders-algo', [row])
    exchange.onAccount = () => {
      this.push('account', accountRows(this.world))
      this.push('positions', positionRows(this.world))
    }
    this.market = new FakeMarket(exchange, seed, rate, (channel, symbol, message) => {
      const text = JSON.stringify(message)
      for (const session of this.sessions) session.publish(`${channel} ${symbol}`, text)
    })
    this.market.onTrade = (symbol, ticks) => triggers.priceMoved(symbol, ticks)
    server.on('request', (request, response) => void this.answer(request, response))
    server.on('upgrade', (request, socket, head) => {
      const kind = request.url?.replace(/^\/ws\/v5\//, '') ?? ''
      if (!Object.hasOwn(SOCKETS, kind)) return void socket.destroy()
      sockets.handleUpgrade(request, socket, head, connected => {
        const session = new FakeSession(this.world, connected, kind as keyof typeof SOCKETS, () =>
          this.sessions.delete(session),
        )
        this.sessions.add(session)
      })
    })
  }

  /** @throws {InvalidOptionError}, {PackageMissingError}, {SystemError} when the port cannot be opened. */
  static async start(options: FakeOkxOptions = {}): Promise<FakeOkx> {
    checkOptions('FakeOkx.start', options, {
      port: kinds.integer(0, 65_535),
      seed: kinds.integer(0, 2 ** 32 - 1),
      rate: kinds.number(1, 1_000_000),
      faults: kinds.object,
      limit: kinds.integer(1, 1_000_000),
      credentials: kinds.object,
    })
    checkFaults(options.faults ?? {})
    const { WebSocketServer } = await loadWs()
    const server = createServer()
    const { port = 0 } = options
    await new Promise<void>((resolve, reject) => {
      server.once('error', error => reject(fromSystemError(error, 'listening on', `127.0.0.1:${port}`)))
      server.listen(port, '127.0.0.1', resolve)
    })
    return new FakeOkx(server, new WebSocketServer({ noServer: true }), options)
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port
  }

  /** What `--endpoint` takes. */
  get endpoint(): string {
    return `ws://127.0.0.1:${this.port}`
  }

  /** What it does wrong from now on. @throws {InvalidOptionError} */
  set faults(faults: FakeFaults) {
    this.world.draw.faults = checkFaults(faults)
  }

  /** Drops all sockets, as a venue does after 24 hours. */
  dropSockets(): void {
    for (const session of this.sessions) session.drop()
  }

  async stop(): Promise<void> {
    this.market.stop()
    this.cancelAllAfter.stop()
    this.world.draw.stop()
    this.dropSockets()
    this.sockets.close()
    await new Promise<void>(resolve => {
      this.server.close(() => resolve())
      this.server.closeAllConnections()
    })
  }

  private push(channel: string, rows: readonly Fields[]): void {
    for (const session of this.sessions) session.push(channel, rows)
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await bodyOf(request)
    const { status, reply } = body === undefined ? refuse(413, '50000', 'Body too large') : this.reply(request, body)
    response.writeHead(status, { 'content-type': 'application/json' })
    response.end(JSON.stringify(reply))
  }

  private reply(
    { method = '', url = '', headers }: IncomingMessage,
    body: string,
  ): { readonly status: number; readonly reply: FakeReply } {
    const { pathname, searchParams } = new URL(url, 'http://127.0.0.1')
    const name = `${method} ${pathname}`
    const request = { query: searchParams, body: partsOf(body), expTime: headers['exptime'] as string | undefined }
    const open = PUBLIC_ROUTES[name]
    if (!this.counts.allows(name)) return refuse(429, '50011', 'Too Many Requests')
    if (open !== undefined) return { status: 200, reply: open(this.world, request) }
    const refusal = requestRefusal(this.world.credentials, headers, method, url, body)
    if (refusal !== undefined) return refuse(401, refusal.code, refusal.msg)
    if (method === 'GET' && this.world.draw.happens('unavailable'))
      return refuse(503, '50001', 'Service temporarily unavailable. Try again later')
    const reply = this.signed(name, pathname, request)
    return reply === undefined ? refuse(404, '50404', `There is no ${name}`) : { status: 200, reply }
  }

  private signed(name: string, pathname: string, request: FakeRequest): FakeReply | undefined {
    const route = PRIVATE_ROUTES[name]
    if (route !== undefined) return route(this.world, request)
    if (name === 'POST /api/v5/trade/cancel-all-after') {
      const timeOut = Number(request.body[0]?.['timeOut'])
      const isTime = timeOut === 0 || (Number.isInteger(timeOut) && timeOut >= 10 && timeOut <= 120)
      if (!isTime) return { code: '51000', msg: 'Parameter timeOut error', data: [] }
      const triggerTime = String(this.cancelAllAfter.set(timeOut * 1000))
      return { code: '0', msg: '', data: [{ triggerTime, ts: String(Date.now()) }] }
    }
    const operation = name.startsWith('POST ') ? pathname.slice(pathname.lastIndexOf('/') + 1) : ''
    return this.operations.act(operation, request.body, request.expTime)
  }
}

function refuse(status: number, code: string, msg: string): { readonly status: number; readonly reply: FakeReply } {
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

/** Undefined when it is too large. */
async function bodyOf(request: IncomingMessage): Promise<string | undefined> {
  let text = ''
  request.setEncoding('utf8')
  try {
    for await (const chunk of request) {
      text += chunk as string
      if (text.length > MOST_BYTES) return undefined
    }
  } catch {
    // The client has gone: nobody reads the answer.
  }
  return text
}

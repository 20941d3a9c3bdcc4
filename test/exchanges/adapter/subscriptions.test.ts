import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, onTestFinished, test, vi } from 'vitest'
import * as ws from 'ws'
import type { MarketHandlers } from '../../../dist/exchanges/adapter/live-feed.js'
import { Subscriptions } from '../../../dist/exchanges/adapter/subscriptions.js'
import { PublicConnection as BinanceConnection } from '../../../dist/exchanges/binance/public-connection.js'
import { PublicConnection as BybitConnection } from '../../../dist/exchanges/bybit/public-connection.js'
import { PublicConnection as OkxConnection } from '../../../dist/exchanges/okx/public-connection.js'

afterEach(() => void vi.useRealTimers())

type Message = Readonly<Record<string, unknown>>

/** A venue whose sockets a test answers itself: what came last over each. */
async function venue(): Promise<{ url: string; sockets: ws.WebSocket[]; asked: Message[] }> {
  const server = new ws.WebSocketServer({ port: 0, host: '127.0.0.1' })
  const sockets: ws.WebSocket[] = []
  const asked: Message[] = []
  server.on('connection', socket => {
    socket.on('error', () => {})
    socket.on('message', data => void asked.push(JSON.parse((data as Buffer).toString()) as Message))
    sockets.push(socket)
  })
  await once(server, 'listening')
  onTestFinished(() => {
    for (const socket of server.clients) socket.terminate()
    server.close()
  })
  return { url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`, sockets, asked }
}

const SYMBOLS = Array.from({ length: 12 }, (_, i) => `S${i}`)

interface Case {
  open(url: string, handlers: MarketHandlers): { close(): void }
  /** The answers to what was asked. */
  answers(asked: readonly Message[]): Message[]
  readonly trade: Message
  /** What is asked in one connection. */
  readonly requests: number
}

const CASES: Readonly<Record<string, Case>> = {
  okx: {
    open: (url, handlers) => new OkxConnection({ ...handlers, ws, url, symbols: SYMBOLS, quotes: 'best' }),
    answers: asked =>
      asked.flatMap(({ args }) => (args as Message[]).map(arg => ({ event: 'subscribe', arg, connId: 'a' }))),
    trade: {
      arg: { channel: 'trades', instId: 'S0' },
      data: [{ instId: 'S0', tradeId: '7', px: '1', sz: '1', side: 'buy', ts: '1700000000000', count: '1' }],
    },
    requests: 1,
  },
  binance: {
    open: (url, handlers) => {
      const streams = Array.from({ length: 201 }, (_, i) => `s${i}@trade`)
      return new BinanceConnection({ ...handlers, ws, url, streams, books: undefined })
    },
    answers: asked => asked.map(({ id }) => ({ result: null, id })),
    trade: {
      stream: 's0@trade',
      data: { e: 'trade', E: 1_700_000_000_000, s: 'S0', t: 7, p: '1', q: '1', T: 1_700_000_000_000, m: true, M: true },
    },
    requests: 2,
  },
  bybit: {
    open: (url, handlers) => new BybitConnection({ ...handlers, ws, url, symbols: SYMBOLS, quotes: 'best' }),
    answers: asked =>
      asked.map(({ req_id }) => ({ success: true, ret_msg: '', conn_id: 'a', req_id, op: 'subscribe' })),
    trade: {
      topic: 'publicTrade.S0',
      type: 'snapshot',
      ts: 1_700_000_000_000,
      data: [{ T: 1_700_000_000_000, s: 'S0', S: 'Buy', v: '1', p: '1', i: '7', BT: false }],
    },
    requests: 3,
  },
}

test.each(Object.entries(CASES))(
  '%s: a connection is back when all subscriptions are answered, and not with the first data',
  async (_, { open, answers, trade, requests }) => {
    const { url, sockets, asked } = await venue()
    const heard: string[] = []
    const connection = open(url, {
      onEvent: ({ kind }) => void heard.push(kind),
      onGap: what => void heard.push(what),
    })
    onTestFinished(() => connection.close())
    await expect.poll(() => asked.length).toBe(requests)
    sockets[0].terminate()
    await expect.poll(() => asked.length, { timeout: 5000 }).toBe(2 * requests)
    const [last, ...others] = answers(asked.slice(requests)).toReversed()
    const send = (message: Message): void => sockets[1].send(JSON.stringify(message))
    for (const answer of others) send(answer)
    send(trade)
    await expect.poll(() => heard.length).toBe(2)
    expect(heard).toEqual([expect.stringContaining('the connection is lost'), 'trade'])
    send(last)
    send(trade)
    await expect.poll(() => heard.length).toBe(4)
    expect(heard.slice(2)).toEqual([expect.stringContaining('the connection is back'), 'trade'])
  },
)

test('Binance: a snapshot of a book that is on its way when the connection is lost belongs to no book any more', async () => {
  const { url, sockets, asked } = await venue()
  const heard: string[] = []
  const connection = new BinanceConnection({
    ws,
    url,
    streams: ['s0@depth@100ms'],
    onEvent: () => {},
    onGap: what => void heard.push(what.slice(0, 22)),
    books: { clear: () => void heard.push('books are cleared'), update: () => {} } as never,
  })
  onTestFinished(() => connection.close())
  await expect.poll(() => asked.length).toBe(1)
  sockets[0].terminate()
  await expect.poll(() => heard.length, { timeout: 5000 }).toBeGreaterThanOrEqual(3)
  expect(heard.slice(0, 3)).toEqual(['books are cleared', 'books are cleared', 'the connection is lost'])
})

test('subscriptions that are not answered are named, and the connection is back without them', () => {
  vi.useFakeTimers()
  const heard: string[] = []
  const subscriptions = new Subscriptions({
    onGap: (what, ms) => void heard.push(ms === undefined ? what : `${what}, ${ms} ms`),
    onBack: () => void heard.push('back'),
  })
  // It was silent for a second when it was found to be lost.
  vi.advanceTimersByTime(1000)
  subscriptions.lose('a test', performance.now() - 1000)
  subscriptions.begin(['a', 'b', 'c'])
  subscriptions.answered('a')
  subscriptions.heard()
  vi.advanceTimersByTime(9_900)
  expect(heard).toEqual(['the connection is lost: a test, 1000 ms'])
  vi.advanceTimersByTime(200)
  expect(heard.slice(1)).toEqual([
    '2 subscriptions are not answered, the first of them b: their data may be missing',
    'back',
    'the connection is back after 11.0 s; what happened meanwhile is missing, 11000 ms',
  ])
  subscriptions.begin(['a'])
  subscriptions.end()
  vi.advanceTimersByTime(20_000)
  expect(heard.length).toBe(4)
})

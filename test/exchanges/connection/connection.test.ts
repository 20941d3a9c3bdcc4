import { once } from 'node:events'
import { chmodSync, writeFileSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import * as ws from 'ws'
import { BackOff } from '../../../dist/exchanges/connection/back-off.js'
import { readCredentials, Secret } from '../../../dist/exchanges/connection/credentials.js'
import { checkEndpoint } from '../../../dist/exchanges/connection/endpoint.js'
import { RequestWindow } from '../../../dist/exchanges/connection/request-window.js'
import { RestClient } from '../../../dist/exchanges/connection/rest-client.js'
import { ServerClock } from '../../../dist/exchanges/connection/server-clock.js'
import { VenueSocket } from '../../../dist/exchanges/connection/venue-socket.js'
import { failureOf, rejectionOf } from '../../support/failures.ts'
import { makeFolder } from '../../support/folders.ts'

/** A server on loopback whose sockets do what a test says. */
async function serve(onSocket: (socket: ws.WebSocket, count: number) => void): Promise<string> {
  const server = new ws.WebSocketServer({ port: 0, host: '127.0.0.1' })
  let count = 0
  server.on('connection', socket => {
    socket.on('error', () => {})
    onSocket(socket, ++count)
  })
  await once(server, 'listening')
  onTestFinished(() => {
    for (const socket of server.clients) socket.terminate()
    server.close()
  })
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}`
}

interface Heard {
  readonly opened: number
  readonly messages: string[]
  readonly downs: string[]
  /** For how many ms messages may be missing. */
  readonly missing: number[]
}

function open(url: string, options: object = {}): VenueSocket & { heard: Heard } {
  const heard = { opened: 0, messages: [] as string[], downs: [] as string[], missing: [] as number[] }
  const socket = new VenueSocket(ws, {
    url,
    pingMs: 10_000,
    ping: 'ping',
    isPong: text => text === 'pong',
    staleMs: Number.POSITIVE_INFINITY,
    firstMs: 5,
    longestMs: 20,
    onOpen: () => void heard.opened++,
    onMessage: text => void heard.messages.push(text),
    onDown: (why, since) => {
      heard.downs.push(why)
      heard.missing.push(performance.now() - since)
    },
    ...options,
  })
  onTestFinished(() => socket.close())
  return Object.assign(socket, { heard })
}

test('a connection that the venue closes is made again, and what is sent meanwhile is refused', async () => {
  const received: string[] = []
  const url = await serve((socket, count) => {
    socket.on('message', data => void received.push(`${count}: ${(data as Buffer).toString()}`))
    if (count === 1) socket.close(1001, 'maintenance')
  })
  const socket = open(url)
  await expect.poll(() => socket.heard.opened).toBe(2)
  expect(socket.heard.downs).toEqual(['the venue closed it (1001: maintenance)'])
  expect(socket.heard.missing[0]).toBeLessThan(20)
  expect(socket.send('hello')).toBe(true)
  await expect.poll(() => received).toEqual(['2: hello'])
  socket.close()
  expect(socket.send('too late')).toBe(false)
})

test('a server that is not there is tried again with growing delays, and each failure is told', async () => {
  const socket = open('ws://127.0.0.1:1')
  await expect.poll(() => socket.heard.downs.length).toBeGreaterThanOrEqual(3)
  expect(socket.heard.downs[0]).toContain('ECONNREFUSED')
  expect(socket.heard.opened).toBe(0)
})

test('a connection that answers no ping is replaced', async () => {
  const pings: string[] = []
  const url = await serve((socket, count) => {
    socket.on('message', data => {
      pings.push(`${count}: ${(data as Buffer).toString()}`)
      if (count > 1) socket.send('pong')
    })
  })
  const socket = open(url, { pingMs: 40 })
  await expect.poll(() => socket.heard.opened).toBe(2)
  expect(pings[0]).toBe('1: ping')
  expect(socket.heard.downs[0]).toMatch(/^no answer to a ping/)
  // Since the last message, and not since it was noticed.
  expect(socket.heard.missing[0]).toBeGreaterThan(80)
  await expect.poll(() => pings.filter(ping => ping === '2: ping').length).toBeGreaterThanOrEqual(3)
  // The second one answers, and stays.
  expect(socket.heard.opened).toBe(2)
  expect(socket.heard.messages).toEqual([])
})

test('a connection that answers pings and sends no data is replaced where data must come', async () => {
  const url = await serve((socket, count) => {
    socket.on('message', () => socket.send('pong'))
    if (count > 1) {
      const timer = setInterval(() => socket.send('data'), 10)
      socket.on('close', () => clearInterval(timer))
    }
  })
  const socket = open(url, { pingMs: 30, staleMs: 150 })
  await expect.poll(() => socket.heard.opened).toBe(2)
  expect(socket.heard.downs[0]).toMatch(/^no data for/)
  expect(socket.heard.missing[0]).toBeGreaterThan(150)
  await expect.poll(() => socket.heard.messages.length).toBeGreaterThan(20)
  expect(socket.heard.opened).toBe(2)
})

test('delays are doubled up to the longest, drawn from their upper half, and begin again after a success', () => {
  const longest = new BackOff(100, 1000, () => 0.999999)
  expect([1, 2, 3, 4, 5, 6].map(() => Math.round(longest.next()))).toEqual([100, 200, 400, 800, 1000, 1000])
  longest.reset()
  expect(Math.round(longest.next())).toBe(100)
  expect(new BackOff(100, 1000, () => 0).next()).toBe(50)
})

test('no window of the limit ever has more requests than the limit', () => {
  let now = 0
  const window = new RequestWindow(5, 2000, 0, () => now)
  const left: number[] = []
  for (let i = 0; i < 200; i++) {
    now += (i * 37) % 300
    left.push(now + window.take())
  }
  for (const at of left) expect(left.filter(other => other >= at && other < at + 2000).length).toBeLessThanOrEqual(5)
  expect(left).toEqual(left.toSorted((a, b) => a - b))
})

test("the venue's clock is measured where the way was shortest", () => {
  const clock = new ServerClock(() => 1_000_000)
  expect(clock.now()).toBe(1_000_000)
  clock.add(1000, 6500, 2000)
  expect(clock.offsetMs).toBe(5000)
  clock.add(3000, 8020, 3020)
  expect(clock.offsetMs).toBe(5010)
  clock.add(4000, 9900, 5000)
  expect(clock.now()).toBe(1_005_010)
})

async function answering(listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

test('a request is answered, or fails with what happened and nothing of its headers', { timeout: 20_000 }, async () => {
  const base = await answering(({ url, headers }, response) => {
    if (url?.startsWith('/slow')) return
    if (url === '/html') return void response.writeHead(502).end('<html>')
    if (url === '/move') return void response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end()
    response.end(JSON.stringify({ url, key: headers['x-key'] }))
  })
  const client = new RestClient({ base, timeoutMs: 1500 })
  const headers = (): Record<string, string> => ({ 'x-key': 'hush' })
  expect(await client.send({ method: 'GET', path: '/a?b=1', headers })).toMatchObject({
    status: 200,
    body: { url: '/a?b=1', key: 'hush' },
  })
  for (const [path, what] of [
    ['/slow?x', 'GET /slow at'],
    ['/html', 'status 502 and no JSON'],
    ['/move', 'was not answered'],
  ]) {
    const failure = await rejectionOf(client.send({ method: 'GET', path, headers }))
    expect(failure).toMatchObject({ code: 'ERR_VENUE_REQUEST', message: expect.stringContaining(what) })
    expect(inspect(failure, { depth: 9 })).not.toContain('hush')
  }
  client.close()
  expect(await rejectionOf(client.send({ method: 'GET', path: '/a' }))).toMatchObject({ code: 'ERR_VENUE_REQUEST' })
})

test('credentials come from a file that only its owner may read, or from the environment', () => {
  const file = join(makeFolder(), 'keys.json')
  const write = (text: string, mode = 0o600): void => {
    writeFileSync(file, text)
    chmodSync(file, mode)
  }
  const read = (): Record<'key' | 'secret', Secret> | undefined => readCredentials(['key', 'secret'], 'T', file, {})
  write('{"key":"k1","secret":"s1"}')
  expect([read()?.key.reveal(), read()?.secret.reveal()]).toEqual(['k1', 's1'])
  for (const [text, mode, what] of [
    ['{"key":"k1","secret":"s1"}', 0o640, 'chmod 600'],
    ['{"key":"hush"}', 0o600, 'lack "secret"'],
    ['{"key":"hush', 0o600, 'is not JSON'],
    ['["hush"]', 0o600, 'no JSON object'],
  ] as const) {
    write(text, mode)
    const failure = failureOf(read)
    expect(failure).toMatchObject({ code: 'ERR_CREDENTIALS', message: expect.stringContaining(what) })
    expect(inspect(failure, { depth: 9 })).not.toContain('hush')
  }
  const from = (environment: Record<string, string>): string | undefined =>
    readCredentials(['key', 'secret'], 'T', undefined, environment)?.secret.reveal()
  expect(from({})).toBeUndefined()
  expect(from({ T_KEY: 'a', T_SECRET: 'b' })).toBe('b')
  expect(failureOf(() => from({ T_KEY: 'a' }))).toMatchObject({ message: expect.stringContaining('T_SECRET') })
})

test('a secret shows itself in no text, JSON or inspection', () => {
  const secret = new Secret('hush')
  expect(`${String(secret)} ${JSON.stringify({ secret })} ${inspect({ secret }, { showHidden: true })}`).not.toContain(
    'hush',
  )
  expect(secret.reveal()).toBe('hush')
})

test('an endpoint is a host and a port, encrypted unless it is on this machine', () => {
  for (const good of ['wss://ws.okx.com:8443', 'ws://127.0.0.1:9', 'ws://localhost:9', 'ws://[::1]:9'])
    expect(checkEndpoint(good).href).toContain('//')
  for (const [bad, what] of [
    ['ws://ws.okx.com', 'not encrypted'],
    ['ws://127.evil.example:9', 'not encrypted'],
    ['https://okx.com', 'does not begin'],
    ['wss://okx.com/ws/v5', 'more than a host'],
    ['okx', 'is none'],
  ])
    expect(failureOf(() => checkEndpoint(bad))).toMatchObject({
      code: 'ERR_INVALID_OPTION',
      message: expect.stringContaining(what),
    })
  const failure = failureOf(() => checkEndpoint('wss://user:hush@okx.com'))
  expect(inspect(failure)).not.toContain('hush')
})

// What a client may use up: market data that it cannot take is left out, and what it may not do has a close code.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Writer } from 'ticktape'
import { CloseCode } from 'ticktape/serve'
import { BookTop } from 'ticktape/trading'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { makeFolder } from '../support/folders.ts'
import { type Heard, openSocket, startServer } from '../support/serve.ts'

let journal: string
let writer: Writer
const SYMBOLS = Array.from({ length: 20 }, (_, i) => `S${i}USDT`)

beforeEach(() => {
  journal = join(makeFolder('memory'), 'market')
  mkdirSync(journal)
  writer = Writer.open(journal, { pageSize: 1 << 20, durability: 'process', frames: [BookTop] })
  writer.addInstruments(SYMBOLS.map((symbol, i) => ({ number: i + 1, symbol, venue: 'sim' })))
  for (let i = 0; i < SYMBOLS.length; i++) write(i, 100)
})

afterEach(() => {
  writer.close()
})

function write(index: number, bid: number): void {
  writer.write(BookTop, { instrument: index + 1, venueTime: 0n, bid, ask: bid + 1, bidSize: 1, askSize: 1 })
}

interface Value {
  readonly symbol: string
  readonly bid: number
}

function marketOf(heard: Heard): (readonly Value[])[] {
  return heard.messages.filter(one => one.type === 'market').map(one => one.values as readonly Value[])
}

it('market data is conflated: the latest value of each symbol that has changed, and no other symbol', async () => {
  const server = await startServer(journal, { limits: { tickMs: 100 } })
  const heard = await openSocket(server)
  heard.send({ op: 'subscribe', channel: 'market', symbols: ['S1USDT', 'S2USDT.sim', 'NEVER'] })
  await heard.until(() => marketOf(heard).length === 1, 'the values at once')
  expect(
    marketOf(heard)[0]
      .map(({ symbol }) => symbol)
      .toSorted(),
  ).toEqual(['S1USDT.sim', 'S2USDT.sim'])
  for (let bid = 101; bid <= 3000; bid++) {
    write(1, bid)
    write(7, bid)
  }
  await heard.until(
    () =>
      marketOf(heard)
        .flat()
        .some(({ bid }) => bid === 3000),
    'the last value',
  )
  // One or two ticks, not 2,900 messages.
  expect(marketOf(heard).length).toBeLessThan(6)
  expect(
    new Set(
      marketOf(heard)
        .slice(1)
        .flat()
        .map(({ symbol }) => symbol),
    ),
  ).toEqual(new Set(['S1USDT.sim']))
})

it('a client that takes nothing gets nothing until it does; then all its symbols; others are not delayed', async () => {
  const server = await startServer(journal, { limits: { tickMs: 20 } })
  const fast = await openSocket(server)
  const slow = await openSocket(server)
  for (const one of [fast, slow]) one.send({ op: 'subscribe', channel: 'market', symbols: SYMBOLS })
  await slow.until(() => marketOf(slow).length > 0, 'the first values')
  slow.socket.pause()
  // Enough for what the system takes on its own.
  slow.send({ op: 'subscribe', channel: 'frames', from: 'start' })
  for (let bid = 200; bid < 4200; bid++) {
    for (let i = 0; i < SYMBOLS.length; i++) write(i, bid)
    if (bid % 100 === 0) await sleep(5)
  }
  await fast.until(
    () =>
      marketOf(fast)
        .at(-1)
        ?.some(({ bid }) => bid === 4199) === true,
    'the last value, in time',
  )
  const before = marketOf(slow).length
  slow.socket.resume()
  await slow.until(() => marketOf(slow).at(-1)?.[0].bid === 4199, 'the last values')
  expect(marketOf(slow).at(-1)).toHaveLength(SYMBOLS.length)
  expect(marketOf(slow).length - before).toBeLessThan(marketOf(fast).length)
})

it('a client that takes nothing for too long is closed with 4408', async () => {
  const server = await startServer(journal, { limits: { slowMs: 1500 } })
  const heard = await openSocket(server)
  heard.socket.pause()
  heard.send({ op: 'subscribe', channel: 'frames', from: 'start' })
  for (let n = 0; n < 60_000; n++) write(n % 20, n + 1)
  const end = Date.now() + 15_000
  while (server.clients > 0 && Date.now() < end) await sleep(50)
  expect(server.clients).toBe(0)
  heard.socket.resume()
  const { code } = await heard.end()
  // The reason reaches it when there is room for it; else the connection just ends.
  expect([CloseCode.TOO_SLOW, 1006]).toContain(code)
})

it('too many messages, too large ones, bytes and what is no JSON end the socket, each with its code', async () => {
  const server = await startServer(journal, { limits: { messagesPerSecond: 20, messageBytes: 1000 } })
  const cases: readonly (readonly [send: (heard: Heard) => void, code: number])[] = [
    [heard => heard.send('{"op"'), CloseCode.BAD_MESSAGE],
    [heard => heard.send('[]'), CloseCode.BAD_MESSAGE],
    [heard => heard.socket.send(Buffer.from([1, 2, 3])), CloseCode.BAD_MESSAGE],
    [heard => heard.send(`"${'x'.repeat(2000)}"`), 1009],
    [
      heard => {
        for (let i = 0; i < 30; i++) heard.send({ op: 'ping' })
      },
      CloseCode.TOO_MANY_MESSAGES,
    ],
  ]
  for (const [send, code] of cases) {
    const heard = await openSocket(server)
    send(heard)
    expect((await heard.end()).code).toBe(code)
  }
})

it('subscriptions, symbols and sockets have limits, which are said', async () => {
  const server = await startServer(journal, { limits: { subscriptions: 1, symbols: 3, sockets: 2 } })
  const heard = await openSocket(server)
  heard.send({ op: 'subscribe', channel: 'market', symbols: SYMBOLS })
  heard.send({ op: 'subscribe', channel: 'market', symbols: ['S1USDT'] })
  heard.send({ op: 'subscribe', channel: 'frames' })
  await heard.until(() => heard.messages.filter(one => one.type === 'error').length === 2, 'two errors')
  const errors = heard.messages.filter(one => one.type === 'error').map(one => one.message as string)
  expect(errors).toEqual([
    'symbols is a list of 1 to 3 names',
    expect.stringContaining('1 subscriptions at most') as string,
  ])
  const second = await openSocket(server)
  await expect(openSocket(server)).rejects.toThrow('503')
  second.socket.close()
  await second.end()
  await openSocket(server)
})

it('a server that stops tells its clients', async () => {
  const server = await startServer(journal)
  const heard = await openSocket(server)
  await server.stop()
  expect((await heard.end()).code).toBe(CloseCode.GOING_AWAY)
})

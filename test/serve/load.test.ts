// The short form of bench/serve.ts: several hundred clients, requests beside them, and all of them again at once.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Writer } from 'ticktape'
import { BookTop } from 'ticktape/trading'
import { expect, it, onTestFinished } from 'vitest'
import { RequestLoad, SocketLoad } from '../../bench/support/socket-load.ts'
import { makeFolder } from '../support/folders.ts'
import { startServer } from '../support/serve.ts'

const SYMBOLS = Array.from({ length: 100 }, (_, i) => `S${i}USDT`)

it('300 clients with 50 lists of symbols get the latest values, beside requests, and connect again at once', {
  timeout: 90_000,
}, async () => {
  const journal = join(makeFolder('memory'), 'market')
  mkdirSync(journal)
  const writer = Writer.open(journal, { pageSize: 1 << 20, durability: 'process', frames: [BookTop] })
  onTestFinished(() => writer.close())
  writer.addInstruments(SYMBOLS.map((symbol, i) => ({ number: i + 1, symbol, venue: 'sim' })))
  let n = 0
  const write = (): void => {
    for (let i = 0; i < 20; i++, n++)
      writer.write(BookTop, { instrument: 1 + (n % 100), venueTime: 0n, bid: n, ask: n + 1, bidSize: 1, askSize: 1 })
  }
  for (let i = 0; i < 5; i++) write()
  const writing = setInterval(write, 20)
  onTestFinished(() => clearInterval(writing))
  const server = await startServer(journal, { limits: { tickMs: 100 } })
  const load = new SocketLoad({ port: server.port, clients: 300, sets: 50, symbolsEach: 10, symbols: SYMBOLS })
  await load.connect()
  expect(server.clients).toBe(300)
  load.reset()
  const requests = new RequestLoad(server.port, ['/api/market?symbols=S1USDT', '/api/journals'], 4)
  await sleep(1500)
  const answered = requests.stop()
  const { messages, longestMs, lost } = load.result
  // How many is for the benchmark: other tests run beside this one.
  expect(answered).toBeGreaterThan(20)
  expect(messages).toBeGreaterThanOrEqual(300)
  expect([lost, longestMs < 5000]).toEqual([0, true])
  load.drop()
  await load.connect()
  expect(load.result.lost).toBe(0)
  load.drop()
})

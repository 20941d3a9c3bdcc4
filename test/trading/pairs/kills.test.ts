import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { on, Reader } from 'ticktape'
import { auditSession, type GatewayStatus, replayGateway, replayStrategy } from 'ticktape/runtime'
import { PairReport } from 'ticktape/trading'
import { expect, test } from 'vitest'
import { type Child, startChild } from '../../support/child.ts'
import { moduleOf } from '../../support/desks.ts'
import { makeFolder } from '../../support/folders.ts'
import { pairsOf } from '../../support/pairs.ts'

/** A pair for each trade. The second leg is filled for every other one; of the rest the first leg is closed. */
const STRATEGY = `
  export default defineStrategy({ id: 'a', onTrade({ tradeId }, context) {
    context.pair({ settleMs: 40, maxSlippage: 0.2, retryMs: 10, attempts: 29, legs: [
      { symbol: 'BTCUSDT.one', side: 'buy', quantity: 0.2 },
      { symbol: 'BTCUSDT.two', side: 'sell', quantity: 0.2, price: tradeId % 2n === 0n ? 100 : 150 },
    ] })
  } })`

/** Quotes every 4 ms, and a trade every 60 ms among them, without an end. */
const CODE = `
const { Gateway } = await import('ticktape/runtime')
const { SimulatedExchange } = await import('ticktape/trading')
const at = venue => ({ venue, symbol: 'BTCUSDT', kind: 'spot', base: 'BTC', quote: 'USDT', priceTick: '0.1', quantityStep: '0.001' })
const venues = ['one', 'two'].map(name => new SimulatedExchange({ instruments: [at(name)], latencyNs: 8_000_000 }))
const eventOf = n => {
  const timeMs = 1_800_000_000_000 + 4 * n
  const symbol = n % 2 === 0 ? 'BTCUSDT.one' : 'BTCUSDT.two'
  if (n % 15 === 14) return { kind: 'trade', timeMs, symbol: 'BTCUSDT.one', price: 100, quantity: 0.001, tradeId: BigInt((n + 1) / 15), side: 'buy' }
  return { kind: 'quote', timeMs, symbol, bid: 100, ask: 101, bidSize: 1000, askSize: 1000 }
}
const feed = { identity: 'pairs', async *events(skip, { signal }) {
  for (let n = skip; !signal.aborted; n += 5) yield Array.from({ length: 5 }, (_, i) => eventOf(n + i))
} }
const gateway = await Gateway.start({
  home: args[0], strategies: args.slice(1), feed, venues, pageSize: 65536, strategyPageSize: 65536, durability: 'process', backOffMs: 5, progressMs: 20,
})
say('started')
process.stdin.on('data', async text => {
  if (String(text).trim() === 'status') say(gateway.status)
  else { say(await gateway.stop()); process.exit() }
})
`

const ENDED = ['done', 'unbalanced', 'denied']

/** Resolves as soon as a pair reports a state. */
async function seen(reader: Reader, state: string): Promise<void> {
  let found = false
  const handlers = on(PairReport, report => {
    found ||= report.state === state
  })
  const end = Date.now() + 60_000
  while (!found) {
    if (reader.poll(handlers, 1) === 0) await sleep(1)
    if (Date.now() > end) throw new Error(`no pair was ${state} within a minute`)
  }
}

test('gateway and strategy killed by SIGKILL while pairs work, settle and close: each pair ends, nothing is sent twice, nothing closed beyond the excess', {
  timeout: 400_000,
}, async () => {
  const home = join(makeFolder('memory'), 'home')
  const file = moduleOf(STRATEGY)
  const start = async (...strategies: string[]): Promise<Child> => {
    const child = startChild(CODE, [home, ...strategies])
    await child.hear()
    return child
  }
  let gateway = await start(file)
  let kills = 0
  for (const state of ['working', 'settling', 'closing']) {
    for (const victim of ['strategy', 'gateway'] as const) {
      const reader = Reader.open(join(home, 'gateway'), { from: 'end' })
      await seen(reader, state)
      reader.close()
      if (victim === 'gateway') {
        await gateway.kill('SIGKILL')
        kills++
        gateway = await start(file)
        continue
      }
      gateway.tell('status')
      const { strategies } = (await gateway.hear()) as GatewayStatus
      const [{ pid }] = strategies
      if (pid !== undefined && process.kill(pid, 'SIGKILL')) kills++
    }
  }
  expect(kills).toBe(6)
  gateway.tell('stop')
  expect(await gateway.hear()).toBe(true)
  await gateway.end()
  // Nobody asks for new ones any more: those that are left end without their strategy.
  gateway = await start()
  const end = Date.now() + 60_000
  const isOver = (): boolean => [...pairsOf(home).values()].every(({ state }) => ENDED.includes(state))
  while (!isOver() && Date.now() < end) await sleep(50)
  gateway.tell('stop')
  expect(await gateway.hear()).toBe(true)
  await gateway.end()
  const pairs = [...pairsOf(home).values()]
  expect(pairs.length).toBeGreaterThan(20)
  for (const pair of pairs) {
    // A gateway that has just started denies what comes before its venues are reconciled: then neither leg was sent.
    expect(pair.state).toBe(pair.sent.size === 0 ? 'denied' : 'done')
    expect(pair.net[0]).toBe(pair.net[1])
    for (const count of pair.sent.values()) expect(count).toBe(1)
  }
  // Both kinds are among them.
  expect(pairs.filter(({ closings }) => closings > 0).length).toBeGreaterThan(5)
  expect(pairs.filter(({ net }) => net[0] === 200).length).toBeGreaterThan(5)
  const audit = await auditSession(home)
  expect(audit).toMatchObject({ sound: true, gateway: { strays: 0, filledTwice: 0, gaps: 0 } })
  expect(await replayGateway({ home })).toMatchObject({ difference: undefined })
  expect(await replayStrategy({ home, strategy: 'a' })).toMatchObject({ difference: undefined })
})

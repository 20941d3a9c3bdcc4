import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Decimal } from 'decimal.js'
import { auditSession, type GatewayStatus, replayGateway, replayStrategy } from 'ticktape/runtime'
import type { ExchangeRecord, Sums } from 'ticktape/trading'
import { expect, test } from 'vitest'
import { Intent } from '../../dist/trading/sequence/frames.js'
import { type Child, startChild } from '../support/child.ts'
import { sequenceOf } from '../support/desks.ts'
import { agreementOf } from '../support/exchange-record.ts'
import { makeFolder } from '../support/folders.ts'
import { strategyFile } from '../support/gateways.ts'

/** For so many seconds one of six processes is killed each second, as soon as all are up again. */
const SECONDS = Number(process.env['TICKTAPE_EXACTLY_ONCE_SECONDS'] ?? 20)

/**
 * A gateway with an exchange that loses, doubles, delays and reorders its answers. Its feed never ends: quotes and trades of
 * five symbols; when the marker is there, only trades on which the strategies cancel.
 */
const CODE = `
import { existsSync } from 'node:fs'
const { Gateway } = await import('ticktape/runtime')
const { SimulatedExchange } = await import('ticktape/trading')
const [home, file, marker] = args
const symbols = [0, 1, 2, 3, 4].map(n => 'S' + n + 'USDT')
const instruments = symbols.map(symbol => ({ venue: 'sim', symbol, kind: 'spot', base: symbol.slice(0, 2), quote: 'USDT', priceTick: '0.1', quantityStep: '0.001' }))
const eventOf = (i, drains) => {
  const symbol = symbols[i % 5]
  const price = 100 + Math.round(20 * Math.sin(i / 70)) / 10
  if (drains || i % 50 < 5) return { kind: 'trade', timeMs: i, symbol, price, quantity: 0.01, tradeId: BigInt(drains ? 1e9 + i : i), side: i % 2 === 0 ? 'buy' : 'sell' }
  return { kind: 'quote', timeMs: i, symbol, bid: price, ask: Number((price + 0.1).toFixed(1)), bidSize: 0.05, askSize: 0.05 }
}
const feed = {
  identity: 'endless',
  async *events(skip, { signal }) {
    for (let next = skip; !signal.aborted; ) {
      const drains = existsSync(marker)
      const size = drains ? 5 : 25
      yield Array.from({ length: size }, (_, i) => eventOf(next + i, drains))
      next += size
      await sleep(drains ? 300 : 10)
    }
  },
}
const venue = new SimulatedExchange({
  instruments, seed: 3, latencyNs: { min: 50_000, max: 2_000_000 },
  faults: { lostRequest: 0.002, lostAnswer: 0.002, doubled: 0.1, reordered: 0.2, late: 0.01, lateNs: 70e6, disconnect: 0.0002, outageNs: 20e6 },
})
const gateway = await Gateway.start({
  home, strategies: [file], feed, venue, speed: 'max', requestExpiryMs: 50, durability: 'process', backOffMs: 10, progressMs: 20,
  pageSize: 1 << 20, strategyPageSize: 1 << 18,
})
gateway.fed.catch(error => { console.error(error); process.exit(1) })
say('started')
process.stdin.on('data', async text => {
  for (const command of String(text).trim().split('\\n')) {
    if (command === 'status') say(gateway.status)
    if (command === 'record') say({ record: venue.record(), sums: venue.sums() })
    if (command === 'stop') { say(await gateway.stop()); process.exit() }
  }
})
`

test('gateway and five strategies, one of them killed every second, an exchange that loses, doubles, delays and reorders: every order and fill once', {
  timeout: 240_000,
}, async () => {
  const folder = makeFolder('memory')
  const home = join(folder, 'home')
  const marker = join(folder, 'drain')
  process.env['GREEDY_OUT'] = join(folder, 'result')
  let gateway: Child
  const start = async (): Promise<void> => {
    gateway = startChild(CODE, [home, strategyFile('greedy.mjs'), marker])
    await gateway.hear()
  }
  const ask = async <T>(command: string): Promise<T> => {
    gateway.tell(command)
    return (await gateway.hear()) as T
  }
  /** Until all strategies run and orders come: then the next may be killed. */
  const whenUp = async (): Promise<GatewayStatus> => {
    for (let i = 0; i < 300; i++) {
      const status = await ask<GatewayStatus>('status')
      const isUp = status.strategies.every(({ pid, progress }) => pid !== undefined && (progress?.read ?? 0) > 0)
      if (isUp && status.orders > 0) return status
      await sleep(50)
    }
    throw new Error('the desk does not come up')
  }
  await start()

  const seed = Date.now() >>> 0
  let state = seed
  const random = (): number => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32
  const kills = { gateway: 0, strategies: 0 }
  const rates: number[] = []
  const end = performance.now() + SECONDS * 1000
  for (let kill = 1; performance.now() < end; kill++) {
    const from = performance.now()
    const before = await whenUp()
    const upAt = performance.now()
    await sleep(Math.max(300, 1000 - (upAt - from)))
    const { strategies, orders } = await ask<GatewayStatus>('status')
    // The rate counts while all are up.
    rates.push((orders - before.orders) / ((performance.now() - upAt) / 1000))
    // Each fifth time the gateway.
    const victim = kill % 5 === 0 ? 5 : Math.floor(random() * 5)
    const pid = strategies[victim]?.pid
    if (victim === 5) {
      await gateway!.kill('SIGKILL')
      kills.gateway++
      await start()
    } else if (pid !== undefined && isAlive(pid)) kills.strategies += process.kill(pid, 'SIGKILL') ? 1 : 0
  }
  await whenUp()

  // No new orders: what is open is cancelled, until both sides say the same.
  writeFileSync(marker, '')
  const recordOf = (): Promise<{ record: ExchangeRecord; sums: Sums }> => ask('record')
  let last = await recordOf()
  let agreement = agreementOf(home, { record: () => last.record }, 1000)
  for (let i = 0; i < 30 && (agreement.open > 0 || agreement.disagreements.length > 0); i++) {
    await sleep(1000)
    last = await recordOf()
    agreement = agreementOf(home, { record: () => last.record }, 1000)
  }
  const { record, sums } = last
  const rate = rates.length === 0 ? 0 : rates.toSorted((a, b) => a - b)[rates.length >> 1]
  console.log(
    `seed ${seed}: ${agreement.orders} orders at the exchange, ${agreement.fills} fills, ${agreement.denied} denied; ` +
      `${Math.round(rate)} orders and requests a second at the median; killed ${kills.gateway} gateways and ${kills.strategies} strategies`,
  )
  expect(agreement).toMatchObject({ disagreements: [], open: 0 })
  expect(await ask('stop')).toBe(true)
  await gateway!.end()
  expect(kills.strategies).toBeGreaterThan(0)
  expect(agreement.fills).toBeGreaterThan(100)

  // None was sent twice.
  const submits = sequenceOf<{ action: string; orderId: bigint }>(home, Intent).filter(
    ({ action }) => action === 'submit',
  )
  expect(new Set(submits.map(({ orderId }) => orderId)).size).toBe(submits.length)
  expect(record.duplicates).toBe(0)
  // What strategies think they have, and what the exchange's fills add up to with another library.
  for (let n = 0; n < 5; n++) {
    const result = JSON.parse(readFileSync(`${process.env['GREEDY_OUT']}-${n}.json`, 'utf8')) as Record<string, number>
    let [quantity, cash] = [new Decimal(0), new Decimal(0)]
    for (const { idHigh, side, ticks, steps } of record.fills) {
      if (idHigh >>> 20 !== n + 1) continue
      const bought = new Decimal(side === 'buy' ? steps : -steps).div(1000)
      quantity = quantity.plus(bought)
      cash = cash.minus(bought.times(new Decimal(ticks).div(10)))
    }
    expect([n, result['quantity'], result['open']]).toEqual([n, quantity.toNumber(), 0])
    expect(result['cash'], `cash of ${n}`).toBeCloseTo(cash.toNumber(), 6)
  }
  // Nothing came from nowhere: for each buyer there is a seller.
  for (const [what, sum] of [...Object.entries(sums.cash), ...Object.entries(sums.positions)])
    expect([what, Number(sum)]).toEqual([what, 0])

  const audit = await auditSession(home)
  expect(audit).toMatchObject({ sound: true, gateway: { gaps: 0, strays: 0, filledTwice: 0 } })
  expect(await replayGateway({ home })).toMatchObject({ difference: undefined })
  for (const { id, orders } of audit.strategies)
    expect(await replayStrategy({ home, strategy: id })).toMatchObject({ difference: undefined, orders })
})

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

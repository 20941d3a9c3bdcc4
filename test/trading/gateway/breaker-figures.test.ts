import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Decimal } from 'decimal.js'
import { Gateway, replayGateway } from 'ticktape/runtime'
import { CircuitBreaker } from 'ticktape/state'
import { BookTop, SimulatedExchange } from 'ticktape/trading'
import { expect, test } from 'vitest'
import { Switch } from '../../../dist/trading/sequence/frames.js'
import {
  feedOf,
  fillsOf,
  moduleOf,
  newHome,
  PushedFeed,
  QUICK,
  quote,
  reportsOf,
  sequenceOf,
  trade,
  until,
} from '../../support/desks.ts'
import { GatewayProcess, strategyFile } from '../../support/gateways.ts'

/** The breaker's positions and the day's profit, folded from the sequence with a decimal library. */
function expected(home: string): { positions: Map<number, Decimal>; profit: number } {
  const positions = new Map<number, Decimal>()
  let cash = new Decimal(0)
  for (const { instrument, side, price, quantity, fee } of fillsOf(home)) {
    const signed = new Decimal(side === 'buy' ? quantity : -quantity)
    positions.set(instrument, (positions.get(instrument) ?? new Decimal(0)).plus(signed))
    cash = cash.minus(signed.times(price)).minus(fee)
  }
  const quotes = new Map(
    sequenceOf<{ instrument: number; bid: number; ask: number }>(home, BookTop).map(
      book => [book.instrument, book] as const,
    ),
  )
  let profit = cash
  for (const [instrument, quantity] of positions) {
    const { bid = 0, ask = 0 } = quotes.get(instrument) ?? {}
    profit = profit.plus(quantity.times(quantity.isPositive() ? bid : ask))
  }
  return { positions, profit: profit.times(100).floor().toNumber() }
}

function expectFigures(home: string): void {
  using breaker = CircuitBreaker.open(join(home, 'state', 'breaker'))
  const { positions, profit } = expected(home)
  expect(positions.size).toBeGreaterThan(0)
  for (const [instrument, quantity] of positions)
    expect([instrument, breaker.position(instrument)]).toEqual([instrument, quantity.toNumber()])
  expect(breaker.dailyPnl).toBe(profit)
}

test("gateway and strategies killed again and again: the breaker's positions and the day's profit count each fill once", {
  timeout: 240_000,
}, async () => {
  const home = newHome()
  const options = {
    home,
    strategies: [strategyFile('busy.mjs')],
    synthetic: { seed: 8, rate: 3000, limit: 1_000_000, symbols: ['BTCUSDT', 'ETHUSDT'] },
  }
  let gateway = await GatewayProcess.start(options)
  for (let i = 0; i < 6; i++) {
    const before = (await gateway.status()).orders
    while ((await gateway.status()).orders < before + 50) await sleep(10)
    await sleep(Math.random() * 100)
    const { strategies } = await gateway.status()
    const pid = strategies[i % 2].pid
    if (i % 2 === 0 && pid !== undefined) process.kill(pid, 'SIGKILL')
    else {
      await gateway.kill()
      gateway = await GatewayProcess.start(options)
    }
  }
  expect(await gateway.stop()).toBe(true)
  expectFigures(home)
  // Whatever somebody has written into the file: the next start makes it right.
  using breaker = CircuitBreaker.open(join(home, 'state', 'breaker'))
  breaker.recordPnl(123_456)
  breaker.setPosition(1, 7)
  const quiet = await Gateway.start({ ...QUICK, home, strategies: [], feed: feedOf([]) })
  expect(await quiet.stop()).toBe(true)
  expectFigures(home)
})

test("a loss above the breaker's own limit halts trading: the halt is in the sequence, and the next order is denied", {
  timeout: 240_000,
}, async () => {
  const home = newHome()
  const feed = new PushedFeed()
  const strategy = moduleOf(`export default defineStrategy({ id: 'a', onTrade({ symbol, side }, context) {
    context.order({ symbol, side, quantity: 10 })
  } })`)
  const gateway = await Gateway.start({
    ...QUICK,
    home,
    strategies: [strategy],
    feed,
    venue: new SimulatedExchange({ fees: { maker: 0, taker: '0.001' } }),
  })
  using breaker = CircuitBreaker.open(join(home, 'state', 'breaker'))
  // 10 lost by the spread, and 1.01 of fees.
  breaker.setLimits({ maxDailyLoss: 1_100 })
  feed.push(quote('BTCUSDT', 100, 101, 100), trade('BTCUSDT', 101, 1, 'buy'))
  await until(() => breaker.dailyPnl === -1_101, 'the loss of the first order', 120_000)
  await until(() => breaker.halted, 'the halt', 60_000)
  await until(() => sequenceOf(home, Switch).length > 0, 'its record', 60_000)
  feed.push(trade('BTCUSDT', 101, 2, 'buy'))
  await until(() => reportsOf(home).at(-1)?.state === 'denied', 'the denial', 60_000)
  expect(reportsOf(home).at(-1)?.reason).toBe('halted')
  expect(breaker.status().halt).toMatchObject({ code: 'daily-loss' })
  expect(await gateway.stop()).toBe(true)
  expect(await replayGateway({ home })).toMatchObject({ difference: undefined })
})

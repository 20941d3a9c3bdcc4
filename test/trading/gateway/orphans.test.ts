import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Writer } from 'ticktape'
import { Gateway, replayGateway, replayStrategy, SyntheticFeed } from 'ticktape/runtime'
import { Heartbeats } from 'ticktape/state'
import { Order } from 'ticktape/trading'
import { expect, onTestFinished, test } from 'vitest'
import {
  moduleOf,
  newHome,
  notesOf,
  ordersOf,
  PushedFeed,
  QUICK,
  quote,
  reportsOf,
  STRATEGY_JOURNALS,
  settled,
  trade,
  until,
} from '../../support/desks.ts'
import { GatewayProcess } from '../../support/gateways.ts'
import { isGone } from '../../support/processes.ts'

const synthetic = { seed: 4, rate: 20_000, limit: 3000, symbols: ['BTCUSDT'] }

test('processes that a killed gateway leaves hung or suspended are ended by the next one, which starts at once', {
  timeout: 90_000,
}, async () => {
  const home = newHome()
  const endless = (id: string): string => {
    const marker = join(home, '..', id)
    return moduleOf(`import { existsSync, writeFileSync } from 'node:fs'
      let trades = 0
      export default defineStrategy({ id: '${id}', onTrade() {
        if (++trades === 50 && !existsSync('${marker}')) {
          writeFileSync('${marker}', '')
          for (;;);
        }
      } })`)
  }
  const strategies = ['hung', 'stopped'].map(endless)
  const first = await GatewayProcess.start({ home, strategies, synthetic, speed: 'max' })
  await until(() => ['hung', 'stopped'].every(id => existsSync(join(home, '..', id))), 'both loops')
  const status = await first.status()
  const [hung, stopped] = status.strategies.map(({ pid }) => pid as number)
  onTestFinished(() => {
    for (const pid of [hung, stopped]) if (!isGone(pid)) process.kill(pid, 'SIGKILL')
  })
  await first.killAlone()
  // Only now: the end of its gateway makes a stopped process go on, and end by itself.
  process.kill(stopped, 'SIGSTOP')
  await sleep(500)
  expect([isGone(hung), isGone(stopped)]).toEqual([false, false])

  const second = await Gateway.start({ ...QUICK, home, strategies, feed: new SyntheticFeed(synthetic) })
  // Before any journal of theirs was opened: nobody waits for their locks, and no new process fails because of them.
  expect([isGone(hung), isGone(stopped)]).toEqual([true, true])
  await second.fed
  await settled(second)
  expect(second.status.strategies.map(({ restarts, phase }) => [restarts, phase])).toEqual([
    [0, 'running'],
    [0, 'running'],
  ])
  expect(second.status.events).toBe(3000)
  expect(await second.stop()).toBe(true)
  expect(await replayGateway({ home })).toMatchObject({ difference: undefined })
  expect(await replayStrategy({ home, strategy: 'stopped' })).toMatchObject({ difference: undefined })
})

test('a hung strategy and a suspended one end by themselves when their gateway was killed, with what they have started', {
  timeout: 60_000,
}, async () => {
  const home = newHome()
  const pids = join(home, '..', 'pids')
  const strategies = [
    moduleOf(`import { spawn } from 'node:child_process'
      import { writeFileSync } from 'node:fs'
      export default defineStrategy({ id: 'hung', onTrade() {
        writeFileSync('${pids}', String(spawn('sleep', ['100']).pid))
        for (;;);
      } })`),
    moduleOf("export default defineStrategy({ id: 'stopped', onTrade() {} })"),
  ]
  const gateway = await GatewayProcess.start({ home, strategies, synthetic, speed: 'max' })
  await until(() => existsSync(pids), 'the loop')
  const status = await gateway.status()
  const all = [...status.strategies.map(({ pid }) => pid as number), Number(readFileSync(pids, 'utf8'))]
  onTestFinished(() => {
    for (const pid of all) if (!isGone(pid)) process.kill(pid, 'SIGKILL')
  })
  process.kill(all[1], 'SIGSTOP')
  await gateway.killAlone()
  await until(() => all.every(isGone), 'their end', 10_000)
})

test('a process with the pid of an orphan, and another start time, is left alone', { timeout: 60_000 }, async () => {
  const home = newHome()
  const options = { ...QUICK, home, strategies: [moduleOf("export default defineStrategy({ id: 'a', onTrade() {} })")] }
  const first = await Gateway.start({ ...options, feed: new PushedFeed() })
  await first.stop()
  const table = Heartbeats.open(join(home, 'state', 'heartbeats'))
  table.acquire('a').setProcess(process.ppid, 1)
  table.close()
  const second = await Gateway.start({ ...options, feed: new PushedFeed() })
  expect(await second.stop()).toBe(true)
})

test('what an earlier life of a strategy writes after the fence is denied; its cancels pass', {
  timeout: 60_000,
}, async () => {
  const home = newHome()
  const feed = new PushedFeed()
  const resting = moduleOf(`export default defineStrategy({ id: 'a', onTrade({ symbol, tradeId }, context) {
    context.order({ symbol, side: 'buy', quantity: 1, price: 50, clientOrderId: String(tradeId) })
  } })`)
  const other = moduleOf("export default defineStrategy({ id: 'b', onTrade() {} })")
  const gateway = await Gateway.start({ ...QUICK, home, strategies: [resting, other], feed })
  feed.push(quote('BTCUSDT', 100, 101), trade('BTCUSDT', 100, 1))
  await settled(gateway)
  await gateway.removeStrategy('a')
  // The orphan, which nobody could end, goes on.
  const [{ orderId }] = ordersOf(home)
  const writer = Writer.open(join(home, 'strategies', 'a'), { journalId: STRATEGY_JOURNALS + 1 })
  const common = { instrument: 1, clientOrderId: 'late' }
  const order = { side: 'buy', orderType: 'limit', timeInForce: 'gtc', price: 50, quantity: 1 } as const
  for (const values of [
    { ...common, ...order, action: 'new', orderId: orderId + 1n },
    { ...common, action: 'cancel', orderId, request: 1 },
  ]) {
    const frame = writer.begin(Order)
    Object.assign(frame, values)
    writer.commit()
  }
  writer.close()
  await gateway.addStrategy(resting)
  feed.push(trade('BTCUSDT', 100, 2))
  await until(() => reportsOf(home).some(({ state }) => state === 'cancelled'), 'the cancel')
  await settled(gateway)
  expect(await gateway.stop()).toBe(true)
  const states = reportsOf(home).map(({ orderId: id, state, reason }) => [id, `${state} ${reason}`] as const)
  expect(states.filter(([id]) => id === orderId + 1n)).toEqual([[orderId + 1n, 'denied strategy-fenced']])
  expect(states.filter(([id]) => id === orderId).map(([, state]) => state)).toEqual([
    'accepted none',
    'cancelled requested',
  ])
  expect(notesOf(home)).toEqual(['1', 'late', '2'])
  expect(await replayGateway({ home })).toMatchObject({ difference: undefined })
})

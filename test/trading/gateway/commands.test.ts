import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Writer } from 'ticktape'
import {
  auditSession,
  Command,
  CommandResult,
  Gateway,
  replayGateway,
  replayStrategy,
  sendCommand,
} from 'ticktape/runtime'
import { CircuitBreaker } from 'ticktape/state'
import { SimulatedExchange } from 'ticktape/trading'
import { expect, test } from 'vitest'
import { clientOrderIdFor } from '../../../dist/trading/messages/order-id.js'
import { Switch } from '../../../dist/trading/sequence/frames.js'
import { readIdentity } from '../../../dist/trading/sequence/home.js'
import {
  fillsOf,
  moduleOf,
  newHome,
  notesOf,
  PushedFeed,
  QUICK,
  quote,
  reportsOf,
  sequenceOf,
  settled,
  trade,
  until,
} from '../../support/desks.ts'
import { rejectionOf } from '../../support/failures.ts'
import { makeFolder } from '../../support/folders.ts'
import { runTicktape } from '../../support/journals.ts'

/** At each trade: one order at the market (or at a price that rests), labelled with the trade's number. */
const trader = (id: string, price = '', side = 'buy'): string =>
  moduleOf(`export default defineStrategy({ id: '${id}',
    onTrade({ symbol, tradeId }, context) {
      context.order({ symbol, side: '${side}', quantity: 1, clientOrderId: String(tradeId)${price === '' ? '' : `, price: ${price}`} })
    } })`)

async function start(strategies: readonly string[], options = {}) {
  const home = newHome()
  const feed = new PushedFeed()
  const gateway = await Gateway.start({ ...QUICK, home, strategies, feed, venue: new SimulatedExchange(), ...options })
  feed.push(quote('BTCUSDT', 100, 101, 1000))
  let id = 0
  const trades = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i++) feed.push(trade('BTCUSDT', 100, ++id))
    await settled(gateway)
  }
  return { home, gateway, trades }
}

const lastOf = (home: string, strategy: number) => {
  const report = reportsOf(home).findLast(({ dest }) => dest === strategy)
  return report === undefined ? undefined : `${report.state} ${report.reason}`
}

const recorded = (home: string) =>
  sequenceOf<{ action: string; user: string; reason: string; strategy: string }>(home, Command).map(
    ({ action, reason, strategy }) => `${action} ${strategy} ${reason}`,
  )

test('pause and resume: new orders of one strategy are denied, by command and by call; replay agrees', {
  timeout: 60_000,
}, async () => {
  const { home, gateway, trades } = await start([trader('momentum', '50'), trader('other', '40')])
  await trades(1)
  const paused = await runTicktape('strategy', 'pause', home, 'momentum', '--reason', 'strange', '--json')
  expect(paused).toMatchObject({ status: 0, stderr: '' })
  expect(JSON.parse(paused.stdout)).toMatchObject({ action: 'pause-strategy', state: 'done', decidedBy: 'desk' })
  expect(gateway.status.strategies.map(one => one.paused)).toEqual([true, false])
  await trades(1)
  expect([lastOf(home, 1), lastOf(home, 2)]).toEqual(['denied strategy-paused', 'accepted none'])
  expect(await runTicktape('strategy', 'resume', home, 'momentum')).toEqual({
    status: 0,
    stdout: 'momentum may send orders again\n',
    stderr: '',
  })
  await trades(1)
  expect(lastOf(home, 1)).toBe('accepted none')
  gateway.pauseStrategy('other', 'by call')
  expect(gateway.status.strategies.map(one => one.paused)).toEqual([false, true])
  gateway.resumeStrategy('other')
  expect(() => gateway.pauseStrategy('othre')).toThrow("did you mean 'other'?")

  const misspelt = await runTicktape('strategy', 'pause', home, 'momentun')
  expect(misspelt).toMatchObject({ status: 2, stderr: expect.stringMatching(/did you mean 'momentum'\?/) as string })
  expect(await gateway.stop()).toBe(true)
  expect(recorded(home)).toEqual([
    'pause-strategy momentum strange',
    'resume-strategy momentum ',
    'pause-strategy other by call',
    'resume-strategy other ',
  ])
  expect(await replayGateway({ home })).toMatchObject({ difference: undefined })
  expect(await replayStrategy({ home, strategy: 'momentum' })).toMatchObject({ difference: undefined })
})

test('flatten while halted: open orders are cancelled, then positions closed, and each strategy gets its fills', {
  timeout: 60_000,
}, async () => {
  const latency = { venue: new SimulatedExchange({ latencyNs: 20_000_000 }), risk: { maxOrderQuantity: 1 } }
  const { home, gateway, trades } = await start([trader('long'), trader('rest', '50'), trader('short', '', 'sell')], {
    ...latency,
  })
  await trades(5)
  await gateway.removeStrategy('short')
  await trades(2)
  await until(() => fillsOf(home).length === 7 + 5, 'the fills')
  expect(await runTicktape('halt', home, 'too', 'hot')).toMatchObject({ status: 0 })
  await until(() => gateway.status.position > 0 && sequenceOf(home, Switch).length === 1, 'the halt')
  const flat = await runTicktape('flatten', home, '--reason', 'enough')
  expect(flat).toMatchObject({
    status: 0,
    stdout: '7 cancels and 0 orders sent; 1 instrument to close as soon as the cancels are answered\n',
  })
  // 7 bought and 5 sold on one account: 2 are left, and belong to the one that is long.
  await until(() => fillsOf(home).length === 14, 'the last fills')
  await settled(gateway)
  // In orders that are as small as the limit wants them.
  for (const fill of fillsOf(home).slice(-2)) expect(fill).toMatchObject({ side: 'sell', quantity: 1, dest: 1 })
  expect(lastOf(home, 2)).toBe('cancelled operator')
  // Nothing is left: the second one does nothing.
  expect(await sendCommand(home, { action: 'flatten' })).toMatchObject({ state: 'done', cancels: 0, orders: 0 })
  await trades(1)
  expect(lastOf(home, 1)).toBe('denied halted')
  expect(await gateway.stop()).toBe(true)
  expect(await replayGateway({ home })).toMatchObject({ difference: undefined })
  expect(await replayStrategy({ home, strategy: 'long' })).toMatchObject({ difference: undefined })
  expect(await auditSession(home)).toMatchObject({ sound: true })
})

test('cancel-all: the orders of one strategy, then of all, with the operator as the reason', {
  timeout: 60_000,
}, async () => {
  const { home, gateway, trades } = await start([trader('a', '50'), trader('b', '40')])
  await trades(2)
  expect(await runTicktape('cancel-all', home, '--strategy', 'b')).toMatchObject({
    status: 0,
    stdout: '2 cancels sent\n',
  })
  await settled(gateway)
  expect([lastOf(home, 1), lastOf(home, 2)]).toEqual(['accepted none', 'cancelled operator'])
  expect(await sendCommand(home, { action: 'cancel-all' })).toMatchObject({ state: 'done', cancels: 2 })
  await settled(gateway)
  expect(lastOf(home, 1)).toBe('cancelled operator')
  expect(await sendCommand(home, { action: 'cancel-all', strategy: 'c' })).toMatchObject({
    state: 'refused',
    problem: 'no-such-strategy',
  })
  // A wrong name is a wrong argument, whether the command or the gateway finds it.
  for (const args of [
    ['cancel-all', home, '--strategy', 'nobody'],
    ['strategy', 'pause', home, 'nobody'],
  ])
    expect(await runTicktape(...args)).toMatchObject({
      status: 2,
      stderr: expect.stringContaining("'nobody'") as string,
    })
  expect(await gateway.stop()).toBe(true)
  expect(await replayGateway({ home })).toMatchObject({ difference: undefined })
})

test('cancel: one order, by its id or its client order id; what is not an open order is refused', {
  timeout: 60_000,
}, async () => {
  const { home, gateway, trades } = await start([trader('a', '50')])
  await trades(3)
  const stateOf = (id: bigint): unknown => reportsOf(home).findLast(({ orderId }) => orderId === id)?.state
  const [first, second, third] = reportsOf(home)
    .filter(({ state }) => state === 'accepted')
    .map(({ orderId }) => orderId)
  expect(await runTicktape('cancel', home, String(second), '--reason', 'wrong price')).toMatchObject({
    status: 0,
    stdout: 'cancel sent\n',
  })
  await settled(gateway)
  expect([first, second, third].map(stateOf)).toEqual(['accepted', 'cancelled', 'accepted'])
  expect(lastOf(home, 1)).toBe('cancelled operator')
  const clientId = clientOrderIdFor(readIdentity(join(home, 'gateway'))?.home ?? 0n, third)
  expect(await runTicktape('cancel', home, clientId, '--json')).toMatchObject({ status: 0 })
  await settled(gateway)
  expect([first, second, third].map(stateOf)).toEqual(['accepted', 'cancelled', 'cancelled'])
  // The same again, one that never was, and no id at all.
  for (const [order, status, words] of [
    [String(second), 1, 'has ended'],
    [String(first + 100n), 2, 'knows no order'],
    ['first', 2, "is no order's id"],
  ] as const) {
    const { status: found, stderr } = await runTicktape('cancel', home, order)
    expect([order, found, stderr.includes(words)]).toEqual([order, status, true])
  }
  // Above 64 bits, and ends like the first.
  expect(await sendCommand(home, { action: 'cancel-order', detail: String(first + 2n ** 64n) })).toMatchObject({
    state: 'refused',
    problem: 'no-such-order',
  })
  expect(stateOf(first)).toBe('accepted')
  expect(await gateway.stop()).toBe(true)
  expect(await replayGateway({ home })).toMatchObject({ difference: undefined })
  expect(await auditSession(home)).toMatchObject({ sound: true })
})

test('limits are shown and changed; what is wrong with a change is said, and nothing is changed', {
  timeout: 120_000,
}, async () => {
  const { home, gateway, trades } = await start([trader('a', '50')], { risk: { maxPosition: 5, maxOrderQuantity: 3 } })
  await trades(1)
  expect((await runTicktape('limits', home)).stdout).toBe('maxOrderQuantity  3\nmaxPosition       5\n')
  const changed = await runTicktape('limits', home, 'strategies.a.maxOpenOrders=2', 'maxPosition=none', '--json')
  expect(JSON.parse(changed.stdout)).toEqual({ maxOrderQuantity: 3, strategies: { a: { maxOpenOrders: 2 } } })
  await trades(2)
  expect(lastOf(home, 1)).toBe('denied open-orders-limit')
  const wrong = await runTicktape('limits', home, 'maxPositon=5')
  expect(wrong).toMatchObject({ status: 2, stderr: expect.stringMatching(/did you mean 'maxPosition'\?/) as string })
  // The gateway looks too: it knows the instruments.
  const unknown = await runTicktape('limits', home, 'instruments.NOPE.maxPosition=1')
  expect(unknown).toMatchObject({ status: 1, stderr: expect.stringMatching(/refuses these limits/) as string })
  // Of a strategy that may come later, or is misspelt: both is said.
  const later = await runTicktape('limits', home, 'strategies.aa.maxPosition=1')
  expect(later).toMatchObject({
    status: 0,
    stderr: "the home has no strategy 'aa' so far: its limits wait until one is added; did you mean 'a'?\n",
  })
  expect(await gateway.stop()).toBe(true)
  expect((await runTicktape('limits', home)).stdout).toMatch(/^strategies.a.maxOpenOrders +2$/m)
  expect(await replayGateway({ home })).toMatchObject({ difference: undefined })

  // The next start has the limits of its options, and says which end.
  const problems: string[] = []
  const again = await Gateway.start({
    ...QUICK,
    home,
    strategies: [],
    feed: new PushedFeed(),
    venue: new SimulatedExchange(),
    risk: { maxPosition: 5, maxOrderQuantity: 3 },
    onProblem: ({ message }) => void problems.push(message),
  })
  expect(await again.stop()).toBe(true)
  expect(problems[0]).toContain(
    'changed by command end with this start: strategies ({"a":{"maxOpenOrders":2},"aa":{"maxPosition":1}}), maxPosition (none).',
  )
})

test('strategies are added, replaced and removed by command', { timeout: 60_000 }, async () => {
  const { home, gateway, trades } = await start([trader('a', '50')])
  await trades(1)
  const other = trader('b', '40')
  expect(await runTicktape('strategy', 'add', home, 'b', other)).toMatchObject({
    status: 0,
    stdout: 'b runs; it is ready\n',
  })
  expect(await runTicktape('strategy', 'add', home, 'b', other)).toMatchObject({
    status: 1,
    stderr: "ERR_COMMAND: a strategy 'b' runs already\n",
  })
  const wrong = await runTicktape('strategy', 'replace', home, 'b', trader('bb'))
  expect(wrong).toMatchObject({
    status: 1,
    stderr: expect.stringMatching(/has no strategy 'b'; did you mean 'bb'\?/) as string,
  })
  expect(gateway.status.strategies.map(({ id, phase }) => [id, phase])).toEqual([
    ['a', 'running'],
    ['b', 'running'],
  ])
  await trades(1)
  const replaced = await runTicktape('strategy', 'replace', home, 'b', trader('b', '41'), '--reason', 'better')
  expect(replaced).toMatchObject({ status: 0, stdout: 'b was replaced; the earlier one stopped in order\n' })
  await trades(1)
  const listed = await runTicktape('strategy', 'list', home)
  expect(listed.stdout).toMatch(/^a +running +\d+ +1 +0 .*\nb +running +\d+ +2 +0 /m)
  expect(await runTicktape('strategy', 'remove', home, 'b')).toMatchObject({ status: 0 })
  expect(gateway.status.strategies.map(({ id }) => id)).toEqual(['a'])
  expect(await gateway.stop()).toBe(true)
  expect(notesOf(home)).toEqual(['1', '2', '3'])
  expect(notesOf(home, 'b')).toEqual(['1', '2', '3'])
  const results = sequenceOf<{ action: string; state: string; problem: string }>(home, CommandResult)
  expect(results.map(({ action, state, problem }) => [action, state, problem])).toEqual([
    ['add-strategy', 'done', 'none'],
    ['add-strategy', 'refused', 'strategy-exists'],
    ['replace-strategy', 'failed', 'bad-module'],
    ['replace-strategy', 'done', 'none'],
    ['remove-strategy', 'done', 'none'],
  ])
  expect(await replayGateway({ home })).toMatchObject({ difference: undefined })
})

test('what commands made of the strategies ends with the gateway, and the next start says by name what is otherwise', {
  timeout: 60_000,
}, async () => {
  const files = ['a', 'b', 'c', 'd', 'e'].map(id => trader(id, '50'))
  const [a, b, c, d, e] = files
  const { home, gateway } = await start([a, b, c])
  const better = trader('c', '51')
  for (const request of [
    { action: 'add-strategy', strategy: 'd', detail: d },
    { action: 'add-strategy', strategy: 'e', detail: e },
    { action: 'remove-strategy', strategy: 'e' },
    { action: 'remove-strategy', strategy: 'b' },
    { action: 'replace-strategy', strategy: 'c', detail: better },
  ] as const)
    expect(await sendCommand(home, request)).toMatchObject({ state: 'done' })
  expect(await gateway.stop()).toBe(true)
  const startAgain = async (strategies: readonly string[]): Promise<string[]> => {
    const problems: string[] = []
    const again = await Gateway.start({
      ...QUICK,
      home,
      strategies,
      feed: new PushedFeed(),
      venue: new SimulatedExchange(),
      onProblem: ({ message }) => void problems.push(message),
    })
    expect(await again.stop()).toBe(true)
    return problems
  }
  expect(await startAgain([a, b, c])).toEqual([
    `the strategies of ${home} that were changed by command are those of the options again with this start: ` +
      `'d' ran from ${d}, and does not run now (ticktape strategy add ${home} d ${d}); ` +
      `'b' was removed, and runs again from ${b}; 'c' ran from ${better}, and runs from ${c} now`,
  ])
  // Once is enough.
  expect(await startAgain([a])).toEqual([])
  expect(await replayGateway({ home })).toMatchObject({ difference: undefined })
})

test('a command for a gateway that is down fails with an exit code of its own, and does not act later', {
  timeout: 60_000,
}, async () => {
  const { home, gateway, trades } = await start([trader('a', '50')])
  await trades(1)
  await gateway.stop()
  for (const args of [
    ['flatten', home],
    ['strategy', 'pause', home, 'a'],
  ])
    expect(await runTicktape(...args)).toMatchObject({
      status: 3,
      stderr: expect.stringMatching(/^ERR_GATEWAY_DOWN: no gateway runs on .*nothing will be done later\n$/) as string,
    })
  expect(await rejectionOf(sendCommand(home, { action: 'cancel-all' }))).toMatchObject({ code: 'ERR_GATEWAY_DOWN' })
  expect(await rejectionOf(sendCommand(makeFolder(), { action: 'cancel-all' }))).toMatchObject({ code: 'ERR_HOME' })

  // One that came too late for a gateway that ended just then: the next one takes it, and does not do it.
  const writer = Writer.open(join(home, 'operator'), { journalId: 2 })
  writer.write(Command, {
    id: 7n,
    action: 'cancel-all',
    expires: BigInt(Date.now() - 1) * 1_000_000n,
    user: 'me',
    reason: '',
    strategy: '',
    detail: '',
  })
  writer.close()
  const second = await Gateway.start({
    ...QUICK,
    home,
    strategies: [trader('a', '50')],
    feed: new PushedFeed(),
    venue: new SimulatedExchange(),
  })
  await until(() => sequenceOf(home, CommandResult).length === 1, 'its result')
  await second.stop()
  expect(sequenceOf(home, CommandResult)).toMatchObject([{ id: 7n, state: 'expired', cancels: 0 }])
  expect(lastOf(home, 1)).toBe('accepted none')
  expect(await replayGateway({ home })).toMatchObject({ difference: undefined })
})

test('halted means that the breaker or the sequence says so, and resume clears both, with and without a gateway', {
  timeout: 60_000,
}, async () => {
  const { home, gateway, trades } = await start([trader('a', '50')])
  expect(await runTicktape('halt', home, 'enough')).toMatchObject({ status: 0 })
  await trades(1)
  expect(lastOf(home, 1)).toBe('denied halted')
  await gateway.stop()
  // The breaker alone was reset, as if it had been lost with the memory of the machine.
  const breaker = CircuitBreaker.open(join(home, 'state', 'breaker'))
  breaker.resume()
  const options = { ...QUICK, home, strategies: [trader('a', '50')] }
  const second = await Gateway.start({ ...options, feed: new PushedFeed(), venue: new SimulatedExchange() })
  await until(() => breaker.halted, 'the breaker to follow the sequence')
  await second.stop()
  expect(await runTicktape('resume', home)).toMatchObject({ status: 0 })
  expect(breaker.halted).toBe(false)
  const feed = new PushedFeed()
  const third = await Gateway.start({ ...options, feed, venue: new SimulatedExchange() })
  feed.push(quote('BTCUSDT', 100, 101), trade('BTCUSDT', 100, 1), trade('BTCUSDT', 100, 2))
  await settled(third)
  expect(lastOf(home, 1)).toBe('accepted none')
  breaker.halt('again')
  await until(() => sequenceOf(home, Switch).length === 3, 'the halt')
  expect(await runTicktape('resume', join(home, 'state', 'breaker'))).toMatchObject({ status: 0 })
  await third.stop()
  breaker.close()
  expect(sequenceOf<{ state: string }>(home, Switch).map(({ state }) => state)).toEqual([
    'halted',
    'active',
    'halted',
    'active',
  ])
  expect(await replayGateway({ home })).toMatchObject({ difference: undefined })
})

test("nonsense in the operators' journal is no command, and does not stop the gateway", {
  timeout: 60_000,
}, async () => {
  const { home, gateway, trades } = await start([trader('a', '50')])
  await trades(1)
  const values = { id: 1n, expires: 2n ** 63n - 1n, user: '', reason: '', strategy: '', detail: '' } as const
  const writer = Writer.open(join(home, 'operator'), { journalId: 2 })
  for (const detail of [
    '',
    '{',
    'null',
    '5',
    '{"maxPosition":"x"}',
    '{"__proto__":1}',
    '{"strategies.__proto__.maxPosition":1,"x":1}',
  ])
    writer.write(Command, { ...values, action: 'limits', detail })
  writer.write(Command, { ...values, action: 'pause-strategy', strategy: '' })
  writer.write(Command, { ...values, action: 'replace-strategy', strategy: 'a', detail: '/nonexistent' })
  writer.close()
  await until(() => sequenceOf(home, CommandResult).length === 9, 'the answers')
  expect(sequenceOf<{ problem: string }>(home, CommandResult).map(({ problem }) => problem)).toEqual([
    'bad-limits',
    'bad-limits',
    'bad-limits',
    'bad-limits',
    'bad-limits',
    'bad-limits',
    'bad-limits',
    'no-such-strategy',
    'bad-module',
  ])
  await trades(1)
  expect(lastOf(home, 1)).toBe('accepted none')
  expect(await gateway.stop()).toBe(true)
  expect(await replayGateway({ home })).toMatchObject({ difference: undefined })
})

test('a command for a gateway that is still starting is refused, and leaves no journal that belongs to no home', async () => {
  const home = newHome()
  // The first that a gateway does: its lock is there, the operators' journal is not.
  using sequence = Writer.open(join(home, 'gateway'), { durability: 'process', journalId: 1 })
  expect(sequence.position).toBe(0)
  const command = sendCommand(home, { action: 'cancel-all', expiryMs: 100 })
  expect(await rejectionOf(command)).toMatchObject({
    code: 'ERR_GATEWAY_DOWN',
    message: expect.stringContaining('is still starting') as string,
  })
  expect(existsSync(join(home, 'operator'))).toBe(false)
})

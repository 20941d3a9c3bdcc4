// `ticktape orders`, `positions` and `why` as commands. What they find is tested in test/trading/inspect/.
import { once } from 'node:events'
import { join } from 'node:path'
import { Gateway } from 'ticktape/runtime'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { fillsOf, moduleOf, ordersOf, PushedFeed, QUICK, quote, reportsOf, until } from '../support/desks.ts'
import { makeFolderForAll } from '../support/folders.ts'
import { Heard, startTicktape, ticktape, ticktapeWith } from '../support/journals.ts'

const STRATEGY = `
  export default defineStrategy({ id: 'maker', onBook({ bid, ask }, context) {
    if (bid === 100) context.order({ symbol: 'BTCUSDT', side: 'buy', quantity: 1, price: ask, clientOrderId: 'bought' })
    if (bid === 101) context.order({ symbol: 'BTCUSDT', side: 'buy', quantity: 2, price: 90, clientOrderId: 'rests' })
    if (bid === 102) context.order({ symbol: 'BTCUSDT', side: 'sell', quantity: 0.5, price: bid, clientOrderId: 'sold' })
  } })`

const folder = makeFolderForAll('memory')
const home = join(folder, 'home')
const feed = new PushedFeed()
let gateway: Gateway

beforeAll(async () => {
  gateway = await Gateway.start({ ...QUICK, home, strategies: [moduleOf(STRATEGY, 'maker.mjs', folder)], feed })
  feed.push(quote('BTCUSDT', 100, 101))
  await until(() => fillsOf(home).length === 1, 'a fill')
  feed.push(quote('BTCUSDT', 101, 102))
  await until(() => reportsOf(home).some(report => report.price === 90), 'both orders')
}, 60_000)

afterAll(async () => {
  await gateway.stop()
})

const idOf = (label: string): string =>
  String(ordersOf(home, 'maker').find(order => order.clientOrderId === label)?.orderId)

test('tables for people, without colours where nobody wants them, while the gateway runs', { timeout: 60_000 }, () => {
  const orders = ticktapeWith({ NO_COLOR: '1' }, 'orders', home, '--all').stdout
  expect(orders).toMatch(/^ *order {2}strategy {2}instrument/)
  expect(orders).toMatch(/maker +BTCUSDT\.sim +buy +2 +limit 90, gtc +accepted/)
  const positions = ticktape('positions', home).stdout
  expect(positions).toMatch(/^strategy +instrument +quantity/)
  expect(positions).toMatch(/maker +BTCUSDT\.sim +1 +10[12] /)
  const why = ticktape('why', home, idOf('bought')).stdout
  expect(why).toMatch(/^ +1 +.*feed 0 +event +event 0 of the feed 'pushed'$/m)
  expect(why).toMatch(/^ +4 +\d{4}-.*[µm]s after 3 +strategies\/maker \d+ +Order +maker asks to buy 1 BTCUSDT\.sim/m)
  expect(orders + positions + why).not.toContain('\u001b')
})

test('JSON lines for programs: one order, one position, one hop a line', { timeout: 60_000 }, () => {
  const lines = (...args: readonly string[]): unknown[] => {
    const { status, stdout, stderr } = ticktape(...args, '--json')
    expect([status, stderr]).toEqual([0, ''])
    return stdout
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(line) as unknown)
  }
  expect(lines('orders', home, '--instrument', 'BTCUSDT', '--state', 'filled')).toMatchObject([
    {
      orderId: idOf('bought'),
      strategy: 'maker',
      state: 'filled',
      takenAt: expect.stringMatching(/^\d{19}$/) as string,
    },
  ])
  expect(lines('positions', home, '--by', 'desk')).toMatchObject([{ owner: 'desk', quantity: '1' }])
  expect(lines('why', home, idOf('rests'))[0]).toMatchObject({ number: 1, journal: 'feed', position: 1, type: 'event' })
})

test('--follow shows what comes, and Ctrl-C ends it with 130', { timeout: 90_000 }, async () => {
  const commands = [
    startTicktape('orders', home, '--follow', '--json'),
    startTicktape('positions', home, '--follow'),
    startTicktape('why', home, idOf('rests'), '--follow'),
  ]
  const [orders, positions, why] = commands.map(child => new Heard(child))
  await Promise.all([orders.until(/rests/), positions.until(/maker/), why.until(/the order is accepted/)])
  feed.push(quote('BTCUSDT', 102, 103))
  expect(await orders.until(/"state":"filled"[^\n]*"sold"/)).toContain('"state":"submitted"')
  await positions.until(/maker: BTCUSDT\.sim {2}0\.5 at 10[12]/)
  feed.push(quote('BTCUSDT', 89, 90))
  await why.until(/bought 2 BTCUSDT\.sim at 90/)
  for (const child of commands) {
    child.kill('SIGINT')
    expect(await once(child, 'exit')).toEqual([130, null])
  }
})

test('what is misspelt or not there is named, with the nearest known name', { timeout: 90_000 }, () => {
  const refused = (...args: readonly string[]): string => {
    const { status, stdout, stderr } = ticktape(...args)
    expect([status, stdout]).toEqual([2, ''])
    return stderr
  }
  expect(refused('orders', home, '--strategy', 'makr')).toBe(
    "ERR_USAGE: the home has no strategy 'makr'; did you mean 'maker'?\n",
  )
  expect(refused('positions', home, '--instrument', 'BTCUSDX')).toMatch(
    /no instrument 'BTCUSDX'; did you mean 'BTCUSDT/,
  )
  expect(refused('orders', home, '--state', 'filed')).toMatch(
    /^ERR_USAGE: 'filed' is no state of an order; did you mean 'filled'\?/,
  )
  expect(refused('positions', '/nowhere')).toMatch(/^ERR_HOME: /)
  expect(refused('why', home, String(BigInt(idOf('bought')) + 99n))).toMatch(
    /^ERR_UNKNOWN_ORDER: .* has no order \d+: its id says maker, epoch 1, number 100; /,
  )
  expect(refused('why', home, String(2n ** 52n * 77n + 1n))).toMatch(
    /its id says strategy 77, which this home has never had; it has maker\n/,
  )
  expect(refused('why', home, '999999')).toMatch(/^ERR_POSITION: /)
  expect(refused('why', home, 'nonsense')).toMatch(/^ERR_USAGE: 'nonsense' is no order's id/)
})

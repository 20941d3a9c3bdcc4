// A server beside a desk that trades: orders, positions, why, any moment, commands.
import { join } from 'node:path'
import { Gateway } from 'ticktape/runtime'
import { type ServeOptions, serve, type TicktapeServer } from 'ticktape/serve'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { inspect } from '../../dist/journal/inspect/inspect.js'
import { fillsOf, moduleOf, ordersOf, PushedFeed, QUICK, quote, reportsOf, settled, until } from '../support/desks.ts'
import { makeFolderForAll } from '../support/folders.ts'
import { type Answer, ask, type Heard, openSocket } from '../support/serve.ts'

const STRATEGY = `
  export default defineStrategy({ id: 'maker', onBook({ bid, ask }, context) {
    if (bid === 100) context.order({ symbol: 'BTCUSDT', side: 'buy', quantity: 1, price: ask, clientOrderId: 'bought' })
    if (bid === 101) context.order({ symbol: 'BTCUSDT', side: 'buy', quantity: 2, price: 90, clientOrderId: 'rests' })
    if (bid === 102) context.order({ symbol: 'BTCUSDT', side: 'sell', quantity: 0.5, price: bid, clientOrderId: 'sold' })
  } })`

const TOKEN = 'the-token-for-reading'
const COMMAND_TOKEN = 'the-token-for-commands'
const folder = makeFolderForAll('memory')
const home = join(folder, 'home')
const feed = new PushedFeed()
const problems: unknown[] = []
let gateway: Gateway
let server: TicktapeServer

beforeAll(async () => {
  const risk = { maxPosition: 10 }
  gateway = await Gateway.start({ ...QUICK, home, risk, strategies: [moduleOf(STRATEGY, 'maker.mjs', folder)], feed })
  feed.push(quote('BTCUSDT', 100, 101))
  await until(() => fillsOf(home).length === 1, 'a fill')
  feed.push(quote('BTCUSDT', 101, 102))
  await until(() => reportsOf(home).some(report => report.price === 90), 'both orders')
  await settled(gateway)
  const options: ServeOptions = { allowCommands: true, commandToken: COMMAND_TOKEN, token: TOKEN }
  server = await serve(home, { ...options, onProblem: error => problems.push(error) })
}, 60_000)

afterAll(async () => {
  await server.stop()
  await gateway.stop()
})

const headers = { authorization: `Bearer ${TOKEN}` }
const get = async (path: string): Promise<Answer> => ask(server, `/api/${path}`, { headers })
const idOf = (label: string): string =>
  String(ordersOf(home, 'maker').find(order => order.clientOrderId === label)?.orderId)

it('orders, fills, positions, market and risk are those of the sequence', async () => {
  const orders = await get('orders')
  expect(orders.json.orders).toMatchObject([{ orderId: idOf('rests'), state: 'accepted', quantity: 2, price: 90 }])
  const all = await get('orders?all=true&strategy=maker&instrument=BTCUSDT')
  expect(all.json.orders.map((order: { orderId: string }) => order.orderId).toSorted()).toEqual(
    [idOf('bought'), idOf('rests')].toSorted(),
  )
  expect((await get('orders?state=wrong')).status).toBe(400)
  const [fill] = fillsOf(home)
  expect((await get('fills')).json.fills).toMatchObject([{ orderId: String(fill.orderId), price: 101, quantity: 1 }])
  for (const by of ['strategy', 'account', 'desk'])
    expect((await get(`positions?by=${by}`)).json.positions).toMatchObject([{ quantity: '1', averagePrice: '101' }])
  expect((await get('market')).json.values).toMatchObject([{ symbol: 'BTCUSDT.sim', bid: 101, ask: 102 }])
  const risk = await get('risk')
  expect(risk.json).toMatchObject({ breaker: { halted: false }, limits: { maxPosition: 10 } })
  const glance = await get('glance')
  expect(glance.json.processes.map((one: { name: string }) => one.name)).toContain('maker')
  expect(glance.body).not.toContain(folder)
  expect((await get('log')).json.entries.map((one: { text: string }) => one.text)).toContain('maker starts, epoch 1')
})

it('why: the hops of an order by its id and by a position, as the command has them', async () => {
  const byId = await get(`why/${idOf('bought')}`)
  expect(byId.json.hops[0]).toMatchObject({ number: 1, journal: 'feed', type: 'event' })
  const types = byId.json.hops.map((hop: { type: string }) => hop.type) as string[]
  expect(types).toEqual(expect.arrayContaining(['Order', 'Intent', 'OrderReport', 'Fill']))
  const [fill] = fillsOf(home)
  const byPosition = await get(`why/${fill.position}`)
  expect(byPosition.json.hops.find((hop: { asked: boolean }) => hop.asked)).toMatchObject({ type: 'Fill' })
  expect((await get('why/4503603922999999')).status).toBe(404)
  expect((await get('why/nonsense')).status).toBe(400)
})

it('any moment: just before and just after each fill the position is what it was', async () => {
  const [fill] = fillsOf(home)
  const before = await get(`state?position=${fill.position}`)
  expect(before.json.positions).toEqual([])
  expect(before.json.fills).toEqual([])
  const after = await get(`state?position=${fill.position + 1}`)
  expect(after.json.positions).toMatchObject([{ owner: 'maker', quantity: '1' }])
  const byTime = await get(`state?time=${fill.time}`)
  expect(byTime.json.position).toBeLessThanOrEqual(fill.position)
  expect((await get('state?position=0')).json.orders).toEqual([])
  expect((await get('state')).status).toBe(400)
  expect((await get('state?position=99999999')).status).toBe(404)
})

const linesOf = (heard: Heard, channel: string): { readonly position: number; readonly orderId: string }[] =>
  heard.messages.filter(one => one.type === channel && one.state !== true).flatMap(one => one[channel])

it('each change of an order and each fill once: from a position, and live', async () => {
  const early = await openSocket(server, { headers })
  early.send({ op: 'subscribe', channel: 'orders', from: 0 })
  early.send({ op: 'subscribe', channel: 'fills', from: 0 })
  const now = await openSocket(server, { headers })
  now.send({ op: 'subscribe', channel: 'orders' })
  now.send({ op: 'subscribe', channel: 'positions' })
  const state = await now.message('orders')
  expect(state).toMatchObject({ state: true, orders: [{ orderId: idOf('rests') }] })
  feed.push(quote('BTCUSDT', 102, 103))
  await until(() => fillsOf(home).length === 2, 'the second fill')
  await settled(gateway)
  const reports = reportsOf(home).map(({ position }) => position)
  const last = reports.at(-1) as number
  for (const heard of [early, now])
    await heard.until(() => linesOf(heard, 'orders').some(({ position }) => position === last), 'the last report')
  // Besides reports a new order is a change.
  const seen = linesOf(early, 'orders').map(({ position }) => position)
  expect(seen).toEqual([...new Set(seen)])
  expect(reports.filter(position => !seen.includes(position))).toEqual([])
  expect(linesOf(now, 'orders')).toEqual(linesOf(early, 'orders').filter(({ position }) => position >= state.next))
  expect(linesOf(early, 'fills').map(({ position }) => position)).toEqual(fillsOf(home).map(({ position }) => position))
  await now.until(() => linesOf(now, 'positions').length > 0, 'the position')
})

it('a server takes no slot among the readers of the sequence', () => {
  expect(inspect(join(home, 'gateway')).readers.map(({ name }) => name)).toEqual(['maker'])
})

async function command(name: string, body: string, token: string, more: Record<string, string> = {}): Promise<Answer> {
  return ask(server, `/api/commands/${name}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}`, ...more },
    body,
  })
}

it('commands need their token, JSON and no other site; then the desk does them, and they are on record', async () => {
  expect((await command('halt', '{}', TOKEN)).status).toBe(401)
  expect((await command('halt', '{}', 'the-token-for-commandz')).status).toBe(401)
  expect((await command('halt', '{}', COMMAND_TOKEN, { origin: 'https://evil.example' })).status).toBe(403)
  expect((await command('halt', '{}', COMMAND_TOKEN, { 'content-type': 'text/plain' })).status).toBe(415)
  for (const body of ['{', '[]', '{"why":"x"}', '{"reason":5}'])
    expect([body, (await command('halt', body, COMMAND_TOKEN)).status]).toEqual([body, 400])
  expect((await command('halt', `{"reason":"${'x'.repeat(100_000)}"}`, COMMAND_TOKEN)).status).toBe(413)
  expect((await command('flatten', '{}', COMMAND_TOKEN)).status).toBe(404)
  expect((await get('risk')).json.breaker.halted).toBe(false)

  const cancel = await command('cancel-all', '{"strategy":"maker","reason":"strange quotes"}', COMMAND_TOKEN)
  expect([cancel.status, cancel.json]).toEqual([200, { command: 'cancel-all', state: 'done', cancels: 1 }])
  const unknown = await command('cancel-all', '{"strategy":"nobody"}', COMMAND_TOKEN)
  expect([unknown.status, unknown.json.error.code]).toEqual([409, 'ERR_COMMAND'])
  for (const order of ['', '-1', '1e3', '5', 5])
    expect([order, (await command('cancel', JSON.stringify({ order }), COMMAND_TOKEN)).status]).toEqual([
      order,
      order === '5' ? 409 : 400,
    ])
  const halt = await command('halt', '{"reason":"too hot"}', COMMAND_TOKEN)
  expect(halt.json).toEqual({ command: 'halt', halted: true, wasHalted: false })
  expect(gateway.status.position).toBeGreaterThan(0)
  await until(() => reportsOf(home).some(({ state }) => state === 'cancelled'), 'the cancel')
  // The server reads on a moment later.
  await expect
    .poll(async () => (await get('log?limit=20')).body)
    .toContain('serve commands cancel-all maker: strange quotes')
  // Nothing is held: an operator's own command passes at once.
  expect(inspect(join(home, 'operator')).writer.held).toBe(false)
})

it('the server had no problem meanwhile', () => {
  expect(problems).toEqual([])
})

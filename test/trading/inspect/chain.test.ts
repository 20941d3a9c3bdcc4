import { join } from 'node:path'
import { Reader } from 'ticktape'
import { Gateway } from 'ticktape/runtime'
import { Pair } from 'ticktape/trading'
import { beforeAll, expect, test } from 'vitest'
import { Chain, type Hop } from '../../../dist/trading/inspect/chain.js'
import { HomeDirectory } from '../../../dist/trading/sequence/home.js'
import {
  fillsOf,
  moduleOf,
  newHome,
  ordersOf,
  PushedFeed,
  QUICK,
  quote,
  reportsOf,
  sequenceOf,
  trade,
  until,
} from '../../support/desks.ts'
import { makeFolderForAll } from '../../support/folders.ts'
import { playInSteps } from '../../support/steps.ts'

const STRATEGY = `
  export default defineStrategy({ id: 'a', onBook({ bid, ask }, context) {
    if (bid === 100) context.order({ symbol: 'BTCUSDT', side: 'buy', quantity: 1, price: ask, clientOrderId: 'bought' })
    if (bid === 101) context.order({ symbol: 'BTCUSDT', side: 'sell', quantity: 2, price: ask + 1, clientOrderId: 'rests' })
    if (bid === 100.5) context.cancelAll()
    if (bid === 103) context.order({ symbol: 'BTCUSDT', side: 'buy', quantity: 1e9, clientOrderId: 'denied' })
  }, onOrder({ state, clientOrderId }, context) {
    if (state === 'cancelled' && clientOrderId === 'rests')
      context.order({ symbol: 'BTCUSDT', side: 'buy', quantity: 1, price: 50, clientOrderId: 'follows' })
  } })`

const EVENTS = [
  trade('BTCUSDT', 99, 1),
  quote('BTCUSDT', 100, 101),
  quote('BTCUSDT', 101, 102),
  quote('BTCUSDT', 100.5, 102),
  quote('BTCUSDT', 103, 104),
]

const folder = makeFolderForAll('memory')
const home = join(folder, 'home')

beforeAll(async () => {
  await playInSteps(
    { home, strategies: [moduleOf(STRATEGY, 'strategy.mjs', folder)], risk: { maxPosition: 10 } },
    EVENTS,
  )
}, 60_000)

/** The chain of an order, or of the frame at a position. */
function chainOf(
  what: { readonly orderId?: bigint; readonly position?: number; readonly depth?: number },
  of = home,
): Hop[] {
  const hops: Hop[] = []
  const chain = new Chain(HomeDirectory.openExisting(of), { depth: 16, ...what, onHop: hop => hops.push(hop) })
  using reader = Reader.open(join(of, 'gateway'))
  while (reader.poll(chain.handlers) > 0);
  if (what.orderId === undefined) chain.addAt(what.position ?? 0)
  return hops
}

const orderOf = (label: string, of = home): bigint => {
  const order = ordersOf(of).find(one => one.clientOrderId === label)
  if (order === undefined) throw new Error(`there is no order '${label}'`)
  return order.orderId
}

const route = (hops: readonly Hop[]): string[] => hops.map(hop => `${hop.journal} ${hop.type}`)

/** Every hop comes after the one that led to it, and says the ns between the two. */
function expectSound(hops: readonly Hop[]): void {
  expect(hops.map(hop => hop.number)).toEqual(hops.map((_, i) => i + 1))
  for (const { number, after, since, time } of hops) {
    if (after === undefined) continue
    expect(after).toBeLessThan(number)
    expect(since).toBe(Number(time - hops[after - 1].time))
    expect(since).toBeGreaterThanOrEqual(0)
  }
}

test('a filled order: from the event of the feed to its fill, each hop with its journal, position and time', () => {
  const hops = chainOf({ orderId: orderOf('bought') })
  expectSound(hops)
  expect(route(hops)).toEqual([
    'feed event',
    'gateway Taken',
    'gateway BookTop',
    'strategies/a Order',
    'gateway Taken',
    'gateway Order',
    'gateway Intent',
    'gateway OrderReport',
    'gateway Fill',
    'gateway OrderReport',
  ])
  expect(hops[0]).toMatchObject({ position: 1, text: "event 1 of the feed 'pushed'" })
  expect(hops[2]).toMatchObject({ after: 2, text: 'quote of BTCUSDT.sim: 100 x 10, 101 x 10' })
  // The strategy's own frame: its cause is the quote, and its position is in its own journal.
  const [sent] = ordersOf(home)
  expect(hops[3]).toMatchObject({
    after: 3,
    position: sent.position,
    text: 'a asks to buy 1 BTCUSDT.sim, limit 101, gtc',
  })
  expect(hops[3].frame).toMatchObject({ cause: sent.cause, clientOrderId: 'bought' })
  expect(hops[4]).toMatchObject({
    after: 4,
    text: expect.stringContaining('the gateway takes strategies/a from') as string,
  })
  expect(hops[5]).toMatchObject({ after: 5 })
  expect(hops[6]).toMatchObject({
    after: 6,
    text: expect.stringMatching(/to sim, buy 1 BTCUSDT.sim at 101$/) as string,
  })
  expect(hops[8]).toMatchObject({
    position: fillsOf(home)[0].position,
    text: expect.stringContaining('bought 1 BTCUSDT.sim at 101') as string,
  })
})

test('a cancel-all is part of the chain of each order that it cancels, with what led to it', () => {
  const hops = chainOf({ orderId: orderOf('rests') })
  expectSound(hops)
  const intents = hops.filter(hop => hop.type === 'Intent')
  expect(intents.map(hop => hop.frame?.['action'])).toEqual(['submit', 'cancel'])
  const asked = hops[(intents[1].after ?? 0) - 1]
  expect(asked).toMatchObject({ type: 'Order', journal: 'gateway', text: 'a asks for the cancel of all its orders' })
  expect(hops.filter(hop => hop.type === 'event').map(hop => hop.position)).toEqual([2, 3])
  expect(hops.at(-1)).toMatchObject({
    type: 'OrderReport',
    text: expect.stringContaining('the order is cancelled') as string,
  })
})

test('an order that answers a report has what led to that report, as deep as is asked for', () => {
  const hops = chainOf({ orderId: orderOf('follows') })
  expectSound(hops)
  const [report] = hops.filter(hop => hop.type === 'OrderReport')
  expect(report).toMatchObject({ text: expect.stringContaining('the order is cancelled') as string })
  expect(hops.find(hop => hop.type === 'event')?.position).toBe(3)
  const short = chainOf({ orderId: orderOf('follows'), depth: 1 })
  expect(short[0]).toMatchObject({ type: 'OrderReport', after: undefined })
  expect(short.length).toBeLessThan(hops.length)
})

test('a denied order says why, and a position shows the order of its frame, marked', () => {
  const hops = chainOf({ orderId: orderOf('denied') })
  expect(hops.at(-1)?.text).toMatch(/^the order is denied: position-limit \(The position could become larger/)
  const { position } = reportsOf(home).find(report => report.state === 'denied') ?? { position: -1 }
  const same = chainOf({ orderId: orderOf('denied'), position })
  expect(route(same)).toEqual(route(hops))
  expect(same.filter(hop => hop.asked).map(hop => hop.position)).toEqual([position])
})

test('a frame that is about no order shows its own causes', () => {
  expect(route(chainOf({ position: 0 }))).toEqual(['gateway Home'])
})

test('through a venue in a process of its own: sending and its answers, in its journal and in the sequence', {
  timeout: 90_000,
}, async () => {
  const live = newHome()
  // Orders are denied until the venue is reconciled: the strategy asks again and again.
  const strategy = moduleOf(`
    let known = false
    export default defineStrategy({ id: 'a', onStart: context => context.every(10, 'again'), onBook() { known = true }, onTimer(_, context) {
      if (!known) return
      if (context.position('BTCUSDT').quantity < 1 && context.openOrders().length === 0)
        context.order({ symbol: 'BTCUSDT', side: 'buy', quantity: 1, price: 101, clientOrderId: 'bought' })
    } })`)
  const feed = new PushedFeed()
  const venue = join(import.meta.dirname, '../../../examples/own-venue.mjs')
  const gateway = await Gateway.start({ ...QUICK, home: live, strategies: [strategy], venue, feed })
  feed.push(quote('BTCUSDT', 100, 101))
  await until(() => reportsOf(live).some(report => report.state === 'filled'), 'a fill', 60_000)
  await gateway.stop()
  const filled = reportsOf(live).find(report => report.state === 'filled')
  const hops = chainOf({ orderId: filled?.orderId }, live)
  expectSound(hops)
  // Its first cause is a timer, which the gateway's clock let fire.
  expect(route(hops).slice(0, 3)).toEqual(['gateway Clock', 'gateway TimerFired', 'strategies/a Order'])
  const said = hops.filter(hop => hop.type === 'VenueReport')
  expect(said.map(hop => hop.journal)).toEqual(expect.arrayContaining(['venues/own', 'gateway']))
  const [sending] = said
  expect(sending).toMatchObject({ journal: 'venues/own', text: 'the adapter of own sends it now, and never again' })
  expect(hops[(sending.after ?? 0) - 1]).toMatchObject({ type: 'Intent' })
  // Each answer of the venue: in its journal, after what was sent; then taken; then its copy.
  for (const copy of said.filter(hop => hop.journal === 'gateway')) {
    const taken = hops[(copy.after ?? 0) - 1]
    expect(taken).toMatchObject({ type: 'Taken', text: expect.stringContaining('venues/own') as string })
  }
  expect(hops.map(hop => hop.type)).toContain('Fill')
})

test('a pair: what was asked, both legs, and how it ended', { timeout: 60_000 }, async () => {
  const live = newHome()
  const strategy = moduleOf(`
    export default defineStrategy({ id: 'a', onTrade(_, context) {
      const leg = (side, price) => ({ symbol: 'BTCUSDT', side, quantity: 1, price, timeInForce: 'ioc' })
      context.pair({ legs: [leg('buy', 101), { ...leg('sell', 10), symbol: 'ETHUSDT' }], settleMs: 20, maxSlippage: 0.01 })
    } })`)
  await playInSteps({ home: live, strategies: [strategy] }, [
    quote('BTCUSDT', 100, 101),
    quote('ETHUSDT', 10, 11),
    trade('BTCUSDT', 100, 1),
  ])
  const [asked] = sequenceOf<{ pairId: bigint }>(live, Pair)
  const hops = chainOf({ orderId: asked.pairId }, live)
  expectSound(hops)
  expect(route(hops).slice(0, 6)).toEqual([
    'feed event',
    'gateway Taken',
    'gateway Trade',
    'strategies/a Pair',
    'gateway Taken',
    'gateway Pair',
  ])
  expect(hops[3].text).toBe(
    'a asks for a pair: buy 1 BTCUSDT.sim at 101, sell 1 ETHUSDT.sim at 10, settling after 20 ms',
  )
  expect(hops.filter(hop => hop.type === 'Intent')).toHaveLength(2)
  expect(hops.filter(hop => hop.type === 'Fill')).toHaveLength(2)
  expect(hops.filter(hop => hop.type === 'PairReport').at(-1)?.text).toBe('the pair is done: 1 and 1 filled')
  // A leg by itself: the pair is its cause.
  expect(chainOf({ orderId: asked.pairId + 1n }, live).map(hop => hop.type)).toEqual(
    expect.arrayContaining(['Pair', 'Intent', 'Fill']),
  )
})

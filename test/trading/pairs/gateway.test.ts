import { join } from 'node:path'
import { auditSession, Gateway, type MarketEvent, replayGateway, replayStrategy } from 'ticktape/runtime'
import {
  Pair,
  PairReport,
  type PairReportValues,
  SimulatedExchange,
  type SimulatedExchangeOptions,
} from 'ticktape/trading'
import { expect, test } from 'vitest'
import { FrameRecorder } from '../../../dist/frames/frame-recorder.js'
import type { Desk } from '../../../dist/trading/desk/desk.js'
import { makeDesk } from '../../../dist/trading/desk/make-desk.js'
import { Player } from '../../../dist/trading/desk/player.js'
import { Intent } from '../../../dist/trading/sequence/frames.js'
import {
  feedOf,
  framesOf,
  moduleOf,
  newHome,
  notesOf,
  ordersOf,
  PushedFeed,
  playToEnd,
  QUICK,
  quote,
  sequenceOf,
  settled,
  trade,
  until,
} from '../../support/desks.ts'
import { makeFolder } from '../../support/folders.ts'
import { type Outcome, takeOutcomes } from '../../support/pair-desk.ts'
import { cutHome, cutSequence, endsOf, followPairs, pairsOf } from '../../support/pairs.ts'

const at = (venue: string) =>
  ({
    venue,
    symbol: 'BTCUSDT',
    kind: 'spot',
    base: 'BTC',
    quote: 'USDT',
    priceTick: '0.1',
    quantityStep: '0.001',
  }) as const

const exchanges = (options: SimulatedExchangeOptions = {}): SimulatedExchange[] => [
  new SimulatedExchange({ instruments: [at('one')], ...options }),
  new SimulatedExchange({ instruments: [at('two')], ...options }),
]

/** Buys on the first venue at once; the order on the second one rests far away and is never filled. */
const LAME = `
  export default defineStrategy({ id: 'a', onTrade({ tradeId }, context) {
    context.pair({ settleMs: 60, maxSlippage: 0.05, retryMs: 20, attempts: 29, legs: [
      { symbol: 'BTCUSDT.one', side: 'buy', quantity: 1 },
      { symbol: 'BTCUSDT.two', side: 'sell', quantity: 1, price: 150 },
    ] })
  }, onPair({ state, reason, firstSymbol }, context) {
    if (state === 'done') context.order({ symbol: 'BTCUSDT.one', side: 'buy', quantity: 1, price: 1, clientOrderId: state + reason + firstSymbol })
  } })`

const MARKET = [quote('BTCUSDT.one', 100, 101), quote('BTCUSDT.two', 100, 101), trade('BTCUSDT.one', 100, 1)]

const reportsOfPairs = (home: string): PairReportValues[] => sequenceOf<PairReportValues>(home, PairReport)

test('two venues, one leg that never fills: its rest is cancelled, the excess closed within the band; replay is the same', {
  timeout: 60_000,
}, async () => {
  const home = newHome()
  const venues = exchanges()
  const feed = new PushedFeed()
  const gateway = await Gateway.start({ ...QUICK, home, strategies: [moduleOf(LAME)], feed, venues })
  feed.push(...MARKET)
  await until(() => reportsOfPairs(home).at(-1)?.state === 'done', 'the end of the pair')
  await settled(gateway)
  expect(await gateway.stop()).toBe(true)
  expect(reportsOfPairs(home).map(({ state, reason }) => `${state} ${reason}`)).toEqual([
    'working none',
    'settling none',
    'closing none',
    'done none',
  ])
  expect(notesOf(home)).toEqual(['donenoneBTCUSDT'])
  const [end] = pairsOf(home).values()
  expect(end).toMatchObject({ net: [0, 0], closings: 1 })
  // Sold at the bid, which is within 5 % of 101.
  expect(venues[0].record().fills.map(({ ticks, steps }) => [ticks, steps])).toEqual([
    [1010, 1000],
    [1000, 1000],
  ])
  expect(venues[1].record().fills).toEqual([])
  expect(await auditSession(home)).toMatchObject({ sound: true, gateway: { strays: 0, filledTwice: 0 } })
  expect(await replayGateway({ home })).toMatchObject({ difference: undefined })
  expect(await replayStrategy({ home, strategy: 'a' })).toMatchObject({ difference: undefined, orders: 2 })
})

test('no market within the band: unbalanced, with the reason; a pair of which risk denies a leg is not sent', {
  timeout: 60_000,
}, async () => {
  const home = newHome()
  const strategy = LAME.replace('maxSlippage: 0.05', 'maxSlippage: 0.001').replace('attempts: 29', 'attempts: 3')
  const feed = new PushedFeed()
  const options = { ...QUICK, home, strategies: [moduleOf(strategy)], feed, venues: exchanges() }
  const gateway = await Gateway.start({ ...options, risk: { maxOrderNotional: 160 } })
  feed.push(...MARKET)
  await until(() => reportsOfPairs(home).at(-1)?.state === 'unbalanced', 'the end of the pair')
  // Now the second leg alone is too much.
  feed.push(quote('BTCUSDT.one', 170, 171), trade('BTCUSDT.one', 170, 2))
  await until(() => reportsOfPairs(home).at(-1)?.state === 'denied', 'the denial')
  await gateway.stop()
  const [first, second] = pairsOf(home).values()
  expect(first).toMatchObject({ state: 'unbalanced', reason: 'outside-slippage', net: [1000, 0], closings: 3 })
  expect(second).toMatchObject({ state: 'denied', reason: 'notional-too-large', closings: 0 })
  expect(second.sent.size).toBe(0)
  expect(await replayGateway({ home })).toMatchObject({ difference: undefined })
  expect(await auditSession(home)).toMatchObject({ sound: true })
})

/** A home with one pair that was closed in two parts, on one page; and the positions of all frames of the pair's life. */
async function closedInParts(): Promise<{ readonly home: string; readonly cuts: readonly number[] }> {
  const home = newHome()
  const feed = new PushedFeed()
  const gateway = await Gateway.start({
    ...ONE_PAGE,
    home,
    strategies: [moduleOf(PATIENT)],
    feed,
    venues: exchanges(SLOW),
  })
  feed.push(...THIN)
  await until(() => (pairsOf(home).values().next().value?.closings ?? 0) >= 2, 'a second closing order')
  feed.push(REST)
  await until(() => reportsOfPairs(home).at(-1)?.state === 'done', 'the end of the pair')
  await settled(gateway)
  expect(await gateway.stop()).toBe(true)
  const [whole] = pairsOf(home).values()
  expect(whole).toMatchObject({ state: 'done', net: [0, 0] })
  const [copied] = sequenceOf(home, Pair)
  const ended = sequenceOf<PairReportValues>(home, PairReport).find(({ state }) => state === 'done')
  const cuts = endsOf(home).filter(position => position > copied.position && position <= (ended?.position ?? 0))
  expect(cuts.length).toBeGreaterThan(20)
  return { home, cuts }
}

const PAGE_SIZE = 2 ** 20
/** Progress comes with what is written: frames of pauses would come after it, and be read without a word. */
const ONE_PAGE = {
  ...QUICK,
  pageSize: PAGE_SIZE,
  strategyPageSize: PAGE_SIZE,
  progressMs: 60_000,
  stallMs: Number.POSITIVE_INFINITY,
}
/** Answers take time, so that each step is a burst of its own. */
const SLOW = { latencyNs: 3_000_000 }
/** The bid is for a part of what is to be closed. */
const THIN: MarketEvent[] = [
  { ...quote('BTCUSDT.one', 100, 101, 1), bidSize: 0.4 } as MarketEvent,
  quote('BTCUSDT.two', 100, 101, 1),
  trade('BTCUSDT.one', 100, 1),
]
const PATIENT = LAME.replace('retryMs: 20', 'retryMs: 200')
const REST = quote('BTCUSDT.one', 99.9, 101, 5)

/** The pair as a sequence leaves it, and what is decided from then on by the desk alone, as time passes. */
function playOn(home: string, market: (desk: Desk, position: number) => void): Outcome[] {
  const recorder = new FrameRecorder()
  const placed = exchanges(SLOW).map(venue => ({ venue, isRemote: false }))
  const player = new Player(identity => makeDesk(identity, placed, 0, recorder), recorder)
  player.onConfig = ({ risk }) => player.played.risk.setOptions(risk)
  player.play(join(home, 'gateway'))
  expect(player.difference).toBeUndefined()
  const desk = player.played
  const outcomes: Outcome[] = []
  let position = 1_000_000
  const act = (now: number, body: () => void): void => {
    position += 4
    desk.tick(now)
    body()
    takeOutcomes(recorder, outcomes)
  }
  // What the last gateway had decided, and not written.
  takeOutcomes(recorder, outcomes)
  act(desk.now + 1e6, () => desk.restart(desk.now, position))
  act(desk.now, () => market(desk, position))
  for (let i = 0; i < 1000 && desk.nextAt < Number.POSITIVE_INFINITY; i++)
    act(Math.max(desk.now, desk.nextAt), () => desk.advance(position))
  return outcomes
}

/** All of them with TICKTAPE_PAIR_RESTARTS=1000. */
const MOST_RESTARTS = Number(process.env['TICKTAPE_PAIR_RESTARTS'] ?? 4)

test('a sequence that ends after any frame of a pair’s life comes to the same end, without the strategy: nothing twice, nothing beyond the excess', {
  timeout: 240_000 + 1000 * MOST_RESTARTS,
}, async () => {
  const { home, cuts } = await closedInParts()
  const states = new Set<string>()
  for (const cut of cuts) {
    const copy = join(makeFolder('memory'), `cut-${cut}`)
    cutSequence(home, copy, cut, PAGE_SIZE)
    const before = followPairs(copy)
    const [pairId] = before.pairs.keys()
    states.add(before.pairs.get(pairId)?.state ?? '')
    const outcomes = playOn(copy, (desk, position) => {
      const one = desk.instruments.lookUp('BTCUSDT.one')
      if (one !== undefined) desk.quote(one, 99.9, 5, 101, 5, position)
    })
    for (const outcome of outcomes) before.add(outcome as never)
    const end = before.pairs.get(pairId)
    expect([cut, end?.state, end?.net]).toEqual([cut, 'done', [0, 0]])
    expect(new Set(end?.sent.values())).toEqual(new Set([1]))
  }
  expect([...states].sort()).toEqual(['', 'closing', 'settling', 'working'])

  // And with real gateways, at some of them.
  const few = cuts.filter((_, n) => n % Math.ceil(cuts.length / MOST_RESTARTS) === 0)
  for (const cut of few) {
    const copy = join(makeFolder('memory'), `cut-${cut}`)
    cutHome(home, copy, cut, PAGE_SIZE)
    const feed = new PushedFeed()
    feed.push(...THIN, REST)
    const gateway = await Gateway.start({ ...ONE_PAGE, home: copy, strategies: [], feed, venues: exchanges(SLOW) })
    await until(() => pairsOf(copy).values().next().value?.state === 'done', `the end after a cut at ${cut}`)
    expect(await gateway.stop()).toBe(true)
    const [end] = pairsOf(copy).values()
    expect([cut, end.state, end.net]).toEqual([cut, 'done', [0, 0]])
    expect(new Set(end.sent.values())).toEqual(new Set([1]))
    expect(await replayGateway({ home: copy })).toMatchObject({ difference: undefined })
  }
})

test('what a strategy asks for that is no pair is refused at the call, by name', { timeout: 60_000 }, async () => {
  const home = newHome()
  const strategy = moduleOf(`
    const codes = []
    const leg = { symbol: 'BTCUSDT.one', side: 'buy', quantity: 1, price: 90 }
    const other = { ...leg, symbol: 'BTCUSDT.two', side: 'sell', price: 110 }
    const good = { legs: [leg, other], settleMs: 1000, maxSlippage: 0.01 }
    export default defineStrategy({ id: 'a', onTrade(trade, context) {
      for (const bad of [
        {}, { ...good, legs: [leg] }, { ...good, settleMs: 0 }, { ...good, maxSlippage: 1 }, { ...good, attempts: 30 },
        { ...good, legs: [leg, { ...other, timeInForce: 'gtd', expireAt: 5n }] }, { ...good, legs: [leg, { ...other, stopPrice: 3 }] },
        { ...good, legs: [leg, { ...other, symbol: 'NONE' }] }, { ...good, slippage: 1 },
      ]) try { context.pair(bad); codes.push('sent') } catch (error) { codes.push(error.code.slice(4, 11)) }
      try { context.orders([leg, { ...leg, side: 'none' }]); codes.push('sent') } catch (error) { codes.push(error.code.slice(4, 11)) }
      try { context.orders([]); codes.push('sent') } catch (error) { codes.push(error.code.slice(4, 11)) }
      const [a, b] = context.orders([{ ...leg, clientOrderId: codes.slice(0, 4).join() }, { ...leg, clientOrderId: codes.slice(4, 8).join() }])
      const pair = context.pair(good)
      const c = context.order({ ...leg, clientOrderId: codes.slice(8).join() + ' ' + [b - a, pair % 32n, context.openOrders().length] })
      context.cancel(pair)
    } })`)
  await playToEnd({ home, strategies: [strategy], feed: feedOf(MARKET), venues: exchanges() })
  const bad = (count: number): string => Array.from({ length: count }, () => 'INVALID').join()
  expect(notesOf(home)).toEqual([bad(4), 'INVALID,INVALID,INVALID,UNKNOWN', `${bad(3)} 1,0,4`])
  expect(ordersOf(home).filter(({ action }) => action === 'cancel')).toHaveLength(1)
  // The cancel of the pair cancels both legs, and nothing is to be closed.
  await until(() => reportsOfPairs(home).at(-1)?.state === 'done')
  const actions = sequenceOf<{ action: string }>(home, Intent).map(({ action }) => action)
  expect(actions.filter(action => action === 'cancel')).toHaveLength(2)
  expect(await auditSession(home)).toMatchObject({ sound: true })
  expect(await replayStrategy({ home, strategy: 'a' })).toMatchObject({ difference: undefined })
  expect(framesOf(join(home, 'strategies', 'a'), Pair)).toHaveLength(1)
})

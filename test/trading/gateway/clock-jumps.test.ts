import { Gateway, replayGateway, replayStrategy } from 'ticktape/runtime'
import { SimulatedExchange } from 'ticktape/trading'
import { expect, test } from 'vitest'
import { TimerFired } from '../../../dist/trading/sequence/frames.js'
import {
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
import { jumpClock } from '../../support/jumping-clock.ts'

const DAY = 86_400

/** Buys 50 at 101 for a trade with an odd id, sells 50 at 100 for an even one: each pair loses 50. */
const LOSER = `export default defineStrategy({ id: 'a',
  onStart(context) { context.every(20, 'pulse') },
  onTimer() {},
  onTrade({ symbol, tradeId }, context) {
    context.order({ symbol, side: tradeId % 2n === 1n ? 'buy' : 'sell', quantity: 50 })
  } })`

test('a clock that jumps three days ahead and back: nothing waits for days, and the loss of the day is that of all three parts', {
  timeout: 240_000,
}, async () => {
  const home = newHome()
  const feed = new PushedFeed()
  const options = {
    ...QUICK,
    home,
    strategies: [moduleOf(LOSER)],
    risk: { maxDailyLoss: 120, staleAfterMs: 5_000, maxOrdersPerSecond: 1_000 },
    requestExpiryMs: 2_000,
  }
  const start = (): Promise<Gateway> =>
    Gateway.start({ ...options, feed, venue: new SimulatedExchange({ latencyNs: 3_000_000 }) })
  const gateway = await start()
  let id = 0
  let fills = 0
  const loseFifty = async (): Promise<void> => {
    for (let i = 0; i < 2; i++) {
      feed.push(quote('BTCUSDT', 100, 101, 1000), trade('BTCUSDT', 100, ++id))
      fills++
      await until(() => fillsOf(home).length === fills, `fill ${fills}`)
    }
  }
  const pulses = (): number => sequenceOf(home, TimerFired).length
  const pulse = async (): Promise<void> => {
    const before = pulses()
    await until(() => pulses() > before + 2, 'timers')
  }
  await loseFifty()
  jumpClock(3 * DAY)
  await loseFifty()
  await pulse()
  jumpClock(-3 * DAY)
  await pulse()
  await loseFifty()
  // 150 are lost, whatever the clock has shown meanwhile: only what reduces passes.
  feed.push(quote('BTCUSDT', 100, 101, 1000), trade('BTCUSDT', 100, ++id))
  await until(() => reportsOf(home).at(-1)?.state === 'denied', 'the denial')
  expect(reportsOf(home).at(-1)?.reason).toBe('daily-loss')
  expect(await gateway.stop()).toBe(true)

  // The next gateway has the clock as it is now.
  const before = reportsOf(home).length
  const next = await start()
  feed.push(quote('BTCUSDT', 100, 101, 1000), trade('BTCUSDT', 100, (id += 2)))
  await until(() => reportsOf(home).length > before, 'another denial')
  expect(reportsOf(home).at(-1)).toMatchObject({ state: 'denied', reason: 'daily-loss' })
  expect(await next.stop()).toBe(true)
  expect(fillsOf(home)).toHaveLength(6)
  expect(await replayGateway({ home })).toMatchObject({ difference: undefined })
  expect(await replayStrategy({ home, strategy: 'a' })).toMatchObject({ difference: undefined })
})

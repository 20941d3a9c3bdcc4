import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Gateway, replayGateway } from 'ticktape/runtime'
import { BookTop, Trade } from 'ticktape/trading'
import { expect, onTestFinished, test } from 'vitest'
import { OkxFeed } from '../../../dist/exchanges/okx/okx-feed.js'
import { moduleOf, newHome, QUICK, sequenceOf, settled, until } from '../../support/desks.ts'
import { startFakeOkx } from '../../support/fake-okx.ts'
import { makeFolder } from '../../support/folders.ts'
import { DayJudge, MarketDay, type Outage } from '../../support/market-day.ts'

const [SEED, RATE, SPEED] = [5, 4, 100]
/** Events of the market before the first outage, between two, and after the last one. */
const STEP = 300
/** How many of them the venue is away in the last outage. */
const AWAY = 150

test('a desk has each event that its feed received once, in order, and its strategy too; what is missing is reported', {
  timeout: 60_000,
}, async () => {
  const fake = await startFakeOkx({ seed: SEED, rate: RATE, speed: SPEED })
  const { market, server, endpoint } = fake
  const day = await MarketDay.of(fake.world.exchange, RATE, SEED, 100 * STEP)
  await until(() => market.events > 100, 'the market')
  const outages: Outage[] = []
  const feed = new DayJudge(new OkxFeed({ endpoint }), day, market, outages, true, 1)
  const said = join(makeFolder(), 'said.json')
  const strategy = moduleOf(`
    import { writeFileSync } from 'node:fs'
    const events = []
    export default defineStrategy({ id: 'a',
      onBook({ symbol, bid, ask }) { events.push(symbol + ' ' + bid + ' ' + ask) },
      onTrade({ symbol, tradeId }) { events.push(symbol + ' #' + tradeId) },
      onStop() { writeFileSync('${said}', JSON.stringify(events)) } })`)
  const home = newHome()
  const problems: string[] = []
  const gateway = await Gateway.start({
    ...QUICK,
    home,
    feed,
    strategies: [strategy],
    onProblem: ({ code }: { readonly code?: unknown }) => void problems.push(String(code)),
  })
  onTestFinished(() => void gateway.stop())
  await until(() => feed.trades > 0, 'the first trade')
  for (const end of [() => server.dropSockets(), () => server.endSockets(), () => server.dropSockets()]) {
    const after = market.events + STEP
    await until(() => market.events >= after, 'the market')
    const from = market.events
    end()
    if (outages.length === 2) {
      server.takesSockets = false
      await until(() => market.events >= from + AWAY, 'the maintenance')
      server.takesSockets = true
    }
    outages.push({ from, to: market.events })
    await until(() => feed.backs === outages.length, 'the connection')
  }
  const after = market.events + STEP
  await until(() => market.events >= after, 'the market')
  market.stop()
  await until(() => feed.isComplete(market.events), 'the last events')
  await settled(gateway)
  await gateway.stop()
  expect(feed.faults).toEqual([])
  expect(feed.missing).toBeGreaterThan(0)
  expect(problems).toEqual(Array.from({ length: 6 }, () => 'ERR_MARKET_DATA_GAP'))
  const trades = sequenceOf<{ tradeId: bigint }>(home, Trade)
  const quotes = sequenceOf<{ bid: number; ask: number }>(home, BookTop)
  expect(trades.length).toBe(feed.trades)
  const sequence = [
    ...trades.map(({ position, symbol, tradeId }) => [position, `${symbol} #${tradeId}`] as const),
    ...quotes.map(({ position, symbol, bid, ask }) => [position, `${symbol} ${bid} ${ask}`] as const),
  ].toSorted(([a], [b]) => a - b)
  expect(JSON.parse(readFileSync(said, 'utf8'))).toEqual(sequence.map(([, event]) => event))
  expect((await replayGateway({ home })).difference).toBeUndefined()
})

import { join } from 'node:path'
import { Reader } from 'ticktape'
import { auditSession, Gateway, replayGateway, replayStrategy, SyntheticFeed } from 'ticktape/runtime'
import { BookTop, Trade } from 'ticktape/trading'
import { expect, test } from 'vitest'
import { moduleOf, newHome, ordersOf, QUICK, settled } from '../../support/desks.ts'

/** Seconds of the market at 50,000 events a second; more in `npm run test:supervision`. */
const SECONDS = Number(process.env['TICKTAPE_SUPERVISION_SECONDS'] ?? 3)
const RATE = 50_000

/** Counts all market events, and says with every hundredth trade how many it has had. */
const counter = (id: string): string =>
  moduleOf(`let events = 0
    let trades = 0
    export default defineStrategy({ id: '${id}',
      onBook() { events++ },
      onTrade({ symbol }, context) {
        events++
        if (++trades % 100 === 0)
          context.order({ symbol, side: 'buy', quantity: 1, price: 0.5, clientOrderId: String(events) })
      } })`)

test('strategies are added, replaced, paused, resumed and removed at 50,000 events a second: nobody else misses a frame', {
  timeout: 60_000 + SECONDS * 10_000,
}, async () => {
  const home = newHome()
  const feed = { seed: 8, rate: RATE, limit: SECONDS * RATE, symbols: ['BTCUSDT', 'ETHUSDT'] }
  const gateway = await Gateway.start({
    ...QUICK,
    pageSize: 2 ** 22,
    home,
    strategies: [counter('steady')],
    feed: new SyntheticFeed(feed),
    speed: 'realtime',
  })
  const fed = gateway.fed.then(() => true)
  const isOver = async (): Promise<boolean> => Promise.race([fed, Promise.resolve(false)])
  let changes = 0
  while (!(await isOver())) {
    await gateway.addStrategy(counter('guest'))
    gateway.pauseStrategy('guest')
    await gateway.replaceStrategy('guest', counter('guest'))
    gateway.resumeStrategy('guest')
    await gateway.removeStrategy('guest')
    changes++
  }
  await gateway.fed
  await settled(gateway)
  expect(await gateway.stop()).toBe(true)
  console.log(`${changes} rounds of changes in ${SECONDS} s`)
  expect(changes).toBeGreaterThan(0)

  // Each of its counts is the number of market events up to that trade.
  const counts = new Map<number, number>()
  let events = 0
  using reader = Reader.open(join(home, 'gateway'))
  for (const frame of reader) if (frame.is(BookTop) || frame.is(Trade)) counts.set(frame.position, ++events)
  expect(events).toBe(SECONDS * RATE)
  const said = ordersOf(home, 'steady')
  expect(said.length).toBeGreaterThan(SECONDS * 5)
  for (const { cause, clientOrderId } of said) expect(Number(clientOrderId)).toBe(counts.get(cause as number))
  const audit = await auditSession(home, new SyntheticFeed(feed))
  expect(audit).toMatchObject({ sound: true, feed: { gaps: 0, duplicates: 0, events: SECONDS * RATE } })
  expect(audit.strategies.map(({ id, runs }) => [id, runs])).toEqual([
    ['steady', 1],
    ['guest', 2 * changes],
  ])
  expect(await replayGateway({ home })).toMatchObject({ difference: undefined })
  expect(await replayStrategy({ home, strategy: 'steady' })).toMatchObject({ difference: undefined })
})

import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { auditSession, Gateway, type GatewayOptions, replayGateway, SyntheticFeed } from 'ticktape/runtime'
import type { VenueEvent } from 'ticktape/trading'
import { describe, expect, test } from 'vitest'
import { fillsOf, moduleOf, newHome, ordersOf, QUICK, reportsOf, settled, until } from '../../support/desks.ts'
import { rejectionOf } from '../../support/failures.ts'
import { mountMemory, noMemoryMounts } from '../../support/mounts.ts'
import { skipUnless } from '../../support/skips.ts'
import { ChangedExchange } from '../../support/venues.ts'

/** Rests an order at the bid and sends one at market for every trade, and cancels every fourth. */
const RESTING = `
  const bids = new Map()
  export default defineStrategy({ id: 'a',
    onBook(book) { bids.set(book.symbol, book.bid) },
    onTrade({ symbol, tradeId }, context) {
      const bid = bids.get(symbol)
      if (bid === undefined) return
      const id = context.order({ symbol, side: 'buy', quantity: 1, price: bid })
      context.order({ symbol, side: 'buy', quantity: 1 })
      if (tradeId % 4n === 0n) context.cancel(id)
    } })`

const FEED = { seed: 6, rate: 4000, symbols: ['BTCUSDT'] }
/** A second of the feed. */
const LIMIT = 4000

function optionsOf(home: string, strategy: string): GatewayOptions {
  return { ...QUICK, home, strategies: [strategy], feed: new SyntheticFeed({ ...FEED, limit: LIMIT }) }
}

/** Goes on with a home whose venue is sound again, to the feed's end, and checks every order's fate. */
async function expectSoundAfter(home: string, strategy: string): Promise<void> {
  const gateway = await Gateway.start({ ...optionsOf(home, strategy), venue: new ChangedExchange() })
  await gateway.fed
  await settled(gateway)
  expect(await gateway.stop()).toBe(true)
  const audit = await auditSession(home, new SyntheticFeed({ ...FEED, limit: LIMIT }))
  expect(audit).toMatchObject({ sound: true, feed: { events: LIMIT }, gateway: { filledTwice: 0, strays: 0 } })
  expect(audit.strategies[0].orders).toBeGreaterThan(100)
  expect(await replayGateway({ home, venues: [new ChangedExchange()] })).toMatchObject({ difference: undefined })
  const answered = new Set(reportsOf(home).map(({ orderId }) => orderId))
  expect(ordersOf(home).filter(({ orderId }) => !answered.has(orderId))).toEqual([])
}

async function thrownBy(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  )
}

/** Runs until the venue's failure has stopped the gateway. Resolves with the failure. */
async function failWith(home: string, strategy: string, venue: ChangedExchange): Promise<unknown> {
  const gateway = await Gateway.start({ ...optionsOf(home, strategy), venue, speed: 'realtime' })
  const failure = await thrownBy(gateway.fed)
  const { asked } = venue
  await sleep(50)
  // The strategy goes on to the end of what was written, and has its say there: none of it is passed on.
  expect(await thrownBy(gateway.stop())).toBe(failure)
  expect(venue.asked).toBe(asked)
  return failure
}

describe('after the first failure a gateway sends nothing to its venue', () => {
  const nonsense: [string, (event: VenueEvent) => void][] = [
    ['a word that no venue may say', event => Object.assign(event, { kind: 'nonsense' })],
    ['the id of a trade that fits no frame', event => Object.assign(event, { tradeId: 'x'.repeat(100) })],
    ['an order id that is no number', event => Object.assign(event, { idLow: 'one' })],
  ]
  test.each(nonsense)(
    '%s instead of a fill: the next start has every order answered',
    { timeout: 60_000 },
    async (_, spoil) => {
      const home = newHome()
      const strategy = moduleOf(RESTING)
      let fills = 0
      const venue = new ChangedExchange(event => {
        if (event.kind === 'fill' && ++fills === 20) spoil(event)
        return true
      })
      expect(await failWith(home, strategy, venue)).toMatchObject({
        code: 'ERR_VENUE',
        message: expect.stringContaining("'changed'") as string,
      })
      expect(fillsOf(home)).toHaveLength(19)
      await expectSoundAfter(home, strategy)
    },
  )

  test('an order that the venue throws at', { timeout: 60_000 }, async () => {
    const home = newHome()
    const strategy = moduleOf(RESTING)
    const venue = new ChangedExchange((_, { asked }) => {
      if (asked === 20) throw new Error('of the venue')
      return true
    })
    expect(await failWith(home, strategy, venue)).toMatchObject({ message: 'of the venue' })
    await expectSoundAfter(home, strategy)
  })

  test('a venue that says what no frame can hold: a named error', async () => {
    const venue = new ChangedExchange(event => {
      if (event.kind === 'fill') event.fee = 1e300
      return true
    })
    expect(await failWith(newHome(), moduleOf(RESTING), venue)).toMatchObject({ code: 'ERR_VENUE' })
  })

  test('a venue that says less than it decided, and is repaired: the home is not gone on with as if nothing had been', async () => {
    const home = newHome()
    const strategy = moduleOf(RESTING)
    // A price that is none is on nobody's account: the order is as it was, and people are told.
    const venue = new ChangedExchange(event => {
      if (event.kind === 'fill') event.ticks = 0
      return true
    })
    const problems: string[] = []
    const onProblem = ({ message }: Error): void => void problems.push(message)
    const gateway = await Gateway.start({ ...optionsOf(home, strategy), venue, onProblem })
    await gateway.fed
    await settled(gateway)
    await gateway.stop()
    expect(reportsOf(home).length).toBeGreaterThan(20)
    expect(fillsOf(home)).toEqual([])
    expect(problems[0]).toMatch(/^the venue 'changed' reports 'fill' of order \d+, with numbers that do not fit it/)
    const again = { ...optionsOf(home, strategy), venue: new ChangedExchange() }
    expect(await rejectionOf(Gateway.start(again))).toMatchObject({
      code: 'ERR_SEQUENCE_MISMATCH',
      position: expect.any(Number) as number,
      message: expect.stringContaining('Begin another home') as string,
    })
  })

  test.skipIf(skipUnless(noMemoryMounts === undefined, 'a gateway without space', String(noMemoryMounts)))(
    'no space for the next page',
    { timeout: 60_000 },
    async () => {
      const place = mountMemory(8192)
      const home = join(place, 'home')
      const strategy = moduleOf(RESTING)
      const venue = new ChangedExchange()
      const feed = new SyntheticFeed({ ...FEED, limit: LIMIT * 5 })
      const gateway = await Gateway.start({ ...optionsOf(home, strategy), feed, venue, speed: 'realtime' })
      await until(() => gateway.status.orders >= 50)
      const ballast = join(place, 'ballast')
      for (let free = true; free; ) {
        try {
          writeFileSync(ballast, new Uint8Array(65536), { flag: 'a' })
        } catch (error) {
          expect(error).toMatchObject({ code: 'ENOSPC' })
          free = false
        }
      }
      expect(await thrownBy(gateway.fed)).toMatchObject({ code: 'ERR_JOURNAL_FULL' })
      const { asked } = venue
      await sleep(100)
      expect(await thrownBy(gateway.stop())).toMatchObject({ code: 'ERR_JOURNAL_FULL' })
      expect(venue.asked).toBe(asked)
      rmSync(ballast)
      const next = await Gateway.start({ ...optionsOf(home, strategy), feed, venue: new ChangedExchange() })
      const { events } = next.status
      await until(() => next.status.events > events + 1000)
      expect(await next.stop()).toBe(true)
      expect(await auditSession(home)).toMatchObject({ sound: true, gateway: { strays: 0, filledTwice: 0 } })
      expect(await replayGateway({ home, venues: [new ChangedExchange()] })).toMatchObject({ difference: undefined })
    },
  )
})

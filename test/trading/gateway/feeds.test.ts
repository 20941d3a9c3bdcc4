import { setTimeout as sleep } from 'node:timers/promises'
import { type Feed, Gateway, type MarketEvent, replayGateway, SyntheticFeed } from 'ticktape/runtime'
import { SimulatedExchange, Trade } from 'ticktape/trading'
import { describe, expect, test } from 'vitest'
import { FeedStart } from '../../../dist/trading/sequence/frames.js'
import { feedOf, moduleOf, newHome, notesOf, playToEnd, QUICK, sequenceOf, trade } from '../../support/desks.ts'

const events = (first: number, count: number): MarketEvent[] =>
  Array.from({ length: count }, (_, i) => trade('A', 1, first + i))

const idsOf = (home: string): number[] => sequenceOf<{ tradeId: bigint }>(home, Trade).map(t => Number(t.tradeId))

describe('the feed of a home', () => {
  test('is gone on with where it was, when it is the same; another one is taken from its beginning, and both are on record', async () => {
    const home = newHome()
    const play = (feed: Feed): Promise<boolean> => playToEnd({ home, strategies: [], feed })
    const [monday, tuesday] = [events(0, 30), events(1000, 20)]
    await play(feedOf(monday.slice(0, 10), 'monday'))
    await play(feedOf(monday, 'monday'))
    expect(idsOf(home)).toEqual(monday.map((_, i) => i))
    await play(feedOf(tuesday, 'tuesday'))
    // All of it: not the part after the 30th event.
    expect(idsOf(home).slice(30)).toEqual(tuesday.map((_, i) => 1000 + i))
    expect(sequenceOf(home, FeedStart).map(({ identity, next }) => [identity, next])).toEqual([
      ['monday', 0],
      ['monday', 10],
      ['tuesday', 0],
    ])
    expect(await replayGateway({ home })).toMatchObject({ events: 50, difference: undefined })
  })

  test('has an identity that follows from what it is: another seed is another feed', () => {
    const identity = (options: object): string | undefined => new SyntheticFeed(options).identity
    expect(identity({ seed: 1 })).not.toBe(identity({ seed: 2 }))
    expect(identity({ seed: 1, rate: 10 })).not.toBe(identity({ seed: 1, rate: 20 }))
    // It may grow.
    expect(identity({ seed: 1, limit: 10 })).toBe(identity({ seed: 1, limit: 20 }))
  })

  test('with an event that no market says ends there, by name: those before it are taken', async () => {
    const wrong: [string, object][] = [
      ['price', { price: Number.NaN }],
      ['quantity', { quantity: -1 }],
      ['side', { side: 'up' }],
      ['tradeId', { tradeId: 7 }],
      ['timeMs', { timeMs: Number.NaN }],
      ['symbol', { symbol: '' }],
      ['kind', { kind: 'rumour' }],
    ]
    for (const [field, change] of wrong) {
      const home = newHome()
      const list = events(0, 5).map((event, i) => (i === 3 ? { ...event, ...change } : event))
      const gateway = await Gateway.start({ ...QUICK, home, strategies: [], feed: feedOf(list, 'wrong') })
      await expect(gateway.fed).rejects.toMatchObject({
        code: 'ERR_FEED_EVENT',
        event: 3,
        message: expect.stringContaining(`'${field}'`) as string,
      })
      await gateway.stop().catch(() => {})
      expect(idsOf(home)).toEqual([0, 1, 2])
    }
  })

  test('that is quiet is closed when the gateway stops: its signal aborts and its `finally` runs', async () => {
    const seen: string[] = []
    const quiet: Feed = {
      async *events(_, options) {
        try {
          yield events(0, 1)
          await new Promise<void>(resolve => options?.signal.addEventListener('abort', () => resolve()))
          seen.push('aborted')
        } finally {
          seen.push('finally')
        }
      },
    }
    const home = newHome()
    const gateway = await Gateway.start({ ...QUICK, home, strategies: [], feed: quiet })
    while (gateway.status.events < 1) await sleep(5)
    expect(await gateway.stop()).toBe(true)
    await gateway.fed
    expect(seen).toEqual(['aborted', 'finally'])
  })

  test('that fails rejects `fed` and `stop`; what it gave before is taken once, also by the next start', async () => {
    const broken: Feed = {
      async *events(skip) {
        yield events(skip, 10 - skip)
        throw new Error('the line is dead')
      },
    }
    const home = newHome()
    const idle = moduleOf("export default defineStrategy({ id: 'a', onTrade() {} })")
    for (let i = 0; i < 2; i++) {
      const gateway = await Gateway.start({ ...QUICK, home, strategies: i === 0 ? [idle] : [], feed: broken })
      await expect(gateway.fed).rejects.toThrow('the line is dead')
      const pid = gateway.status.strategies[0]?.pid
      await expect(gateway.stop()).rejects.toThrow('the line is dead')
      if (pid !== undefined) expect(() => process.kill(pid, 0)).toThrow('ESRCH')
    }
    expect(idsOf(home)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  })

  test('that the gateway cannot keep up with is late, and the status says by how much', async () => {
    /** Holds up the gateway for 150 ms, once. */
    class Holding extends SimulatedExchange {
      private trades = 0
      override trade(...args: Parameters<SimulatedExchange['trade']>): void {
        const end = performance.now() + (++this.trades === 50 ? 150 : 0)
        while (performance.now() < end);
        super.trade(...args)
      }
    }
    const feed = feedOf(Array.from({ length: 200 }, (_, i) => trade('A', 1, i, 'buy', 2 * i)))
    const start = (speed: 'realtime' | 'max'): Promise<Gateway> =>
      Gateway.start({ ...QUICK, home: newHome(), strategies: [], feed, speed, venue: new Holding() })
    const paced = await start('realtime')
    while (paced.status.events < 200) await sleep(5)
    expect(paced.status.latenessMs).toBeGreaterThan(100)
    expect(await paced.stop()).toBe(true)
    const unpaced = await start('max')
    await unpaced.fed
    expect(unpaced.status.latenessMs).toBe(0)
    expect(await unpaced.stop()).toBe(true)
  })

  test('reaches twelve strategies on a few cores: each handles every event', { timeout: 60_000 }, async () => {
    const home = newHome()
    const many = moduleOf(`export default Array.from({ length: 12 }, (_, n) => {
      let seen = 0
      return defineStrategy({ id: 's' + n,
        onTrade() { seen++ },
        onStop(context) { context.order({ symbol: 'A', side: 'buy', quantity: 1, clientOrderId: String(seen) }) } })
    })`)
    const feed = feedOf(events(0, 4000))
    expect(await playToEnd({ home, strategies: [many], feed })).toBe(true)
    for (let n = 0; n < 12; n++) expect([n, notesOf(home, `s${n}`)]).toEqual([n, ['4000']])
  })

  test('that does not react to its signal does not hold up the stop', async () => {
    const deaf: Feed = {
      async *events() {
        yield events(0, 1)
        await new Promise<never>(() => {})
      },
    }
    const gateway = await Gateway.start({ ...QUICK, home: newHome(), strategies: [], feed: deaf })
    while (gateway.status.events < 1) await sleep(5)
    expect(await gateway.stop()).toBe(true)
  })

  test('that throws when it is closed rejects `stop`, after the strategies were stopped', async () => {
    const sore: Feed = {
      async *events(_, options) {
        try {
          yield events(0, 1)
          await new Promise<void>(resolve => options?.signal.addEventListener('abort', () => resolve()))
        } finally {
          throw new Error('the socket is gone') // oxlint-disable-line no-unsafe-finally -- It is what this test is about.
        }
      },
    }
    const idle = moduleOf("export default defineStrategy({ id: 'a', onTrade() {} })")
    const gateway = await Gateway.start({ ...QUICK, home: newHome(), strategies: [idle], feed: sore })
    while (gateway.status.events < 1) await sleep(5)
    const { pid } = gateway.status.strategies[0]
    await expect(gateway.stop()).rejects.toThrow('the socket is gone')
    expect(() => process.kill(pid as number, 0)).toThrow('ESRCH')
  })
})

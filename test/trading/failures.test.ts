import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { on, Reader } from 'ticktape'
import {
  auditSession,
  type Feed,
  Gateway,
  type GatewayOptions,
  type MarketEvent,
  PaperVenue,
  replayGateway,
  SyntheticFeed,
} from 'ticktape/runtime'
import { BookTop, OrderReport, type OrderReportValues, type OrderValues } from 'ticktape/trading'
import { describe, expect, test } from 'vitest'
import { makeFolder } from '../support/folders.ts'
import { CAPACITY } from '../support/journals.ts'
import { mountMemory, noMemoryMounts } from '../support/mounts.ts'
import { skipUnless } from '../support/skips.ts'

const RUNTIME = pathToFileURL(join(import.meta.dirname, '../../dist/public/runtime.js')).href

/** Sends a resting order below the market and one above it for every trade, and cancels every fourth. */
function resting(): string {
  const file = join(makeFolder(), 'strategy.mjs')
  writeFileSync(
    file,
    `import { defineStrategy } from '${RUNTIME}'
    const bids = new Map()
    export default defineStrategy({ id: 'a',
      onBook(book) { bids.set(book.symbol, book.bid) },
      onTrade({ symbol, tradeId }, context) {
        const bid = bids.get(symbol)
        if (bid === undefined) return
        const id = context.order({ symbol, side: 'buy', quantity: 1, price: bid })
        context.order({ symbol, side: 'buy', quantity: 1 })
        if (tradeId % 4n === 0n) context.cancel(id)
      } })`,
  )
  return file
}

/** A paper venue that counts what reaches it, and gives a wrong answer on request. */
class FailingVenue extends PaperVenue {
  asked = 0
  constructor(
    private readonly spoilAnswer: (
      reports: readonly OrderReportValues[],
      request: OrderValues,
    ) => readonly OrderReportValues[],
    private readonly spoilFills: (fills: readonly OrderReportValues[]) => readonly OrderReportValues[] = fills => fills,
  ) {
    super()
  }

  override answer(request: OrderValues): readonly OrderReportValues[] {
    this.asked++
    return this.spoilAnswer(super.answer(request), request)
  }

  override quote(symbol: string, bid: number, ask: number): readonly OrderReportValues[] {
    this.asked++
    return this.spoilFills(super.quote(symbol, bid, ask))
  }
}

const FEED = { seed: 6, rate: 4000, symbols: ['BTCUSDT'] }
/** Two seconds of the feed: by then a strategy has started even on a busy machine. */
const LIMIT = 8000

function optionsOf(home: string, strategy: string): GatewayOptions {
  return {
    home,
    strategies: [strategy],
    feed: new SyntheticFeed({ ...FEED, limit: LIMIT }),
    pageSize: 65536,
    strategyPageSize: 65536,
    durability: 'process',
  }
}

function reportsOf(home: string): OrderReportValues[] {
  const reports: OrderReportValues[] = []
  using reader = Reader.open(join(home, 'gateway'))
  const handlers = on(OrderReport, report => reports.push(report.toObject()))
  while (reader.poll(handlers) > 0);
  return reports
}

/** Continues a session with a venue that works again, to the end of the feed, and checks the result of every order. */
async function expectSoundAfter(home: string, strategy: string): Promise<void> {
  const gateway = await Gateway.start(optionsOf(home, strategy))
  await gateway.fed
  expect(await gateway.stop()).toBe(true)
  const audit = await auditSession(home, new SyntheticFeed({ ...FEED, limit: LIMIT }))
  expect(audit).toMatchObject({ sound: true, feed: { events: LIMIT }, gateway: { filledTwice: 0, strays: 0 } })
  expect(audit.strategies[0].orders).toBeGreaterThan(100)
  expect(await replayGateway({ home })).toMatchObject({ difference: undefined })
}

async function thrownBy(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  )
}

/** Runs until the venue's failure has stopped the gateway. Resolves with the failure. */
async function failWith(home: string, strategy: string, venue: FailingVenue): Promise<unknown> {
  const gateway = await Gateway.start({ ...optionsOf(home, strategy), venue })
  const failure = await thrownBy(gateway.fed)
  const { asked } = venue
  await sleep(100)
  // The strategy continues to the end of the journal and sends orders there: the gateway reads none of them.
  expect(await thrownBy(gateway.stop())).toBe(failure)
  expect(venue.asked).toBe(asked)
  return failure
}

const spoilt: [string, (reports: readonly OrderReportValues[]) => readonly OrderReportValues[]][] = [
  ['a second report with a text that does not fit', ([first, second]) => [first, { ...second, clientOrderId: 'é' }]],
  [
    'a second report with an additional field',
    ([first, second]) => [first, { ...second, action: 'new' } as OrderReportValues],
  ],
  ['a second report on another order', ([first, second]) => [first, { ...second, orderId: 5n }]],
  ['a second report on no order', ([first]) => [first, {} as OrderReportValues]],
  ['no report', () => []],
  ['more reports than a page has room for', ([first]) => Array<OrderReportValues>(500).fill(first)],
  ['nothing', () => undefined as unknown as OrderReportValues[]],
]

describe('after the first failure a gateway sends nothing to its venue', () => {
  test.each(spoilt)(
    'an order answered with %s: no part of the answer is recorded, and the next start answers the order',
    { timeout: 30_000 },
    async (_, spoil) => {
      const home = join(makeFolder('memory'), 'session')
      const strategy = resting()
      let answers = 0
      const venue = new FailingVenue((reports, { orderType }) =>
        orderType === 'market' && ++answers === 20 ? spoil(reports) : reports,
      )
      expect(await failWith(home, strategy, venue)).toMatchObject({ code: 'ERR_VENUE' })
      // Of a market order both reports are recorded, or none.
      const reports = reportsOf(home)
        .filter(({ orderType }) => orderType === 'market')
        .map(({ state }) => state)
      expect(reports).toEqual(Array.from({ length: 19 }, () => ['accepted', 'filled']).flat())
      await expectSoundAfter(home, strategy)
    },
  )

  test('an order for which the venue throws an error', { timeout: 30_000 }, async () => {
    const home = join(makeFolder('memory'), 'session')
    const strategy = resting()
    let answers = 0
    const venue = new FailingVenue(reports => {
      if (++answers === 20) throw new Error('of the venue')
      return reports
    })
    expect(await failWith(home, strategy, venue)).toMatchObject({ message: 'of the venue' })
    await expectSoundAfter(home, strategy)
  })

  test('a quote whose fills cannot be written: the quote is not in the journal either', {
    timeout: 30_000,
  }, async () => {
    const home = join(makeFolder('memory'), 'session')
    const strategy = resting()
    let filling = 0
    const venue = new FailingVenue(
      reports => reports,
      fills => (fills.length > 0 && ++filling === 5 ? [fills[0], { ...fills[0], side: 'up' as 'buy' }] : fills),
    )
    expect(await failWith(home, strategy, venue)).toMatchObject({
      code: 'ERR_VENUE',
      message: expect.stringContaining("'side'") as string,
    })
    await expectSoundAfter(home, strategy)
  })

  test.skipIf(skipUnless(noMemoryMounts === undefined, 'a gateway without space', String(noMemoryMounts)))(
    'no space for the next page',
    { timeout: 60_000 },
    async () => {
      const place = mountMemory(8192)
      const home = join(place, 'session')
      const strategy = resting()
      const venue = new FailingVenue(reports => reports)
      const gateway = await Gateway.start({ ...optionsOf(home, strategy), venue })
      while (gateway.status.orders < 50) await sleep(5)
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
      await expectSoundAfter(home, strategy)
    },
  )
})

/** Fills orders that do not exist: for each quote as many as its price. */
class GenerousVenue extends PaperVenue {
  override quote(symbol: string, bid: number): readonly OrderReportValues[] {
    return Array.from({ length: bid }, (_, i) => ({
      symbol,
      orderId: (2n << 48n) | BigInt(i),
      price: 1,
      quantity: 1,
      filledQuantity: 1,
      averagePrice: 1,
      clientOrderId: '',
      side: 'buy',
      orderType: 'limit',
      state: 'filled',
      timeInForce: 'gtc',
      reason: 'none',
    }))
  }
}

test('a quote and its fills are on one page and published in one store if a page has room for them', async () => {
  const fills = [250, 256, 300, 478, 1, 479, 400, 255, 320, 477, 310, 260]
  const quotes = fills.map(
    (bid, i): MarketEvent => ({ kind: 'quote', timeMs: i, symbol: 'A', bid, ask: 1000, bidSize: 1, askSize: 1 }),
  )
  const feed: Feed = {
    async *events(skip) {
      yield quotes.slice(skip)
    },
  }
  const home = join(makeFolder('memory'), 'session')
  const gateway = await Gateway.start({
    home,
    strategies: [],
    feed,
    speed: 'max',
    pageSize: 65536,
    venue: new GenerousVenue(),
  })
  await gateway.fed
  await gateway.stop()
  const pages: number[][] = []
  using reader = Reader.open(join(home, 'gateway'))
  const handlers = on(BookTop, book => pages.push([Math.floor(book.position / CAPACITY)])).on(OrderReport, report =>
    pages.at(-1)?.push(Math.floor(report.position / CAPACITY)),
  )
  while (reader.poll(handlers) > 0);
  expect(pages.map(all => all.length - 1)).toEqual(fills)
  expect(pages.filter(all => new Set(all).size > 1)).toEqual([])
})

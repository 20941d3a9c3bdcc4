import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Reader } from 'ticktape'
import { type Feed, type MarketEvent, MarketJournal, recordMarket } from 'ticktape/runtime'
import { BookTop, type InstrumentSpec, MarketGap, Trade } from 'ticktape/trading'
import { expect, test } from 'vitest'
import { failureOf } from '../../support/failures.ts'
import { makeFolder } from '../../support/folders.ts'

const SPEC: InstrumentSpec = {
  venue: 'okx',
  symbol: 'BTC-USDT',
  kind: 'spot',
  base: 'BTC',
  quote: 'USDT',
  priceTick: '0.1',
  quantityStep: '0.00001',
}

const quote = (symbol: string, timeMs: number, bid: number): MarketEvent => ({
  kind: 'quote',
  timeMs,
  symbol,
  bid,
  ask: bid + 0.1,
  bidSize: 1.5,
  askSize: 0.25,
})

const trade = (symbol: string, timeMs: number, price: number, tradeId: bigint): MarketEvent => ({
  kind: 'trade',
  timeMs,
  symbol,
  price,
  quantity: 0.003,
  tradeId,
  side: 'sell',
})

const newJournal = (): string => join(makeFolder(), 'market')

/** What a journal has: quotes, trades and gaps, as text. */
function contentOf(directory: string): string[] {
  using reader = Reader.open(directory)
  const found: string[] = []
  for (const frame of reader)
    if (frame.is(BookTop))
      found.push(`${frame.symbol} ${frame.venueTime} ${frame.bid}/${frame.ask} ${frame.bidSize}/${frame.askSize}`)
    else if (frame.is(Trade))
      found.push(
        `${frame.symbol} ${frame.venueTime} ${frame.side} ${frame.quantity} at ${frame.price} #${frame.tradeId}`,
      )
    else if (frame.is(MarketGap)) found.push(`gap of ${frame.to >= frame.from ? 'some' : 'no'} time: ${frame.reason}`)
  return found
}

test('quotes and trades are frames with the time of the venue, and each instrument has its terms', () => {
  const directory = newJournal()
  {
    using journal = MarketJournal.open(directory, { venue: 'okx' })
    journal.addInstrument(SPEC)
    journal.write(quote('BTC-USDT', 1_700_000_000_123.456, 60_000.1))
    journal.write(trade('BTC-USDT', 1_700_000_000_124, 60_000.2, 2n ** 63n + 1n))
    journal.write(quote('ETH-USDT', 1_700_000_000_125, 3000.5))
    expect([journal.events, journal.gaps]).toEqual([3, 0])
  }
  expect(contentOf(directory)).toEqual([
    'BTC-USDT 1700000000123456000 60000.1/60000.2 1.5/0.25',
    'BTC-USDT 1700000000124000000 sell 0.003 at 60000.2 #9223372036854775809',
    'ETH-USDT 1700000000125000000 3000.5/3000.6 1.5/0.25',
  ])
  using reader = Reader.open(directory)
  expect(reader.instrument(1)).toMatchObject({ ...SPEC, number: 1 })
  expect(reader.instrument(2)).toMatchObject({ venue: 'okx', symbol: 'ETH-USDT' })
})

test('the next recorder continues with the same numbers; changed terms get another number; a busy journal is refused', () => {
  const directory = newJournal()
  const specs = [SPEC, SPEC, { ...SPEC, priceTick: '0.01' }, { ...SPEC, priceTick: '0.01' }]
  for (const [i, spec] of specs.entries()) {
    using journal = MarketJournal.open(directory, { venue: 'okx' })
    expect(failureOf(() => MarketJournal.open(directory))).toMatchObject({ code: 'ERR_WRITER_LOCKED' })
    journal.addInstrument(spec)
    journal.write(quote('BTC-USDT', i, 1))
  }
  using reader = Reader.open(directory)
  const numbers: number[] = []
  for (const frame of reader) if (frame.is(BookTop)) numbers.push(frame.instrument)
  expect(numbers).toEqual([1, 1, 2, 2])
  expect(reader.instruments().map(({ priceTick }) => priceTick)).toEqual(['0.1', '0.01'])
})

test('a long reason of a gap is cut between two characters', () => {
  const directory = newJournal()
  {
    using journal = MarketJournal.open(directory)
    expect(journal.gap('before anything')).toBeUndefined()
    journal.write(quote('币安人生USDT', 1, 1))
    expect(journal.gap('币'.repeat(40))).toBeGreaterThanOrEqual(0)
  }
  expect(contentOf(directory)).toEqual(['币安人生USDT 1000000 1/1.1 1.5/0.25', `gap of some time: ${'币'.repeat(26)}`])
})

/** A live feed that says what it is told to. */
function feedOf(...batches: readonly (readonly MarketEvent[] | Error)[]): Feed {
  const feed: Feed = {
    instruments: [SPEC],
    async *events() {
      for (const batch of batches) {
        if (Array.isArray(batch)) yield batch as readonly MarketEvent[]
        else feed.onProblem?.(batch as never)
      }
    },
  }
  return feed
}

test('a recording says what is missing: a lost connection, and the time until it is started again', async () => {
  const directory = newJournal()
  const gaps: string[] = []
  const run = (feed: Feed): Promise<void> =>
    recordMarket(feed, MarketJournal.open(directory, { venue: 'okx' }), new AbortController().signal, what =>
      gaps.push(what),
    )
  await run(feedOf([quote('BTC-USDT', 1, 10)], new Error('the connection was lost'), [quote('BTC-USDT', 2, 11)]))
  await run(feedOf([], [quote('BTC-USDT', 3, 12)]))
  expect(gaps).toEqual(['the connection was lost', 'the recorder did not run'])
  expect(contentOf(directory).map(line => line.split(' ').slice(0, 3).join(' '))).toEqual([
    'BTC-USDT 1000000 10/10.1',
    'gap of some',
    'BTC-USDT 2000000 11/11.1',
    'gap of some',
    'BTC-USDT 3000000 12/12.1',
  ])
})

test('what a feed throws ends the recording; what was written stays, and the journal is free', async () => {
  const directory = newJournal()
  const broken: Feed = {
    async *events() {
      yield [quote('BTC-USDT', 1, 10)]
      throw new Error('no network')
    },
  }
  const journal = MarketJournal.open(directory)
  await expect(recordMarket(broken, journal, new AbortController().signal)).rejects.toThrow('no network')
  expect(contentOf(directory)).toHaveLength(1)
  MarketJournal.open(directory).close()
  expect(existsSync(directory)).toBe(true)
})

test('old pages are removed as with any writer', async () => {
  const directory = newJournal()
  using journal = MarketJournal.open(directory, { pageSize: 65_536, retain: { pages: 2 } })
  for (let i = 0; i < 6000; i++) {
    journal.write(quote('BTC-USDT', i, i + 1))
    if (i % 500 === 0) await new Promise(resolve => setImmediate(resolve))
  }
  await expect.poll(() => contentOf(directory).length).toBeLessThan(3000)
  // The terms stay, though their frame is gone.
  using reader = Reader.open(directory)
  expect(reader.instrument(1)?.symbol).toBe('BTC-USDT')
})

test('a gap that began before the last frame says so: other instruments went on meanwhile', () => {
  const directory = newJournal()
  {
    using journal = MarketJournal.open(directory, { venue: 'okx' })
    expect(journal.gap('nothing was there', 5000)).toBeUndefined()
    journal.write(quote('BTC-USDT', 1000, 60_000))
    expect(journal.gap('a connection was lost', 5000)).toBe(5000)
    expect(journal.gap('a message was left out')).toBeLessThan(5000)
  }
  using reader = Reader.open(directory)
  const gaps: bigint[] = []
  for (const frame of reader) if (frame.is(MarketGap)) gaps.push(frame.to - frame.from)
  expect(gaps[0]).toBe(5_000_000_000n)
})

import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Reader } from 'ticktape'
import { CaptureFeed, type MarketEvent } from 'ticktape/runtime'
import { BookTop, MarketGap, Trade } from 'ticktape/trading'
import { expect, test } from 'vitest'
import type { FakeOkx } from '../../../dist/exchanges/okx/fake/fake-okx.js'
import { OkxFeed } from '../../../dist/exchanges/okx/okx-feed.js'
import type { OkxMarketOptions } from '../../../dist/exchanges/okx/public-market.js'
import { moduleOf } from '../../support/desks.ts'
import { rejectionOf } from '../../support/failures.ts'
import { startFakeOkx } from '../../support/fake-okx.ts'
import { makeFolder } from '../../support/folders.ts'

interface Following {
  readonly events: MarketEvent[]
  readonly problems: string[]
  stop(): Promise<void>
}

function follow(fake: FakeOkx, options: OkxMarketOptions, symbols?: readonly string[]): Following {
  const feed = new OkxFeed({ endpoint: fake.endpoint, ...options })
  feed.choose(symbols)
  const events: MarketEvent[] = []
  const problems: string[] = []
  feed.onProblem = problem => void problems.push(`${problem.code} ${problem.message}`)
  const ending = new AbortController()
  const ended = (async () => {
    for await (const batch of feed.events(0, { signal: ending.signal })) events.push(...batch)
  })()
  return {
    events,
    problems,
    stop: () => {
      ending.abort()
      return ended
    },
  }
}

test('the feed has the quotes and trades of the symbols that strategies ask for, in whole ticks and in order', async () => {
  const fake = await startFakeOkx({ rate: 500 })
  const { events, problems, stop } = follow(fake, {}, ['BTC-USDT', 'BTC-USDT-SWAP.okx', 'NOT-THERE'])
  await expect.poll(() => events.length, { timeout: 8000 }).toBeGreaterThan(200)
  await stop()
  expect(problems).toEqual([])
  expect(new Set(events.map(({ symbol }) => symbol))).toEqual(new Set(['BTC-USDT', 'BTC-USDT-SWAP']))
  expect(new Set(events.map(({ kind }) => kind))).toEqual(new Set(['quote', 'trade']))
  for (const event of events) {
    if (event.kind === 'quote') expect(event.ask).toBeGreaterThan(event.bid)
    expect(Math.abs(event.timeMs - Date.now())).toBeLessThan(10_000)
  }
  for (const symbol of ['BTC-USDT', 'BTC-USDT-SWAP']) {
    const ids = events.flatMap(event => (event.kind === 'trade' && event.symbol === symbol ? [event.tradeId] : []))
    // The first one of a subscription may be any; none is missing after it.
    expect(ids).toEqual(ids.map((_, i) => ids[0] + BigInt(i)))
  }
})

test('quotes from the book are those of the best prices', async () => {
  const fake = await startFakeOkx({ rate: 400 })
  const best = follow(fake, { quotes: 'best' }, ['ETH-USDT'])
  const book = follow(fake, { quotes: 'book' }, ['ETH-USDT'])
  const quotesOf = ({ events }: Following): string[] =>
    events.flatMap(event =>
      event.kind === 'quote' ? [`${event.bid} ${event.bidSize} ${event.ask} ${event.askSize}`] : [],
    )
  await expect.poll(() => quotesOf(book).length, { timeout: 8000 }).toBeGreaterThan(100)
  await Promise.all([best.stop(), book.stop()])
  const known = new Set(quotesOf(best))
  // But those at the beginning, when the other one was not subscribed yet, and at the end.
  const middle = quotesOf(book).slice(30, -5)
  expect(middle.filter(quote => !known.has(quote))).toEqual([])
})

test('a lost connection is reported, subscribed to again, and reported again when it is back', async () => {
  const fake = await startFakeOkx({ rate: 500 })
  const { events, problems, stop } = follow(fake, { quotes: 'book' }, ['SOL-USDT'])
  await expect.poll(() => events.length, { timeout: 8000 }).toBeGreaterThan(10)
  fake.dropSockets()
  await expect.poll(() => problems.length, { timeout: 8000 }).toBe(2)
  const before = events.length
  await expect.poll(() => events.length, { timeout: 8000 }).toBeGreaterThan(before + 10)
  await stop()
  expect(problems[0]).toMatch(/^ERR_MARKET_DATA_GAP .*the connection is lost/)
  expect(problems[1]).toMatch(/^ERR_MARKET_DATA_GAP .*is back after \d/)
})

test('symbols that OKX does not have are an error that says how it writes them', async () => {
  const fake = await startFakeOkx()
  const feed = new OkxFeed({ endpoint: fake.endpoint, symbols: ['BTCUSDT'] })
  const reading = (async () => {
    for await (const _ of feed.events(0));
  })()
  expect(await rejectionOf(reading)).toMatchObject({
    code: 'ERR_INVALID_OPTION',
    message: expect.stringContaining('BTC-USDT'),
  })
})

test('fake-venue, run and replay on the command line, without credentials', { timeout: 120_000 }, async () => {
  const main = join(import.meta.dirname, '../../../dist/cli/main.js')
  const ticktape = (...args: string[]): Promise<{ stdout: string; stderr: string }> =>
    promisify(execFile)(process.execPath, [main, ...args])
  const venue = spawn(process.execPath, [main, 'fake-venue', 'okx', '--rate', '400', '--json'])
  try {
    const [line] = await once(venue.stdout, 'data')
    const { endpoint } = JSON.parse(String(line))
    const strategy = moduleOf(`export default defineStrategy({ id: 'a', symbols: ['BTC-USDT'],
      onBook({ symbol, bid }, context) { if (context.openOrders().length === 0) context.order({ symbol, side: 'buy', quantity: 0.01, price: bid + 10 }) },
      onStop(context) { context.cancelAll() } })`)
    const home = join(makeFolder(), 'home')
    const ran = await ticktape(
      'run',
      strategy,
      '--venue',
      'okx',
      '--endpoint',
      endpoint,
      '--home',
      home,
      '--duration',
      '10',
    )
    expect(ran.stdout).toContain('all stopped in order')
    const orders = JSON.parse((await ticktape('orders', home, '--all', '--json')).stdout.split('\n')[0])
    expect(JSON.stringify(orders)).toContain('filled')
    const replayed = await ticktape('replay', home)
    expect(replayed.stdout).toContain('gateway: the same')
    expect(replayed.stdout).toContain('a: the same')
    const wrong = ticktape('run', strategy, '--endpoint', endpoint)
    await expect(wrong).rejects.toMatchObject({ code: 2, stderr: expect.stringContaining('--venue okx') })
    const away = ticktape('run', strategy, '--venue', 'okx', '--endpoint', 'ws://127.0.0.1:9999')
    await expect(away).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^ERR_VENUE: GET .* was not answered: .*ECONNREFUSED/),
    })
  } finally {
    venue.kill('SIGINT')
    expect((await once(venue, 'exit'))[0]).toBe(0)
  }
})

test('record --venue okx writes captures that are understood, and that a desk can play', {
  timeout: 60_000,
}, async () => {
  const fake = await startFakeOkx({ rate: 400 })
  const main = join(import.meta.dirname, '../../../dist/cli/main.js')
  const ticktape = (...args: string[]): Promise<{ stdout: string }> =>
    promisify(execFile)(process.execPath, [main, ...args])
  const to = join(makeFolder(), 'recording')
  const journal = join(makeFolder(), 'market')
  const venue = ['--venue', 'okx', '--endpoint', fake.endpoint, '--symbols', 'BTC-USDT,ETH-USDT']
  const { stdout } = await ticktape('record', ...venue, '--to', to, '--journal', journal, '--duration', '4s', '--json')
  const recorded = JSON.parse(stdout)
  expect(recorded.messages).toBeGreaterThan(100)
  expect(recorded.events).toBeGreaterThan(100)
  await ticktape('record', ...venue, '--journal', journal, '--duration', '2s', '--json')
  using reader = Reader.open(journal)
  const frames: string[] = []
  for (const frame of reader)
    if (frame.is(MarketGap)) frames.push(`gap: ${frame.reason}`)
    else if (frame.is(BookTop)) frames.push('BookTop')
    else if (frame.is(Trade)) frames.push('Trade')
  expect(frames.filter(name => name === 'BookTop').length).toBeGreaterThan(100)
  expect(frames.filter(name => name === 'Trade').length).toBeGreaterThan(10)
  expect(frames.filter(name => name.startsWith('gap'))).toEqual(['gap: the recorder did not run'])
  expect(reader.instruments().map(({ symbol, priceTick }) => `${symbol} ${priceTick}`)).toEqual([
    'BTC-USDT 0.1',
    'ETH-USDT 0.01',
  ])
  const report = JSON.parse(
    (
      await ticktape(
        'backtest',
        join(import.meta.dirname, '../../../examples/momentum.mjs'),
        '--capture',
        journal,
        '--json',
      )
    ).stdout,
  )
  expect(report.events).toBe(frames.filter(name => name === 'BookTop' || name === 'Trade').length)
  const [file] = readdirSync(to).filter(name => name.endsWith('.gz'))
  const feed = new CaptureFeed(join(to, file))
  const kinds = new Set<string>()
  for await (const batch of feed.events(0)) for (const event of batch) kinds.add(`${event.symbol} ${event.kind}`)
  expect([...kinds].toSorted()).toEqual(['BTC-USDT quote', 'BTC-USDT trade', 'ETH-USDT quote', 'ETH-USDT trade'])
  expect(feed.badLines).toBe(0)
  expect([...feed.passedOver.keys()].toSorted()).toEqual(['answer: subscribe', 'books'])
})

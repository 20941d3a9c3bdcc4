import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Reader } from 'ticktape'
import { type Feed, Gateway, type GatewayOptions, type MarketEvent } from 'ticktape/runtime'
import { BookTop, Ticker } from 'ticktape/trading'
import { expect, onTestFinished, test, vi } from 'vitest'
import { type Gap, Pace } from '../../../dist/trading/market/pace.js'
import { nap } from '../../../dist/wait/nap.js'
import { rejectionOf } from '../../support/failures.ts'
import { makeFolder } from '../../support/folders.ts'
import { strategyFile } from '../../support/gateways.ts'
import { ticktape } from '../../support/journals.ts'

const YEARS_54 = 54 * 365 * 86_400_000

/** A pace with a simulated time that only the test advances. */
function pace(speed: number | 'realtime', maxGapMs?: number): { at: (ms: number) => void; pace: Pace; gaps: Gap[] } {
  let now = 1000
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => now)
  onTestFinished(() => clock.mockRestore())
  const gaps: Gap[] = []
  return { at: ms => void (now = 1000 + ms), pace: new Pace(speed, maxGapMs, gap => gaps.push(gap)), gaps }
}

test('events are due at their recorded intervals, and late ones catch up', () => {
  const { at, pace: p, gaps } = pace(2)
  expect(p.dueIn(5000)).toBe(0)
  expect(p.dueIn(7000)).toBe(1000)
  at(3000)
  expect(p.dueIn(9000)).toBe(-1000)
  expect(p.dueIn(15_000)).toBe(2000)
  expect(gaps).toEqual([])
})

test('a gap of years is cut to a minute, and the next events keep their intervals', () => {
  const { at, pace: p, gaps } = pace('realtime')
  expect(p.dueIn(1)).toBe(0)
  expect(p.dueIn(YEARS_54)).toBe(60_000)
  expect(gaps).toEqual([{ gapMs: YEARS_54 - 1, waitMs: 60_000 }])
  at(60_000)
  expect(p.dueIn(YEARS_54 + 250)).toBe(250)
})

test('a gap is cut to the given maximum, in the time of the feed', () => {
  const { pace: p, gaps } = pace(10, 5000)
  p.dueIn(0)
  expect(p.dueIn(4000)).toBe(400)
  expect(p.dueIn(20_000)).toBe(500)
  expect(gaps).toEqual([{ gapMs: 16_000, waitMs: 500 }])
})

test('with a large maximum a gap is waited for, and reported', () => {
  const { pace: p, gaps } = pace('realtime', Number.POSITIVE_INFINITY)
  p.dueIn(0)
  expect(p.dueIn(YEARS_54)).toBe(YEARS_54)
  expect(gaps).toEqual([{ gapMs: YEARS_54, waitMs: YEARS_54 }])
})

test('after a first line from the future the others keep their intervals', () => {
  const { pace: p, gaps } = pace('realtime')
  p.dueIn(YEARS_54)
  expect(p.dueIn(1000)).toBe(0)
  expect(p.dueIn(1500)).toBe(500)
  expect(gaps).toEqual([{ gapMs: 1000 - YEARS_54, waitMs: 0 }])
})

test('a wait longer than any timer of Node does not end at once', async () => {
  const warnings: string[] = []
  const listen = (warning: Error): void => void warnings.push(warning.name)
  process.on('warning', listen)
  onTestFinished(() => void process.off('warning', listen))
  const leave = new AbortController()
  let ended = false
  const waiting = nap(YEARS_54, leave.signal).then(() => (ended = true))
  await new Promise(resolve => setTimeout(resolve, 50))
  expect(ended).toBe(false)
  leave.abort()
  await waiting
  expect(warnings).toEqual([])
})

const quote = (timeMs: number, symbol = 'A'): MarketEvent => ({
  kind: 'quote',
  timeMs,
  symbol,
  bid: 1,
  ask: 2,
  bidSize: 1,
  askSize: 1,
})

function feedOf(...events: readonly MarketEvent[]): Feed {
  return {
    async *events(skip) {
      yield events.slice(skip)
    },
  }
}

async function problemsOf(feed: Feed, options: Partial<GatewayOptions> = {}): Promise<Error[]> {
  const problems: Error[] = []
  const gateway = await Gateway.start({
    home: join(makeFolder('memory'), 'session'),
    strategies: [strategyFile('busy.mjs')],
    feed,
    pageSize: 65536,
    strategyPageSize: 65536,
    onProblem: problem => problems.push(problem),
    ...options,
  })
  try {
    await gateway.fed
  } finally {
    // `fed` has reported the error.
    await gateway.stop().catch(() => {})
  }
  return problems
}

test('a gateway reports gaps in a bounded number of messages, and writes every event', async () => {
  const events = Array.from({ length: 50 }, (_, i) => quote(i * YEARS_54))
  const home = join(makeFolder('memory'), 'session')
  const problems = await problemsOf(feedOf(...events), { home, maxGapMs: 1 })
  const gaps = problems.filter(problem => (problem as { code?: string }).code === 'ERR_FEED_GAP')
  expect(gaps).toHaveLength(6)
  expect(gaps[0].message).toMatch(/19710 d later in the feed and is written after 1 ms/)
  expect(gaps[5].message).toContain('49 such gaps')
  using reader = Reader.open(join(home, 'gateway'))
  expect([...reader].filter(frame => frame.is(BookTop))).toHaveLength(50)
})

test('a gateway waits for a gap of years without a gap limit, and sleeps meanwhile', async () => {
  const warnings: string[] = []
  const listen = ({ name }: Error): void => void warnings.push(name)
  process.on('warning', listen)
  onTestFinished(() => void process.off('warning', listen))
  const gateway = await Gateway.start({
    home: join(makeFolder('memory'), 'session'),
    strategies: [],
    feed: feedOf(quote(0), quote(YEARS_54)),
    speed: 'realtime',
    maxGapMs: Number.POSITIVE_INFINITY,
    wait: 'event-loop',
  })
  try {
    await vi.waitFor(() => expect(gateway.status.events).toBe(1))
    const before = process.cpuUsage()
    await nap(1000, new AbortController().signal)
    const { user, system } = process.cpuUsage(before)
    expect(gateway.status.events).toBe(1)
    expect(warnings).toEqual([])
    // µs in a second; a loop that does not sleep takes all of it.
    expect(user + system).toBeLessThan(500_000)
  } finally {
    await gateway.stop()
  }
})

test('a gateway refuses an invalid gap', async () => {
  for (const maxGapMs of [0, -1, Number.NaN, '5s'])
    expect(await rejectionOf(problemsOf(feedOf(), { maxGapMs: maxGapMs as number }))).toMatchObject({
      code: 'ERR_INVALID_OPTION',
      message: expect.stringContaining('maxGapMs') as string,
    })
})

test('symbols that a strategy asks for and the feed does not have are reported', async () => {
  const unknown = { code: 'ERR_UNKNOWN_SYMBOL', strategy: 'eager' }
  expect(await problemsOf(feedOf(quote(1), quote(2, 'ETHUSDT')))).toMatchObject([
    {
      ...unknown,
      symbols: ['BTCUSDT'],
      message: expect.stringMatching(/there has been no event so far; there is A, ETHUSDT$/) as string,
    },
  ])
  const known = { ...feedOf(), symbols: ['BTCUSDT', 'SOLUSDT'] }
  expect(await problemsOf(known)).toMatchObject([
    { ...unknown, symbols: ['ETHUSDT'], message: expect.stringContaining('this feed does not have') as string },
  ])
  expect(await problemsOf(feedOf(quote(1, 'BTCUSDT'), quote(2, 'ETHUSDT')))).toEqual([])
})

/** A byte more than a symbol may have. */
const LONG = 'X'.repeat(49)

test('an event whose symbol does not fit stops the gateway with an error that names it', async () => {
  expect(await rejectionOf(problemsOf(feedOf(quote(1, LONG))))).toMatchObject({
    code: 'ERR_INVALID_OPTION',
    message: expect.stringContaining('XXXXXXXX') as string,
  })
})

test('trades that are not market trades change neither the last price nor the volume', async () => {
  const file = join(makeFolder(), 'capture.txt')
  const trade = (i: number, origin: string, price: string, quantity: string): string =>
    `${i} {"stream":"btcusdt@trade","data":{"e":"trade","s":"BTCUSDT","t":${i},"p":"${price}","q":"${quantity}","X":"${origin}","m":true}}`
  const top =
    '9 {"stream":"btcusdt@bookTicker","data":{"e":"bookTicker","s":"BTCUSDT","b":"59999","B":"1","a":"60001","A":"1"}}'
  writeFileSync(
    file,
    [
      trade(1, 'MARKET', '60000', '1'),
      trade(2, 'NA', '0', '0'),
      top,
      trade(3, 'INSURANCE_FUND', '52000', '5'),
      top,
      trade(4, 'ADL', '52000', '7'),
      top,
      trade(5, 'MARKET', '60001', '2'),
      top,
    ].join('\n'),
  )
  const home = join(makeFolder('memory'), 'session')
  const { status, stdout } = ticktape(
    'run',
    strategyFile('tickers.mjs'),
    '--capture',
    file,
    '--home',
    home,
    '--speed',
    'max',
  )
  expect(status).toBe(0)
  expect(stdout).toMatch(/^6 events.*\n.*1 × trade of NA, 1 × trade of INSURANCE_FUND, 1 × trade of ADL/)
  using reader = Reader.open(join(home, 'gateway'))
  const tickers: number[][] = []
  for (const frame of reader) if (frame.is(Ticker)) tickers.push([frame.last, frame.volume])
  expect(tickers).toEqual([
    [60_000, 1],
    [60_000, 1],
    [60_000, 1],
    [60_001, 3],
  ])
})

test.each([['soon'], ['0s'], ['-1s']])('--max-gap %s is refused', text => {
  expect(ticktape('run', strategyFile('busy.mjs'), '--max-gap', text)).toMatchObject({
    status: 2,
    stderr: expect.stringMatching(/^ERR_USAGE: /) as string,
  })
})

test('a capture that begins in 1970 waits for --max-gap and reports it in one line', () => {
  const file = join(makeFolder(), 'capture.txt')
  const data = '{"stream":"a@bookTicker","data":{"u":1,"s":"BTCUSDT","b":"1","B":"1","a":"2","A":"1"}}'
  writeFileSync(file, `1000 ${data}\n1723161255000000000 ${data}\n1723161255100000000 ${data}\n`)
  const { status, stdout, stderr } = ticktape('run', strategyFile('busy.mjs'), '--capture', file, '--max-gap', '300ms')
  expect([status, stdout.slice(0, 8)]).toEqual([0, '3 events'])
  expect(stderr.match(/ERR_FEED_GAP.*/g)).toEqual([expect.stringContaining('is written after 300 ms')])
  expect(stderr).not.toContain('Warning')
})

import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { Decimal } from 'decimal.js'
import {
  type BacktestReport,
  backtest,
  defineStrategy,
  type MarketEvent,
  replaySession,
  SyntheticFeed,
} from 'ticktape/runtime'
import { type InstrumentSpec, SimulatedExchange } from 'ticktape/trading'
import { describe, expect, test } from 'vitest'
import { feedOf, fillsOf, moduleOf, newHome, quote, trade } from '../../support/desks.ts'
import { rejectionOf } from '../../support/failures.ts'
import { makeFolder } from '../../support/folders.ts'
import { ticktape } from '../../support/journals.ts'

const BTC: InstrumentSpec = {
  venue: 'sim',
  symbol: 'BTCUSDT',
  kind: 'spot',
  base: 'BTC',
  quote: 'USDT',
  priceTick: '0.1',
  quantityStep: '0.001',
}
const AT = Date.UTC(2026, 2, 3, 12)

/** Buys 2 with the event at 2 s, sells 3 with the one at 4 s, and holds the short position. */
const TWICE = `let n = 0
  export default defineStrategy({ id: 'twice', onBook({ symbol }, { order }) {
    n++
    if (n === 3) order({ symbol, side: 'buy', quantity: 2 })
    if (n === 5) order({ symbol, side: 'sell', quantity: 3 })
    if (n === 6) order({ symbol, side: 'buy', quantity: 0.0001 })
  } })`

/** One quote each second: bid and bid + 1. */
const quotesOf = (bids: readonly number[]): MarketEvent[] =>
  bids.map((bid, i) => quote('BTCUSDT', bid, bid + 1, 10, AT + 1000 * i))

/** A report without what depends on the machine. */
const timeless = (report: BacktestReport): BacktestReport => ({ ...report, wallMs: 0, eventsPerSecond: 0, home: null })

describe('a backtest', () => {
  test('reports what was filled, and what came of it', { timeout: 60_000 }, async () => {
    const home = newHome()
    const report = await backtest({
      strategies: [moduleOf(TWICE)],
      feed: feedOf(quotesOf([100, 104, 100, 110, 120, 90, 95])),
      exchange: { instruments: [BTC], fees: { maker: 0, taker: '0.001' } },
      home,
    })
    // Bought 2 at 101, sold 3 at 120; the last quote is 95 to 96.
    const fees = new Decimal('202').plus(360).times('0.001')
    const profit = new Decimal(-202).plus(360).minus(new Decimal('95.5')).minus(fees)
    expect(report).toMatchObject({
      events: 7,
      fromMs: AT,
      toMs: AT + 6000,
      openOrders: 0,
      turnover: { USDT: 562 },
      home,
      currencies: [{ currency: 'USDT', profit: profit.toNumber(), fees: fees.toNumber() }],
      instruments: [
        {
          instrument: 'BTCUSDT.sim',
          fills: 2,
          bought: 2,
          sold: 3,
          position: -1,
          lastPrice: 95.5,
          turnover: 562,
          quoteCurrency: 'USDT',
          fees: { USDT: fees.toNumber() },
          profit: 62.5,
          currency: 'USDT',
        },
      ],
      strategies: [
        {
          strategy: 'twice',
          sent: 2,
          fills: 2,
          denied: { 'quantity-step': 1 },
          rejected: {},
          profit: { USDT: profit.toNumber() },
        },
      ],
    })
    // Profit at each second, before its quote: flat, long 2 from 101, then short 1.
    const taker = [0.202, 0.562]
    const expected = [
      0,
      0,
      0,
      -202 + 2 * 100.5 - taker[0],
      -202 + 2 * 110.5 - taker[0],
      158 - 120.5 - taker[1],
      158 - 90.5 - taker[1],
    ]
    expect(report.curve.everySeconds).toBe(1)
    expect(report.curve.timesMs).toEqual(expected.map((_, i) => AT + 1000 * i))
    expect(report.curve.profit['USDT']?.length).toBe(expected.length)
    expected.forEach((value, i) => expect(report.curve.profit['USDT'][i]).toBeCloseTo(value, 9))
    // The highest profit is short 1 at 90, and the largest fall from there to 95.
    const { maxDrawdown, sharpe } = report.currencies[0]
    expect(maxDrawdown.amount).toBeCloseTo(5, 9)
    expect([maxDrawdown.fromMs, maxDrawdown.toMs]).toEqual([AT + 5000, AT + 6000])
    const changes = expected.slice(1).map((value, i) => new Decimal(value).minus(expected[i]))
    const mean = Decimal.sum(...changes).div(changes.length)
    const deviation = Decimal.sum(...changes.map(change => change.minus(mean).pow(2)))
      .div(changes.length - 1)
      .sqrt()
    expect(sharpe?.value).toBeCloseTo(
      mean
        .div(deviation)
        .times(new Decimal(365 * 86_400).sqrt())
        .toNumber(),
      6,
    )
    expect(sharpe?.definition).toContain('standard deviation')
    expect(await replaySession({ home })).toMatchObject({
      verdict: 'same',
      exchanges: [{ who: 'sim', verdict: 'same', compared: 2 }],
      strategies: [{ who: 'twice', verdict: 'same', compared: 3 }],
    })
  })

  const MARKET_MAKER = `let open = []
    export default defineStrategy({ id: 'maker', onBook({ symbol, bid, ask }, { order, cancel, position, random }) {
      if (random() > 0.02) return
      for (const id of open) cancel(id)
      const { quantity } = position(symbol)
      open = []
      if (quantity < 5) open.push(order({ symbol, side: 'buy', quantity: 0.5, price: bid, postOnly: true }))
      if (quantity > -5) open.push(order({ symbol, side: 'sell', quantity: 0.5, price: ask, postOnly: true }))
    } })`
  const EXCHANGE = { fees: { maker: '-0.0001', taker: '0.0004' }, latencyNs: { min: 1e6, max: 5e6 } } as const

  test('is the same each time, in another home, and over the journal of the first run; profit is that of its fills', {
    timeout: 120_000,
  }, async () => {
    const home = newHome()
    const strategies = [moduleOf(MARKET_MAKER)]
    const feed = (): SyntheticFeed => new SyntheticFeed({ seed: 5, rate: 200, limit: 20_000 })
    const first = await backtest({ strategies, feed: feed(), exchange: EXCHANGE, home })
    const second = await backtest({ strategies, feed: feed(), exchange: EXCHANGE })
    expect(second.home).toBeNull()
    expect(timeless(second)).toEqual(timeless(first))
    const [{ profit, fees, maxDrawdown }] = first.currencies
    expect(first.strategies[0].fills).toBeGreaterThan(50)
    expect(maxDrawdown.amount).toBeGreaterThan(0)
    // Another count of the same fills, with a decimal library.
    let cash = new Decimal(0)
    const positions = new Map<string, Decimal>()
    let charged = new Decimal(0)
    for (const { symbol, side, price, quantity, fee } of fillsOf(home)) {
      const signed = new Decimal(side === 'buy' ? quantity : -quantity)
      positions.set(symbol, (positions.get(symbol) ?? new Decimal(0)).plus(signed))
      cash = cash.minus(signed.times(price))
      charged = charged.plus(fee)
    }
    for (const { instrument, lastPrice, position } of first.instruments) {
      const held = positions.get(instrument.replace('.sim', '')) ?? new Decimal(0)
      expect([instrument, position]).toEqual([instrument, held.toNumber()])
      cash = cash.plus(held.times(lastPrice))
    }
    expect(profit).toBeCloseTo(cash.minus(charged).toNumber(), 6)
    expect(fees).toBeCloseTo(charged.toNumber(), 9)
    expect(await replaySession({ home })).toMatchObject({ verdict: 'same' })
    // The journal has the same market, and the terms of its instruments.
    const again = await backtest({ strategies, capture: home, exchange: EXCHANGE })
    expect(again.instruments.map(({ fills, position }) => [fills, position])).toEqual(
      first.instruments.map(({ fills, position }) => [fills, position]),
    )
    expect(again.currencies[0].profit).toBeCloseTo(profit, 6)
  })

  test('gives a strategy the times of the market, and its timers at their times', async () => {
    const seen: [string, number][] = []
    const note = (what: string, now: bigint): void => void seen.push([what, Number(now / 1_000_000n) - AT])
    const report = await backtest({
      strategies: [
        defineStrategy({
          id: 'clock',
          onBook(_, context) {
            note('book', context.now)
            if (seen.length === 1) context.after(1500, 'once')
          },
          onTimer({ name }, context) {
            note(name, context.now)
            context.order({ symbol: 'BTCUSDT', side: 'buy', quantity: 1 })
          },
          onFill(_, context) {
            note('fill', context.now)
          },
        }),
      ],
      feed: feedOf(quotesOf([100, 101, 102])),
      exchange: { instruments: [BTC], latencyNs: 100e6 },
    })
    expect(seen).toEqual([
      ['book', 0],
      ['book', 1000],
      ['once', 1500],
      ['fill', 1700],
      ['book', 2000],
    ])
    // At the price that the market had when the order came to the exchange.
    expect(report.instruments[0].turnover).toBe(102)
  })

  test('does without a market, a strategy that throws, a home in use and other wrong options by name', {
    timeout: 60_000,
  }, async () => {
    const strategies = [moduleOf(TWICE)]
    const feed = feedOf(quotesOf([100]))
    const full = makeFolder()
    writeFileSync(join(full, 'file'), '')
    const live = Object.assign(new SimulatedExchange(), { deterministic: false })
    const cases: [object, string, RegExp][] = [
      [{ strategies }, 'ERR_INVALID_OPTION', /market data/],
      [{ strategies: [], feed }, 'ERR_INVALID_OPTION', /at least one/],
      [{ strategies, feed: feedOf([]) }, 'ERR_INVALID_OPTION', /no market event/],
      [{ strategies, feed, home: full }, 'ERR_INVALID_OPTION', /not empty/],
      [{ strategies, feed, exchnage: {} }, 'ERR_INVALID_OPTION', /exchnage/],
      [{ strategies, feed, venues: [live] }, 'ERR_INVALID_OPTION', /not deterministic/],
      [{ strategies, capture: full }, 'ERR_INVALID_OPTION', /no capture, no journal and no home/],
      [{ strategies: [...strategies, ...strategies], feed }, 'ERR_STRATEGY', /two strategies 'twice'/],
      [{ strategies: ['/nowhere.mjs'], feed }, 'ERR_STRATEGY', /nowhere/],
    ]
    for (const [options, code, message] of cases)
      expect(await rejectionOf(backtest(options as never)), String(message)).toMatchObject({
        code,
        message: expect.stringMatching(message) as string,
      })
    const throwing = defineStrategy({
      id: 'a',
      onBook() {
        throw new RangeError('too far')
      },
    })
    await expect(backtest({ strategies: [throwing], feed })).rejects.toThrow('too far')
    const endless = new SyntheticFeed({ limit: 10_000_000 })
    await expect(backtest({ strategies, feed: endless, signal: AbortSignal.timeout(300) })).rejects.toThrow('timeout')
  })

  test('of two venues and an inverse contract counts each currency by itself', async () => {
    const inverse: InstrumentSpec = {
      ...BTC,
      venue: 'coin',
      symbol: 'BTCUSD',
      kind: 'perpetual',
      quote: 'USD',
      quantityStep: '1',
      inverse: true,
      multiplier: '100',
    }
    let n = 0
    const report = await backtest({
      strategies: [
        defineStrategy({
          id: 'both',
          onBook({ symbol }, { order }) {
            n++
            if (n === 3) order({ symbol: 'BTCUSD', side: 'buy', quantity: 5 })
            if (n === 4) order({ symbol: 'BTCUSDT', side: 'buy', quantity: 1 })
            if (n === 5) order({ symbol, side: 'sell', quantity: 5 })
          },
        }),
      ],
      feed: feedOf([
        quote('BTCUSDT', 100, 101, 10, AT),
        quote('BTCUSD', 100, 101, 10, AT),
        quote('BTCUSD', 199, 200, 10, AT + 1),
        quote('BTCUSDT', 102, 103, 10, AT + 2),
        quote('BTCUSD', 250, 251, 10, AT + 3),
        trade('BTCUSDT', 104, 1, 'buy', AT + 4),
      ]),
      venues: [new SimulatedExchange({ instruments: [BTC] }), new SimulatedExchange({ instruments: [inverse] })],
    })
    const coins = new Decimal(500).div(200).minus(new Decimal(500).div(250)).toNumber()
    expect(Object.fromEntries(report.currencies.map(({ currency, profit }) => [currency, profit]))).toEqual({
      BTC: coins,
      USDT: -103 + 102.5,
    })
    expect(report.turnover).toEqual({ USD: 1000, USDT: 103 })
  })
})

describe('ticktape backtest', () => {
  test('runs on a capture, writes the report, and leaves a home that replays', { timeout: 60_000 }, () => {
    const folder = makeFolder()
    const capture = join(folder, 'capture.gz')
    const lines = quotesOf([100, 104, 100, 110, 120, 90, 95]).map((event, i) => {
      const { bid, ask } = event as { bid: number; ask: number }
      const data = { e: 'bookTicker', s: 'BTCUSDT', b: String(bid), B: '10', a: String(ask), A: '10' }
      return `${BigInt(AT + 1000 * i) * 1_000_000n} ${JSON.stringify({ stream: 'btcusdt@bookTicker', data })}`
    })
    writeFileSync(capture, gzipSync(`${lines.join('\n')}\n`))
    const exchange = join(folder, 'exchange.json')
    writeFileSync(exchange, JSON.stringify({ fees: { maker: 0, taker: '0.001' }, instruments: [BTC] }))
    const strategy = moduleOf(TWICE)
    const [report, home] = [join(folder, 'out'), newHome()]
    const run = ticktape(
      'backtest',
      strategy,
      '--capture',
      capture,
      '--exchange',
      exchange,
      '--report',
      report,
      '--home',
      home,
    )
    expect([run.status, run.stderr]).toEqual([0, ''])
    expect(run.stdout).toMatch(/^7 market events from 2026-03-03 12:00:00.000 to 2026-03-03 12:00:06.000 \(6.0 s\)/)
    expect(run.stdout).toMatch(/USDT +61\.938 +0\.562 /)
    expect(readFileSync(join(report, 'report.txt'), 'utf8')).toBe(run.stdout.slice(0, run.stdout.indexOf('written to')))
    const json = JSON.parse(readFileSync(join(report, 'report.json'), 'utf8')) as BacktestReport
    expect(json).toMatchObject({ events: 7, currencies: [{ currency: 'USDT', profit: 61.938 }] })
    for (const name of ['profit-USDT.svg', 'drawdown-USDT.svg'])
      expect(readFileSync(join(report, name), 'utf8')).toMatch(
        /^<svg [^]*<polyline points="[\d.,-]+( [\d.,-]+){6}"[^]*<\/svg>\n$/,
      )
    expect(ticktape('replay', home)).toMatchObject({ status: 0 })
    const other = ticktape('backtest', strategy, '--capture', home, '--exchange', exchange, '--json')
    expect(JSON.parse(other.stdout)).toMatchObject({ currencies: [{ profit: 61.938 }], home: null })
  })

  test('says what is missing', () => {
    const strategy = moduleOf(TWICE)
    for (const [args, message] of [
      [[strategy], /--capture PATH or --feed synthetic/],
      [[strategy, '--feed', 'real'], /'real' is not a feed/],
      [[strategy, '--capture', '/nowhere'], /there is no capture/],
      [[strategy, '--feed', 'synthetic', '--exchange', '/nowhere'], /--exchange: there is no file/],
    ] as const)
      expect(ticktape('backtest', ...args)).toMatchObject({
        status: 2,
        stdout: '',
        stderr: expect.stringMatching(message) as string,
      })
    expect(existsSync('/dev/shm/ticktape-backtest-')).toBe(false)
  })
})

import { CaptureFeed, type MarketEvent } from 'ticktape/runtime'
import { expect, test } from 'vitest'
import { realData, textIn } from '../../support/captures.ts'
import { rejectionOf } from '../../support/failures.ts'

const FILES = [
  ['spot_btcusdt_20240808.gz', { quote: 28_040, trade: 9757 }, { depthUpdate: 3451, 'book snapshot': 1 }],
  ['btcusdt_20240808.gz', { quote: 66_089, trade: 21_313 }, { depthUpdate: 6551, 'book snapshot': 1 }],
  ['ethusdt_20240808.gz', { quote: 53_992, trade: 14_076 }, { depthUpdate: 6586, 'book snapshot': 1 }],
  ['cm_btcusd_perp_20240808.gz', { quote: 19_136, trade: 2286 }, { depthUpdate: 26_847, 'book snapshot': 1 }],
  ['hyperliquid_btc_20250126.gz', { quote: 46, trade: 64 }, {}],
  [
    'venues/okx_public_20220513.gz',
    { quote: 28, trade: 74 },
    { books: 290, 'answer: subscribe': 18, 'message that was sent': 3, connection: 1 },
  ],
] as const

/** One event as text: every value of it, at full length. */
type Line = string

async function linesOf(feed: CaptureFeed): Promise<Line[]> {
  const lines: Line[] = []
  for await (const batch of feed.events(0)) for (const event of batch) lines.push(lineOf(event))
  return lines
}

function lineOf(event: MarketEvent): Line {
  const { kind, symbol, timeMs } = event
  if (kind === 'quote') return [timeMs, kind, symbol, event.bid, event.bidSize, event.ask, event.askSize].join(' ')
  return [timeMs, kind, symbol, event.tradeId, event.price, event.quantity, event.side].join(' ')
}

/** The same of a file's text, by patterns: nothing is shared with the library, not even the parser of JSON. */
function read(text: string): Line[] {
  return text.split('\n').flatMap(line => {
    const [, whole = '', fraction = ''] = /^(\d+)(?:\.(\d+):)?/.exec(line) ?? []
    const time = Number(fraction === '' ? whole : whole + fraction.padEnd(9, '0')) / 1e6
    const field = (part: string, name: string): string => new RegExp(`"${name}":"?([^",}]*)`).exec(part)?.[1] ?? '?'
    const numbers = (part: string, ...names: string[]): number[] => names.map(name => Number(field(part, name)))
    if (line.includes('@bookTicker"'))
      return [[time, 'quote', field(line, 's'), ...numbers(line, 'b', 'B', 'a', 'A')].join(' ')]
    if (line.includes('@trade"')) {
      const side = line.includes('"m":true') ? 'sell' : 'buy'
      return [[time, 'trade', field(line, 's'), field(line, 't'), ...numbers(line, 'p', 'q'), side].join(' ')]
    }
    if (line.includes('"l2Book"')) {
      const [bids = '', asks = ''] = line.slice(line.indexOf('"levels":')).split('],[')
      const values = [...numbers(bids, 'px', 'sz'), ...numbers(asks, 'px', 'sz')]
      return [[time, 'quote', field(line, 'coin'), ...values].join(' ')]
    }
    if (line.includes('"channel":"tickers"') && line.includes('"data"')) {
      const values = numbers(line, 'bidPx', 'bidSz', 'askPx', 'askSz')
      return [[time, 'quote', field(line, 'instId'), ...values].join(' ')]
    }
    if (line.includes('"arg":{"channel":"trades"') && line.includes('"data"')) {
      const values = [field(line, 'tradeId'), ...numbers(line, 'px', 'sz'), field(line, 'side')]
      return [[time, 'trade', field(line, 'instId'), ...values].join(' ')]
    }
    return line
      .split('{"coin"')
      .slice(1)
      .filter(() => line.includes('"trades"'))
      .map(part => {
        const side = part.includes('"side":"A"') ? 'sell' : 'buy'
        return [time, 'trade', 'BTC', field(part, 'tid'), ...numbers(part, 'px', 'sz'), side].join(' ')
      })
  })
}

test.for(FILES)(
  'every line of %s is a quote, trades, or skipped because of its kind, with the values that it has',
  { timeout: 60_000 },
  async ([name, wanted, passedOver], context) => {
    const file = realData(context, name)
    const feed = new CaptureFeed(file)
    const lines = await linesOf(feed)
    const count = (kind: string): number => lines.filter(line => line.split(' ')[1] === kind).length
    expect({ quote: count('quote'), trade: count('trade') }).toEqual(wanted)
    expect(feed.badLines).toBe(0)
    expect(Object.fromEntries(feed.passedOver)).toEqual(passedOver)
    const other = read(textIn(file))
    // Of 80,000 lines a difference is shown, and not all of them.
    expect(lines.length).toBe(other.length)
    expect(lines.find((line, i) => line !== other[i])).toBeUndefined()
  },
)

test('a file without market data is one error that says what it has and names the dialects', async context => {
  const feed = new CaptureFeed(realData(context, 'venues', 'okx_instruments_20220513.gz'))
  const problems: unknown[] = []
  feed.onProblem = problem => problems.push(problem)
  const failure = await rejectionOf(linesOf(feed))
  expect(failure).toMatchObject({ code: 'ERR_CAPTURE', path: feed.file })
  expect(failure.message).toMatch(/26 lines, .*25 × answer of a REST server.*Binance/)
  expect(problems).toEqual([])
})

import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { CaptureFeed } from 'ticktape/runtime'
import { expect, test } from 'vitest'
import { rejectionOf } from '../../support/failures.ts'

/** The folder of real captures, which are not part of the project. */
const FOLDER = resolve(import.meta.dirname, '../../../../shared/data')

const FILES = [
  ['spot_btcusdt_20240808.gz', { quote: 28_040, trade: 9757 }, { depthUpdate: 3451, 'book snapshot': 1 }],
  ['btcusdt_20240808.gz', { quote: 66_089, trade: 21_313 }, { depthUpdate: 6551, 'book snapshot': 1 }],
  ['ethusdt_20240808.gz', { quote: 53_992, trade: 14_076 }, { depthUpdate: 6586, 'book snapshot': 1 }],
  ['cm_btcusd_perp_20240808.gz', { quote: 19_136, trade: 2286 }, { depthUpdate: 26_847, 'book snapshot': 1 }],
] as const

for (const name of [...FILES.map(([file]) => file), 'hyperliquid_btc_20250126.gz'])
  if (!existsSync(join(FOLDER, name))) console.log(`A real capture is not read: there is no ${join(FOLDER, name)}.`)

test.for(FILES)(
  'every line of %s is a quote, a trade, or skipped because of its kind',
  { timeout: 60_000 },
  async (row, context) => {
    const [name, wanted, passedOver] = row
    const file = join(FOLDER, name)
    context.skip(!existsSync(file))
    const feed = new CaptureFeed(file)
    const counts = { quote: 0, trade: 0 }
    const prices = { quote: [] as number[], trade: [] as number[] }
    for await (const batch of feed.events(0))
      for (const event of batch) {
        counts[event.kind]++
        prices[event.kind].push(event.kind === 'quote' ? event.bid : event.price)
      }
    expect(counts).toEqual(wanted)
    expect(feed.badLines).toBe(0)
    expect(Object.fromEntries(feed.passedOver)).toEqual(passedOver)
    // Counts by the name of the stream alone, which the library uses only when a message does not state its kind.
    const text = gunzipSync(readFileSync(file)).toString()
    const pricesOf = (stream: string, field: string): number[] =>
      [...text.matchAll(new RegExp(`@${stream}","data":\\{[^}]*"${field}":"([\\d.]+)"`, 'g'))].map(([, price]) =>
        Number(price),
      )
    expect(prices).toEqual({ quote: pricesOf('bookTicker', 'b'), trade: pricesOf('trade', 'p') })
  },
)

async function readAll(feed: CaptureFeed): Promise<void> {
  for await (const batch of feed.events(0)) expect(batch).toEqual([])
}

test('a capture of Hyperliquid is one error that names the dialects', async context => {
  const file = join(FOLDER, 'hyperliquid_btc_20250126.gz')
  context.skip(!existsSync(file))
  const feed = new CaptureFeed(file)
  const problems: unknown[] = []
  feed.onProblem = problem => problems.push(problem)
  const failure = await rejectionOf(readAll(feed))
  expect(failure).toMatchObject({ code: 'ERR_CAPTURE', path: file })
  expect(failure.message).toMatch(/55 lines.*Binance/)
  expect(problems).toEqual([])
})

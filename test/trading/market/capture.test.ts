import { createHash, type Hash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { startChild } from '../../support/child.ts'
import { makeFolder } from '../../support/folders.ts'
import { GatewayProcess, strategyFile } from '../../support/gateways.ts'

/** The path of a real capture, which is not part of the project. */
const REAL =
  process.env['TICKTAPE_CAPTURE'] ?? resolve(import.meta.dirname, '../../../../shared/data/btcusdt_20240808.gz')

/** The content of a file, read by code that shares nothing with the library: counts, and a digest of every bit in order. */
interface Content {
  readonly quotes: number
  readonly trades: number
  readonly digest: string
}

function see(hash: Hash, kind: string, symbol: string, numbers: readonly number[]): void {
  hash.update(`${kind}${symbol}`).update(new Float64Array(numbers))
}

interface Message {
  readonly data?: {
    readonly e: string
    readonly s: string
    readonly b: string
    readonly B: string
    readonly a: string
    readonly A: string
    readonly p: string
    readonly q: string
    readonly t: number
    readonly m: boolean
  }
}

function contentOf(file: string): Content {
  const raw = readFileSync(file)
  const text = (raw[0] === 0x1f ? gunzipSync(raw) : raw).toString('latin1')
  const hash = createHash('sha256')
  let [quotes, trades] = [0, 0]
  for (const line of text.split('\n')) {
    if (!/^\d+ \{.*\}$/.test(line)) continue
    const { data } = JSON.parse(line.slice(line.indexOf(' '))) as Message
    if (data?.e === 'bookTicker') {
      quotes++
      see(hash, 'q', data.s, [data.b, data.a, data.B, data.A].map(Number))
    } else if (data?.e === 'trade') {
      trades++
      see(hash, `t${data.t}${data.m ? 'sell' : 'buy'}`, data.s, [data.p, data.q].map(Number))
    }
  }
  return { quotes, trades, digest: hash.digest('hex') }
}

/** A reader in a separate process. It counts and digests events until it has the expected number, then checks that no more arrive. */
const READER = `
import { createHash } from 'node:crypto'
const { BookTop, Trade } = await import('ticktape/trading')
const wanted = Number(args[1])
say('up')
const reader = await Reader.whenReady(dir)
const hash = createHash('sha256')
let [quotes, trades] = [0, 0]
const see = (kind, symbol, numbers) => hash.update(kind + symbol).update(new Float64Array(numbers))
const handlers = on(BookTop, book => { quotes++; see('q', book.symbol, [book.bid, book.ask, book.bidSize, book.askSize]) })
  .on(Trade, trade => { trades++; see('t' + trade.tradeId + trade.side, trade.symbol, [trade.price, trade.quantity]) })
while (quotes + trades < wanted) if (reader.poll(handlers) === 0) await sleep(1)
await sleep(100)
while (reader.poll(handlers) > 0);
say({ quotes, trades, digest: hash.digest('hex') })
`

async function play(file: string, content: Content): Promise<{ pages: number }> {
  const folder = makeFolder('memory')
  const home = join(folder, 'session')
  const journal = join(home, 'gateway')
  const events = content.quotes + content.trades
  process.env['RECORDER_OUT'] = join(folder, 'recorded')

  const before = startChild(READER, [journal, events])
  await before.hear()
  expect(existsSync(journal)).toBe(false)
  const gateway = await GatewayProcess.start({
    home,
    strategies: [strategyFile('recorder.mjs')],
    capture: file,
    speed: 'max',
  })
  while ((await gateway.status()).events < events / 3);
  const middle = startChild(READER, [journal, events])
  await gateway.fed()
  expect(await gateway.stop()).toBe(true)
  const after = startChild(READER, [journal, events])

  for (const reader of [before, middle, after]) {
    const said = (await reader.end()).said.at(-1)
    expect(said).toEqual(content)
  }
  for (const id of ['first', 'second'])
    expect(JSON.parse(readFileSync(join(folder, `recorded-${id}.json`), 'utf8'))).toEqual(content)
  return { pages: readdirSync(journal).filter(name => name.endsWith('.page')).length }
}

test('a small capture with bad lines arrives in every process, each event once, in order, bit for bit', {
  timeout: 60_000,
}, async () => {
  const lines = Array.from({ length: 6000 }, (_, i) => {
    const price = (60_000 + ((i * 7919) % 1000) / 10).toFixed(2)
    if (i % 50 === 7) return `${i} {"stream": cut off`
    if (i % 10 === 3) return `${i} {"stream":"x@depth","data":{"e":"depthUpdate","s":"X","b":[],"a":[]}}`
    if (i % 4 === 1)
      return `${i} {"stream":"x@trade","data":{"e":"trade","s":"BTCUSDT","t":${i},"p":"${price}","q":"0.${i + 1}","m":${i % 8 === 1}}}`
    return `${i} {"stream":"x@bookTicker","data":{"e":"bookTicker","s":"ETHUSDT","b":"${price}","B":"0.1","a":"${price}1","A":"${i}.3"}}`
  })
  const file = join(makeFolder(), 'small.gz')
  writeFileSync(file, gzipSync(lines.join('\n')))
  const content = contentOf(file)
  expect(content).toMatchObject({ quotes: 4140, trades: 1140 })
  const { pages } = await play(file, content)
  expect(pages).toBeGreaterThan(4)
})

const missing = existsSync(REAL) ? undefined : `there is no ${REAL}; set TICKTAPE_CAPTURE to a capture`
if (missing !== undefined) console.log(`A real capture is not played: ${missing}.`)

test.skipIf(missing !== undefined)(
  'a real capture arrives in every process, each event once, in order, bit for bit, over more than 50 pages',
  { timeout: 120_000 },
  async () => {
    const content = contentOf(REAL)
    expect(content.quotes + content.trades).toBeGreaterThan(10_000)
    const { pages } = await play(REAL, content)
    expect(pages).toBeGreaterThan(50)
  },
)

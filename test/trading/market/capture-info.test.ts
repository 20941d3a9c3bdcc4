import { truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { type CaptureInfo, captureInfo } from 'ticktape/runtime'
import { describe, expect, test } from 'vitest'
import { realData } from '../../support/captures.ts'
import { rejectionOf } from '../../support/failures.ts'
import { makeFolder } from '../../support/folders.ts'
import { ticktape } from '../../support/journals.ts'

const START = 1_723_161_255_000

/** A line of a trade of Binance. */
function trade(ms: number, id: number): string {
  return `${START + ms}000000 {"stream":"btcusdt@trade","data":{"e":"trade","E":1,"T":1,"s":"BTCUSDT","t":${id},"p":"61800.30","q":"0.006","X":"MARKET","m":false}}`
}

/** A line of a depthUpdate of Binance futures. */
function depth(ms: number, previous: number, last: number): string {
  return `${START + ms}000000 {"stream":"btcusdt@depth","data":{"e":"depthUpdate","E":1,"T":1,"s":"BTCUSDT","U":${previous + 3},"u":${last},"pu":${previous},"b":[],"a":[]}}`
}

function write(lines: readonly string[], name = 'capture.gz'): string {
  const file = join(makeFolder(), name)
  const text = lines.join('\n')
  writeFileSync(file, name.endsWith('.gz') ? gzipSync(text) : text)
  return file
}

describe('what a capture has', () => {
  test('is counted by venue, market, symbol and kind, with the first and last time', async () => {
    const file = write([depth(0, 5, 9), trade(1, 100), trade(2, 101), depth(3, 9, 12), ''])
    const info = await captureInfo(file)
    expect(info).toMatchObject({
      path: file,
      lines: 4,
      from: 1_723_161_255_000_000_000n,
      to: 1_723_161_255_003_000_000n,
      quotes: 0,
      trades: 2,
      problems: [],
      series: { count: 2, gapCount: 0, repeated: 0 },
      time: { gapCount: 0, longestGapMs: 1, backwards: 0 },
    })
    expect(info.contents).toEqual([
      { dialect: 'Binance', market: 'USD-M', symbol: 'BTCUSDT', kind: 'depthUpdate', count: 2 },
      { dialect: 'Binance', market: 'USD-M', symbol: 'BTCUSDT', kind: 'trade', count: 2 },
    ])
  })

  test('says where numbers are missing, and how many', async () => {
    const info = await captureInfo(
      write([trade(0, 100), depth(1, 5, 9), trade(2, 104), depth(3, 11, 12), trade(4, 105)]),
    )
    expect(info.series).toMatchObject({ gapCount: 2, repeated: 0 })
    expect(info.series.gaps).toEqual([
      { line: 3, symbol: 'BTCUSDT', series: 'trade ids', missing: 3 },
      { line: 4, symbol: 'BTCUSDT', series: 'depth', missing: 2 },
    ])
  })

  test('does not take a message that came before for a gap', async () => {
    const { series } = await captureInfo(write([trade(0, 100), trade(1, 101), trade(2, 100), trade(3, 102)]))
    expect(series).toMatchObject({ gapCount: 0, repeated: 1 })
  })

  test('says when nothing was received, and when time goes back', async () => {
    const lines = [trade(0, 1), trade(500, 2), trade(400, 3), trade(12_400, 4)]
    const info = await captureInfo(write(lines))
    expect(info.time).toEqual({ longestGapMs: 12_000, backwards: 1, gapCount: 1, gaps: [{ line: 4, ms: 12_000 }] })
    expect((await captureInfo(write(lines), { gapMs: 450 })).time.gapCount).toBe(2)
  })

  test('says which lines are not understood, and why', async () => {
    const lines = [trade(0, 1), 'no time', `${START}000000 {"cut`, 'no time either', `${START}000000 {"unknown":1}`]
    expect((await captureInfo(write(lines))).problems).toEqual([
      { why: 'no receive time in ns at its start', lines: 2, firstLine: 2 },
      { why: 'no JSON after its time', lines: 1, firstLine: 3 },
      { why: 'a message of no known dialect', lines: 1, firstLine: 5 },
    ])
  })

  test('says when compressed data is cut off, with what is before', async () => {
    const file = write(Array.from({ length: 20_000 }, (_, i) => trade(i, i * 7919)))
    truncateSync(file, 60_000)
    const { problems, trades } = await captureInfo(file)
    expect(problems).toEqual([{ why: expect.stringContaining('cut off'), lines: 1, firstLine: expect.any(Number) }])
    expect(trades).toBeGreaterThan(1000)
    expect(problems[0]?.firstLine).toBeGreaterThanOrEqual(trades)
  })

  test('is bounded, whatever a file has', async () => {
    const lines = Array.from({ length: 6000 }, (_, i) => `${START}000000 {"e":"kind ${i}","E":1}`)
    const { contents } = await captureInfo(write([...lines, trade(0, 1)]))
    expect(contents.length).toBe(5001)
    expect(contents[0]).toEqual({ dialect: '', market: '', symbol: '', kind: 'others', count: 1001 })
  })

  test('is reported on the way: the bytes of the file that were read', async () => {
    const file = write(
      Array.from({ length: 5000 }, (_, i) => trade(i, i)),
      'capture.txt',
    )
    const seen: [number, number][] = []
    const { bytes } = await captureInfo(file, { onProgress: (done, all) => seen.push([done, all]) })
    expect(seen.length).toBeGreaterThan(2)
    expect(seen.at(-1)).toEqual([bytes, bytes])
  })

  test('is refused for a file that does not exist', async () => {
    expect(await rejectionOf(captureInfo('/nowhere/capture.gz'))).toMatchObject({ code: 'ERR_INVALID_OPTION' })
  })
})

function run(...args: readonly string[]): { status: number | null; info: CaptureInfo } {
  const { status, stdout } = ticktape('capture', 'info', '--json', ...args)
  return { status, info: JSON.parse(stdout) as CaptureInfo }
}

describe('ticktape capture info', () => {
  test('exits with 0 when all is understood and nothing is missing', () => {
    expect(run(write([trade(0, 1), trade(1, 2)]))).toMatchObject({ status: 0, info: { from: `${START}000000` } })
  })

  test('exits with 1 when numbers are missing or a line is not understood', () => {
    expect(run(write([trade(0, 1), trade(1, 3)])).status).toBe(1)
    expect(run(write([trade(0, 1), 'damaged', trade(1, 2)])).status).toBe(1)
  })

  test('exits with 2 when no run can use the file, or there is none', () => {
    expect(run(write([depth(0, 1, 5)]))).toMatchObject({ status: 2, info: { problems: [] } })
    const { status, stderr } = ticktape('capture', 'info', '/nowhere/capture.gz')
    expect({ status, stderr }).toEqual({
      status: 2,
      stderr: 'ERR_INVALID_OPTION: there is no capture /nowhere/capture.gz\n',
    })
  })

  test('says it for people, without colours in a pipe and without control characters of the file', () => {
    const lines = [trade(0, 1), trade(30_000, 5), `${START}000000 {"e":"a\\u001b[31m","E":1}`]
    const { stdout } = ticktape('capture', 'info', write(lines, 'capture.txt'))
    expect(stdout).toMatch(/a run gets {2}0 quotes and 2 trades/)
    expect(stdout).toMatch(/Binance +USD-M +BTCUSDT +trade +2/)
    expect(stdout).toMatch(/gap {2}30 s without a line before line 2/)
    expect(stdout).toMatch(/missing {2}3 numbers of BTCUSDT trade ids before line 2/)
    expect(stdout).toContain('a\\x1b[31m')
    // oxlint-disable-next-line no-control-regex -- The escape codes of a terminal.
    expect(stdout).not.toMatch(/\u001b/)
  })

  test('has help with examples', () => {
    const { status, stdout } = ticktape('capture', 'info', '--help')
    expect(status).toBe(0)
    expect(stdout).toMatch(/Examples:\n.*\$ ticktape capture info btcusdt\.gz/)
  })
})

const REAL = [
  ['spot_btcusdt_20240808.gz', 'spot', 'BTCUSDT', { quotes: 28_040, trades: 9757, lines: 41_249 }, 2],
  ['btcusdt_20240808.gz', 'USD-M', 'BTCUSDT', { quotes: 66_089, trades: 21_313, lines: 93_954 }, 2],
  ['ethusdt_20240808.gz', 'USD-M', 'ETHUSDT', { quotes: 53_992, trades: 14_076, lines: 74_655 }, 2],
  ['cm_btcusd_perp_20240808.gz', 'COIN-M', 'BTCUSD_PERP', { quotes: 19_136, trades: 2286, lines: 48_270 }, 2],
  ['hyperliquid_btc_20250126.gz', '', 'BTC', { quotes: 46, trades: 64, lines: 55 }, 0],
] as const

test.for(REAL)('%s is understood completely, and has no gap', { timeout: 60_000 }, async (row, context) => {
  const [name, market, symbol, counts, series] = row
  const info = await captureInfo(realData(context, name), { gapMs: 1000 })
  expect(info).toMatchObject({ ...counts, problems: [], series: { count: series, gapCount: 0, repeated: 0 } })
  expect(info.time).toMatchObject({ gapCount: 0, backwards: 0 })
  const used = info.contents.filter(({ kind }) => kind === 'quote' || kind === 'trade')
  expect(used.map(content => [content.market, content.symbol])).toEqual([
    [market, symbol],
    [market, symbol],
  ])
})

test('a capture of OKX has three symbols, and lines that are not of the socket', async context => {
  const info = await captureInfo(realData(context, 'venues', 'okx_public_20220513.gz'))
  expect(info).toMatchObject({ lines: 414, quotes: 28, trades: 74, problems: [], series: { count: 0 } })
  expect(info).toMatchObject({ from: 1_652_459_225_503_749_100n, to: 1_652_459_236_341_644_500n })
  expect(info.contents.filter(({ kind }) => kind === 'trade').map(({ symbol, count }) => [symbol, count])).toEqual([
    ['BTC-USDT', 69],
    ['BTC-USD-220527', 4],
    ['UNI-USD-SWAP', 1],
  ])
})

import { join } from 'node:path'
import { on, Reader } from 'ticktape'
import { BookTop, Fill, Trade } from 'ticktape/trading'
import { expect, test } from 'vitest'
import { realData } from '../support/captures.ts'
import { makeFolder } from '../support/folders.ts'
import { strategyFile } from '../support/gateways.ts'
import { ticktape } from '../support/journals.ts'

const FILES = [
  ['spot_btcusdt_20240808.gz', 28_040, 9757],
  ['btcusdt_20240808.gz', 66_089, 21_313],
  ['ethusdt_20240808.gz', 53_992, 14_076],
  ['cm_btcusd_perp_20240808.gz', 19_136, 2286],
  ['hyperliquid_btc_20250126.gz', 46, 64],
  ['venues/okx_public_20220513.gz', 28, 74],
] as const

test.for(FILES)(
  '%s runs to its end: every quote and trade, orders that fill, and a replay that says the same',
  { timeout: 60_000 },
  ([name, quotes, trades], context) => {
    const home = join(makeFolder('memory'), 'home')
    const file = realData(context, name)
    const run = ticktape('run', strategyFile('round-trips.mjs'), '--capture', file, '--speed', 'max', '--home', home)
    expect(run.status, run.stderr).toBe(0)
    const seen = { quotes: 0, trades: 0, fills: 0 }
    {
      using reader = Reader.open(join(home, 'gateway'), { from: 'start' })
      const handlers = on(BookTop, () => void seen.quotes++)
        .on(Trade, () => void seen.trades++)
        .on(Fill, () => void seen.fills++)
      while (reader.poll(handlers) > 0);
    }
    expect(seen).toEqual({ quotes, trades, fills: expect.any(Number) })
    expect(seen.fills).toBeGreaterThan(0)
    const replay = ticktape('replay', home)
    expect(replay.status, replay.stdout + replay.stderr).toBe(0)
  },
)

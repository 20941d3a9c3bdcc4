import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import ccxt from '../../dist/exchanges/ccxt/ccxt-module.js'
import type { CcxtVenue } from '../../dist/exchanges/ccxt/ccxt-venue.js'
import { FakeOkx, type FakeOkxOptions } from '../../dist/exchanges/okx/fake/fake-okx.js'
import { skipUnless } from './skips.ts'
import { type StartedVenue, startVenueAlone } from './started-venue.ts'

/** The package, installed apart from ours. */
export const CCXT = join(import.meta.dirname, '../ccxt/node_modules/ccxt')

/** Whether to skip what needs the package. */
export const NO_CCXT = skipUnless(
  existsSync(join(CCXT, 'package.json')),
  'venues by ccxt',
  'Type npm ci --ignore-scripts --prefix test/ccxt to have them tested',
)

/** A venue by ccxt at a fake OKX, with all that it said. */
export async function startByCcxt(fake: FakeOkx, options: object = {}, home = 77n): Promise<StartedVenue<CcxtVenue>> {
  const made = await ccxt({
    exchange: 'okx',
    endpoint: fake.endpoint,
    package: CCXT,
    symbols: ['BTC/USDT'],
    ...options,
  })
  return startVenueAlone(made, home)
}

export async function startFake(options: FakeOkxOptions = {}): Promise<FakeOkx> {
  const fake = await FakeOkx.start(options)
  onTestFinished(() => fake.stop())
  return fake
}

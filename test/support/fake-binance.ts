import { onTestFinished } from 'vitest'
import binance from '../../dist/exchanges/binance/binance-module.js'
import type { BinanceVenue } from '../../dist/exchanges/binance/binance-venue.js'
import { FakeBinance, type FakeBinanceOptions } from '../../dist/exchanges/binance/fake/fake-binance.js'
import { connected, type StartedVenue, startVenueAlone } from './started-venue.ts'

/** A fake Binance that ends with the test. */
export async function startFakeBinance(options: FakeBinanceOptions = {}): Promise<FakeBinance> {
  const fake = await FakeBinance.start(options)
  onTestFinished(() => fake.stop())
  return fake
}

/** A venue at a fake Binance, connected. */
export async function startBinance(fake: FakeBinance, options: object = {}): Promise<StartedVenue<BinanceVenue>> {
  return connected(startVenueAlone(await binance({ endpoint: fake.endpoint, ...options })))
}

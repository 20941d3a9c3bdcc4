import { onTestFinished } from 'vitest'
import bybit from '../../dist/exchanges/bybit/bybit-module.js'
import type { BybitVenue } from '../../dist/exchanges/bybit/bybit-venue.js'
import { FakeBybit, type FakeBybitOptions } from '../../dist/exchanges/bybit/fake/fake-bybit.js'
import { type StartedVenue as Started, startVenueAlone } from './started-venue.ts'

export { connected as ready, eventOf } from './started-venue.ts'
export type StartedVenue = Started<BybitVenue>

/** A fake Bybit that ends with the test. */
export async function startFakeBybit(options: FakeBybitOptions = {}): Promise<FakeBybit> {
  const fake = await FakeBybit.start(options)
  onTestFinished(() => fake.stop())
  return fake
}

/** A venue at a fake Bybit, with all that it said. */
export async function startVenue(fake: FakeBybit, options: object = {}, home = 77n): Promise<StartedVenue> {
  return startVenueAlone(await bybit({ endpoint: fake.endpoint, ...options }), home)
}

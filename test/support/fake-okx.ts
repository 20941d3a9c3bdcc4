import { onTestFinished } from 'vitest'
import { FakeOkx, type FakeOkxOptions } from '../../dist/exchanges/okx/fake/fake-okx.js'
import okx from '../../dist/exchanges/okx/okx-module.js'
import type { OkxVenue } from '../../dist/exchanges/okx/okx-venue.js'
import { type StartedVenue as Started, startVenueAlone } from './started-venue.ts'

export type StartedVenue = Started<OkxVenue>

/** A fake OKX that ends with the test. */
export async function startFakeOkx(options: FakeOkxOptions = {}): Promise<FakeOkx> {
  const fake = await FakeOkx.start(options)
  onTestFinished(() => fake.stop())
  return fake
}

/** A venue at a fake OKX, with all that it said. */
export async function startVenue(fake: FakeOkx, options: object = {}, home = 77n): Promise<StartedVenue> {
  return startVenueAlone(await okx({ endpoint: fake.endpoint, ...options }), home)
}

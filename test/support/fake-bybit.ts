/* oxlint-disable vitest/no-standalone-expect -- These checks are called by tests. */
import { expect, onTestFinished } from 'vitest'
import bybit from '../../dist/exchanges/bybit/bybit-module.js'
import type { BybitVenue } from '../../dist/exchanges/bybit/bybit-venue.js'
import { FakeBybit, type FakeBybitOptions } from '../../dist/exchanges/bybit/fake/fake-bybit.js'
import { Instrument } from '../../dist/trading/instruments/instrument.js'
import { ClientOrderIds } from '../../dist/trading/messages/order-id.js'
import { LIMIT } from '../../dist/trading/messages/order-terms.js'
import type { VenueOrder } from '../../dist/trading/venues/async-venue.js'
import { VenueEvent } from '../../dist/trading/venues/venue-event.js'

/** A fake Bybit that ends with the test. */
export async function startFakeBybit(options: FakeBybitOptions = {}): Promise<FakeBybit> {
  const fake = await FakeBybit.start(options)
  onTestFinished(() => fake.stop())
  return fake
}

/** A venue at a fake Bybit, with all that it said. */
export interface StartedVenue {
  readonly venue: BybitVenue
  readonly events: VenueEvent[]
  readonly messages: string[]
  readonly instruments: ReadonlyMap<string, Instrument>
  /** ns since the venue's origin, which is its start. */
  now(): number
  kinds(low: number): string[]
  order(low: number, symbol: string, terms?: Partial<VenueOrder>): VenueOrder
}

export async function startVenue(fake: FakeBybit, options: object = {}, home = 77n): Promise<StartedVenue> {
  const venue = await bybit({ endpoint: fake.endpoint, ...options })
  const origin = BigInt(Date.now() - 1000) * 1_000_000n
  const events: VenueEvent[] = []
  const messages: string[] = []
  venue.start(event => void events.push(new VenueEvent().copy(event)), new ClientOrderIds(home), {
    origin,
    record: (_, message) => void messages.push(message),
  })
  onTestFinished(() => venue.close())
  const instruments = new Map(venue.instruments.map((spec, i) => [spec.symbol, new Instrument(i + 1, spec)]))
  for (const instrument of instruments.values()) venue.instrument(instrument)
  const now = (): number => Number(BigInt(Date.now()) * 1_000_000n - origin)
  return {
    venue,
    events,
    messages,
    instruments,
    now,
    kinds: low => events.filter(({ idLow }) => idLow === low).map(({ kind }) => kind),
    order: (low, symbol, terms = {}) => ({
      idHigh: 1,
      idLow: low,
      instrument: instruments.get(symbol) as Instrument,
      account: 0,
      side: 0,
      type: LIMIT,
      timeInForce: 0,
      ticks: 0,
      steps: 0,
      stopTicks: 0,
      expireAt: 0,
      postOnly: false,
      reduceOnly: false,
      deadline: 0,
      ...terms,
    }),
  }
}

/** Waits until it is connected. */
export async function ready(started: StartedVenue): Promise<StartedVenue> {
  await expect.poll(() => started.events.at(-1)?.kind, { timeout: 5000 }).toBe('connected')
  return started
}

/** Waits until an order has an event of a kind, and returns the first one. */
export async function eventOf({ events }: StartedVenue, low: number, kind: string): Promise<VenueEvent> {
  const find = (): VenueEvent | undefined => events.find(event => event.idLow === low && event.kind === kind)
  await expect.poll(() => find()?.kind, { timeout: 5000 }).toBe(kind)
  return find() as VenueEvent
}

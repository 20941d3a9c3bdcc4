// The rules of a venue, as users' tests of an adapter run them: the venues here keep them, and each way to break one is found.

import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type VenueCheck, type VenueUnderTest, venueChecks } from 'ticktape/testing'
import { type AsyncVenue, SimulatedExchange, VenueEvent } from 'ticktape/trading'
import { describe, expect, test } from 'vitest'
import binance from '../../../dist/exchanges/binance/binance-module.js'
import { FakeBinance } from '../../../dist/exchanges/binance/fake/fake-binance.js'
import bybit from '../../../dist/exchanges/bybit/bybit-module.js'
import { FakeBybit } from '../../../dist/exchanges/bybit/fake/fake-bybit.js'
import { FakeOkx } from '../../../dist/exchanges/okx/fake/fake-okx.js'
import okx from '../../../dist/exchanges/okx/okx-module.js'

const SPEC = {
  venue: 'own',
  symbol: 'BTCUSDT',
  kind: 'spot',
  base: 'BTC',
  quote: 'USDT',
  priceTick: '0.1',
  quantityStep: '0.001',
} as const

const example = pathToFileURL(join(import.meta.dirname, '../../../examples/own-venue.mjs')).href
const { default: ownVenue } = (await import(example)) as { default: () => AsyncVenue }

/** 100 bid, 101 asked. */
const market: VenueUnderTest['market'] = (venue, instrument, now) =>
  venue.quote?.(instrument, 1000, 1_000_000, 1010, 1_000_000, now)

const own = (open: () => AsyncVenue): VenueUnderTest => ({
  open,
  instrument: SPEC,
  restingPrice: 50,
  quantity: 0.01,
  market,
  timeoutMs: 500,
})

describe.concurrent('the example of a venue keeps the rules', () => {
  test.each(venueChecks(own(ownVenue)))('$name', ({ run }) => run())
})

describe.concurrent('the simulated exchange keeps the rules', () => {
  test.each(venueChecks(own(() => new SimulatedExchange({ name: 'own' }))))('$name', ({ run }) => run())
})

/** What the fakes have in common. */
interface Fake {
  readonly endpoint: string
  dropSockets(): void
  stop(): Promise<void>
}

interface Adapter {
  readonly name: string
  readonly instrument: string
  readonly start: () => Promise<Fake>
  readonly make: (options: { readonly endpoint: string }) => Promise<AsyncVenue>
  /** Default 0.01. */
  readonly quantity?: number
}

const ADAPTERS: readonly Adapter[] = [
  { name: 'OKX', instrument: 'BTC-USDT', start: () => FakeOkx.start(), make: okx },
  { name: 'Binance, spot', instrument: 'BTCUSDT', start: () => FakeBinance.start(), make: binance },
  {
    name: 'Binance, COIN-M',
    instrument: 'BTCUSD_PERP',
    start: () => FakeBinance.start(),
    make: options => binance({ ...options, market: 'coin-m' }),
    quantity: 3,
  },
  {
    name: 'Binance, USD-M',
    instrument: 'BTCUSDT',
    start: () => FakeBinance.start(),
    make: options => binance({ ...options, market: 'usd-m' }),
  },
  { name: 'Bybit, linear', instrument: 'BTCUSDT', start: () => FakeBybit.start(), make: bybit },
  {
    name: 'Bybit, spot',
    instrument: 'BTCUSDT',
    start: () => FakeBybit.start(),
    make: options => bybit({ ...options, category: 'spot' }),
  },
]

/** The checks of an adapter, on a fake of their own. */
function checksOf({ instrument, start, make, quantity = 0.01 }: Adapter): VenueCheck[] {
  let fake: Fake
  return venueChecks({
    open: async () => {
      fake = await start()
      const venue = await make({ endpoint: fake.endpoint })
      const { close } = venue
      venue.close = async () => {
        await close.call(venue)
        await fake.stop()
      }
      return venue
    },
    instrument,
    restingPrice: 10_000,
    quantity,
    disconnect: () => fake.dropSockets(),
  })
}

describe.concurrent.each(ADAPTERS)('the adapter of $name keeps the rules', adapter => {
  const names = checksOf(adapter).map(({ name }) => name)
  test.each(names)('%s', { timeout: 20_000 }, async name => {
    const check = checksOf(adapter).find(one => one.name === name)
    await check?.run()
    expect(check).toBeDefined()
  })
})

/** The example's venue with something wrong. `say` passes on an event. */
function broken(wrong: (event: VenueEvent, say: (event: VenueEvent) => void) => void): AsyncVenue {
  const venue = ownVenue()
  const { start } = venue
  venue.start = (report, ids, surroundings) => {
    start.call(venue, event => wrong(event, report), ids, surroundings)
  }
  return venue
}

const changed = (event: VenueEvent, changes: object): VenueEvent => Object.assign(new VenueEvent().copy(event), changes)

const MISTAKES: Record<string, [check: string, (event: VenueEvent, say: (event: VenueEvent) => void) => void]> = {
  'an end of an order that rests': [
    'an order that rests is accepted, and nothing else is said of it',
    (event, say) => {
      say(event)
      if (event.kind === 'accepted') say(changed(event, { kind: 'expired', filledSteps: 0 }))
    },
  ],
  'two ends': [
    'a cancelled order has one end, with what was filled',
    (event, say) => {
      say(event)
      if (event.kind === 'cancelled') say(changed(event, { kind: 'expired' }))
    },
  ],
  'an end with fills that nobody saw': [
    'a cancelled order has one end, with what was filled',
    (event, say) => say(event.kind === 'cancelled' ? changed(event, { filledSteps: 3 }) : event),
  ],
  'two fills of one name': [
    'a market order ends as filled, and its fills are its quantity',
    (event, say) => {
      if (event.kind !== 'fill') say(event)
      else for (const steps of [4, 6]) say(changed(event, { steps }))
    },
  ],
  'a fill without a name': [
    'a market order ends as filled, and its fills are its quantity',
    (event, say) => say(event.kind === 'fill' ? changed(event, { tradeId: '' }) : event),
  ],
  'a fill that is missing': [
    'a market order ends as filled, and its fills are its quantity',
    (event, say) => {
      if (event.kind !== 'fill') say(event)
    },
  ],
  'the terms of the change instead of the order': [
    'an amend is answered by its number and has the new terms, or is refused',
    (event, say) => say(event.kind === 'amended' ? changed(event, { steps: event.steps / 2 }) : event),
  ],
  'a refused cancel without its number': [
    'a cancel of an order that has ended is refused by its number',
    (event, say) => say(event.kind === 'cancel-rejected' ? changed(event, { request: 0 }) : event),
  ],
  'silence about an unknown order': [
    'a cancel of an unknown order is refused',
    (event, say) => {
      if (event.kind !== 'cancel-rejected') say(event)
    },
  ],
  'not found without a time': [
    'an order that is asked about is open, or not found at a time of the venue',
    (event, say) => say(event.kind === 'not-found' ? changed(event, { venueTime: 0 }) : event),
  ],
  'a forgotten open order': [
    'reconciliation names each open order once, and ends',
    (event, say) => {
      if (event.kind !== 'open') say(event)
    },
  ],
  'an order that was never sent': [
    'an order that rests is accepted, and nothing else is said of it',
    (event, say) => say(event.kind === 'accepted' ? changed(event, { idLow: 99 }) : event),
  ],
  'a number that no frame can hold': [
    'an order that rests is accepted, and nothing else is said of it',
    (event, say) => say(event.kind === 'accepted' ? changed(event, { account: 1e9 }) : event),
  ],
}

test('an answer may come twice', async () => {
  const twice = (event: VenueEvent, say: (event: VenueEvent) => void): void => {
    say(event)
    say(event)
  }
  // Of a list of open orders each is one.
  for (const { name, run } of venueChecks(own(() => broken(twice)))) if (!name.startsWith('reconciliation')) await run()
})

describe.concurrent('a mistake is found', () => {
  test.each(Object.entries(MISTAKES))('%s', async (_, [check, wrong]) => {
    const found = venueChecks(own(() => broken(wrong))).find(({ name }) => name === check)
    await expect(found?.run()).rejects.toThrow(/\w/)
  })

  test('a deadline that is not kept', async () => {
    const venue = (): AsyncVenue => {
      const made = ownVenue()
      const { submit } = made
      made.submit = (order, now) => submit.call(made, { ...order, deadline: 0 }, now)
      return made
    }
    const found = venueChecks(own(venue)).find(({ name }) => name.includes('deadline'))
    await expect(found?.run()).rejects.toThrow(/'not-sent' or 'rejected' of order 1 did not come/)
  })

  test('an instrument that the venue does not have', async () => {
    const [first] = venueChecks({ ...own(ownVenue), instrument: 'NOPE' })
    await expect(first.run()).rejects.toThrow('no instrument NOPE')
  })
})

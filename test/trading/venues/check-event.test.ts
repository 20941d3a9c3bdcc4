import { VenueEvent } from 'ticktape/trading'
import { expect, test } from 'vitest'
import { checkVenueEvent } from '../../../dist/trading/venues/check-event.js'

const fill = (facts: Partial<VenueEvent>): VenueEvent =>
  Object.assign(new VenueEvent(), { kind: 'fill', ticks: 10, steps: 1, tradeId: 't', ...facts })

test.each([
  ['ticks', { ticks: Number.NaN }],
  ['ticks', { ticks: 0.5 }],
  ['steps', { steps: Number.POSITIVE_INFINITY }],
  ['filledSteps', { filledSteps: 1e300 }],
  ['venueTime', { venueTime: Number.NaN }],
  ['fee', { fee: 1e300 }],
  ['fee', { fee: -1e300 }],
  ['fee', { fee: Number.NaN }],
  ['account', { account: 2 }],
  ['account', { account: -1 }],
  ['account', { account: 0.5 }],
  ['side', { side: 2 }],
] as const)('an event whose %s cannot be is refused before it is recorded: %j', (field, facts) => {
  expect(() => checkVenueEvent('wild', fill(facts), 2)).toThrow(
    expect.objectContaining({
      code: 'ERR_VENUE',
      message: expect.stringContaining(`'wild' reports an event with '${field}'`) as string,
    }),
  )
})

test('what may be is taken: a rebate, an event from before the home, a large balance', () => {
  checkVenueEvent('sound', fill({ fee: -0.001, account: 1 }), 2)
  checkVenueEvent('sound', fill({ venueTime: -5e9 }), 1)
  checkVenueEvent('sound', Object.assign(new VenueEvent(), { kind: 'balance', fee: 1e15, feeCurrency: 'SHIB' }), 1)
})

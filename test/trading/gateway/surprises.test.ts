// What a venue shows that nobody here has asked for: told by name, once, and shown by `ticktape orders`.
import { defineStrategy } from 'ticktape/runtime'
import { VenueEvent } from 'ticktape/trading'
import { expect, test } from 'vitest'
import { VirtualDesk } from '../../../dist/trading/virtual/virtual-desk.js'
import { SilentVenue } from '../../support/bare-desk.ts'
import { newHome } from '../../support/desks.ts'
import { ticktape } from '../../support/journals.ts'

class ShowingVenue extends SilentVenue {
  say: (event: VenueEvent) => void = () => {}

  override start(report?: (event: VenueEvent) => void): void {
    this.say = report ?? this.say
  }

  show(fields: Partial<VenueEvent>): void {
    this.say(Object.assign(new VenueEvent(), { instrument: 1, ...fields }))
  }
}

test('orders of others and orphans are told once, also over a restart, and ticktape orders shows them', {
  timeout: 60_000,
}, async () => {
  const home = newHome()
  const venue = new ShowingVenue()
  const problems: string[] = []
  const desk = await VirtualDesk.open({
    home,
    strategies: [defineStrategy({ id: 'a', onTrade() {} })],
    venues: () => [venue],
    origin: 1_800_000_000_000_000_000n,
    seed: 1,
    pageSize: 2 ** 20,
    strategyPageSize: 2 ** 18,
    onProblem: ({ code, message }) => void problems.push(`${code} ${message}`),
  })
  const other = { kind: 'open', side: 1, ticks: 1001, steps: 500, venueOrderId: 'x1' } as const
  venue.show({ kind: 'reconciled', instrument: 0 })
  venue.show(other)
  venue.show({ ...other, kind: 'fill', steps: 100, tradeId: 't1' })
  // Of many at once one is named.
  venue.show({ ...other, venueOrderId: 'x2' })
  venue.show({ ...other, venueOrderId: 'x2', kind: 'cancelled' })
  const orphan = { idHigh: (1 << 20) | 5, idLow: 3, side: 0, venueOrderId: 'x3' } as const
  venue.show({ ...orphan, kind: 'fill', ticks: 1000, steps: 2, tradeId: 't2' })
  desk.runNow()
  expect(problems).toEqual([
    expect.stringMatching(
      /^ERR_VENUE there is an order of another person or program on account 'main' of the venue 'live': x1, 'open', sell 0.5 BTCUSDT.live at 100.1. /,
    ),
    expect.stringMatching(/^ERR_VENUE there is an order of this home .* that no journal of it knows: .* BTCUSDT.live/),
  ])
  const shown = (...args: readonly string[]): object[] =>
    ticktape('orders', home, '--json', ...args)
      .stdout.trimEnd()
      .split('\n')
      .map(line => JSON.parse(line) as object)
  const mine = {
    orderId: String((1n << 52n) | (5n << 32n) | 3n),
    orphan: true,
    state: 'unknown',
    filledQuantity: 0.002,
  }
  const theirs = {
    foreign: true,
    venueOrderId: 'x1',
    instrument: 'BTCUSDT.live',
    account: 'main',
    side: 'sell',
    price: 100.1,
    quantity: 0.5,
    filledQuantity: 0.1,
    state: 'open',
  }
  expect(shown()).toMatchObject([mine, theirs])

  // The next gateway hears of them again, and has them from the sequence.
  desk.kill()
  await desk.startGateway()
  venue.show(other)
  desk.runNow()
  desk.kill()
  expect(problems).toHaveLength(2)
  const { stdout } = ticktape('orders', home, '--all')
  expect(stdout).toMatch(/a \(orphan\).*unknown/)
  expect(stdout).toMatch(/orders of others [^]*x2.*final[^]*x1.*open/)
  // None of them was touched.
  expect(venue.asked.filter(what => what !== 'reconcile' && what !== 'query')).toEqual([])
})

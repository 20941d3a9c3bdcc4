import type { FrameRecorder } from '../../frames/frame-recorder.js'
import { Instruments } from '../instruments/instruments.js'
import { ClientOrderIds } from '../messages/order-id.js'
import { Orders } from '../orders/life/orders.js'
import { Risk } from '../risk/risk.js'
import type { HomeIdentity } from '../sequence/home.js'
import { Time } from '../sequence/time.js'
import type { AsyncVenue } from '../venues/async-venue.js'
import { Desk } from './desk.js'
import { DeskVenue, DeskVenues } from './desk-venues.js'
import { Outcomes } from './outcomes.js'

/** A venue, and whether it runs in a process of its own. */
export interface PlacedVenue {
  readonly venue: AsyncVenue
  readonly isRemote: boolean
}

/**
 * A desk without a history.
 *
 * @param expiryMs how long a request may act at a venue, in ms; 0 without a limit.
 * @param time the clock of the home. Decisions do not use it, but the times of their frames.
 */
export function makeDesk(
  identity: HomeIdentity,
  venues: readonly PlacedVenue[],
  expiryMs: number,
  recorder: FrameRecorder,
  time: Time = new Time(identity.origin),
): Desk {
  const instruments = new Instruments()
  let firstAccount = 0
  const all = venues.map(({ venue, isRemote }, number) => {
    const deskVenue = new DeskVenue(venue, number, firstAccount, expiryMs * 1e6, isRemote)
    firstAccount += venue.accounts.length
    return deskVenue
  })
  const deskVenues = new DeskVenues(all)
  const orders = new Orders(instruments)
  const risk = new Risk({}, { instruments, origin: Number(identity.origin / 1_000_000n) })
  for (const venue of all)
    venue.accounts.forEach((name, account) => risk.addAccount(venue.firstAccount + account, name))
  const desk = new Desk(instruments, orders, risk, deskVenues, time, new Outcomes(recorder, time))
  desk.setRequestLimits(venues.map(({ venue }) => venue))
  const ids = new ClientOrderIds(identity.home)
  orders.accountNumberOf = (venue, account) => (deskVenues.named(venue)?.firstAccount ?? 0) + account
  for (const venue of all)
    if (venue.venue.deterministic)
      venue.venue.start(event => deskVenues.onEvent(venue, event), ids, { origin: identity.origin, record: () => {} })
  return desk
}

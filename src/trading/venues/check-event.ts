import { formatValue } from '../../base/format-value.js'
import { VenueError } from '../errors.js'
import { REASONS } from '../messages/reasons.js'
import { VENUE_EVENTS, type VenueEvent } from './venue-event.js'

const KINDS: ReadonlySet<string> = new Set(VENUE_EVENTS)
/** Bytes that frames have for these texts. */
export const CURRENCY_BYTES = 12
const ORDER_ID_BYTES = 40
const TRADE_ID_BYTES = 36

/** The largest amount of a fill's fee: sums of them stay exact on the grid of any currency (`Wide`, 2^103). */
const MOST_FEE = 1e12

/**
 * Refuses what is no event: a word or a number that no frame can hold. It is checked before anything is written, because a
 * sequence must not have what its reader cannot act on: a gateway would fail at it again at each start. Whether numbers fit
 * the order is another question: see trading/orders/life.
 *
 * @param accounts how many the venue has.
 * @throws {VenueError}
 */
export function checkVenueEvent(venue: string, event: VenueEvent, accounts: number): void {
  const { kind, idHigh, idLow, request, instrument, account, side, reason } = event
  if (!KINDS.has(kind)) throw refusal(venue, 'kind', kind)
  if (idHigh >>> 0 !== idHigh) throw refusal(venue, 'idHigh', idHigh)
  if (idLow >>> 0 !== idLow) throw refusal(venue, 'idLow', idLow)
  if (request >>> 0 !== request) throw refusal(venue, 'request', request)
  if (instrument >>> 0 !== instrument) throw refusal(venue, 'instrument', instrument)
  if (!(account >>> 0 === account && account < accounts)) throw refusal(venue, 'account', account)
  if (!Number.isSafeInteger(event.ticks)) throw refusal(venue, 'ticks', event.ticks)
  if (!Number.isSafeInteger(event.steps)) throw refusal(venue, 'steps', event.steps)
  if (!Number.isSafeInteger(event.filledSteps)) throw refusal(venue, 'filledSteps', event.filledSteps)
  if (!Number.isFinite(event.venueTime)) throw refusal(venue, 'venueTime', event.venueTime)
  if (!(Math.abs(event.fee) <= (kind === 'fill' ? MOST_FEE : Number.MAX_VALUE))) throw refusal(venue, 'fee', event.fee)
  if (side !== 0 && side !== 1) throw refusal(venue, 'side', side)
  if (!(reason >>> 0 === reason && reason < REASONS.length)) throw refusal(venue, 'reason', reason)
  if (!fits(event.feeCurrency, CURRENCY_BYTES)) throw refusal(venue, 'feeCurrency', event.feeCurrency)
  if (event.tradeNumber === 0 && !fits(event.tradeId, TRADE_ID_BYTES)) throw refusal(venue, 'tradeId', event.tradeId)
  if (event.venueOrderNumber === 0 && !fits(event.venueOrderId, ORDER_ID_BYTES))
    throw refusal(venue, 'venueOrderId', event.venueOrderId)
}

/** Most texts are empty, or so short that their bytes need not be counted. */
function fits(text: unknown, bytes: number): boolean {
  if (text === '') return true
  return (
    typeof text === 'string' &&
    (text.length * 3 <= bytes || Buffer.byteLength(text) <= bytes) &&
    !/[\0\p{Surrogate}]/u.test(text)
  )
}

function refusal(venue: string, field: string, value: unknown): VenueError {
  return new VenueError(
    `the venue '${venue}' reports an event with '${field}' ${formatValue(value)}, which cannot be; nothing of it was recorded`,
  )
}

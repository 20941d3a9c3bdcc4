import type { Instrument } from '../../trading/instruments/instrument.js'
import type { AccountReporter } from '../adapter/account-reporter.js'
import type { OpenRequests, SentRequest } from '../adapter/open-requests.js'
import { unitsIn } from '../decimals.js'
import { VenueMessageError } from '../errors.js'
import { type Fields, filledField, isFields } from '../fields.js'
import { failureOf, isUncertain, refusalReason } from './codes.js'
import { idField } from './fields.js'

/**
 * Reads the answer to a request over the socket. That it was accepted says of an order that it was taken, of an amend its new terms,
 * and of a cancel nothing: what it did is said in the account's stream.
 *
 * @throws {VenueMessageError}
 */
export function readRequestAnswer(message: Fields, requests: OpenRequests, reporter: AccountReporter): void {
  const [request] = requests.take(String(message['id'])) ?? []
  if (request === undefined) return
  const { status, error, result } = message
  if (error !== undefined || status !== 200) {
    const failure = failureOf(isFields(error) ? error : {})
    if (!isUncertain(typeof status === 'number' ? status : 500, failure))
      requests.refuse(request, refusalReason(failure))
    return
  }
  if (!isFields(result)) throw new VenueMessageError('an answer of Binance to a request has no result')
  if (request.kind === 'submit') requests.say('accepted', request, 0, timeOf(result), idField(result, 'orderId'))
  if (request.kind === 'amend') amended(request, result, reporter, reporter.numbered(request.instrument))
}

function amended(
  { idHigh, idLow, request, instrument }: SentRequest,
  result: Fields,
  reporter: AccountReporter,
  known: Instrument | undefined,
): void {
  const [ticks, steps] =
    known === undefined
      ? [Number.NaN, Number.NaN]
      : [unitsIn(known.price, filledField(result, 'price')), unitsIn(known.quantity, filledField(result, 'origQty'))]
  if (Number.isNaN(ticks) || Number.isNaN(steps))
    throw new VenueMessageError(
      'the answer to an amend has a price or a quantity that is no whole number of ticks or steps',
    )
  const at = timeOf(result)
  reporter.say('amended', event => {
    event.idHigh = idHigh
    event.idLow = idLow
    event.request = request
    event.instrument = instrument
    event.ticks = ticks
    event.steps = steps
    event.venueOrderId = idField(result, 'orderId')
    event.venueTime = at === 0 ? 0 : reporter.timeOf(at)
  })
}

/** ms since 1970; 0 when it is not said. */
function timeOf({ transactTime, updateTime }: Fields): number {
  const time = transactTime ?? updateTime
  return typeof time === 'number' && Number.isSafeInteger(time) ? time : 0
}

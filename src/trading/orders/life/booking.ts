import { reasonCode } from '../../messages/reasons.js'
import type { VenueEvent, VenueEventKind } from '../../venues/venue-event.js'
import type { LiveOrder } from './live-order.js'
import type { Effect } from './transitions.js'
import { Changed, Word } from './words.js'

/**
 * What an event of a venue changes in the facts of its order: its word, terms, fills and unanswered requests. No change
 * depends on the order in which events arrive (life/transitions).
 */

const NOT_SENT = reasonCode('not-sent')
const NEVER_ARRIVED = reasonCode('never-arrived')

/** Events that say the terms of an order that we know nothing else of. */
const WITH_TERMS: readonly VenueEventKind[] = ['accepted', 'open']

/** When "not found" proves something, see OrdersOptions. */
export interface Margins {
  readonly marginNs: number
  readonly venueKeepsNs: number
}

/** Changes the facts of an order by an event. Returns the bits of Changed that do not follow from its state. */
export function book(order: LiveOrder, effect: Effect, event: VenueEvent, now: number, margins: Margins): number {
  switch (event.kind) {
    case 'fill':
      return bookFill(order, effect, event)
    case 'sending':
      if (event.request === 0) {
        order.sent = true
        if (event.venueTime !== 0) order.deadline = event.venueTime
      } else order.requests.markSent(event.request, event.venueTime)
      return 0
    case 'not-sent':
      if (event.request !== 0) return answer(order, event)
      if (order.word !== Word.NOTHING) return order.word === Word.DENIED ? Changed.DUPLICATE : 0
      order.submitPending = false
      say(order, effect.word, NOT_SENT)
      return makeCertain(order)
    case 'not-found':
      return bookNotFound(order, effect, event, now, margins)
    case 'amend-rejected':
    case 'cancel-rejected':
      return answer(order, event)
    case 'amended':
      return bookAmended(order, effect, event)
    case 'open':
      return bookOpen(order, effect, event, margins)
    default:
      return bookWord(order, effect, event)
  }
}

function bookWord(order: LiveOrder, effect: Effect, event: VenueEvent): number {
  const { submitPending, word, reason } = order
  order.submitPending = false
  takeVenueOrderId(order, event)
  if (effect.sum && event.filledSteps > order.saidFilled) order.saidFilled = event.filledSteps
  if (event.venueTime > order.saidAt) order.saidAt = event.venueTime
  say(order, effect.word, event.reason)
  if (order.steps === 0 && event.steps > 0 && WITH_TERMS.includes(event.kind)) takeTerms(order, event)
  const certain = effect.certain ? makeCertain(order) : 0
  const isSame = !submitPending && certain === 0 && word === order.word && reason === order.reason
  return isSame && effect.word <= word ? Changed.DUPLICATE : certain
}

function bookFill(order: LiveOrder, effect: Effect, event: VenueEvent): number {
  const { tradeNumber } = event
  if (!(tradeNumber > 0 ? order.tradeIds.addNumber(tradeNumber) : order.tradeIds.add(event.tradeId)))
    return Changed.DUPLICATE
  const wasOver = order.isOverfilled
  order.filledSteps += event.steps
  order.paid.addProduct(event.ticks, event.steps)
  // A fill proves that the order arrived. Whether an order that worked before still does, it does not say.
  const certain = order.word <= Word.DENIED ? makeCertain(order) : 0
  order.submitPending = false
  takeVenueOrderId(order, event)
  say(order, effect.word, 0)
  return Changed.FILL | certain | (!wasOver && order.isOverfilled ? Changed.OVERFILL : 0)
}

function bookAmended(order: LiveOrder, effect: Effect, event: VenueEvent): number {
  // One that we did not ask for has number 0, or one that was never given.
  const isAsked = event.request !== 0 && event.request <= order.lastRequest
  // Some venues do not say which request it was: one of those that wait may ask for these terms. A venue that changes an order by itself says why.
  const isExplained = isAsked || event.reason !== 0 || order.orphan || order.requests.asksFor(event.ticks, event.steps)
  const { requests } = order
  const isAnswer =
    event.request === 0 ? requests.removeAmendsTo(event.ticks, event.steps) : requests.remove(event.request, false)
  const answered = isAnswer ? Changed.REQUEST : 0
  const certain = makeCertain(order)
  order.submitPending = false
  say(order, effect.word, 0)
  if (event.venueTime > order.saidAt) order.saidAt = event.venueTime
  // Of two amends the later request is in effect; of one without a number the time decides.
  const isLater = isAsked ? event.request > order.termsRequest : event.venueTime > order.termsAt
  const isOlder = event.venueTime !== 0 && event.venueTime < order.termsAt
  if (!isLater || isOlder) return answered | certain | (answered === 0 ? Changed.DUPLICATE : 0)
  if (isAsked) order.termsRequest = event.request
  const terms = takeTerms(order, event)
  return answered | certain | terms | (!isExplained && (terms & Changed.TERMS) !== 0 ? Changed.UNASKED : 0)
}

function bookOpen(order: LiveOrder, effect: Effect, event: VenueEvent, margins: Margins): number {
  const changed = bookWord(order, effect, event) & ~Changed.DUPLICATE
  if (event.venueTime === 0) return changed
  const isOurs = order.orphan || order.requests.asksFor(event.ticks, event.steps)
  let terms = event.venueTime > order.termsAt ? takeTerms(order, event) : 0
  if (!isOurs && (terms & Changed.TERMS) !== 0) terms |= Changed.UNASKED
  // What the venue did not do before their deadlines, it will not do any more: these are its terms.
  const answered = order.requests.removeAmendsBefore(event.venueTime - margins.marginNs) ? Changed.REQUEST : 0
  return changed | terms | answered
}

function takeTerms(order: LiveOrder, event: VenueEvent): number {
  const wasOver = order.isOverfilled
  const isNew = order.ticks !== event.ticks || order.steps !== event.steps
  order.ticks = event.ticks
  order.steps = event.steps
  if (event.venueTime > order.termsAt) order.termsAt = event.venueTime
  return (isNew ? Changed.TERMS : 0) | (!wasOver && order.isOverfilled ? Changed.OVERFILL : 0)
}

function answer(order: LiveOrder, event: VenueEvent): number {
  const isAmend = event.kind === 'amend-rejected'
  const isBoth = event.kind === 'not-sent'
  const wasOver = order.isOverfilled
  const amend = (isAmend || isBoth) && order.requests.remove(event.request, false)
  const cancel = (!isAmend || isBoth) && order.requests.remove(event.request, true)
  const over = !wasOver && order.isOverfilled ? Changed.OVERFILL : 0
  return amend || cancel ? Changed.REQUEST | over : Changed.DUPLICATE
}

/**
 * "Not found" proves that a submit never arrived, and never will, if the venue says it after the submit's deadline,
 * and at a time when it would still know it. Any other is no proof of anything: an order that worked is unknown then.
 */
function bookNotFound(order: LiveOrder, effect: Effect, event: VenueEvent, now: number, margins: Margins): number {
  const { venueTime } = event
  if (order.word === Word.NOTHING && order.filledSteps === 0) {
    const since = venueTime - order.deadline
    if (order.deadline === 0 || venueTime === 0 || since <= margins.marginNs || since >= margins.venueKeepsNs) return 0
    order.submitPending = false
    say(order, effect.word, NEVER_ARRIVED)
    return makeCertain(order)
  }
  const isNews = order.word === Word.WORKING && venueTime > order.saidAt && order.unknownSince < 0 && !order.isFinal
  if (!isNews) return 0
  order.unknownSince = now
  return Changed.CERTAINTY
}

/** Raises the word. Of two reasons for the same word the larger code stands, so that their order does not matter. */
export function say(order: LiveOrder, word: number, reason: number): void {
  if (word > order.word) {
    order.word = word
    order.reason = reason
  } else if (word === order.word && reason > order.reason) order.reason = reason
}

function makeCertain(order: LiveOrder): number {
  if (order.unknownSince < 0) return 0
  order.unknownSince = -1
  return Changed.CERTAINTY
}

/** Whether the numbers of an event can be booked. */
export function isSound(event: VenueEvent, order: LiveOrder): boolean {
  if (event.instrument !== 0 && event.instrument !== order.instrument.number) return false
  if (!(Number.isSafeInteger(event.filledSteps) && event.filledSteps >= -1)) return false
  switch (event.kind) {
    case 'fill':
      return (
        (event.tradeNumber > 0 || event.tradeId !== '') &&
        isWhole(event.ticks) &&
        event.ticks > 0 &&
        isWhole(event.steps) &&
        event.steps > 0 &&
        Number.isFinite(event.fee)
      )
    case 'amended':
    case 'open':
      return isWhole(event.ticks) && isWhole(event.steps) && event.steps > 0
    default:
      return true
  }
}

function isWhole(value: number): boolean {
  return Number.isSafeInteger(value)
}

/** What the venue calls the order, if it says so. A number stays one: no text is made of it. */
function takeVenueOrderId(order: LiveOrder, event: VenueEvent): void {
  const { venueOrderNumber } = event
  if (venueOrderNumber > 0) {
    order.venueOrderNumber = venueOrderNumber
    order.venueOrderText = ''
    return
  }
  const { venueOrderId } = event
  if (venueOrderId !== '') order.venueOrderId = venueOrderId
}

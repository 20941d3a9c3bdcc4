import { VENUE_EVENTS, type VenueEventKind } from '../../venues/venue-event.js'
import { WORDS, Word } from './words.js'

/** What an event does to the four facts of an order (life/live-order). */
export interface Effect {
  readonly event: VenueEventKind
  /** The word of the venue that it amounts to; NOTHING when it says nothing about the order's state. */
  readonly word: number
  /** The requests that it answers. */
  readonly answers: 'submit' | 'amend' | 'cancel' | 'the request' | 'none'
  /** Whether an order whose outcome was unknown is known afterwards. */
  readonly certain: boolean
  /** Whether its `filledSteps` count as the venue's own sum of the fills. */
  readonly sum: boolean
  /** For the documentation. */
  readonly text: string
}

const effect = (
  event: VenueEventKind,
  word: number,
  answers: Effect['answers'],
  certain: boolean,
  sum: boolean,
  text: string,
): Effect => ({ event, word, answers, certain, sum, text })

/**
 * The one table of an order's life: a line for each event about an order. The code applies it, docs/orders.md is made
 * from it, and each line has a test.
 */
export const EFFECTS: readonly Effect[] = [
  effect('accepted', Word.WORKING, 'submit', true, false, 'The order works.'),
  effect(
    'open',
    Word.WORKING,
    'submit',
    true,
    true,
    'The order works with these terms; newer terms than ours are taken over.',
  ),
  effect('fill', Word.WORKING, 'submit', false, false, 'Booked once for each trade id, also after a final state.'),
  effect('amended', Word.WORKING, 'amend', true, false, 'The terms of the latest amend are in effect.'),
  effect('amend-rejected', Word.NOTHING, 'amend', false, false, 'The order is as it was.'),
  effect('cancel-rejected', Word.NOTHING, 'cancel', false, false, 'The order is as it was.'),
  effect('rejected', Word.REJECTED, 'submit', true, false, 'Final.'),
  effect('expired', Word.EXPIRED, 'submit', true, true, 'Final.'),
  effect('cancelled', Word.CANCELLED, 'submit', true, true, 'Final.'),
  effect(
    'filled',
    Word.FILLED,
    'submit',
    true,
    true,
    'Final. Fills that are missing are remembered, and not invented.',
  ),
  effect('sending', Word.NOTHING, 'none', false, false, 'The request may have reached the venue from now on.'),
  effect(
    'not-sent',
    Word.DENIED,
    'the request',
    true,
    false,
    'Of the order itself: denied, `not-sent`. Of an amend or a cancel: the order is as it was.',
  ),
  effect(
    'not-found',
    Word.DENIED,
    'submit',
    true,
    false,
    'Denied, `never-arrived`, if it is proven that the order never arrived; see below. Otherwise it proves nothing.',
  ),
]

const BY_EVENT = new Map(EFFECTS.map(one => [one.event, one]))

/** The effect of an event; undefined when the event is not about an order. */
export function effectOf(event: VenueEventKind): Effect | undefined {
  return BY_EVENT.get(event)
}

/** The events that are about an order. */
export const ORDER_EVENTS: readonly VenueEventKind[] = VENUE_EVENTS.filter(event => BY_EVENT.has(event))

/** The word that stands after an event: the one with the higher rank. */
export function nextWord(word: number, event: VenueEventKind): number {
  const said = BY_EVENT.get(event)?.word ?? Word.NOTHING
  return said > word ? said : word
}

/** All lines of the table in full: what the venue last said, the event, what stands afterwards. */
export function transitions(): { readonly from: number; readonly event: VenueEventKind; readonly to: number }[] {
  return WORDS.flatMap((_, from) => EFFECTS.map(({ event }) => ({ from, event, to: nextWord(from, event) })))
}

import { reasonCode } from '../messages/reasons.js'
import { BALANCED, hasEnough } from './balance.js'
import { type Pair, PairStates } from './pair.js'

/** What a pair needs next. Times are ns since the home's origin. */
export type Step =
  /** Nothing, until an order changes, or until a time. `state` and `reason` are what it waits for. */
  | { readonly kind: 'wait'; readonly state: number; readonly reason: number; readonly until: number }
  /** These orders are cancelled: the lower halves of their ids. Orders that an earlier step cancelled may be among them: its cancel may be unanswered. */
  | { readonly kind: 'cancel'; readonly ids: readonly number[]; readonly state: number; readonly reason: number }
  /** An order the other way, of so many steps of one leg. */
  | { readonly kind: 'close'; readonly leg: 0 | 1; readonly steps: number }
  | { readonly kind: 'end'; readonly state: number; readonly reason: number }

const { WORKING, SETTLING, CLOSING, DONE, UNBALANCED, DENIED } = PairStates
const NONE = reasonCode('none')
const UNKNOWN_OUTCOME = reasonCode('unknown-outcome')
const OVERFILL = reasonCode('overfill')
const NO_ATTEMPT_LEFT = reasonCode('no-attempt-left')
const NEVER = Number.POSITIVE_INFINITY

/**
 * The one rule of a pair's life: what to do, from what is known and the time. A pure function: the same facts give the same
 * step.
 *
 * - Before `settleAt` both legs work. A leg that already has what matches an ended one is cancelled: more of it would be excess.
 * - At `settleAt` what is left of both is cancelled. Nothing is closed before the last word about both: an order whose outcome
 *   is unknown is waited for, never guessed.
 * - Then the excess is closed, one order at a time, never of more than the excess.
 * - It ends when nothing is unequal by a step, or when no attempt is left. A fill that comes after 'done' begins it again;
 *   after 'unbalanced' the strategy has been told, and nothing more is sent.
 */
export function nextStep(pair: Pair, now: number): Step {
  const { state, legs } = pair
  if (state === UNBALANCED || state === DENIED) return { kind: 'wait', state, reason: pair.reason, until: NEVER }
  const isTime = now >= pair.settleAt || pair.isEnding
  if (!legs[0].over || !legs[1].over) return waitForLegs(pair, isTime, now)
  const index = pair.closings.findIndex(closing => !closing.over)
  if (index >= 0) {
    // It takes what is there and ends: one that is still open after a while was forgotten, or its end was not told.
    const reason = pair.closings[index].unknown ? UNKNOWN_OUTCOME : NONE
    if (now < pair.cancelAt) return { kind: 'wait', state: CLOSING, reason, until: pair.cancelAt }
    return { kind: 'cancel', ids: [pair.closingId(index)], state: CLOSING, reason }
  }
  const { excess } = pair
  if (excess === BALANCED) return { kind: 'end', state: DONE, reason: NONE }
  if (!isTime)
    return { kind: 'wait', state: state === WORKING ? WORKING : SETTLING, reason: NONE, until: pair.settleAt }
  if (excess.closable === 0) return { kind: 'end', state: UNBALANCED, reason: OVERFILL }
  if (!pair.mayTryAgain) return { kind: 'end', state: UNBALANCED, reason: pair.lastReason || NO_ATTEMPT_LEFT }
  if (now < pair.retryAt) return { kind: 'wait', state: CLOSING, reason: pair.lastReason, until: pair.retryAt }
  const leg = excess.leg === 0 ? 0 : 1
  return { kind: 'close', leg, steps: Math.min(excess.closable, legs[leg].instrument.maxSteps) }
}

function waitForLegs(pair: Pair, isTime: boolean, now: number): Step {
  const [first, second] = pair.legs
  const isLate = isTime || pair.state !== WORKING
  const reason = isLate && (first.unknown || second.unknown) ? UNKNOWN_OUTCOME : NONE
  const state = isLate ? SETTLING : WORKING
  const unwanted: number[] = []
  if (!first.over && (isLate || (second.over && hasEnough(first, second)))) unwanted.push(pair.legId(0))
  if (!second.over && (isLate || (first.over && hasEnough(second, first)))) unwanted.push(pair.legId(1))
  if (unwanted.length > 0) {
    if (now >= pair.cancelAt) return { kind: 'cancel', ids: unwanted, state: SETTLING, reason }
    return { kind: 'wait', state: SETTLING, reason, until: pair.cancelAt }
  }
  return { kind: 'wait', state, reason, until: pair.settleAt }
}

import type { Instrument } from '../../instruments/instrument.js'
import type { Instruments } from '../../instruments/instruments.js'
import { strategyOfHigh } from '../../messages/order-id.js'
import type { LiveOrder } from './live-order.js'

/** Places in the numbers and words of a packed order. */
const TICKS = 0
const STEPS = 1
const STOP_TICKS = 2
const EXPIRE_AT = 3
const DEADLINE = 4
const SAID_AT = 5
const TERMS_AT = 6
const FILLED_STEPS = 7
const PAID = 8
const SAID_FILLED = 9
const WRITTEN_OFF = 10
const VENUE_ORDER = 11
const TRADE = 12
const OTHER_TRADE = 13
export const NUMBERS = 14

export const ID_HIGH = 0
export const ID_LOW = 1
const INSTRUMENT = 2
const ACCOUNT = 3
const ACCOUNT_NUMBER = 4
const TERMS_REQUEST = 5
const LAST_REQUEST = 6
/** Bits, from the lowest: side 2, type 2, time in force 2, word 4, reason 8, one bit for each flag, the reason of a cancel 8. */
const BITS = 7
export const WORDS = 8

const POST_ONLY = 1 << 18
const REDUCE_ONLY = 1 << 19
const ORPHAN = 1 << 20
const OPERATOR = 1 << 21
const SENT = 1 << 22
const IN_PAIR = 1 << 23
/** The first of the eight bits of the reason of a cancel. */
const CANCELLED_FOR = 24

/** Texts of a packed order; most have none. */
export interface Texts {
  readonly label: string
  readonly venueOrderId: string
  /** As they came: numbers stay numbers. */
  readonly tradeIds: readonly (string | number)[]
}

/** Memory for some packed orders, in numbers only. */
export interface PackedOrders {
  /** When each was last heard of, ns. */
  readonly endedAt: Float64Array
  /** `NUMBERS` of each. */
  readonly numbers: Float64Array
  /** `WORDS` of each. */
  readonly words: Uint32Array
}

/** Whether all that is known of an order is in what is packed. */
export function isAtRest(order: LiveOrder): boolean {
  const { reserve, requests, paid } = order
  return (
    order.isFinal &&
    order.listed === 0 &&
    order.missingSteps === 0 &&
    requests.size === 0 &&
    !order.submitPending &&
    order.unknownSince < 0 &&
    paid.isSmall &&
    reserve.steps === 0 &&
    reserve.marketTicks === 0 &&
    !reserve.isOpen &&
    !reserve.isUnknown
  )
}

/** Packs an order at rest. @param at its index. */
export function packOrder(order: LiveOrder, { numbers, words, endedAt }: PackedOrders, at: number): void {
  const w = at * WORDS
  const n = at * NUMBERS
  words[w + ID_HIGH] = order.idHigh
  words[w + ID_LOW] = order.idLow
  words[w + INSTRUMENT] = order.instrument.number
  words[w + ACCOUNT] = order.account
  words[w + ACCOUNT_NUMBER] = order.accountNumber
  words[w + TERMS_REQUEST] = order.termsRequest
  words[w + LAST_REQUEST] = order.lastRequest
  words[w + BITS] =
    order.side |
    (order.type << 2) |
    (order.timeInForce << 4) |
    (order.word << 6) |
    (order.reason << 10) |
    (order.postOnly ? POST_ONLY : 0) |
    (order.reduceOnly ? REDUCE_ONLY : 0) |
    (order.orphan ? ORPHAN : 0) |
    (order.operator ? OPERATOR : 0) |
    (order.sent ? SENT : 0) |
    (order.inPair ? IN_PAIR : 0) |
    (order.cancelledFor << CANCELLED_FOR)
  endedAt[at] = order.endedAt
  numbers[n + TICKS] = order.ticks
  numbers[n + STEPS] = order.steps
  numbers[n + STOP_TICKS] = order.stopTicks
  numbers[n + EXPIRE_AT] = order.expireAt
  numbers[n + DEADLINE] = order.deadline
  numbers[n + SAID_AT] = order.saidAt
  numbers[n + TERMS_AT] = order.termsAt
  numbers[n + FILLED_STEPS] = order.filledSteps
  numbers[n + PAID] = order.paid.toNumber()
  numbers[n + SAID_FILLED] = order.saidFilled
  numbers[n + WRITTEN_OFF] = order.writtenOff
  numbers[n + VENUE_ORDER] = order.venueOrderNumber
  const { tradeIds } = order
  numbers[n + TRADE] = tradeIds.arePlain ? tradeIds.firstNumber : 0
  numbers[n + OTHER_TRADE] = tradeIds.arePlain ? tradeIds.secondNumber : 0
}

/** The texts of an order; undefined when it has none. */
export function textsOf({ label, venueOrderText, tradeIds }: LiveOrder): Texts | undefined {
  if (label === '' && venueOrderText === '' && tradeIds.arePlain) return undefined
  return { label, venueOrderId: venueOrderText, tradeIds: tradeIds.arePlain ? [] : tradeIds.save() }
}

/** Fills an empty order with what is packed. @param at its index. */
export function unpackOrder(
  { numbers, words, endedAt }: PackedOrders,
  at: number,
  texts: Texts | undefined,
  instruments: Instruments,
  order: LiveOrder,
): LiveOrder {
  const n = at * NUMBERS
  const w = at * WORDS
  order.idHigh = words[w + ID_HIGH]
  order.idLow = words[w + ID_LOW]
  order.strategy = strategyOfHigh(order.idHigh)
  order.instrument = instruments.get(words[w + INSTRUMENT]) as Instrument
  order.account = words[w + ACCOUNT]
  order.accountNumber = words[w + ACCOUNT_NUMBER]
  order.termsRequest = words[w + TERMS_REQUEST]
  order.lastRequest = words[w + LAST_REQUEST]
  const bits = words[w + BITS]
  order.side = bits & 3
  order.type = (bits >> 2) & 3
  order.timeInForce = (bits >> 4) & 3
  order.word = (bits >> 6) & 15
  order.reason = (bits >> 10) & 255
  order.postOnly = (bits & POST_ONLY) !== 0
  order.reduceOnly = (bits & REDUCE_ONLY) !== 0
  order.orphan = (bits & ORPHAN) !== 0
  order.operator = (bits & OPERATOR) !== 0
  order.sent = (bits & SENT) !== 0
  order.inPair = (bits & IN_PAIR) !== 0
  order.cancelledFor = bits >>> CANCELLED_FOR
  order.endedAt = endedAt[at]
  order.ticks = numbers[n + TICKS]
  order.steps = numbers[n + STEPS]
  order.stopTicks = numbers[n + STOP_TICKS]
  order.expireAt = numbers[n + EXPIRE_AT]
  order.deadline = numbers[n + DEADLINE]
  order.saidAt = numbers[n + SAID_AT]
  order.termsAt = numbers[n + TERMS_AT]
  order.filledSteps = numbers[n + FILLED_STEPS]
  order.paid.add(numbers[n + PAID])
  order.saidFilled = numbers[n + SAID_FILLED]
  order.writtenOff = numbers[n + WRITTEN_OFF]
  order.venueOrderNumber = numbers[n + VENUE_ORDER]
  for (const trade of [numbers[n + TRADE], numbers[n + OTHER_TRADE]]) if (trade !== 0) order.tradeIds.addNumber(trade)
  if (texts === undefined) return order
  order.label = texts.label
  order.venueOrderText = texts.venueOrderId
  order.tradeIds.load(texts.tradeIds)
  return order
}

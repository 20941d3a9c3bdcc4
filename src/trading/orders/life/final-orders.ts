import type { Instrument } from '../../instruments/instrument.js'
import type { Instruments } from '../../instruments/instruments.js'
import { strategyOfHigh } from '../../messages/order-id.js'
import { LiveOrder } from './live-order.js'

/** So many of the youngest final orders stay objects: most of what a venue says of an order after its end comes at once. */
const YOUNG = 64

const BLOCK_BITS = 10
const BLOCK = 1 << BLOCK_BITS

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
const NUMBERS = 14

const ID_HIGH = 0
const ID_LOW = 1
const INSTRUMENT = 2
const ACCOUNT = 3
const ACCOUNT_NUMBER = 4
const TERMS_REQUEST = 5
const LAST_REQUEST = 6
/** Bits, from the lowest: side 2, type 2, time in force 2, word 4, reason 8, then one bit for each flag. */
const BITS = 7
const WORDS = 8

const POST_ONLY = 1 << 18
const REDUCE_ONLY = 1 << 19
const ORPHAN = 1 << 20
const OPERATOR = 1 << 21
const SENT = 1 << 22

/** Texts of a packed order; most have none. */
interface Texts {
  readonly label: string
  readonly venueOrderId: string
  readonly tradeIds: readonly string[]
}

/** Memory for some orders. */
class Block {
  /** When each came, and when it was last heard of; of an order that is an object only the first. Read for many orders in a row. */
  readonly queuedAt = new Float64Array(BLOCK)
  readonly endedAt = new Float64Array(BLOCK)
  readonly numbers = new Float64Array(BLOCK * NUMBERS)
  readonly words = new Uint32Array(BLOCK * WORDS)
  /** Those that are objects. */
  readonly live: (LiveOrder | undefined)[] = new Array<LiveOrder | undefined>(BLOCK).fill(undefined)
}

/**
 * Final orders, as a queue in the order in which they ended. They are named by their place, which counts all that ever came.
 *
 * A desk may have some hundred thousand of them, and as objects they would be most of the heap: each collection would copy and
 * mark them. So all but the youngest are packed into numbers, 160 bytes each, and made objects again when a venue still speaks
 * of them. An order that is not at rest (fills are missing, a request is not answered, risk counts it) stays an object.
 */
export class FinalOrders {
  private readonly blocks: Block[] = []
  private readonly spare: Block[] = []
  private readonly texts = new Map<number, Texts>()
  /** The places of the oldest one, and of the next one that comes. */
  private head = 0
  private tail = 0
  /** The first place of the first block. Places grow beyond what bit operations can hold; their distances do not. */
  private first = 0

  constructor(private readonly instruments: Instruments) {}

  get count(): number {
    return this.tail - this.head
  }

  /** When the oldest one came. There must be one. */
  get oldestQueuedAt(): number {
    return this.blockOf(this.head).queuedAt[this.head & (BLOCK - 1)]
  }

  /** The oldest one; undefined when it is packed. */
  get oldest(): LiveOrder | undefined {
    return this.blockOf(this.head).live[this.head & (BLOCK - 1)]
  }

  /** Of the oldest one, which is packed. */
  get oldestEndedAt(): number {
    return this.blockOf(this.head).endedAt[this.head & (BLOCK - 1)]
  }

  get oldestIdHigh(): number {
    return this.blockOf(this.head).words[(this.head & (BLOCK - 1)) * WORDS + ID_HIGH]
  }

  get oldestIdLow(): number {
    return this.blockOf(this.head).words[(this.head & (BLOCK - 1)) * WORDS + ID_LOW]
  }

  /** Adds an order at the end. */
  add(order: LiveOrder): void {
    const place = this.tail++
    if ((place & (BLOCK - 1)) === 0) this.blocks.push(this.spare.pop() ?? new Block())
    const block = this.blockOf(place)
    const at = place & (BLOCK - 1)
    block.live[at] = order
    block.queuedAt[at] = order.endedAt
    order.queued = true
  }

  /** Removes the oldest one. */
  removeOldest(): void {
    const { head } = this
    const block = this.blockOf(head)
    const at = head & (BLOCK - 1)
    const order = block.live[at]
    if (order !== undefined) order.queued = false
    else if (this.texts.size > 0) this.texts.delete(head)
    block.live[at] = undefined
    this.head = head + 1
    if ((this.head & (BLOCK - 1)) !== 0) return
    this.blocks.shift()
    this.first += BLOCK
    this.spare.push(block)
  }

  /**
   * Packs the order that is no longer one of the youngest. Returns it, so that its object can be used for another order;
   * undefined when there is none, or it is not at rest. To be called after each `add`.
   */
  pack(): LiveOrder | undefined {
    const place = this.packedPlace
    if (place < this.head) return undefined
    const block = this.blockOf(place)
    const at = place & (BLOCK - 1)
    const order = block.live[at]
    if (order === undefined || !isAtRest(order)) return undefined
    store(order, block, at)
    const { label, venueOrderText, tradeIds } = order
    if (label !== '' || venueOrderText !== '' || !tradeIds.arePlain)
      this.texts.set(place, {
        label,
        venueOrderId: venueOrderText,
        tradeIds: tradeIds.arePlain ? [] : tradeIds.toArray(),
      })
    block.live[at] = undefined
    return order
  }

  /** The place of the order that `pack` has returned last. */
  get packedPlace(): number {
    return this.tail - YOUNG - 1
  }

  /** Makes a packed order an object again, which stays in its place. @param order an empty one. */
  unpack(place: number, order: LiveOrder): LiveOrder {
    const block = this.blockOf(place)
    const at = place & (BLOCK - 1)
    this.load(place, order)
    this.texts.delete(place)
    block.live[at] = order
    order.queued = true
    return order
  }

  /** All of them, oldest first: packed ones as objects that are not those of the book. */
  *[Symbol.iterator](): Generator<LiveOrder, undefined> {
    for (let place = this.head; place < this.tail; place++)
      yield this.blockOf(place).live[place & (BLOCK - 1)] ?? this.load(place, new LiveOrder())
  }

  private load(place: number, order: LiveOrder): LiveOrder {
    const { numbers, words, endedAt } = this.blockOf(place)
    const n = (place & (BLOCK - 1)) * NUMBERS
    const w = (place & (BLOCK - 1)) * WORDS
    order.idHigh = words[w + ID_HIGH]
    order.idLow = words[w + ID_LOW]
    order.strategy = strategyOfHigh(order.idHigh)
    order.instrument = this.instruments.get(words[w + INSTRUMENT]) as Instrument
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
    order.endedAt = endedAt[place & (BLOCK - 1)]
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
    const texts = this.texts.get(place)
    if (texts === undefined) return order
    order.label = texts.label
    order.venueOrderText = texts.venueOrderId
    for (const id of texts.tradeIds) order.tradeIds.add(id)
    return order
  }

  private blockOf(place: number): Block {
    return this.blocks[(place - this.first) >> BLOCK_BITS]
  }
}

/** Whether all that is known of an order is in what is packed. */
function isAtRest(order: LiveOrder): boolean {
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

function store(order: LiveOrder, { numbers, words, endedAt }: Block, at: number): void {
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
    (order.sent ? SENT : 0)
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

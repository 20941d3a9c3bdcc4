import { epochOfHigh, idHalves } from '../messages/order-id.js'
import { ACTIONS } from '../messages/order-terms.js'
import { PAIR_IDS } from '../messages/pair-frames.js'

/** What happened to the requests of one strategy: counts of its Order frames. */
export interface RequestCounts {
  /** Passed on to a venue, or refused: exactly one of both. */
  readonly answered: number
  readonly unanswered: number
  readonly answeredTwice: number
  /** Not in the sequence, in it twice, or other than in the strategy's journal. */
  readonly lost: number
}

interface Copy {
  readonly strategy: number
  readonly orderId: bigint
  readonly action: string
  /** Whether it has an intent: it was not refused. */
  passedOn: boolean
  answers: number
}

/** Follows each request from its copy in the sequence to what was decided about it. */
export class RequestBook {
  /** Outcomes of requests that no strategy sent. */
  strays = 0
  /** Fills that are in the sequence twice. */
  filledTwice = 0
  reports = 0
  fills = 0
  /** By the position of the copy in the sequence. */
  private readonly copies = new Map<number, Copy>()
  private readonly tradeIds = new Set<string>()
  private readonly orders = new Set<bigint>()
  /** Positions of frames that led to requests of the gateway itself: commands, and clocks of the dead-man switch. */
  private readonly own = new Set<number>()
  /** The ids of pairs. */
  private readonly pairs = new Set<bigint>()

  copy(strategy: number, position: number, orderId: bigint, action: string): void {
    // The cancel of a pair is one of all its orders.
    const isOfAll = action === CANCEL && this.pairs.has(orderId)
    this.copies.set(position, { strategy, orderId, action: isOfAll ? CANCEL_ALL : action, passedOn: false, answers: 0 })
    if (action === NEW) this.orders.add(orderId)
  }

  /** The frame at a position leads to requests that no strategy sent. */
  isOwn(position: number): void {
    this.own.add(position)
  }

  /** A pair: its legs are passed on, or refused, both. */
  pair(strategy: number, position: number, pairId: bigint): void {
    this.copies.set(position, { strategy, orderId: pairId, action: PAIR, passedOn: false, answers: 0 })
    this.pairs.add(pairId)
  }

  /** @param cause the position of the frame that led to it. */
  intent(cause: number, orderId: bigint, action: string): void {
    // The operator's orders have an epoch that no strategy has.
    if (epochOfHigh(idHalves(orderId).high) === 0) {
      this.orders.add(orderId)
      return
    }
    const copy = this.copies.get(cause)
    // The gateway decides what follows for a pair, so only its legs and requests about them count as answers.
    if (this.isOfPair(orderId)) {
      const isLeg = copy?.action === PAIR && action === 'submit' && copy.orderId === pairOf(orderId)
      if (!isLeg && copy?.orderId !== orderId) return
    }
    if (copy !== undefined) copy.passedOn = true
    if (!this.own.has(cause)) this.answer(cause)
  }

  /** A report. @param cause the position of the frame that led to it. */
  report(cause: number | undefined, state: string): void {
    this.reports++
    const copy = cause === undefined ? undefined : this.copies.get(cause)
    if (copy?.action === PAIR) {
      if (state === 'denied') copy.answers++
      return
    }
    // Of a request that was passed on, what is reported later is the venue's word, or that its outcome became unknown.
    if (copy !== undefined && !copy.passedOn) copy.answers++
  }

  fill(orderId: bigint, account: number, instrument: number, tradeId: string): void {
    this.fills++
    const key = `${orderId} ${account} ${instrument} ${tradeId}`
    if (this.tradeIds.has(key)) this.filledTwice++
    this.tradeIds.add(key)
    if (!this.orders.has(orderId) && !this.isOfPair(orderId)) this.strays++
  }

  /** @param sent the number of requests in the strategy's journal, up to where it was taken. */
  countsOf(strategy: number, sent: number): RequestCounts {
    let [answered, unanswered, answeredTwice, taken] = [0, 0, 0, 0]
    for (const copy of this.copies.values()) {
      if (copy.strategy !== strategy) continue
      taken++
      // All open orders: any number of them, also none.
      const isAnswered = copy.action === PAIR ? copy.answers === 2 : copy.action === CANCEL_ALL || copy.answers === 1
      if (isAnswered) answered++
      else if (copy.answers === 0) unanswered++
      else answeredTwice++
    }
    return { answered, unanswered, answeredTwice, lost: Math.abs(sent - taken) }
  }

  private isOfPair(orderId: bigint): boolean {
    return this.pairs.has(pairOf(orderId))
  }

  private answer(position: number): void {
    const copy = this.copies.get(position)
    if (copy === undefined) this.strays++
    else copy.answers++
  }
}

/** The id of the pair that an order would belong to. */
function pairOf(orderId: bigint): bigint {
  return orderId - (orderId % BigInt(PAIR_IDS))
}

const [NEW, , CANCEL, CANCEL_ALL] = ACTIONS
/** The action of the copy of a Pair. */
const PAIR = 'pair'

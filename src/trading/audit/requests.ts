import { epochOfHigh, idHalves } from '../messages/order-id.js'
import { ACTIONS } from '../messages/order-terms.js'
import { PAIR_IDS } from '../messages/pair-frames.js'
import { KeySet } from './key-set.js'
import { RequestStates } from './request-states.js'

/** What happened to the requests of one strategy: counts of its Order frames. */
export interface RequestCounts {
  /** Passed on to a venue, or refused: exactly one of both. */
  readonly answered: number
  readonly unanswered: number
  readonly answeredTwice: number
  /** Not in the sequence, in it twice, or other than in the strategy's journal. */
  readonly lost: number
}

/** Follows each request from its copy in the sequence to what was decided about it. Some bytes for each, however many there are. */
export class RequestBook {
  /** Outcomes of requests that no strategy sent. */
  strays = 0
  /** Fills that are in the sequence twice. */
  filledTwice = 0
  reports = 0
  fills = 0
  private readonly copies = new RequestStates()
  private readonly tradeIds = new KeySet()
  private readonly orders = new KeySet()
  /** Positions of frames that led to requests of the gateway itself: commands, and clocks of the dead-man switch. */
  private readonly own = new Set<number>()
  /** The ids of pairs. */
  private readonly pairs = new Set<bigint>()
  /** By the position of a copy that is about a pair: the id of the pair, or of its order. */
  private readonly aboutPairs = new Map<number, bigint>()

  copy(strategy: number, position: number, orderId: bigint, action: string): void {
    if (this.isOfPair(orderId)) this.aboutPairs.set(position, orderId)
    // The cancel of a pair is one of all its orders.
    const isOfAll = action === CANCEL_ALL || (action === CANCEL && this.pairs.has(orderId))
    this.copies.begin(position, isOfAll ? 'all' : 'one', strategy)
    if (action === NEW) this.addOrder(orderId)
  }

  /** The frame at a position leads to requests that no strategy sent. */
  isOwn(position: number): void {
    this.own.add(position)
  }

  /** A pair: its legs are passed on, or refused, both. */
  pair(strategy: number, position: number, pairId: bigint): void {
    this.pairs.add(pairId)
    this.aboutPairs.set(position, pairId)
    this.copies.begin(position, 'pair', strategy)
  }

  /** @param cause the position of the frame that led to it. */
  intent(cause: number, orderId: bigint, action: string): void {
    // The operator's orders have an epoch that no strategy has.
    if (epochOfHigh(idHalves(orderId).high) === 0) {
      this.addOrder(orderId)
      return
    }
    // The gateway decides what follows for a pair, so only its legs and requests about them count as answers.
    if (this.isOfPair(orderId)) {
      const about = this.aboutPairs.get(cause)
      const isLeg = this.copies.get(cause)?.kind === 'pair' && action === 'submit' && about === pairOf(orderId)
      if (!isLeg && about !== orderId) return
    }
    this.copies.passOn(cause)
    if (!this.own.has(cause)) this.answer(cause)
  }

  /** A report. @param cause the position of the frame that led to it. */
  report(cause: number | undefined, state: string): void {
    this.reports++
    const copy = cause === undefined ? undefined : this.copies.get(cause)
    if (cause === undefined || copy === undefined) return
    // Of a request that was passed on, what is reported later is the venue's word, or that its outcome became unknown.
    const isAnswer = copy.kind === 'pair' ? state === 'denied' : !copy.passedOn
    if (isAnswer) this.copies.answer(cause)
  }

  fill(orderId: bigint, account: number, instrument: number, tradeId: string): void {
    this.fills++
    if (!this.tradeIds.addText(`${orderId} ${account} ${instrument} ${tradeId}`)) this.filledTwice++
    const { high, low } = idHalves(orderId)
    if (!this.orders.has(high, low) && !this.isOfPair(orderId)) this.strays++
  }

  /** @param sent the number of requests in the strategy's journal, up to where it was taken. */
  countsOf(strategy: number, sent: number): RequestCounts {
    let [answered, unanswered, answeredTwice, taken] = [0, 0, 0, 0]
    for (const { kind, answers } of this.copies.of(strategy)) {
      taken++
      // All open orders: any number of them, also none.
      const isAnswered = kind === 'pair' ? answers === 2 : kind === 'all' || answers === 1
      if (isAnswered) answered++
      else if (answers === 0) unanswered++
      else answeredTwice++
    }
    return { answered, unanswered, answeredTwice, lost: Math.abs(sent - taken) }
  }

  private addOrder(orderId: bigint): void {
    const { high, low } = idHalves(orderId)
    this.orders.add(high, low)
  }

  private isOfPair(orderId: bigint): boolean {
    return this.pairs.size > 0 && this.pairs.has(pairOf(orderId))
  }

  private answer(position: number): void {
    if (this.copies.get(position) === undefined) this.strays++
    else this.copies.answer(position)
  }
}

/** The id of the pair that an order would belong to. */
function pairOf(orderId: bigint): bigint {
  return orderId - (orderId % BigInt(PAIR_IDS))
}

const [NEW, , CANCEL, CANCEL_ALL] = ACTIONS

import { epochOfHigh, idHalves } from '../messages/order-id.js'
import { ACTIONS } from '../messages/order-terms.js'

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

  copy(strategy: number, position: number, orderId: bigint, action: string): void {
    this.copies.set(position, { strategy, action, passedOn: false, answers: 0 })
    if (action === NEW) this.orders.add(orderId)
  }

  /** The frame at a position leads to requests that no strategy sent. */
  isOwn(position: number): void {
    this.own.add(position)
  }

  /** @param cause the position of the frame that led to it. */
  intent(cause: number, orderId: bigint): void {
    // The operator's orders have an epoch that no strategy has.
    if (epochOfHigh(idHalves(orderId).high) === 0) {
      this.orders.add(orderId)
      return
    }
    const copy = this.copies.get(cause)
    if (copy !== undefined) copy.passedOn = true
    if (!this.own.has(cause)) this.answer(cause)
  }

  /** A report. @param cause the position of the frame that led to it. */
  report(cause: number | undefined): void {
    this.reports++
    const copy = cause === undefined ? undefined : this.copies.get(cause)
    // Of a request that was passed on, what is reported later is the venue's word, or that its outcome became unknown.
    if (copy !== undefined && !copy.passedOn) copy.answers++
  }

  fill(orderId: bigint, account: number, instrument: number, tradeId: string): void {
    this.fills++
    const key = `${orderId} ${account} ${instrument} ${tradeId}`
    if (this.tradeIds.has(key)) this.filledTwice++
    this.tradeIds.add(key)
    if (!this.orders.has(orderId)) this.strays++
  }

  /** @param sent the number of requests in the strategy's journal, up to where it was taken. */
  countsOf(strategy: number, sent: number): RequestCounts {
    let [answered, unanswered, answeredTwice, taken] = [0, 0, 0, 0]
    for (const copy of this.copies.values()) {
      if (copy.strategy !== strategy) continue
      taken++
      // All open orders: any number of them, also none.
      if (copy.action === CANCEL_ALL || copy.answers === 1) answered++
      else if (copy.answers === 0) unanswered++
      else answeredTwice++
    }
    return { answered, unanswered, answeredTwice, lost: Math.abs(sent - taken) }
  }

  private answer(position: number): void {
    const copy = this.copies.get(position)
    if (copy === undefined) this.strays++
    else copy.answers++
  }
}

const [NEW, , , CANCEL_ALL] = ACTIONS

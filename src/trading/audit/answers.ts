import { strategyOf } from '../messages/frames.js'
import type { OrderReportView } from '../strategies/strategy.js'

/** Compares the answers in the gateway's journal with the orders in the strategies' journals. */
export class AnswerBook {
  reports = 0
  /** The number of answers to orders that no strategy sent; complete once every strategy's orders have been matched. */
  strays = 0
  filledTwice = 0
  /** The number of answers, by journal and then by the position of the order or cancel. */
  private readonly answers = new Map<number, Map<number, number>>()
  private readonly filled = new Set<bigint>()

  record(report: OrderReportView): void {
    this.reports++
    const { state, orderId, cause, causeJournal } = report
    if (state === 'filled') {
      if (this.filled.has(orderId)) this.filledTwice++
      this.filled.add(orderId)
    }
    const isAnswer =
      state === 'accepted' || state === 'rejected' || (state === 'cancelled' && report.reason === 'asked for')
    if (!isAnswer) return
    if (cause === undefined || causeJournal === undefined || strategyOf(orderId) !== causeJournal) {
      this.strays++
      return
    }
    let ofJournal = this.answers.get(causeJournal)
    if (ofJournal === undefined) this.answers.set(causeJournal, (ofJournal = new Map()))
    ofJournal.set(cause, (ofJournal.get(cause) ?? 0) + 1)
  }

  /** Compares a strategy's orders with their answers. */
  matchOrders(
    strategy: number,
    orders: readonly number[],
  ): { readonly answered: number; readonly unanswered: number; readonly answeredTwice: number } {
    const answers = this.answers.get(strategy) ?? new Map<number, number>()
    let [answered, unanswered, answeredTwice] = [0, 0, 0]
    for (const position of orders) {
      const count = answers.get(position) ?? 0
      if (count === 0) unanswered++
      else if (count === 1) answered++
      else answeredTwice++
    }
    this.strays += answers.size - answered - answeredTwice
    return { answered, unanswered, answeredTwice }
  }
}

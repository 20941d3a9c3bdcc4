import { nap } from '../../wait/nap.js'
import { BackOff } from '../connection/back-off.js'
import { VenueMessageError, VenueRequestError } from '../errors.js'
import type { AccountReporter } from './account-reporter.js'

/** An order that is asked about. */
export interface AskedOrder {
  readonly idHigh: number
  readonly idLow: number
  readonly clientOrderId: string
  readonly symbol: string
  /** The number of the instrument. */
  readonly instrument: number
}

/**
 * How one venue is asked about an account. Each function reports what it hears.
 *
 * @throws {VenueRequestError}, {VenueMessageError}: it is asked again.
 */
export interface AccountAnswers {
  /** The venue's time, ms since 1970. */
  readonly time: () => Promise<number>
  /** Fills from a time on (ms since 1970), all open orders, positions, balances: in this order. */
  readonly all: (since: number) => Promise<void>
  /** One order: its fills, then its state; or 'not-found'. */
  readonly order: (order: AskedOrder) => Promise<void>
}

/** Questions about an account, asked again until they are answered: a reconciliation, and what became of one order. */
export class AccountQuestions {
  private readonly closing = new AbortController()
  /** Fills before this time are reported, ms since 1970 by the venue. */
  private filledUntil: number
  /** Counts reconciliations: a new one ends those before. */
  private generation = 0
  /** Orders that are being asked about. */
  private readonly asking = new Set<string>()

  /** @param since ms since 1970: there is no fill of ours before it. */
  constructor(
    private readonly answers: AccountAnswers,
    private readonly reporter: AccountReporter,
    since: number,
    private readonly onTrouble: (why: string) => void,
  ) {
    this.filledUntil = since
  }

  /** Asks until there is an answer. Returns undefined when it is no longer wanted. */
  async untilAnswered<T>(ask: () => Promise<T>, isWanted: () => boolean): Promise<T | undefined> {
    const backOff = new BackOff(200, 10_000)
    const { signal } = this.closing
    while (!signal.aborted && isWanted()) {
      try {
        return await ask()
      } catch (error) {
        if (!(error instanceof VenueRequestError || error instanceof VenueMessageError)) throw error
        if (signal.aborted) return undefined
        this.onTrouble(error.message)
      }
      await nap(backOff.next(), signal)
    }
    return undefined
  }

  /** Fills since the last time, open orders, positions and balances; then 'reconciled'. */
  async reconcile(): Promise<void> {
    const generation = ++this.generation
    await this.untilAnswered(
      async () => {
        const began = await this.answers.time()
        await this.answers.all(this.filledUntil)
        if (generation !== this.generation) return
        this.filledUntil = began
        this.reporter.say('reconciled', event => {
          event.venueTime = this.reporter.timeOf(began)
        })
      },
      () => generation === this.generation,
    )
  }

  /** The connection is lost: a reconciliation that is on its way is over. */
  stopReconciling(): void {
    this.generation++
  }

  /** What became of one order: its fills, then its state; or that it is not known. */
  async order(idHigh: number, idLow: number, symbol: string, instrument: number): Promise<void> {
    const clientOrderId = this.reporter.ids.of(idHigh, idLow)
    if (this.asking.has(clientOrderId)) return
    this.asking.add(clientOrderId)
    try {
      await this.untilAnswered(
        () => this.answers.order({ idHigh, idLow, clientOrderId, symbol, instrument }),
        () => true,
      )
    } finally {
      this.asking.delete(clientOrderId)
    }
  }

  close(): void {
    this.closing.abort()
  }
}

import { VenueMessageError, VenueRequestError } from '../errors.js'
import type { CcxtAnswers } from './account-answers.js'
import type { CcxtAccount } from './ccxt-account.js'
import type { CcxtOrder } from './ccxt-types.js'

export interface AccountPollHandlers {
  /** Whether there is a connection. */
  readonly isWanted: () => boolean
  /** The questions were answered; or not, with the error. */
  readonly onAnswer: (error?: unknown) => void
  /** For people. */
  readonly onTrouble: (why: string) => void
}

/** How often it looks for something to ask, ms. */
const LOOK_MS = 20
/** Tries to find all fills of an order, before that is left to the next reconciliation. */
const MOST_TRIES = 30

interface OwedFills {
  order: CcxtOrder
  tries: number
}

/** Asks about orders that have not ended, and for fills: at once when something has happened, and from time to time. */
export class AccountPoll {
  private readonly timer: NodeJS.Timeout
  /** By the venue's id of the order. */
  private readonly owed = new Map<string, OwedFills>()
  private fillsAt = 0
  private refreshAt = 0
  private isAsking = false

  /** @param everyMs how often it asks when nothing is heard. */
  constructor(
    private readonly answers: CcxtAnswers,
    private readonly account: CcxtAccount,
    private readonly everyMs: number,
    private readonly handlers: AccountPollHandlers,
  ) {
    this.timer = setInterval(() => void this.look(), LOOK_MS)
  }

  /** An order has fills that were not reported. */
  owe(order: CcxtOrder): void {
    if (order.id === undefined) return
    this.owed.set(order.id, { order, tries: 0 })
    this.fillsAt = 0
  }

  refreshSoon(): void {
    this.refreshAt = 0
  }

  close(): void {
    clearInterval(this.timer)
    this.owed.clear()
  }

  private async look(): Promise<void> {
    const { handlers } = this
    if (this.isAsking || !handlers.isWanted()) return
    this.isAsking = true
    try {
      if ((await this.payFills()) || (await this.refresh())) handlers.onAnswer()
    } catch (error) {
      if (!(error instanceof VenueRequestError || error instanceof VenueMessageError)) throw error
      handlers.onTrouble(error.message)
      handlers.onAnswer(error)
    } finally {
      this.isAsking = false
    }
  }

  /** Returns whether it has asked. */
  private async payFills(): Promise<boolean> {
    const now = performance.now()
    if (this.owed.size === 0 || now < this.fillsAt) return false
    this.fillsAt = now + this.everyMs
    for (const [id, owed] of this.owed) {
      const isComplete = await this.answers.fillsOf(owed.order)
      if (!isComplete && ++owed.tries >= MOST_TRIES)
        this.handlers.onTrouble(
          `the exchange does not list all fills of order ${id}: the next reconciliation asks again`,
        )
      // It may have been filled further meanwhile.
      if ((isComplete || owed.tries >= MOST_TRIES) && this.owed.get(id) === owed) this.owed.delete(id)
    }
    return true
  }

  /** Returns whether it has asked. */
  private async refresh(): Promise<boolean> {
    const now = performance.now()
    if (now < this.refreshAt) return false
    this.refreshAt = now + this.everyMs
    const { live } = this.account
    // The answer to a submit says the venue's id: without it the order is looked for only when that answer is late.
    const orders = live.all().filter(({ venueId, since }) => venueId !== '' || Date.now() - since > this.everyMs)
    if (orders.length === 0) return false
    await this.answers.refresh(orders)
    return true
  }
}

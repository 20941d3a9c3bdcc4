import { SEQUENCE, STRATEGY_JOURNALS } from '../sequence/home.js'
import type { Desk } from './desk.js'
import type { Facts } from './facts.js'

/** What a Lost frame says of one journal. */
export interface LostJournal {
  readonly journal: number
  readonly taken: number
  /** '' and 0 but of a strategy. */
  readonly id: string
  readonly epoch: number
}

/** The machine stopped, and parts of the journals are gone: what the frames of one power loss say. */
export class PowerLoss {
  private end = 0

  constructor(private readonly facts: Facts) {}

  /** @param position of the Lost frame. */
  add({ journal, taken, id, epoch }: LostJournal, isLast: boolean, position: number, desk: Desk | undefined): void {
    const { facts } = this
    if (journal === 0) facts.feed.next = taken
    else if (journal === SEQUENCE) this.end = taken
    else facts.taken.set(journal, taken)
    if (journal > STRATEGY_JOURNALS) {
      const number = journal - STRATEGY_JOURNALS
      // Its journal is taken to its end when it starts again.
      facts.strategies.set(id, { id, number, epoch, ended: false })
      desk?.strategies.lose(number)
    }
    if (!isLast) return
    facts.loss = { end: this.end, last: position }
    facts.bootedAt = position
    desk?.losePower(position)
  }
}

/**
 * The recorded buyers or sellers at the best price: the size of the last quote, and how much of it our orders took.
 *
 * What was taken comes back when the quote changes: with another price, or with another size at the same price. The same
 * quote again brings nothing back, because recorded streams repeat quotes when something else has changed.
 */
export class RecordedSide {
  /** 0 when there is no quote of this side. */
  ticks = 0
  steps = 0
  taken = 0
  /** Recorded trades at this price since its last quote: a smaller size is explained by them first, see matching/queue. */
  traded = 0

  get available(): number {
    return this.steps - this.taken
  }

  /** Sets a quote. Returns whether it differs from the last one. */
  set(ticks: number, steps: number): boolean {
    this.traded = 0
    if (ticks === this.ticks && steps === this.steps) return false
    this.ticks = ticks
    this.steps = steps
    this.taken = 0
    return true
  }
}

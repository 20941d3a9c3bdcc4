/**
 * A limit as venues count it: at most `count` requests in any window of `ms`. A request waits for its turn; turns are given in the
 * order in which they were asked for.
 */
export class RequestWindow {
  /** When the last requests left, ms: the oldest is overwritten by the next. */
  private readonly left: Float64Array
  private next = 0

  /** @param margin ms that are added to a window, for requests that travel at different speeds. */
  constructor(
    readonly count: number,
    readonly ms: number,
    private readonly margin = 20,
    private readonly clock: () => number = () => performance.now(),
  ) {
    this.left = new Float64Array(count).fill(Number.NEGATIVE_INFINITY)
  }

  /** Takes the next turn. @param weight as how many requests it counts. Returns ms until it begins: 0 when it may leave now. */
  take(weight = 1): number {
    const { left, count } = this
    const now = this.clock()
    const places = Math.min(weight, count)
    // Turns are in order: the last place that it needs is the last one that becomes free.
    const at = Math.max(now, left[(this.next + places - 1) % count] + this.ms + this.margin)
    for (let i = 0; i < places; i++) {
      left[this.next] = at
      this.next = (this.next + 1) % count
    }
    return at - now
  }
}

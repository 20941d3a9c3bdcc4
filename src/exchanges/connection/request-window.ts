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

  /** Takes the next turn. Returns ms until it begins: 0 when a request may leave now. */
  take(): number {
    const { left, next } = this
    const now = this.clock()
    const at = Math.max(now, left[next] + this.ms + this.margin)
    left[next] = at
    this.next = (next + 1) % this.count
    return at - now
  }
}

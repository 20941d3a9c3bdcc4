/** Counts requests as a venue does, and says when there are too many: at most `most` in a window of `ms`. */
export class RequestCount {
  private readonly times = new Map<string, number[]>()

  constructor(
    private readonly most: number,
    private readonly ms: number,
  ) {}

  /** Counts a request of a kind. @param weight as how many it counts. Returns whether it is within the limit. */
  allows(kind: string, weight = 1, now = performance.now()): boolean {
    const times = (this.times.get(kind) ?? []).filter(at => at > now - this.ms)
    this.times.set(kind, times)
    if (times.length + weight > this.most) return false
    for (let i = 0; i < weight; i++) times.push(now)
    return true
  }
}

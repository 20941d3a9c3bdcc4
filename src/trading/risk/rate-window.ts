const SECOND = 1e9

/** A time that never goes back, in whole ns. An object, because passing a large number as an argument would allocate it. */
export interface PassedTime {
  readonly elapsed: number
}

/**
 * At most so many in any second. It keeps the times of those in the last second, so that the limit is exact: no second that
 * begins at any moment has more.
 *
 * Times are kept as their lowest 32 bits, which hold more than four seconds: a desk with many limits goes through many windows
 * for each order, and what it touches should fit into the cache.
 */
export class RateWindow {
  private readonly times: Uint32Array
  /** The oldest time that is kept, and how many are. */
  private first = 0
  private size = 0
  /** The latest time. */
  private last = Number.NEGATIVE_INFINITY
  /** When the next order is allowed: a second after the oldest of the last `most`. */
  private free = Number.NEGATIVE_INFINITY

  constructor(readonly most: number) {
    this.times = new Uint32Array(most)
  }

  /** Whether one more is within the limit. */
  allows(clock: PassedTime): boolean {
    return clock.elapsed >= this.free
  }

  /** Counts an order, also one above the limit: then the oldest is removed. */
  count(clock: PassedTime): void {
    const { times, most, last } = this
    const time = clock.elapsed
    let { first, size } = this
    if (time - last >= SECOND) size = 0
    while (size > 0 && (size === most || ((time >>> 0) - times[first]) >>> 0 >= SECOND)) {
      first = first + 1 === most ? 0 : first + 1
      size--
    }
    // While there are few times, only the beginning of the memory is used, which stays in the cache.
    if (size === 0) first = 0
    const next = first + size
    times[next < most ? next : next - most] = time
    size++
    this.first = first
    this.size = size
    this.last = time
    this.free = size < most ? Number.NEGATIVE_INFINITY : time - (((time >>> 0) - times[first]) >>> 0) + SECOND
  }

  /** The times of the last second, oldest first. */
  save(): number[] {
    const { times, first, last, most } = this
    return Array.from({ length: this.size }, (_, i) => last - (((last >>> 0) - times[(first + i) % most]) >>> 0))
  }

  load(saved: readonly number[]): void {
    this.first = 0
    this.size = 0
    this.last = Number.NEGATIVE_INFINITY
    this.free = Number.NEGATIVE_INFINITY
    for (const elapsed of saved.slice(-this.most)) this.count({ elapsed })
  }
}

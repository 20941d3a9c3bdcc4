/** A timer of a strategy. */
export interface Timer {
  readonly strategy: number
  readonly epoch: number
  /** Counts the strategy's timers within its epoch. */
  readonly id: number
  readonly name: string
  /** ns since the home's origin. */
  due: number
  /** ns between two firings; 0 fires once. */
  readonly every: number
  /** Orders timers that are due at the same time. */
  readonly number: number
}

/** All timers, the next one first: a binary heap by time, then by the order in which they were asked for. */
export class Timers {
  private readonly heap: Timer[] = []
  private count = 0

  /** The time of the next one; Infinity when there is none. */
  get nextAt(): number {
    return this.heap.length === 0 ? Number.POSITIVE_INFINITY : this.heap[0].due
  }

  add(timer: Omit<Timer, 'number'>): void {
    this.push({ ...timer, number: this.count++ })
  }

  /** Removes and returns the next timer that is due; one that repeats is added again. */
  take(now: number): Timer | undefined {
    if (this.nextAt > now) return undefined
    const timer = this.pop()
    // A timer that was missed several times, because nothing ran, fires once.
    if (timer.every > 0) {
      const missed = Math.floor((now - timer.due) / timer.every)
      this.push({ ...timer, due: timer.due + (missed + 1) * timer.every })
    }
    return timer
  }

  /** Removes all timers of a strategy: its process has ended. */
  removeOf(strategy: number): void {
    this.keep(timer => timer.strategy !== strategy)
  }

  /** Removes one timer of a strategy; it may have fired already. All that a strategy has are of one epoch. */
  remove(strategy: number, id: number): void {
    this.keep(timer => timer.strategy !== strategy || timer.id !== id)
  }

  private keep(isKept: (timer: Timer) => boolean): void {
    const kept = this.heap.filter(isKept)
    this.heap.length = 0
    for (const timer of kept) this.push(timer)
  }

  private push(timer: Timer): void {
    const { heap } = this
    let i = heap.length
    heap.push(timer)
    while (i > 0) {
      const parent = (i - 1) >> 1
      if (!isBefore(timer, heap[parent])) break
      heap[i] = heap[parent]
      i = parent
    }
    heap[i] = timer
  }

  private pop(): Timer {
    const { heap } = this
    const first = heap[0]
    const last = heap.pop() as Timer
    if (heap.length === 0) return first
    let i = 0
    for (;;) {
      let child = 2 * i + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && isBefore(heap[child + 1], heap[child])) child++
      if (!isBefore(heap[child], last)) break
      heap[i] = heap[child]
      i = child
    }
    heap[i] = last
    return first
  }
}

function isBefore(a: Timer, b: Timer): boolean {
  return a.due < b.due || (a.due === b.due && a.number < b.number)
}

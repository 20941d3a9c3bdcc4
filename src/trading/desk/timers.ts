import { Heap } from '../../base/heap.js'

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

/** All timers as plain data, the next one first. */
export interface TimersData {
  /** How many were asked for. */
  readonly count: number
  readonly timers: readonly Timer[]
}

/** All timers by time, then by the order in which they were asked for. */
export class Timers {
  private readonly heap = new Heap<Timer>(isBefore)
  private count = 0

  /** The time of the next one; Infinity when there is none. */
  get nextAt(): number {
    return this.heap.first?.due ?? Number.POSITIVE_INFINITY
  }

  add(timer: Omit<Timer, 'number'>): void {
    this.heap.push({ ...timer, number: this.count++ })
  }

  /** Removes and returns the next timer that is due; one that repeats is added again. */
  take(now: number): Timer | undefined {
    const timer = this.nextAt > now ? undefined : this.heap.shift()
    if (timer === undefined) return undefined
    // A timer that was missed several times, because nothing ran, fires once.
    if (timer.every > 0) {
      const missed = Math.floor((now - timer.due) / timer.every)
      this.heap.push({ ...timer, due: timer.due + (missed + 1) * timer.every })
    }
    return timer
  }

  save(): TimersData {
    // Sorted: the order inside the heap depends on earlier calls.
    return { count: this.count, timers: [...this.heap.all].sort((a, b) => (isBefore(a, b) ? -1 : 1)) }
  }

  load({ count, timers }: TimersData): void {
    this.count = count
    this.heap.clear()
    for (const timer of timers) this.heap.push(timer)
  }

  /** Removes all timers of a strategy: its process has ended. */
  removeOf(strategy: number): void {
    this.keep(timer => timer.strategy !== strategy)
  }

  /** Removes one timer of a strategy; it may have fired already. All timers of a strategy are of one epoch. */
  remove(strategy: number, id: number): void {
    this.keep(timer => timer.strategy !== strategy || timer.id !== id)
  }

  private keep(isKept: (timer: Timer) => boolean): void {
    for (const timer of this.heap.clear()) if (isKept(timer)) this.heap.push(timer)
  }
}

function isBefore(a: Timer, b: Timer): boolean {
  return a.due < b.due || (a.due === b.due && a.number < b.number)
}

interface Scheduled {
  /** When it is due, ns; Infinity for never. */
  readonly dueAt: number
}

interface Entry<Thing> {
  readonly thing: Thing
  readonly at: number
  /** Orders what is due at one time. */
  readonly number: number
}

/**
 * Things by the time at which they are due: a binary heap. A thing that was given another time meanwhile has an entry more,
 * and the entry with the earlier time is passed over.
 */
export class DueTimes<Thing extends Scheduled> {
  private readonly heap: Entry<Thing>[] = []
  private count = 0

  /** The time of the next one; Infinity for none. */
  get nextAt(): number {
    this.dropOutdated()
    return this.heap.length === 0 ? Number.POSITIVE_INFINITY : this.heap[0].at
  }

  /** @param at the thing's `dueAt` by now. */
  add(thing: Thing, at: number): void {
    const { heap } = this
    const entry = { thing, at, number: this.count++ }
    let i = heap.length
    heap.push(entry)
    while (i > 0) {
      const parent = (i - 1) >> 1
      if (!isBefore(entry, heap[parent])) break
      heap[i] = heap[parent]
      i = parent
    }
    heap[i] = entry
  }

  /** Removes and returns the next one that is due. */
  take(now: number): Thing | undefined {
    return this.nextAt > now ? undefined : this.pop().thing
  }

  /** All that are due at some time, the next one first. */
  get inOrder(): Thing[] {
    const current = this.heap.filter(({ at, thing }) => at === thing.dueAt).sort((a, b) => (isBefore(a, b) ? -1 : 1))
    return [...new Set(current.map(({ thing }) => thing))]
  }

  private dropOutdated(): void {
    while (this.heap.length > 0 && this.heap[0].at !== this.heap[0].thing.dueAt) this.pop()
  }

  private pop(): Entry<Thing> {
    const { heap } = this
    const first = heap[0]
    const last = heap.pop() as Entry<Thing>
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

function isBefore<Thing>(a: Entry<Thing>, b: Entry<Thing>): boolean {
  return a.at < b.at || (a.at === b.at && a.number < b.number)
}

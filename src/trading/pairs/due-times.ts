import { Heap } from '../../base/heap.js'

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
 * Things by the time at which they are due. A thing that was given another time meanwhile has an entry more,
 * and the entry with the earlier time is passed over.
 */
export class DueTimes<Thing extends Scheduled> {
  private readonly heap = new Heap<Entry<Thing>>(isBefore)
  private count = 0

  /** The time of the next one; Infinity for none. */
  get nextAt(): number {
    this.dropOutdated()
    return this.heap.first?.at ?? Number.POSITIVE_INFINITY
  }

  /** @param at the thing's `dueAt` by now. */
  add(thing: Thing, at: number): void {
    this.heap.push({ thing, at, number: this.count++ })
  }

  /** Removes and returns the next one that is due. */
  take(now: number): Thing | undefined {
    return this.nextAt > now ? undefined : this.heap.shift()?.thing
  }

  /** All that are due at some time, the next one first. */
  get inOrder(): Thing[] {
    const current = this.heap.all
      .filter(({ at, thing }) => at === thing.dueAt)
      .sort((a, b) => (isBefore(a, b) ? -1 : 1))
    return [...new Set(current.map(({ thing }) => thing))]
  }

  private dropOutdated(): void {
    const { heap } = this
    for (let { first } = heap; first !== undefined && first.at !== first.thing.dueAt; { first } = heap) heap.shift()
  }
}

function isBefore<Thing>(a: Entry<Thing>, b: Entry<Thing>): boolean {
  return a.at < b.at || (a.at === b.at && a.number < b.number)
}

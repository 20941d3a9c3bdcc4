import { Heap } from '../../../base/heap.js'

/**
 * Things that are due at a time, the earliest first; at one time in the order in which they were added.
 *
 * What comes in the order of its time, as nearly everything does, is in a ring and costs a few stores. The rest is in a
 * heap. Things are kept for use again: nothing is allocated once the queue has been as long as it gets.
 */
export class TimedQueue<Thing> {
  private readonly create: () => Thing
  /** The ring: its size is a power of two. */
  private ring: Timed<Thing>[] = []
  private start = 0
  private inRing = 0
  private lastInRing = 0
  private readonly heap = new Heap<Timed<Thing>>(isBefore)
  private readonly spare: Timed<Thing>[] = []
  /** The one that was shifted last from the heap: it is still read. */
  private shifted: Timed<Thing> | undefined = undefined
  /** Counts what came. */
  private sequence = 0

  constructor(create: () => Thing) {
    this.create = create
  }

  get length(): number {
    return this.inRing + this.heap.length
  }

  /** When the first thing is due; Infinity when there is none. */
  get at(): number {
    const ringAt = this.inRing > 0 ? this.ring[this.start].at : Number.POSITIVE_INFINITY
    return Math.min(ringAt, this.heap.first?.at ?? Number.POSITIVE_INFINITY)
  }

  /** A thing to fill, due at `at`. */
  add(at: number): Thing {
    if (at >= this.lastInRing || this.inRing === 0) {
      // One is left unused: it may be the one that was shifted last.
      if (this.inRing >= this.ring.length - 1) this.growRing()
      const timed = this.ring[(this.start + this.inRing++) & (this.ring.length - 1)]
      timed.at = at
      timed.sequence = this.sequence++
      this.lastInRing = at
      return timed.thing
    }
    return this.addApart(at)
  }

  /** As `add`, for a thing that others will overtake. */
  addApart(at: number): Thing {
    const timed = this.spare.pop() ?? this.createTimed()
    timed.at = at
    timed.sequence = this.sequence++
    this.heap.push(timed)
    return timed.thing
  }

  /** Removes the first thing. It stays valid until the next `shift`. There must be one. */
  shift(): Thing {
    const apart = this.heap.first
    if (apart !== undefined && (this.inRing === 0 || isBefore(apart, this.ring[this.start])))
      return this.shiftHeap(apart)
    const { thing } = this.ring[this.start]
    this.start = (this.start + 1) & (this.ring.length - 1)
    this.inRing--
    return thing
  }

  /** Removes everything. */
  clear(): void {
    this.start = 0
    this.inRing = 0
    this.lastInRing = 0
    this.spare.push(...this.heap.clear())
  }

  /** Everything, in the order in which it is due. */
  all(): { readonly at: number; readonly thing: Thing }[] {
    const ring = Array.from({ length: this.inRing }, (_, i) => this.ring[(this.start + i) & (this.ring.length - 1)])
    return [...ring, ...this.heap.all].sort((a, b) => (isBefore(a, b) ? -1 : 1))
  }

  private shiftHeap(first: Timed<Thing>): Thing {
    this.heap.shift()
    if (this.shifted !== undefined) this.spare.push(this.shifted)
    this.shifted = first
    return first.thing
  }

  private growRing(): void {
    const old = Array.from({ length: this.ring.length }, (_, i) => this.ring[(this.start + i) & (this.ring.length - 1)])
    const more = Array.from({ length: Math.max(8, old.length) }, () => this.createTimed())
    this.ring = [...old.slice(0, this.inRing), ...more, ...old.slice(this.inRing)]
    this.start = 0
  }

  private createTimed(): Timed<Thing> {
    return { at: 0.5, sequence: 0, thing: this.create() }
  }
}

interface Timed<Thing> {
  at: number
  sequence: number
  readonly thing: Thing
}

function isBefore(a: Timed<unknown>, b: Timed<unknown>): boolean {
  return a.at < b.at || (a.at === b.at && a.sequence < b.sequence)
}

/**
 * A binary heap: the first thing is known, the others are in no order. J. W. J. Williams (1964).
 *
 * @param isBefore the order; two things must never be equal in it, so that what comes out does not depend on how they came in.
 */
export class Heap<Thing> {
  private readonly things: Thing[] = []

  constructor(private readonly isBefore: (a: Thing, b: Thing) => boolean) {}

  get length(): number {
    return this.things.length
  }

  /** Undefined when it is empty. */
  get first(): Thing | undefined {
    return this.things[0]
  }

  /** Everything, in no order. */
  get all(): readonly Thing[] {
    return this.things
  }

  push(thing: Thing): void {
    const { things } = this
    let i = things.length
    things.push(thing)
    while (i > 0) {
      const parent = (i - 1) >> 1
      if (!this.isBefore(thing, things[parent])) break
      things[i] = things[parent]
      i = parent
    }
    things[i] = thing
  }

  /** Removes the first thing and returns it; undefined when it is empty. */
  shift(): Thing | undefined {
    const { things } = this
    const [first] = things
    const last = things.pop()
    if (last === undefined || things.length === 0) return first
    let i = 0
    for (;;) {
      let child = 2 * i + 1
      if (child >= things.length) break
      if (child + 1 < things.length && this.isBefore(things[child + 1], things[child])) child++
      if (!this.isBefore(things[child], last)) break
      things[i] = things[child]
      i = child
    }
    things[i] = last
    return first
  }

  /** Removes everything, and returns it in no order. */
  clear(): Thing[] {
    return this.things.splice(0)
  }
}

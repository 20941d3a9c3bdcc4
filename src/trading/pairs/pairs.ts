import { PAIR_IDS } from '../messages/pair-frames.js'
import { DueTimes } from './due-times.js'
import type { Pair } from './pair.js'

/** An ended pair is kept for so long after its last change, in ns: as long as a fill of its orders may still come. */
const KEEP_NS = 600e9
/** Ended pairs that one new pair makes room for, at most. */
const FORGET_AT_ONCE = 4

/** All pairs of a desk, by the ids of their orders, and when they are due. */
export class Pairs {
  private readonly byId = new Map<string, Pair>()
  private readonly due = new DueTimes<Pair>()
  /** Ended pairs, in the order in which they ended. */
  private readonly ended: Pair[] = []

  /** When the next pair is due by time alone; Infinity for none. */
  get nextAt(): number {
    return this.due.nextAt
  }

  get size(): number {
    return this.byId.size
  }

  /** The pair of an order, by the order's id or its own. */
  find(idHigh: number, idLow: number): Pair | undefined {
    return this.byId.get(keyOf(idHigh, idLow))
  }

  add(pair: Pair, now: number): void {
    this.byId.set(keyOf(pair.idHigh, pair.idLow), pair)
    for (let i = 0; i < FORGET_AT_ONCE; i++) this.forgetOne(now)
  }

  /** Sets when a pair is due next; Infinity for never. */
  schedule(pair: Pair, at: number): void {
    if (pair.dueAt === at) return
    pair.dueAt = at
    if (at !== Number.POSITIVE_INFINITY) this.due.add(pair, at)
  }

  /** Removes and returns the next pair that is due. */
  take(now: number): Pair | undefined {
    const pair = this.due.take(now)
    if (pair !== undefined) pair.dueAt = Number.POSITIVE_INFINITY
    return pair
  }

  /** A pair has ended, or an ended one has changed. */
  end(pair: Pair, now: number): void {
    if (pair.endedAt < 0) this.ended.push(pair)
    pair.endedAt = now
  }

  /** All pairs, the oldest first. */
  get all(): Iterable<Pair> {
    return this.byId.values()
  }

  /** Those that are due at some time, the next one first. */
  get inOrderOfTime(): Pair[] {
    return this.due.inOrder
  }

  /** Those that have ended, the first one first. */
  get endedInOrder(): readonly Pair[] {
    return this.ended
  }

  /** Fills an empty book. @param due pairs and their times, the next one first. */
  restore(pairs: readonly Pair[], due: readonly (readonly [Pair, number])[], ended: readonly Pair[]): void {
    for (const pair of pairs) this.byId.set(keyOf(pair.idHigh, pair.idLow), pair)
    for (const [pair, at] of due) this.schedule(pair, at)
    this.ended.push(...ended)
  }

  private forgetOne(now: number): void {
    const [pair] = this.ended
    if (pair === undefined || now - pair.endedAt <= KEEP_NS) return
    this.ended.shift()
    // One that goes on after all is put there again when it ends.
    if (pair.isEnded) this.byId.delete(keyOf(pair.idHigh, pair.idLow))
    else pair.endedAt = -1
  }
}

function keyOf(idHigh: number, idLow: number): string {
  return `${idHigh}:${idLow - (idLow % PAIR_IDS)}`
}

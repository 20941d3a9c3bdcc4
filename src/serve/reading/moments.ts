import { PositionError } from '../../journal/errors.js'
import { positionBefore } from '../../journal/seek/last-frames.js'
import { PagesGoneError } from '../../trading/errors.js'
import { DeskFold } from './desk-fold.js'
import { Turns } from './turns.js'

/** How many moments are kept. */
const KEPT = 16
/** Frames read between two turns of the event loop. */
const SLICE = 4096

/**
 * What a desk was at positions of its history. Each is read from the nearest snapshot before it, in slices, so that the server
 * answers others meanwhile; a few at once.
 */
export class Moments<T> {
  private readonly kept = new Map<number, Promise<T>>()
  private readonly turns = new Turns('moments of the history')

  /** @param show what is kept of a desk at a moment: the fold itself is closed. */
  constructor(
    private readonly sequence: string,
    private readonly show: (fold: DeskFold) => T,
  ) {}

  /**
   * The desk after all frames that begin before a position.
   *
   * @throws {PositionError} beyond the end; {PagesGoneError} when the pages that would be needed are gone.
   */
  async at(position: number): Promise<T> {
    const known = this.kept.get(position)
    if (known !== undefined) return known
    const made = this.turns.run(() => this.read(position))
    this.kept.set(position, made)
    if (this.kept.size > KEPT) this.kept.delete(this.kept.keys().next().value as number)
    made.catch(() => this.kept.delete(position))
    return made
  }

  private async read(position: number): Promise<T> {
    const fold = new DeskFold(this.sequence, position)
    try {
      if (fold.first > position)
        throw new PagesGoneError(
          `what was known at position ${position} is gone with its pages; the first that is known is at ${fold.first}`,
          { path: this.sequence, position },
        )
      if (position > fold.position + fold.lag)
        throw new PositionError(`${this.sequence} has no position ${position} yet`, { path: this.sequence, position })
      const last = positionBefore(this.sequence, position) ?? -1
      while (!fold.advanceThrough(last, SLICE)) await new Promise(resolve => setImmediate(resolve))
      return this.show(fold)
    } finally {
      fold.close()
    }
  }
}

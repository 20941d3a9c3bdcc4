import type { RunningStrategy } from './running-strategy.js'

/** A strategy that gives no sign of life while it starts is hung after this time, in ms: its module or `onStart` does not end. */
export const START_MS = 60_000
/** Checks in the time that a strategy may be silent. */
const CHECKS = 4
/** The longest pause counted as silence, in checks: a longer one means that the machine was suspended. */
const MOST_CHECKS = 2

/** What was seen of one strategy. */
interface Seen {
  epoch: number
  beats: number
  silentMs: number
}

/**
 * Finds strategies that are hung: frames are waiting for them, and they have shown no sign of life for too long. A strategy
 * that is only slow shows one with each frame that it handles; one that has nothing to do need not show any.
 */
export class HangWatch {
  private readonly seen = new WeakMap<RunningStrategy, Seen>()
  private readonly everyMs: number
  private checkedAt = 0

  constructor(
    private readonly hangMs: number,
    private readonly startMs: number,
  ) {
    this.everyMs = Math.max(1, Math.min(hangMs, startMs) / CHECKS)
  }

  /**
   * Checks all strategies, if it is time to. To be called between two bursts.
   *
   * @param end the position of the sequence's end. @param wallMs performance.now()
   */
  check(strategies: readonly RunningStrategy[], end: number, wallMs: number): void {
    const passed = wallMs - this.checkedAt
    if (passed < this.everyMs) return
    this.checkedAt = wallMs
    const counted = Math.min(passed, MOST_CHECKS * this.everyMs)
    for (const strategy of strategies) this.checkOne(strategy, end, counted)
  }

  /** ms until the next check is due; Infinity while no strategy starts or has frames to handle. */
  dueIn(strategies: readonly RunningStrategy[], end: number, wallMs: number): number {
    for (const { cell, supervisor } of strategies)
      if (supervisor?.phase === 'starting' || (supervisor?.phase === 'running' && cell.position < end))
        return Math.max(0, this.checkedAt + this.everyMs - wallMs)
    return Number.POSITIVE_INFINITY
  }

  private checkOne(strategy: RunningStrategy, end: number, passed: number): void {
    const { cell, supervisor, known } = strategy
    const phase = supervisor?.phase
    const { beats } = cell
    let seen = this.seen.get(strategy)
    if (seen === undefined) this.seen.set(strategy, (seen = { epoch: 0, beats: 0, silentMs: 0 }))
    const isIdle = phase === 'running' && cell.position >= end
    if (seen.epoch !== known.epoch || seen.beats !== beats || isIdle || (phase !== 'running' && phase !== 'starting')) {
      seen.epoch = known.epoch
      seen.beats = beats
      seen.silentMs = 0
      return
    }
    seen.silentMs += passed
    if (seen.silentMs < (phase === 'running' ? this.hangMs : this.startMs)) return
    supervisor?.killHung(seen.silentMs)
    seen.silentMs = 0
  }
}

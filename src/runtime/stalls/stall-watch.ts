import { type PerformanceEntry, PerformanceObserver } from 'node:perf_hooks'
import { now } from '../../base/clock.js'

/** A pause of this process. */
export interface ObservedStall {
  readonly kind: 'gc' | 'loop'
  readonly collection: 'none' | 'minor' | 'major' | 'incremental' | 'weak'
  /** ns since 1970. */
  readonly began: bigint
  readonly lastedNs: number
}

/** The shortest pause that gateways and strategies put on record, in ms, unless an option says otherwise. */
export const STALL_MS = 5
/** ms between two checks of the event loop: of a process that is at work, and of one with nothing to do, which must not be woken often. */
const ACTIVE_MS = 20
const QUIET_MS = 250
/** A loop that spins gives the event loop a turn every 5 ms: only what comes on top of that is a stall. */
const TURN_MS = 5

/** What perf_hooks calls the kinds of garbage collection. */
const COLLECTIONS = new Map([
  [1, 'minor'],
  [4, 'major'],
  [8, 'incremental'],
  [16, 'weak'],
] as const)

/**
 * Watches this process for pauses of at least `leastMs`: of the garbage collector, by what Node reports of it, and of the event loop, by a
 * timer that fires late. Costs a timer every 20 ms while the process is at work, and nothing for each frame.
 */
export class StallWatch {
  private readonly observer: PerformanceObserver | undefined = undefined
  private timer: NodeJS.Timeout
  /** When the timer should fire. */
  private due = performance.now() + ACTIVE_MS

  /**
   * @param onStall is called in the event loop, after the pause.
   * @param onTurn is called when the timer fires, after the loop was checked; it says whether the process is at work. Neither may throw: that
   *   would end the process.
   */
  constructor(
    private readonly leastMs: number,
    private readonly onStall: (stall: ObservedStall) => void,
    onTurn: () => boolean = () => true,
  ) {
    const turn = (): void => {
      this.checkLoop()
      const everyMs = onTurn() ? ACTIVE_MS : QUIET_MS
      this.due = performance.now() + everyMs
      this.timer = setTimeout(turn, everyMs).unref()
    }
    this.timer = setTimeout(turn, ACTIVE_MS).unref()
    // Bun reports no garbage collection.
    const { supportedEntryTypes } = PerformanceObserver as unknown as {
      readonly supportedEntryTypes: readonly string[]
    }
    if (!supportedEntryTypes.includes('gc')) return
    this.observer = new PerformanceObserver(list => list.getEntries().forEach(entry => this.checkCollection(entry)))
    this.observer.observe({ entryTypes: ['gc'] })
  }

  close(): void {
    clearTimeout(this.timer)
    this.observer?.disconnect()
  }

  private checkCollection(entry: PerformanceEntry): void {
    const { startTime, duration } = entry
    if (duration < this.leastMs) return
    const { kind } = (entry as { readonly detail?: { readonly kind?: number } }).detail ?? {}
    const collection = COLLECTIONS.get(kind as 1) ?? 'none'
    this.onStall({ kind: 'gc', collection, began: timeOf(startTime), lastedNs: Math.round(duration * 1e6) })
  }

  private checkLoop(): void {
    const late = performance.now() - this.due
    if (late >= this.leastMs + TURN_MS)
      this.onStall({ kind: 'loop', collection: 'none', began: timeOf(this.due), lastedNs: Math.round(late * 1e6) })
  }
}

/** ns since 1970 of a time of `performance.now()`, by the clock of frames. */
function timeOf(ms: number): bigint {
  return now() - BigInt(Math.round((performance.now() - ms) * 1e6))
}

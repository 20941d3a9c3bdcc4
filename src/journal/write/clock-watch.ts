import type { FrameTime, TimeWatch } from '../../frames/frame-time.js'
import { channels } from '../diagnostics.js'

/** ns. Clock synchronisation moves a clock back by less than this, which is not reported. */
const LEAST_NS = 1_000_000

/**
 * Reports that the machine's clock is behind the time of the journal's last frame: it was set back. Times of frames never decrease, so all
 * frames get the last one's time until the clock has passed it. Reported once for each such time.
 *
 * Times are two signed halves, as in the writer. While the clock is behind, nothing is allocated except for the one message.
 */
export class ClockWatch implements TimeWatch {
  /** The frame time for which it was reported last. */
  private reportedHigh = 0
  private reportedLow = 0

  constructor(private readonly writer: { readonly path: string; readonly position: number }) {}

  given(time: FrameTime): void {
    this.reportedHigh = time.high
    this.reportedLow = time.low
  }

  behind(high: number, low: number, last: FrameTime): void {
    if (last.low === this.reportedLow && last.high === this.reportedHigh) return
    const ns = (last.high - high) * 2 ** 32 + ((last.low >>> 0) - (low >>> 0))
    if (ns < LEAST_NS) return
    this.reportedHigh = last.high
    this.reportedLow = last.low
    if (!channels.clockBack.hasSubscribers) return
    const { path, position } = this.writer
    channels.clockBack.publish({ path, position, ns: BigInt(ns) })
  }
}

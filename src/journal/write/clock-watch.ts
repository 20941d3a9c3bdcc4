import { channels } from '../diagnostics.js'

/** Clocks that are kept right step back by less than this; nobody is told. In ns. */
const LEAST_NS = 1_000_000

/**
 * Tells when the machine's clock is behind the time of the journal's last frame: it was set back. Times of frames never decrease, so all
 * frames get the last one's time until the clock has passed it. Told once for each such time.
 *
 * Times are two signed halves, as the writer has them: nothing here is allocated while the clock is behind, but for the one message.
 */
export class ClockWatch {
  /** The last time that frames stand still at, and was told of. */
  private toldHigh = 0
  private toldLow = 0

  /** A program gave this time with `commit({ time })`: the clock need not have reached it. */
  given(high: number, low: number): void {
    this.toldHigh = high
    this.toldLow = low
  }

  /** The clock says `high, low`, the last frame has a later time. */
  behind(
    high: number,
    low: number,
    lastHigh: number,
    lastLow: number,
    writer: { readonly path: string; readonly position: number },
  ): void {
    if (lastLow === this.toldLow && lastHigh === this.toldHigh) return
    const ns = (lastHigh - high) * 2 ** 32 + ((lastLow >>> 0) - (low >>> 0))
    if (ns < LEAST_NS) return
    this.toldHigh = lastHigh
    this.toldLow = lastLow
    if (channels.clockBack.hasSubscribers)
      channels.clockBack.publish({ path: writer.path, position: writer.position, ns: BigInt(ns) })
  }
}

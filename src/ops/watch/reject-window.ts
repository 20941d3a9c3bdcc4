import type { OrderState } from '../../trading/messages/order-terms.js'

/** Of the window, ns. */
const WINDOW_NS = 60_000_000_000n
/** Fewer orders say nothing: a single one would be 100 %. */
const LEAST_ORDERS = 10

interface Counted {
  readonly time: bigint
  readonly ended: number
  readonly refused: number
}

/** The part of orders that were rejected or denied, of all that ended in the last minute. */
export class RejectWindow {
  private counted: Counted[] = []

  shareAt(time: bigint, byState: Readonly<Record<OrderState, number>>): number {
    const { filled, cancelled, rejected, denied, expired } = byState
    const refused = rejected + denied
    const now = { time, ended: filled + cancelled + expired + refused, refused }
    // A sampler that begins again counts from 0.
    if (this.counted.some(({ ended }) => ended > now.ended)) this.counted = []
    this.counted.push(now)
    // One that is older stays: it is where the window begins.
    while (this.counted.length > 1 && this.counted[1].time <= time - WINDOW_NS) this.counted.shift()
    const [first] = this.counted
    const ended = now.ended - first.ended
    return ended < LEAST_ORDERS ? 0 : (now.refused - first.refused) / ended
  }
}

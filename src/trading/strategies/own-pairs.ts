import type { FrameView } from '../../frames/view.js'
import type { PairReport, PairState } from '../messages/pair-frames.js'
import type { Reason } from '../messages/reasons.js'

/** A pair of the strategy that has not ended. */
export interface OpenPair {
  readonly pairId: bigint
  /** 'submitted' until the first report. */
  readonly state: PairState | 'submitted'
  /** What it waits for. */
  readonly reason: Reason
}

/** A pair as plain data. */
export type SavedPair = readonly [pairId: string, state: OpenPair['state'], reason: Reason]

const ENDED: ReadonlySet<PairState> = new Set(['done', 'unbalanced', 'denied'])

/** The strategy's pairs that have not ended: what it sent, and what the reports say about it. */
export class OwnPairs {
  private readonly open = new Map<bigint, OpenPair>()

  sent(pairId: bigint): void {
    this.open.set(pairId, { pairId, state: 'submitted', reason: 'none' })
  }

  reported({ pairId, state, reason }: FrameView<typeof PairReport>): void {
    if (ENDED.has(state)) this.open.delete(pairId)
    else this.open.set(pairId, { pairId, state, reason })
  }

  save(): SavedPair[] {
    return this.list.map(({ pairId, state, reason }) => [String(pairId), state, reason] as const)
  }

  replace(pairs: readonly SavedPair[]): void {
    this.open.clear()
    this.load(pairs)
  }

  load(pairs: readonly SavedPair[]): void {
    for (const [id, state, reason] of pairs) {
      const pairId = BigInt(id)
      this.open.set(pairId, { pairId, state, reason })
    }
  }

  /** Oldest first. */
  get list(): OpenPair[] {
    return [...this.open.values()]
  }
}

import type { CommitOptions, OwnCommit } from '../../frames/commit-options.js'
import type { Fields, FrameDefinition } from '../../frames/definition.js'
import type { FrameSink } from '../../frames/frame-recorder.js'
import type { WriteView } from '../../frames/view.js'
import type { Instruments } from '../instruments/instruments.js'
import { Fill, OrderReport } from '../messages/order-frames.js'
import { strategyOfOrder } from '../messages/order-id.js'
import type { OrderState } from '../messages/order-terms.js'
import type { Reason } from '../messages/reasons.js'
import { INTENTS, Intent } from '../sequence/frames.js'
import type { Ledger } from './ledger.js'

/** What became of the orders of one strategy. */
export interface OrderCounts {
  /** Passed on to a venue. */
  sent: number
  fills: number
  /** Refused by the desk before they left, by reason. */
  readonly denied: Map<Reason, number>
  /** Refused by the venue, by reason. */
  readonly rejected: Map<Reason, number>
  /** Cancels and amends that were asked for and passed on. */
  cancels: number
  amends: number
}

/** Stands before the sequence: sees each outcome as it is written, and passes it on. */
export class OutcomeWatch implements FrameSink {
  /** By the number of the strategy. */
  readonly counts: (OrderCounts | undefined)[] = []
  private definition: FrameDefinition | undefined = undefined
  private view: unknown = undefined

  constructor(
    private readonly sequence: FrameSink,
    private readonly instruments: Instruments,
    private readonly ledger: Ledger,
  ) {}

  begin<F extends Fields>(definition: FrameDefinition<F>): WriteView<F> {
    const view = this.sequence.begin(definition)
    this.definition = definition as unknown as FrameDefinition
    this.view = view
    return view
  }

  commit(options?: CommitOptions | OwnCommit): number {
    const { definition, view } = this
    if (definition?.id === Fill.id) this.fill(view as WriteView<typeof Fill>)
    else if (definition?.id === Intent.id) this.intent(view as WriteView<typeof Intent>)
    else if (definition?.id === OrderReport.id) this.report(view as WriteView<typeof OrderReport>)
    return this.sequence.commit(options)
  }

  countsOf(strategy: number): OrderCounts {
    return (this.counts[strategy] ??= {
      sent: 0,
      fills: 0,
      denied: new Map(),
      rejected: new Map(),
      cancels: 0,
      amends: 0,
    })
  }

  private fill(fill: WriteView<typeof Fill>): void {
    const instrument = this.instruments.get(fill.instrument)
    if (instrument !== undefined) this.ledger.fill(fill, instrument)
    this.countsOf(strategyOfOrder(fill.orderId)).fills++
  }

  private intent({ orderId, action }: WriteView<typeof Intent>): void {
    if (action === INTENTS[0]) this.countsOf(strategyOfOrder(orderId)).sent++
    else if (action === INTENTS[1]) this.countsOf(strategyOfOrder(orderId)).amends++
    else if (action === INTENTS[2]) this.countsOf(strategyOfOrder(orderId)).cancels++
  }

  private report({ orderId, state, reason, request }: WriteView<typeof OrderReport>): void {
    if (request !== 0) return
    const counts = this.countsOf(strategyOfOrder(orderId))
    if (state === DENIED) count(counts.denied, reason)
    else if (state === REJECTED) count(counts.rejected, reason)
  }
}

const DENIED: OrderState = 'denied'
const REJECTED: OrderState = 'rejected'

function count<K>(counts: Map<K, number>, key: K): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}

import type { Cause } from '../../frames/commit-options.js'
import { type OrderValues, orderIdOf } from '../messages/frames.js'
import type { OrderPort } from '../strategies/host.js'
import type { Recorded, RecordedOrder } from './recorded.js'

/** The first difference between what a strategy did in replay and what its journal records. */
export interface ReplayDifference {
  readonly what: string
  /** Position in the gateway's journal of the frame that was handled. */
  readonly input: number | undefined
  /** Position in the strategy's journal of the order expected. */
  readonly position: number | undefined
  readonly recorded: OrderValues | undefined
  readonly replayed: OrderValues | undefined
}

/** Thrown to end a handler after a difference was found. */
class Differs extends Error {}

/** Compares a replayed strategy's orders, one by one, with the recorded ones. */
export class OrderComparison implements OrderPort {
  /** The number of orders that were the same. */
  same = 0
  difference: ReplayDifference | undefined = undefined
  /** The next recorded order of this run, undefined when there is none. */
  private expected: RecordedOrder | undefined = undefined
  /** Whether the records have reached the start of the next run. */
  private atStart = false

  constructor(
    private readonly records: Iterator<Recorded>,
    private readonly strategy: number,
  ) {}

  /** Advances to the orders of the next run. */
  beginRun(): void {
    while (!this.atStart && this.advance());
    this.atStart = false
    this.advance()
  }

  send(fill: (orderId: bigint) => OrderValues, cause: Cause | undefined): bigint {
    const input = typeof cause === 'object' ? cause.position : cause
    const { expected } = this
    if (expected === undefined) return this.differ('sends an order where none is recorded', input, fill(0n))
    const orderId = orderIdOf(this.strategy, expected.position)
    const replayed = fill(orderId)
    if (expected.cause !== input)
      this.differ(
        `sends an order at another frame; the recorded order has its cause at ${expected.cause}`,
        input,
        replayed,
      )
    const names = Object.keys(replayed) as (keyof OrderValues)[]
    const other = names.filter(name => !Object.is(replayed[name], expected.values[name]))
    if (other.length > 0) this.differ(`sends an order with other values: ${other.join(', ')}`, input, replayed)
    this.same++
    this.advance()
    return orderId
  }

  log(): void {}

  /**
   * Called when the frames before a position have been handled: no recorded order with an earlier cause may be left.
   */
  expectSent(before: number, finalOrdersFrom: number): void {
    const { expected } = this
    if (this.difference !== undefined || expected === undefined || expected.position > finalOrdersFrom) return
    if (expected.cause === undefined || expected.cause < before)
      this.recordDifference('does not send an order that is recorded', expected.cause)
  }

  /** Records a difference without a replayed order. */
  recordDifference(what: string, input: number | undefined): void {
    this.difference ??= {
      what,
      input,
      position: this.expected?.position,
      recorded: this.expected?.values,
      replayed: undefined,
    }
  }

  private differ(what: string, input: number | undefined, replayed: OrderValues): never {
    this.difference ??= { what, input, position: this.expected?.position, recorded: this.expected?.values, replayed }
    throw new Differs(what)
  }

  /**
   * Advances to the run's next order, or to its end, or to the next start. Returns false when there are no more
   * records.
   */
  private advance(): boolean {
    this.expected = undefined
    if (this.atStart) return true
    for (let next = this.records.next(); next.done !== true; next = this.records.next()) {
      const { kind } = next.value
      if (kind === 'progress') continue
      if (kind === 'order') this.expected = next.value
      this.atStart = kind === 'started'
      return true
    }
    return false
  }
}

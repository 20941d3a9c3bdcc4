import type { Cause } from '../../frames/commit-options.js'
import { type OrderValues, orderIdOf } from '../messages/frames.js'
import type { OrderPort } from '../strategies/host.js'
import type { Recorded, RecordedOrder } from './recorded.js'

/** The first thing that a strategy did otherwise than it is on record. */
export interface ReplayDifference {
  readonly what: string
  /** Position in the gateway's journal of the frame that was handled. */
  readonly input: number | undefined
  /** Position in the strategy's journal of the order expected. */
  readonly position: number | undefined
  readonly recorded: OrderValues | undefined
  readonly replayed: OrderValues | undefined
}

/** Ends a handler whose strategy has been found to differ. */
class Differs extends Error {}

/** Takes a replayed strategy's orders, one by one, for those on record. */
export class OrderComparison implements OrderPort {
  /** Orders that were the same. */
  same = 0
  difference: ReplayDifference | undefined = undefined
  /** The next order on record of this run, undefined when there is none. */
  private expected: RecordedOrder | undefined = undefined
  /** A start was come upon: what follows is of the next run. */
  private atStart = false

  constructor(
    private readonly records: Iterator<Recorded>,
    private readonly strategy: number,
  ) {}

  /** Goes on to the orders of the next start. */
  beginRun(): void {
    while (!this.atStart && this.advance());
    this.atStart = false
    this.advance()
  }

  send(fill: (orderId: bigint) => OrderValues, cause: Cause | undefined): bigint {
    const input = typeof cause === 'object' ? cause.position : cause
    const { expected } = this
    if (expected === undefined) return this.differ('sends an order where none is on record', input, fill(0n))
    const orderId = orderIdOf(this.strategy, expected.position)
    const replayed = fill(orderId)
    if (expected.cause !== input)
      this.differ(`sends an order at another frame; on record it is the one at ${expected.cause}`, input, replayed)
    const names = Object.keys(replayed) as (keyof OrderValues)[]
    const other = names.filter(name => !Object.is(replayed[name], expected.values[name]))
    if (other.length > 0) this.differ(`sends an order with other values: ${other.join(', ')}`, input, replayed)
    this.same++
    this.advance()
    return orderId
  }

  log(): void {}

  /** A frame has been handled, or all of them: no order on record may be left that should have been sent by now. */
  expectSent(before: number, finalOrdersFrom: number): void {
    const { expected } = this
    if (this.difference !== undefined || expected === undefined || expected.position > finalOrdersFrom) return
    if (expected.cause === undefined || expected.cause < before)
      this.recordDifference('does not send an order that is on record', expected.cause)
  }

  /** Notes a difference that is no order. */
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

  /** Goes on to the run's next order, or to its end, or the next start. Returns false when there are no more records. */
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

/**
 * What a sequence says of every order and fill, in a few bytes each, so that millions can be compared; and the comparison
 * with an exchange's own record.
 */
import { Handlers, Reader } from 'ticktape'
import { Fill, Order, OrderReport } from 'ticktape/trading'
import { Intent } from '../../dist/trading/sequence/frames.js'
import { EXCHANGE_STATES } from './campaign-market.mjs'
import { DecimalPosition } from './decimal-position.ts'

const STATES = [
  '',
  'submitted',
  'accepted',
  'partially-filled',
  'filled',
  'cancelled',
  'rejected',
  'denied',
  'expired',
  'unknown',
]
const FINAL = new Set(['filled', 'cancelled', 'rejected', 'denied', 'expired'].map(state => STATES.indexOf(state)))
const DENIED = STATES.indexOf('denied')
/** The quantity of one step is a thousandth: see campaign-market. */
export const STEPS = 1000
export const TICKS = 10
/** A bucket of the rate, in ms. */
export const BUCKET_MS = 10

/** The orders of one epoch of a strategy, by their counter. */
class Epoch {
  states = new Uint8Array(1024)
  submits = new Uint8Array(1024)
  filled = new Int32Array(1024)
  seen = new Uint8Array(1024)
  highest = 0

  reach(low: number): void {
    if (low > this.highest) this.highest = low
    if (low < this.states.length) return
    const grow = <T extends Uint8Array | Int32Array>(old: T, make: new (size: number) => T): T => {
      const array = new make(Math.max(2 * old.length, low + 1))
      array.set(old)
      return array
    }
    this.states = grow(this.states, Uint8Array)
    this.submits = grow(this.submits, Uint8Array)
    this.filled = grow(this.filled, Int32Array)
    this.seen = grow(this.seen, Uint8Array)
  }
}

/** Rows of numbers. */
class Rows {
  count = 0
  private values: Float64Array = new Float64Array(8192)

  constructor(
    readonly width: number,
    values?: Float64Array,
  ) {
    if (values === undefined) return
    this.values = values
    this.count = values.length / width
  }

  add(...row: readonly number[]): void {
    const at = this.count++ * this.width
    if (at + this.width > this.values.length) {
      const more = new Float64Array(2 * this.values.length)
      more.set(this.values)
      this.values = more
    }
    this.values.set(row, at)
  }

  get(row: number, column: number): number {
    return this.values[row * this.width + column]
  }

  /** The numbers of the rows, in the order of these columns. */
  sorted(...columns: readonly number[]): Uint32Array {
    const order = Uint32Array.from({ length: this.count }, (_, i) => i)
    return order.sort((a, b) => {
      for (const column of columns) {
        const difference = this.get(a, column) - this.get(b, column)
        if (difference !== 0) return difference
      }
      return 0
    })
  }
}

/** Columns of a fill; its fee is the last. */
const [TRADE, HIGH, LOW, INSTRUMENT, SIGNED_STEPS, TICKS_AT] = [0, 1, 2, 3, 4, 5]

/** An exchange's own record, as `columnsOf` of campaign-market makes it. */
export interface ExchangeColumns {
  readonly orderRows: Float64Array
  readonly fillRows: Float64Array
}

export class CampaignFold {
  /** Orders that are not final in the sequence. */
  open = 0
  /** Of new orders that the gateway took, by BUCKET_MS since 1970. */
  readonly buckets = new Map<number, number>()
  newOrders = 0
  denied = 0
  sentTwice = 0
  private readonly epochs = new Map<number, Epoch>()
  private readonly fills = new Rows(7)
  private readonly reader: Reader
  private readonly handlers: Handlers

  constructor(sequence: string) {
    this.reader = Reader.open(sequence)
    this.handlers = new Handlers()
      .on(Order, ({ action, time }) => {
        if (action !== 'new') return
        this.newOrders++
        const bucket = Math.floor(Number(time / 1_000_000n) / BUCKET_MS)
        this.buckets.set(bucket, (this.buckets.get(bucket) ?? 0) + 1)
      })
      .on(Intent, ({ action, orderId }) => {
        if (action !== 'submit') return
        const low = Number(orderId & 0xffffffffn)
        const epoch = this.epochOf(Number(orderId >> 32n), low)
        if (epoch.states[low] === 0) this.open++
        if (epoch.submits[low]++ > 0) this.sentTwice++
        epoch.states[low] ||= STATES.indexOf('submitted')
      })
      .on(OrderReport, ({ orderId, state, filledQuantity }) => {
        const low = Number(orderId & 0xffffffffn)
        const epoch = this.epochOf(Number(orderId >> 32n), low)
        const before = epoch.states[low]
        const after = STATES.indexOf(state)
        if (before !== 0 && !FINAL.has(before)) this.open--
        if (!FINAL.has(after)) this.open++
        epoch.states[low] = after
        epoch.filled[low] = Math.round(filledQuantity * STEPS)
      })
      .on(Fill, ({ orderId, instrument, side, price, quantity, fee, tradeId }) => {
        const steps = Math.round(quantity * STEPS)
        this.fills.add(
          Number(tradeId),
          Number(orderId >> 32n),
          Number(orderId & 0xffffffffn),
          instrument,
          side === 'buy' ? steps : -steps,
          Math.round(price * TICKS),
          fee,
        )
      })
  }

  get fillCount(): number {
    return this.fills.count
  }

  /** Reads what is new, with pauses. */
  async read(): Promise<void> {
    while (this.reader.poll(this.handlers, 20_000) > 0) await new Promise(resolve => setImmediate(resolve))
  }

  close(): void {
    this.reader.close()
  }

  /** All that the sequence and the exchange do not say alike: at most a few lines. */
  disagreements({ orderRows, fillRows }: ExchangeColumns): string[] {
    const found: string[] = []
    for (let at = 0; at < orderRows.length; at += 4) {
      const [high, low, stateIndex, filledSteps] = orderRows.subarray(at, at + 4)
      const state = EXCHANGE_STATES[stateIndex]
      const epoch = this.epochOf(high, low)
      epoch.seen[low] = 1
      const isSame = epoch.states[low] === STATES.indexOf(state) && epoch.filled[low] === filledSteps
      if (isSame || (state === 'open' && !FINAL.has(epoch.states[low]))) continue
      const here = `${STATES[epoch.states[low]]} ${epoch.filled[low]}`
      add(found, `order ${high} ${low}: the exchange ${state} ${filledSteps}, the sequence ${here}`)
    }
    this.denied = 0
    for (const [high, { states, seen, highest }] of this.epochs)
      for (let low = 1; low <= highest; low++) {
        if (states[low] === DENIED) this.denied++
        if (states[low] !== 0 && states[low] !== DENIED && seen[low] === 0)
          add(found, `order ${high} ${low}: ${STATES[states[low]]}, and the exchange does not know it`)
        seen[low] = 0
      }
    const there = new Rows(7, fillRows)
    const order = [TRADE, HIGH, LOW]
    const [mine, theirs] = [this.fills.sorted(...order), there.sorted(...order)]
    const textOf = (rows: Rows, row: number | undefined): string =>
      row === undefined ? 'nothing' : Array.from({ length: 7 }, (_, column) => rows.get(row, column)).join(' ')
    for (let i = 0; i < Math.max(mine.length, theirs.length) && found.length < MOST_TOLD; i++) {
      const [here, exchange] = [textOf(this.fills, mine[i]), textOf(there, theirs[i])]
      if (here !== exchange) add(found, `fill: the exchange ${exchange}, the sequence ${here}`)
    }
    return found
  }

  /** By strategy and instrument: what a decimal library makes of the fills, in the order of the sequence, with pauses. */
  async positions(): Promise<Map<string, DecimalPosition>> {
    const positions = new Map<string, DecimalPosition>()
    for (let row = 0; row < this.fills.count; row++) {
      const key = `${this.fills.get(row, HIGH) >>> 20} ${this.fills.get(row, INSTRUMENT)}`
      let position = positions.get(key)
      if (position === undefined) positions.set(key, (position = new DecimalPosition()))
      position.fill(this.fills.get(row, SIGNED_STEPS), this.fills.get(row, TICKS_AT))
      if (row % 10_000 === 0) await new Promise(resolve => setImmediate(resolve))
    }
    return positions
  }

  private epochOf(high: number, low: number): Epoch {
    let epoch = this.epochs.get(high)
    if (epoch === undefined) this.epochs.set(high, (epoch = new Epoch()))
    epoch.reach(low)
    return epoch
  }
}

/** Lines of what disagrees. */
const MOST_TOLD = 1000

function add(found: string[], text: string): void {
  if (found.length < MOST_TOLD) found.push(text)
}

import { refuseValue } from '../file/checks.js'
import type { StateFile } from '../file/state-file.js'
import { addFloat, loadInteger, storeInteger } from '../file/words.js'

/** This process's part of a counter. Created by `Counters`. */
export class Counter {
  /** The value of this cell; no other process changes it. */
  private own: number
  /** The maximum value of the cell; -1 once closed. */
  private limit = Number.MAX_SAFE_INTEGER

  /** @internal */
  constructor(
    private readonly file: StateFile,
    private readonly words: BigUint64Array,
    private readonly index: number,
    readonly name: string,
    private readonly total: () => number | undefined,
  ) {
    this.own = loadInteger(words, index)
    if (this.own < 0) file.corrupt(`counter '${name}' holds ${this.own}`)
  }

  /**
   * Adds a whole number from 0 on. Allocates nothing and makes no system call.
   *
   * @throws {FieldValueError} for anything else, {ClosedError}.
   */
  add(amount: number): void {
    const sum = this.own + amount
    if (!(amount >= 0 && sum <= this.limit && Math.floor(amount) === amount)) {
      refuseValue(this.file, `counter '${this.name}'`, 'a whole number from 0 on, up to 2^53 - 1 in total', amount)
    }
    this.own = sum
    storeInteger(this.words, this.index, sum)
  }

  increment(): void {
    this.add(1)
  }

  /** The sum over all processes. */
  get value(): number {
    return this.total() ?? 0
  }

  /** @internal */
  end(): void {
    this.limit = -1
  }
}

/** A value that goes up and down. Created by `Counters`. */
export class Gauge {
  private index: number

  /** @internal */
  constructor(
    private readonly file: StateFile,
    private readonly floats: Float64Array,
    index: number,
    readonly name: string,
  ) {
    this.index = index
  }

  /** Any number. Allocates nothing. */
  set(value: number): void {
    if (typeof value !== 'number' || this.index < 0) refuseValue(this.file, `gauge '${this.name}'`, 'a number', value)
    this.floats[this.index] = value
  }

  /**
   * Adds a number. Several processes may do so at the same time; no change is lost. Returns the new value. Allocates.
   */
  add(amount: number): number {
    if (typeof amount !== 'number' || this.index < 0) refuseValue(this.file, `gauge '${this.name}'`, 'a number', amount)
    return addFloat(new BigInt64Array(this.floats.buffer), this.index, amount)
  }

  get value(): number {
    this.file.throwIfClosed()
    return this.floats[this.index]
  }

  /** @internal */
  end(): void {
    this.index = -1
  }
}

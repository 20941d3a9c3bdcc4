import { InvalidOptionError } from '../../base/errors.js'
import { formatValue } from '../../base/format-value.js'
import { checkOptions, kinds } from '../../base/options.js'
import { StateFullError, StateMismatchError } from '../errors.js'
import { Header, Kind, CounterLabel as L, CounterValue as V } from '../file/format.js'
import { acquireOwnerSlot } from '../file/owners.js'
import { closeWhenReplaced } from '../file/replacement-watch.js'
import { DEFAULT_MODE, StateFile, type StatePlan } from '../file/state-file.js'
import { loadInteger } from '../file/words.js'
import { Counter, Gauge } from './counter.js'

export interface CountersOptions {
  /**
   * The number of cells in the file: a gauge needs one, a counter one for each process that adds to it at the same
   * time. Default 1024.
   */
  readonly cells?: number
  /** Permissions when the file is created. Default 0o600. */
  readonly mode?: number
}

/** A counter or gauge and its value. */
export interface CounterInfo {
  readonly name: string
  readonly kind: 'counter' | 'gauge'
  readonly value: number
}

const COUNTER = 1
const GAUGE = 2

/**
 * Named counters and gauges that any process can read while others write.
 *
 *     const counters = Counters.open('/dev/shm/session.counters')
 *     const sent = counters.counter('orders sent')
 *     sent.add(1)
 *     for (const { name, value } of counters.list()) console.log(name, value)
 *
 * A counter has one cell for each process that adds to it, and its value is the sum of the cells. Adding is a plain
 * store, and no two processes write to one cell, so none waits and nothing is lost. When a process ends, its cell keeps
 * the count, and the next process that adds to the counter continues with it. (The separate tables for labels and
 * values follow Aeron's counters file.)
 */
export class Counters implements Disposable {
  private readonly values: BigUint64Array
  private readonly floats: Float64Array
  private readonly kinds: Int32Array
  private readonly cells: number
  private readonly known = new Map<string, Counter | Gauge>()

  /** @throws {InvalidOptionError, UnsafePathError, CorruptStateError, StateMismatchError, NoSpaceError} */
  static open(path: string, options: CountersOptions = {}): Counters {
    checkOptions('Counters.open', options, { cells: kinds.integer(1, 1_000_000), mode: kinds.integer(0, 0o777) })
    return new Counters(StateFile.open(path, planOf(options)))
  }

  private constructor(private readonly file: StateFile) {
    this.cells = file.parameters[0]
    this.values = new BigUint64Array(file.mapping.buffer)
    this.floats = new Float64Array(file.mapping.buffer)
    this.kinds = new Int32Array(file.mapping.buffer)
    closeWhenReplaced(file, this)
  }

  get path(): string {
    return this.file.path
  }

  /**
   * The counter with this name, to add to.
   *
   * @throws {StateFullError} when there is no cell left, {StateMismatchError} when the name is a gauge's.
   */
  counter(name: string): Counter {
    const known = this.known.get(name)
    if (known instanceof Counter) return known
    const created = new Counter(this.file, this.values, this.valueAt(this.acquireCell(name, COUNTER)) >> 3, name, () =>
      this.read(name),
    )
    this.known.set(name, created)
    return created
  }

  /**
   * The gauge with this name, to set. It has the value that was set last, by any process.
   *
   * @throws {StateFullError} when there is no cell left, {StateMismatchError} when the name is a counter's.
   */
  gauge(name: string): Gauge {
    const known = this.known.get(name)
    if (known instanceof Gauge) return known
    const created = new Gauge(this.file, this.floats, this.valueAt(this.acquireCell(name, GAUGE)) >> 3, name)
    this.known.set(name, created)
    return created
  }

  /** The value of a counter or gauge; undefined when there is none of that name. */
  read(name: string): number | undefined {
    this.file.throwIfClosed()
    let sum: number | undefined
    for (let cell = 0; cell < this.cells; cell++) {
      const kind = this.kindOf(cell)
      if (kind === 0) break
      if (this.nameOf(cell) !== name) continue
      if (kind === GAUGE) return this.floats[this.valueAt(cell) >> 3]
      sum = (sum ?? 0) + loadInteger(this.values, this.valueAt(cell) >> 3)
    }
    return sum
  }

  /** All counters and gauges, in the order they were first used. */
  list(): CounterInfo[] {
    this.file.throwIfClosed()
    const found = new Map<string, { name: string; kind: 'counter' | 'gauge'; value: number }>()
    for (let cell = 0; cell < this.cells; cell++) {
      const kind = this.kindOf(cell)
      if (kind === 0) break
      const name = this.nameOf(cell)
      const value =
        kind === GAUGE ? this.floats[this.valueAt(cell) >> 3] : loadInteger(this.values, this.valueAt(cell) >> 3)
      const known = found.get(name)
      if (known === undefined) found.set(name, { name, kind: kind === GAUGE ? 'gauge' : 'counter', value })
      else known.value += value
    }
    return [...found.values()]
  }

  /** Releases this process's cells, which keep their counts. May be called more than once. */
  close(): void {
    for (const handle of this.known.values()) handle.end()
    this.known.clear()
    this.file.close()
  }

  [Symbol.dispose](): void {
    this.close()
  }

  /**
   * A cell with this name for this process: for a counter, one without an owner; for a gauge, the existing one;
   * otherwise a new one.
   */
  private acquireCell(name: string, kind: number): number {
    checkName(name)
    this.file.throwIfClosed()
    return this.file.locked(() => {
      for (let cell = 0; cell < this.cells; cell++) {
        const present = this.kindOf(cell)
        if (present === 0) return this.create(cell, name, kind)
        if (this.nameOf(cell) !== name) continue
        if (present !== kind) {
          throw new StateMismatchError(
            `'${name}' is a ${present === GAUGE ? 'gauge' : 'counter'} in ${this.path}; give the other one another name`,
            { path: this.path },
          )
        }
        if (kind === GAUGE || acquireOwnerSlot(this.file, this.valueAt(cell) + V.OWNER)) return cell
      }
      throw new StateFullError(
        `all ${this.cells} cells of ${this.path} are taken; create it with more: Counters.open(path, { cells })`,
        { path: this.path },
      )
    })
  }

  private create(cell: number, name: string, kind: number): number {
    const bytes = new Uint8Array(this.file.mapping.buffer)
    const label = this.labelAt(cell)
    bytes.fill(0, label + L.NAME, label + L.NAME + L.NAME_SIZE)
    bytes.set(Buffer.from(name, 'latin1'), label + L.NAME)
    bytes.fill(0, this.valueAt(cell), this.valueAt(cell) + V.SIZE)
    if (kind === COUNTER) acquireOwnerSlot(this.file, this.valueAt(cell) + V.OWNER)
    // The kind is stored last: a cell that has a kind also has its name.
    Atomics.store(this.kinds, label >> 2, kind)
    return cell
  }

  private kindOf(cell: number): number {
    const kind = Atomics.load(this.kinds, this.labelAt(cell) >> 2)
    if (kind < 0 || kind > GAUGE) this.file.corrupt(`cell ${cell} is of kind ${kind}`)
    return kind
  }

  private nameOf(cell: number): string {
    const at = this.labelAt(cell) + L.NAME
    const bytes = Buffer.from(this.file.mapping.buffer, at, L.NAME_SIZE)
    const end = bytes.indexOf(0)
    return bytes.toString('latin1', 0, end < 0 ? L.NAME_SIZE : end)
  }

  private labelAt(cell: number): number {
    return Header.SIZE + cell * L.SIZE
  }

  private valueAt(cell: number): number {
    return Header.SIZE + this.cells * L.SIZE + cell * V.SIZE
  }
}

function planOf(options: CountersOptions): StatePlan {
  return {
    what: 'Counters',
    kind: Kind.COUNTERS,
    parameters: [{ name: 'cells', value: options.cells, byDefault: 1024 }],
    sizeOf: ([cells]) => Header.SIZE + cells * (L.SIZE + V.SIZE),
    mode: options.mode ?? DEFAULT_MODE,
  }
}

function checkName(name: unknown): void {
  if (typeof name !== 'string' || !/^[\x20-\x7e]{1,119}$/.test(name)) {
    throw new InvalidOptionError(
      `a counter's name is 1 to ${L.NAME_SIZE - 1} printable ASCII characters, not ${formatValue(name)}`,
    )
  }
}

import { InvalidOptionError } from '../../base/errors.js'
import { formatValue } from '../../base/format-value.js'
import { checkOptions, kinds } from '../../base/options.js'
import { StateFullError } from '../errors.js'
import { Heartbeat as H, Header, Kind } from '../file/format.js'
import { DEFAULT_MODE, StateFile, type StatePlan } from '../file/state-file.js'
import { HeartbeatCell, type HeartbeatInfo } from './cell.js'
import { Pulse } from './pulse.js'

export interface HeartbeatsOptions {
  /** How many processes it has room for, when the file is created. Default 512. */
  readonly cells?: number
  /** Permissions when the file is created. Default 0o600. */
  readonly mode?: number
}

/**
 * Signs of life of processes, in shared memory that any process may read: who they are, and how far they have come.
 *
 *     const table = Heartbeats.find('/dev/shm/desk/state/heartbeats')
 *     for (const { name, phase, position } of table?.list() ?? []) console.log(name, phase, position)
 *
 * One process (a gateway) gives out the cells. Each process that it starts writes into its own cell, without a system call:
 * a number that changes with every frame it handles, so that a hung process is told from one that is only busy.
 */
export class Heartbeats implements Disposable {
  private constructor(private readonly file: StateFile) {
    // Times since an earlier boot mean nothing now, and its processes are gone.
    file.afterBoot(() => new Uint8Array(file.mapping.buffer, Header.SIZE).fill(0))
  }

  /** @throws {InvalidOptionError, UnsafePathError, CorruptStateError, StateMismatchError, NoSpaceError} */
  static open(path: string, options: HeartbeatsOptions = {}): Heartbeats {
    checkOptions('Heartbeats.open', options, { cells: kinds.integer(1, 100_000), mode: kinds.integer(0, 0o777) })
    return new Heartbeats(StateFile.open(path, planOf(options)))
  }

  /** Opens an existing table; undefined when there is none. @throws as `open`. */
  static find(path: string): Heartbeats | undefined {
    const file = StateFile.openExisting(path, planOf({}))
    return file === undefined ? undefined : new Heartbeats(file)
  }

  get path(): string {
    return this.file.path
  }

  get cells(): number {
    return this.file.parameters[0]
  }

  /** All processes that are known, by cell. */
  list(): HeartbeatInfo[] {
    this.file.throwIfClosed()
    const found: HeartbeatInfo[] = []
    for (let cell = 0; cell < this.cells; cell++) if (this.isUsed(cell)) found.push(this.at(cell).read())
    return found
  }

  /** Gives out a free cell. @throws {StateFullError} */
  acquire(name: string): HeartbeatCell {
    this.file.throwIfClosed()
    if (!/^[\x21-\x7e]{1,64}$/.test(name))
      throw new InvalidOptionError(`a heartbeat's name is 1 to 64 printable ASCII characters, not ${formatValue(name)}`)
    for (let number = 0; number < this.cells; number++) {
      if (this.isUsed(number)) continue
      const cell = this.at(number)
      cell.begin(name)
      return cell
    }
    throw new StateFullError(`all ${this.cells} cells of ${this.path} are taken: there are too many processes`, {
      path: this.path,
    })
  }

  /** What the process of a cell writes into it. */
  pulse(cell: number): Pulse {
    this.file.throwIfClosed()
    if (!(Number.isInteger(cell) && cell >= 0 && cell < this.cells))
      throw new InvalidOptionError(
        `a cell of ${this.path} is a whole number from 0 to ${this.cells - 1}, not ${formatValue(cell)}`,
      )
    return new Pulse(this.file.mapping.buffer, Header.SIZE + cell * H.SIZE, this.file)
  }

  /** Frees all cells. */
  clear(): void {
    this.file.throwIfClosed()
    for (let cell = 0; cell < this.cells; cell++) if (this.isUsed(cell)) this.at(cell).release()
  }

  close(): void {
    this.file.close()
  }

  [Symbol.dispose](): void {
    this.close()
  }

  private at(cell: number): HeartbeatCell {
    return new HeartbeatCell(this.file.mapping.buffer, Header.SIZE + cell * H.SIZE, cell)
  }

  private isUsed(cell: number): boolean {
    const used = new DataView(this.file.mapping.buffer).getUint32(Header.SIZE + cell * H.SIZE + H.USED, true)
    if (used > 1) this.file.corrupt(`cell ${cell} is in state ${used}`)
    return used === 1
  }
}

function planOf(options: HeartbeatsOptions): StatePlan {
  return {
    what: 'Heartbeats',
    kind: Kind.HEARTBEATS,
    parameters: [{ name: 'cells', value: options.cells, byDefault: 512 }],
    sizeOf: ([cells]) => Header.SIZE + cells * H.SIZE,
    mode: options.mode ?? DEFAULT_MODE,
  }
}

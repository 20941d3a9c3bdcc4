import { Heartbeat as H } from '../file/format.js'

/** What a process is about to do, as who starts it sees it. Cells hold the index. */
export const PHASES = ['waiting', 'starting', 'running', 'stopping', 'failed'] as const

export type Phase = (typeof PHASES)[number]

/** What is known of a process. Copied: it does not change. */
export interface HeartbeatInfo {
  /** The number of its cell. */
  readonly cell: number
  readonly name: string
  /** 0 while there is no process. */
  readonly pid: number
  /** Its start time in clock ticks since boot: together with the pid it identifies one process. */
  readonly processStart: number
  /** Counts the lives of what it runs, from 1. */
  readonly epoch: number
  readonly phase: Phase
  /** How often it was started again. */
  readonly restarts: number
  /** Another value with each sign of life. */
  readonly beats: number
  /** The position of the next frame that it will handle. */
  readonly position: number
  /** Frames handled and sent since its start. */
  readonly handled: number
  readonly sent: number
  /** Slots that are published and that it has not read. */
  readonly lag: number
  /** The age of frames when it handled them, in ns: the 50 %, 99 % and 99.9 % percentiles. */
  readonly p50: number
  readonly p99: number
  readonly p999: number
  /** When it last wrote all of these, ns since 1970; 0n before the first time. */
  readonly time: bigint
}

/** One cell of a table of heartbeats, for the process that gives it out. */
export class HeartbeatCell {
  private readonly words: Int32Array
  private readonly view: DataView

  /** @internal */
  constructor(
    private readonly buffer: ArrayBuffer,
    private readonly at: number,
    /** Its number. */
    readonly number: number,
  ) {
    this.words = new Int32Array(buffer)
    this.view = new DataView(buffer, at, H.SIZE)
  }

  /** @internal */
  begin(name: string): void {
    const bytes = new Uint8Array(this.buffer, this.at, H.SIZE)
    bytes.fill(0)
    bytes.set(Buffer.from(name, 'latin1'), H.NAME)
    // Stored last: a cell that is used has a name.
    Atomics.store(this.words, (this.at + H.USED) >> 2, 1)
  }

  /** A new life begins: everything that the last one has written is gone. */
  start(epoch: number): void {
    new Uint8Array(this.buffer, this.at + H.BEATS, H.SIZE - H.BEATS).fill(0)
    this.view.setUint32(H.EPOCH, epoch, true)
    this.setPhase('starting')
  }

  /** The process that runs; 0 for none. @param processStart its start time in clock ticks since boot. */
  setProcess(pid: number, processStart: number): void {
    this.view.setBigUint64(H.PROCESS_START, BigInt(processStart), true)
    this.view.setUint32(H.PID, pid, true)
  }

  setPhase(phase: Phase): void {
    this.view.setUint32(H.PHASE, PHASES.indexOf(phase), true)
  }

  setRestarts(restarts: number): void {
    this.view.setUint32(H.RESTARTS, restarts, true)
  }

  /** Another value with each sign of life. */
  get beats(): number {
    return this.view.getUint32(H.BEATS, true)
  }

  /** The position of the next frame that the process will handle. */
  get position(): number {
    return this.view.getFloat64(H.POSITION, true)
  }

  /** A copy of all of it. */
  read(): HeartbeatInfo {
    const { view } = this
    const name = Buffer.from(this.buffer, this.at + H.NAME, H.NAME_SIZE)
    const end = name.indexOf(0)
    return {
      cell: this.number,
      name: name.toString('latin1', 0, end < 0 ? H.NAME_SIZE : end),
      pid: view.getUint32(H.PID, true),
      processStart: Number(view.getBigUint64(H.PROCESS_START, true)),
      epoch: view.getUint32(H.EPOCH, true),
      phase: PHASES[view.getUint32(H.PHASE, true)] ?? 'failed',
      restarts: view.getUint32(H.RESTARTS, true),
      beats: this.beats,
      position: this.position,
      handled: view.getFloat64(H.HANDLED, true),
      sent: view.getFloat64(H.SENT, true),
      lag: view.getFloat64(H.LAG, true),
      p50: view.getFloat64(H.P50, true),
      p99: view.getFloat64(H.P99, true),
      p999: view.getFloat64(H.P999, true),
      time: view.getBigInt64(H.TIME, true),
    }
  }

  /** Marks the cell as free. */
  release(): void {
    this.setProcess(0, 0)
    Atomics.store(this.words, (this.at + H.USED) >> 2, 0)
  }
}

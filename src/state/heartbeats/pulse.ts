import { now } from '../../base/clock.js'
import { Heartbeat as H } from '../file/format.js'
import type { StateFile } from '../file/state-file.js'

/** What a process tells about itself from time to time. Times in ns, lag in slots. */
export interface Progress {
  readonly position: number
  readonly lag: number
  /** Frames handled and sent since its start. */
  readonly read: number
  readonly sent: number
  readonly p50: number
  readonly p99: number
  readonly p999: number
}

/** The signs of life of one process, written into its cell by plain stores. */
export class Pulse {
  private count = 0
  private readonly words: Uint32Array
  private readonly floats: Float64Array
  private readonly longs: BigInt64Array
  // Fields of the object, because it is called for each frame.
  private readonly beats: number
  private readonly position: number
  private readonly at: number

  /**
   * @param at the byte offset of the cell.
   * @param file of the buffer: it stays mapped as long as the pulse exists.
   */
  constructor(
    buffer: ArrayBuffer,
    at: number,
    readonly file?: StateFile,
  ) {
    this.words = new Uint32Array(buffer)
    this.floats = new Float64Array(buffer)
    this.longs = new BigInt64Array(buffer)
    this.at = at
    this.beats = (at + H.BEATS) >> 2
    this.position = (at + H.POSITION) >> 3
  }

  /** A pulse that is not read: for a process without a table. */
  static unseen(): Pulse {
    return new Pulse(new ArrayBuffer(H.SIZE), 0)
  }

  /** A frame was handled; the next one is at `position`. Allocates nothing and makes no system call. */
  beat(position: number): void {
    this.count = (this.count + 1) >>> 0
    this.floats[this.position] = position
    this.words[this.beats] = this.count
  }

  /** The process lives, and has come so far. */
  tell({ position, lag, read, sent, p50, p99, p999 }: Progress): void {
    const { floats, at } = this
    floats[(at + H.HANDLED) >> 3] = read
    floats[(at + H.SENT) >> 3] = sent
    floats[(at + H.LAG) >> 3] = lag
    floats[(at + H.P50) >> 3] = p50
    floats[(at + H.P99) >> 3] = p99
    floats[(at + H.P999) >> 3] = p999
    this.longs[(at + H.TIME) >> 3] = now()
    this.beat(position)
  }
}

import { openSync, readSync } from 'node:fs'

/** What the kernel has counted for a thread since it began. */
export interface Scheduling {
  readonly ranMs: number
  /** ms in which the thread wanted to run and other threads had the cores. */
  readonly waitedMs: number
  /** How many times it was given a core. */
  readonly runs: number
}

/** Open as long as the thread lives; in the thread that opened it, the file is about that thread. */
let file: number | undefined
const bytes = Buffer.alloc(96)

/** For the calling thread. Undefined where the kernel does not count: not Linux, or no /proc. Costs some µs. */
export function scheduling(): Scheduling | undefined {
  try {
    file ??= openSync('/proc/thread-self/schedstat', 'r')
    const [ran, waited, runs] = bytes.toString('latin1', 0, readSync(file, bytes, 0, bytes.length, 0)).split(' ')
    return { ranMs: Number(ran) / 1e6, waitedMs: Number(waited) / 1e6, runs: Number(runs) }
  } catch {
    return undefined
  }
}

/** Nobody changes it, so waiting on it lasts as long as it is told to. */
const word = new Int32Array(new SharedArrayBuffer(4))

/** Blocks the calling thread for `ms` milliseconds; the event loop stands still. For looks at a lock that another process holds briefly. */
export function sleepThread(ms: number): void {
  Atomics.wait(word, 0, 0, ms)
}

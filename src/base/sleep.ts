/** No thread changes it, so waiting on it always ends by the time-out. */
const word = new Int32Array(new SharedArrayBuffer(4))

/** Blocks the calling thread, and its event loop, for `ms` milliseconds. For retries while another process holds a lock briefly. */
export function sleepThread(ms: number): void {
  Atomics.wait(word, 0, 0, ms)
}

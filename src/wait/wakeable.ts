import type { Mapping } from '../native/addon.js'

/** A file in which a sleeper announces itself, and whose writer wakes it: a journal's `control`. */
export interface Wakeable {
  readonly mapping: Mapping
  /** Byte offset of the futex word that the writer increments to wake sleepers. */
  readonly signalOffset: number
  /** Whether this process may announce a sleeper there; otherwise it checks again every few ms. */
  readonly writable: boolean
  /** The signal's value now, to sleep on. */
  signal(): number
  /** Announces a sleeper. Afterwards make the barrier, check for frames once more, then sleep on the signal loaded before. */
  announceSleeper(): void
  /** Whether the barrier is needed, because the writer may publish with ordinary stores. */
  readonly needsBarrier: boolean
}

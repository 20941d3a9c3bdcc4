import { channel } from 'node:diagnostics_channel'

/**
 * What happens inside, for observers: `diagnostics_channel.subscribe('ticktape:journal.roll', message => ...)`. Nothing is made up
 * when nobody listens.
 */
export const channels = {
  /** A writer opened a journal: `{ path, report }` with its RecoveryReport. */
  recovery: channel('ticktape:journal.recovery'),
  /** A writer went on to the next page: `{ path, page, waited }`; `waited` when the page was not ready ahead of time. */
  roll: channel('ticktape:journal.roll'),
  /** The next page could not be reserved; appends go on until this one is full: `{ path, page, error }`. */
  lowSpace: channel('ticktape:journal.low-space'),
  /**
   * Retention removed pages, or could not: `{ path, removed, blockers, error }`. `blockers` are the named readers that pages beyond the limits
   * are kept for, each with `name`, `alive`, `pid`, `position`, `pages` and `bytes`.
   */
  pruned: channel('ticktape:journal.pruned'),
  /** A named reader was past the end after power loss and was moved back: `{ path, reader, position }`. */
  readerMoved: channel('ticktape:journal.reader-moved'),
  /**
   * The clock was set back under a writer: it is `ns` (a bigint) behind the last frame's time, which all frames from `position` on get until the clock
   * has passed it. Published inside `commit`: `{ path, position, ns }`.
   */
  clockBack: channel('ticktape:journal.clock-back'),
} as const

import { channel } from 'node:diagnostics_channel'

/**
 * Diagnostics channels: `diagnostics_channel.subscribe('ticktape:journal.roll', message => ...)`. Without a subscriber no message is
 * created.
 */
export const channels = {
  /** A writer opened a journal: `{ path, report }` with its RecoveryReport. */
  recovery: channel('ticktape:journal.recovery'),
  /** A writer continued on the next page: `{ path, page, waited }`; `waited` is true when the page was not ready in time. */
  roll: channel('ticktape:journal.roll'),
  /** The next page could not be created; appends work until the current one is full: `{ path, page, error }`. */
  lowSpace: channel('ticktape:journal.low-space'),
  /**
   * Retention removed pages, or could not: `{ path, removed, blockers, error }`. `blockers` are the named readers because of which pages beyond
   * the limits are kept, each with `name`, `alive`, `pid`, `position`, `pages` and `bytes`.
   */
  pruned: channel('ticktape:journal.pruned'),
  /** A named reader was past the journal's end after a power loss, and was moved back to it: `{ path, reader, position }`. */
  readerMoved: channel('ticktape:journal.reader-moved'),
  /**
   * The clock was set back while a writer was open. It is `ns` (a bigint) behind the last frame's time. All frames from `position` on get that
   * time until the clock has passed it. Published inside `commit`: `{ path, position, ns }`.
   */
  clockBack: channel('ticktape:journal.clock-back'),
} as const

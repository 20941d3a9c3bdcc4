import type { DeskConfig } from '../sequence/config.js'
import type { RetainOptions } from './retire.js'

/** The messages between a gateway and the process that makes its snapshots. */
export type ToReplica =
  /** The first one. @param retain undefined keeps everything. */
  | { readonly kind: 'begin'; readonly config: DeskConfig; readonly retain: RetainOptions | undefined }
  /** Make a snapshot of what is before a position, into a file. */
  | { readonly kind: 'save'; readonly position: number; readonly file: string }
  /** The last one is in the sequence, and durable. */
  | { readonly kind: 'complete' }

export type FromReplica =
  | { readonly kind: 'saved'; readonly position: number; readonly size: number; readonly sha256: string }
  /** It cannot go on. `code` is that of the error, '' without one. */
  | { readonly kind: 'failed'; readonly code: string; readonly message: string }
  /** No pages were retired this time. */
  | { readonly kind: 'not-retired'; readonly message: string }

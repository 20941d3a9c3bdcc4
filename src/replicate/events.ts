/** What a publisher or an applier reports while it runs. */
export type ReplicationEvent =
  | { readonly kind: 'started'; readonly stream: string; readonly position: number }
  | { readonly kind: 'waiting'; readonly text: string }
  | { readonly kind: 'disconnected' }
  | { readonly kind: 'reconnected'; readonly position: number }

/** How far a publisher or a replica is, and how far that is behind. */
export interface ReplicationProgress {
  readonly stream: string
  /** The position of the next frame. */
  readonly position: number
  /** Frames and bytes since the start. */
  readonly frames: number
  readonly bytes: number
  /** Slots that are not confirmed by the stream, or not applied. */
  readonly lag: number
  readonly lagBytes: number
  /** ms. */
  readonly lagMs: number
}

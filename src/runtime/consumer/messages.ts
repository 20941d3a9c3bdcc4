/** What a gateway and the processes it spawned tell each other beside the journals: when to stop, and how it goes. */

export type ToConsumer = {
  readonly kind: 'stop'
  /** Input frames before this position are still to be handled. */
  readonly position: number
}

export type FromConsumer =
  | { readonly kind: 'ready' }
  | ({ readonly kind: 'progress' } & ConsumerProgress)
  | { readonly kind: 'failed'; readonly message: string }

export interface ConsumerProgress {
  /** Position of the next input frame. */
  readonly position: number
  /** Slots published and not read. */
  readonly lag: number
  /** Input frames handled since its start. */
  readonly read: number
  /** Age of frames when they were handled, in ns, since its start: what half, 99 % and 99.9 % of them did not exceed. */
  readonly p50: number
  readonly p99: number
  readonly p999: number
}

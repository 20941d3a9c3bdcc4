/** The messages between a gateway and the processes it spawned, beside the journals and the heartbeats. */

export type ToConsumer = {
  readonly kind: 'stop'
  /** Handle the input frames before this position, then stop. */
  readonly position: number
}

export type FromConsumer = { readonly kind: 'ready' } | { readonly kind: 'failed'; readonly message: string }

/** How far a process has come. */
export interface ConsumerProgress {
  /** Position of the next input frame. */
  readonly position: number
  /** The number of slots that are published and not yet read. */
  readonly lag: number
  /** Input frames handled since its start. */
  readonly read: number
  /** Orders and requests sent since its start. */
  readonly sent: number
  /** Age of frames when they were handled, in ns, since its start: the 50 %, 99 % and 99.9 % percentiles. */
  readonly p50: number
  readonly p99: number
  readonly p999: number
  /** Another value with each sign of life. */
  readonly beats: number
}

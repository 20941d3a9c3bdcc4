/** Measurements of which the one with the shortest way counts. */
const KEPT = 8

/** The clock of a venue: ours, and how far theirs is ahead. */
export class ServerClock {
  private readonly samples: { readonly wayMs: number; readonly offsetMs: number }[] = []

  constructor(private readonly clock: () => number = () => Date.now()) {}

  /**
   * Adds a measurement, all in ms since 1970. The venue's time is taken as that of the middle of the way: the error is at most half of
   * the way there and back.
   */
  add(sentAt: number, serverTime: number, receivedAt: number): void {
    const wayMs = receivedAt - sentAt
    this.samples.push({ wayMs, offsetMs: serverTime - (sentAt + wayMs / 2) })
    if (this.samples.length > KEPT) this.samples.shift()
  }

  /** ms by which the venue's clock is ahead of ours; 0 before the first measurement. */
  get offsetMs(): number {
    let best = this.samples[0] as (typeof this.samples)[number] | undefined
    for (const sample of this.samples) if (best === undefined || sample.wayMs < best.wayMs) best = sample
    return best?.offsetMs ?? 0
  }

  /** The venue's time, ms since 1970. */
  now(): number {
    return this.clock() + this.offsetMs
  }
}

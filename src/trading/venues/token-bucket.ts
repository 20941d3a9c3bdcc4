const SECOND = 1e9

/**
 * A token bucket, kept as one time: when it will be full again. Requests take tokens, and tokens come back at a steady rate. It is
 * the virtual scheduling form of the generic cell rate algorithm (ITU-T I.371): whole ns, so that nothing drifts, and a time
 * at which a request may leave can be told before.
 */
export class TokenBucket {
  /** When all tokens are back, ns. */
  fullAt = 0
  /** ns until one token comes back, rounded up: never more requests than the limit says. */
  private readonly tokenNs: number

  /**
   * @param perSecond tokens that come back in a second.
   * @param burst tokens that there are at most, and at first.
   */
  constructor(
    perSecond: number,
    readonly burst: number,
  ) {
    this.tokenNs = Math.ceil(SECOND / perSecond)
  }

  /** When so many tokens are there, if none is taken meanwhile: ns. */
  readyAt(tokens: number): number {
    return this.fullAt - (this.burst - tokens) * this.tokenNs
  }

  allows(tokens: number, now: number): boolean {
    return this.readyAt(tokens) <= now
  }

  /** Takes tokens that are there. */
  take(tokens: number, now: number): void {
    this.fullAt = Math.max(this.fullAt, now) + tokens * this.tokenNs
  }
}

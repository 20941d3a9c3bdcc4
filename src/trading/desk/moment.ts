/** What the desk acts on: the time of the burst, and the position of the frame. */
export interface Moment {
  readonly now: number
  /** The gateway's clock: risk counts by it. */
  readonly clock: number
  readonly cause: number
}

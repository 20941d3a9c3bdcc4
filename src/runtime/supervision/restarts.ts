import { RestartCount, type RestartLimits } from './restart-count.js'

export interface RestartOptions {
  /** The delay before what ended is started again, in ms; it is doubled each time, up to `longestMs`. */
  readonly firstMs: number
  readonly longestMs: number
  /** How often it may be started again. Default: without a limit. */
  readonly restarts?: RestartLimits
}

/** After it has run this long, the delay is reset to the shortest one, in ms. */
const RESET_MS = 10_000

/** When something that ended is started again: after a growing delay, and up to a number of times. */
export class Restarts {
  private delay: number
  private readonly used: RestartCount

  constructor(private readonly options: RestartOptions) {
    this.delay = options.firstMs
    this.used = new RestartCount(options.restarts)
  }

  /**
   * It has ended, and this start of it counts. Returns the ms until it is started again; undefined when that was too often.
   *
   * @param ranMs how long it had run.
   */
  next(ranMs: number): number | undefined {
    const { firstMs, longestMs } = this.options
    if (this.used.isUsedUp(performance.now())) return undefined
    if (ranMs > RESET_MS) this.delay = firstMs
    const wait = this.delay
    this.delay = Math.min(wait * 2, longestMs)
    return wait
  }
}

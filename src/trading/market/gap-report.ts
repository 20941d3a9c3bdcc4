import { formatAge } from '../../base/format-duration.js'
import { FeedGapError } from '../errors.js'
import type { Gap } from './pace.js'

/** The number of gaps that get a report each. */
const MOST_REPORTED = 5

/** Reports a feed's gaps in a bounded number of messages. */
export class GapReport {
  private gaps = 0

  constructor(private readonly report: (problem: FeedGapError) => void) {}

  add({ gapMs, waitMs }: Gap): void {
    this.gaps++
    if (this.gaps > MOST_REPORTED) return
    this.report(
      new FeedGapError(
        gapMs < 0
          ? `the feed's time goes back by ${formatAge(-gapMs)}; its events continue at once`
          : `the next event is ${formatAge(gapMs)} later in the feed and is written after ${formatAge(waitMs)}; --max-gap (maxGapMs) sets the longest wait in a gap`,
      ),
    )
  }

  /** Reports the total if there were more gaps than reports. */
  end(): void {
    if (this.gaps <= MOST_REPORTED) return
    this.report(new FeedGapError(`the feed had ${this.gaps} such gaps in all`))
  }
}

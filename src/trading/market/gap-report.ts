import { formatAge } from '../../base/format-duration.js'
import { FeedGapError } from '../errors.js'
import type { Gap } from './pace.js'

/** Gaps that are told one by one. */
const MOST_TOLD = 5

/** Tells of a feed's gaps in a bounded number of messages. */
export class GapReport {
  private gaps = 0

  constructor(private readonly tell: (problem: FeedGapError) => void) {}

  see({ gapMs, waitMs }: Gap): void {
    this.gaps++
    if (this.gaps > MOST_TOLD) return
    this.tell(
      new FeedGapError(
        gapMs < 0
          ? `the feed's time goes back by ${formatAge(-gapMs)}; its events go on at once`
          : `the next event is ${formatAge(gapMs)} later in the feed and comes after ${formatAge(waitMs)}; --max-gap (maxGapMs) says how long a gap is waited for`,
      ),
    )
  }

  /** Tells of the gaps that were not told. */
  end(): void {
    if (this.gaps <= MOST_TOLD) return
    this.tell(new FeedGapError(`the feed had ${this.gaps} such gaps in all`))
  }
}

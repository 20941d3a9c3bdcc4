import { setImmediate as turn } from 'node:timers/promises'
import type { TicktapeError } from '../../base/errors.js'
import { nap } from '../../wait/nap.js'
import type { Feed, MarketEvent } from '../market/feed.js'
import { GapReport } from '../market/gap-report.js'
import { Pace, type Speed } from '../market/pace.js'

export interface Playing {
  readonly feed: Feed
  readonly speed: Speed
  readonly maxGapMs: number | undefined
  /** The number of events at the feed's beginning that are in the journal already. */
  readonly skip: number
  readonly publish: (event: MarketEvent) => void
  readonly onProblem: (problem: TicktapeError) => void
}

/** The longest time of feeding before the event loop runs for orders, timers and sockets, in ms. */
const SLICE_MS = 1

/** Publishes a feed's events as they are due, until it ends or the signal aborts. */
export async function playFeed(playing: Playing, signal: AbortSignal): Promise<void> {
  const { feed, speed, maxGapMs, skip, publish, onProblem } = playing
  const gaps = new GapReport(onProblem)
  const pace = new Pace(speed, maxGapMs, gap => gaps.add(gap))
  let sliceEnd = performance.now() + SLICE_MS
  try {
    for await (const batch of feed.events(skip)) {
      for (const event of batch) {
        const dueIn = pace.dueIn(event.timeMs)
        if (dueIn > 0 || performance.now() > sliceEnd) {
          if (dueIn > 0) await nap(dueIn, signal)
          else await turn()
          sliceEnd = performance.now() + SLICE_MS
        }
        if (signal.aborted) return
        publish(event)
      }
      if (signal.aborted) return
    }
  } finally {
    gaps.end()
  }
}

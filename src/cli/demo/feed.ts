import type { Feed } from '../../trading/market/feed.js'
import { type FeedOptions, feedOf } from '../run/feed-options.js'

/** The market of the demo, which both venues have: half of the events that were asked for, because each comes twice. */
export function demoFeed(options: FeedOptions, limit: number): Feed {
  return feedOf({ ...options, rate: Math.max(1, Math.round(options.rate / 2)) }, Math.floor(limit / 2))
}

import type { FeedOptions } from '../run/feed-options.js'

export interface DemoOptions extends FeedOptions {
  readonly home?: string
  readonly keep?: boolean
  readonly json?: boolean
}

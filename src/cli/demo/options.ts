import type { FeedOptions } from '../commands/session-options.js'

export interface DemoOptions extends FeedOptions {
  readonly home?: string
  readonly keep?: boolean
  readonly json?: boolean
}

/** `ticktape/runtime`: a gateway and its strategies, each a process, talking through journals. */

export { Lifecycle, Progress } from '../runtime/frames.js'
export { LatencyHistogram } from '../runtime/latency.js'
export type { ConsumerProgress } from '../runtime/messages.js'
export type { SupervisorEvent } from '../runtime/supervisor.js'
export { auditSession, type SessionAudit, type StrategyAudit } from '../trading/audit.js'
export { CaptureFeed } from '../trading/capture-feed.js'
export type { Feed, MarketEvent, QuoteEvent, Speed, TradeEvent } from '../trading/feed.js'
export { Gateway, type GatewayStatus } from '../trading/gateway.js'
export type { GatewayOptions } from '../trading/gateway-options.js'
export type { ReplayDifference } from '../trading/order-comparison.js'
export { PaperVenue } from '../trading/paper-venue.js'
export { type ReplayOptions, type ReplayResult, replayStrategy } from '../trading/replay.js'
export {
  type GatewayDifference,
  type GatewayReplayOptions,
  type GatewayReplayResult,
  replayGateway,
} from '../trading/replay-gateway.js'
export {
  type BookTopView,
  defineStrategy,
  type OrderReportView,
  type OrderRequest,
  type StrategyContext,
  type StrategyDefinition,
  type TickerView,
  type TradeView,
} from '../trading/strategy.js'
export { SyntheticFeed, type SyntheticFeedOptions } from '../trading/synthetic-feed.js'
export type { Venue } from '../trading/venue.js'

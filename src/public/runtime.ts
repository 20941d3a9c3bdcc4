/** `ticktape/runtime`: a gateway and its strategies, each a process, talking through journals. */

export { deskOptions } from '../desk-file/options.js'
export { type DeskDescription, readDeskFile } from '../desk-file/read.js'
export { LatencyHistogram } from '../runtime/consumer/latency.js'
export { Lifecycle, Progress } from '../runtime/consumer/lifecycle.js'
export type { ConsumerProgress } from '../runtime/consumer/messages.js'
export type { RestartLimits } from '../runtime/supervision/restart-count.js'
export type { SupervisorEvent } from '../runtime/supervision/supervisor.js'
export { auditSession, type SessionAudit, type StrategyAudit } from '../trading/audit/audit.js'
export { backtest } from '../trading/backtest/backtest.js'
export type { BacktestOptions } from '../trading/backtest/options.js'
export type {
  Amounts,
  BacktestReport,
  CurrencyReport,
  InstrumentReport,
  StrategyReport,
} from '../trading/backtest/report.js'
export { reportText } from '../trading/backtest/report-text.js'
export { writeReport } from '../trading/backtest/write-report.js'
export type { OutcomeDifference } from '../trading/desk/outcome-comparison.js'
export { Gateway, type GatewayStatus } from '../trading/gateway/gateway.js'
export type { GatewayOptions } from '../trading/gateway/options.js'
export type { CalendarSpec, SessionTimes, Weekday, WeeklySession } from '../trading/instruments/session-calendar.js'
export { CaptureFeed } from '../trading/market/capture-feed.js'
export {
  type CaptureContent,
  type CaptureInfo,
  type CaptureInfoOptions,
  type CaptureProblem,
  captureInfo,
} from '../trading/market/capture-info.js'
export type { Feed } from '../trading/market/feed.js'
export type { Speed } from '../trading/market/pace.js'
export { SyntheticFeed, type SyntheticFeedOptions } from '../trading/market/synthetic-feed.js'
export type { MarketEvent, QuoteEvent, TradeEvent } from '../trading/messages/market-event.js'
export { type CommandOutcome, type CommandRequest, sendCommand } from '../trading/operator/send-command.js'
export { CaptureWriter, type CaptureWriterOptions } from '../trading/recorder/capture-writer.js'
export { MarketJournal, type MarketJournalOptions } from '../trading/recorder/market-journal.js'
export type { MessageSource } from '../trading/recorder/message-source.js'
export { record } from '../trading/recorder/record.js'
export { recordMarket } from '../trading/recorder/record-market.js'
export {
  type GatewayReplayOptions,
  type GatewayReplayResult,
  replayGateway,
} from '../trading/replay/gateway.js'
export type { ReplayDifference } from '../trading/replay/output-comparison.js'
export {
  replaySession,
  type SessionReplay,
  type SessionReplayOptions,
} from '../trading/replay/session.js'
export { type ReplayOptions, type ReplayResult, replayStrategy } from '../trading/replay/strategy.js'
export type { FrameDifference, ReplayVerdict } from '../trading/replay/verdict.js'
export type { Limits, RiskOptions } from '../trading/risk/limits.js'
export {
  Command,
  type CommandAction,
  type CommandProblem,
  CommandResult,
  type CommandState,
  DeadMan,
  StrategyEvent,
} from '../trading/sequence/supervision-frames.js'
export type { GivenModule, StrategyModule } from '../trading/strategies/given-module.js'
export type { OrderRequest } from '../trading/strategies/order-request.js'
export type { OpenOrder } from '../trading/strategies/own-orders.js'
export type { OpenPair } from '../trading/strategies/own-pairs.js'
export type { OwnPosition } from '../trading/strategies/own-positions.js'
export type { PairRequest } from '../trading/strategies/pair-request.js'
export {
  type BookTopView,
  defineStrategy,
  type FillView,
  type OrderReportView,
  type PairReportView,
  type StrategyContext,
  type StrategyDefinition,
  type StrategyStateFunctions,
  type TickerView,
  type TimerEvent,
  type TradeView,
} from '../trading/strategies/strategy.js'
export type { AsyncVenue, VenueOrder } from '../trading/venues/async-venue.js'
export type { RequestLimits, RequestWeights, TokenRate } from '../trading/venues/request-limits.js'
export { VenueEvent } from '../trading/venues/venue-event.js'

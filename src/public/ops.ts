/** `ticktape/ops`: looks at desks and journals from outside, at no cost for them. */

export { Sampler, type SamplerOptions, sample } from '../ops/sampler.js'
export type {
  DeskSample,
  HopName,
  HopSample,
  JournalSample,
  LimitSample,
  MarketSample,
  ProcessSample,
  ProfitSample,
  ReaderSample,
  Sample,
  SampleProblem,
  SpaceSample,
  StallSample,
  VenueSample,
} from '../ops/types.js'
export type { OrderLine } from '../trading/inspect/orders.js'
export type { PositionLine } from '../trading/inspect/positions.js'

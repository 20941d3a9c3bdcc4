/** `ticktape/state`: what processes share besides journals, in mapped files. */

export { Broadcast, type BroadcastOptions, type MemberInfo, type MemberStatus } from '../state/broadcast/broadcast.js'
export { BroadcastMember, type MemberOptions } from '../state/broadcast/member.js'
export { Counter, Gauge } from '../state/counters/counter.js'
export { type CounterInfo, Counters, type CountersOptions } from '../state/counters/counters.js'
export type { HeartbeatInfo, Phase } from '../state/heartbeats/cell.js'
export { Heartbeats, type HeartbeatsOptions } from '../state/heartbeats/heartbeats.js'
export { LatestValues, type LatestValuesOptions } from '../state/latest-values/latest-values.js'
export type { WhenFull } from '../state/ring/producer.js'
export { Ring, type RingOptions, type RingRunOptions } from '../state/ring/ring.js'
export { type Quote, TopOfBook, type TopOfBookOptions } from '../trading/market/top-of-book.js'
export { InFlight, type InFlightHolder, type InFlightOptions } from '../trading/orders/in-flight.js'
export type { BreakerLimits, BreakerOptions } from '../trading/risk/breaker-options.js'
export {
  type BreakerCode,
  type BreakerHalt,
  type BreakerNote,
  type BreakerStatus,
  CircuitBreaker,
  type HaltCode,
  type TradingState,
} from '../trading/risk/circuit-breaker.js'

/** `ticktape/state`: what processes share besides journals, in mapped files. */

export { Broadcast, type BroadcastOptions, type MemberInfo, type MemberStatus } from '../state/broadcast.js'
export { BroadcastMember, type MemberOptions } from '../state/broadcast-member.js'
export {
  type BreakerCode,
  type BreakerHalt,
  type BreakerLimits,
  type BreakerOptions,
  type BreakerStatus,
  CircuitBreaker,
  type HaltCode,
} from '../state/circuit-breaker.js'
export { Counter, Gauge } from '../state/counter.js'
export { type CounterInfo, Counters, type CountersOptions } from '../state/counters.js'
export { InFlight, type InFlightHolder, type InFlightOptions } from '../state/in-flight.js'
export { LatestValues, type LatestValuesOptions } from '../state/latest-values.js'
export { Ring, type RingOptions, type RingRunOptions } from '../state/ring.js'
export type { WhenFull } from '../state/ring-producer.js'
export { type Quote, TopOfBook, type TopOfBookOptions } from '../state/top-of-book.js'

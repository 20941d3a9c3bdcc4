/** `ticktape/testing`: for tests of strategies. Needs no test runner. */

export type { FrameDifference, ReplayVerdict } from '../trading/replay/verdict.js'
export { VenueRuleError } from '../trading/venues/conformance/session.js'
export { type VenueCheck, type VenueUnderTest, venueChecks } from '../trading/venues/conformance/venue-checks.js'
export type { GivenStrategy } from '../trading/virtual/given-strategies.js'
export type { TestFill, TestOrder } from '../trading/virtual/seen-orders.js'
export { TestDesk, type TestDeskOptions } from '../trading/virtual/test-desk.js'
export { matchers } from '../trading/virtual/to-replay.js'

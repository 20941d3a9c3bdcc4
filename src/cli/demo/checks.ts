import type { SessionAudit } from '../../trading/audit/audit.js'
import type { OutcomeDifference } from '../../trading/desk/outcome-comparison.js'
import type { GatewayReplayResult } from '../../trading/replay/gateway.js'
import type { ReplayResult } from '../../trading/replay/strategy.js'
import { paint } from '../output/output.js'
import { grouped } from '../output/units.js'
import { type DemoCourse, KILLED_STRATEGY } from './course.js'
import type { PairCounts } from './pairs.js'

export interface Check {
  readonly what: string
  readonly holds: boolean
  /** True when a failure means that something was lost or done twice; false when it means that a process behaved differently than the demo expects. */
  readonly loss: boolean
}

/** Compares the content of the journals with what it must be. */
export function checksOf(
  audit: SessionAudit,
  gatewayReplay: GatewayReplayResult,
  replays: ReadonlyMap<string, ReplayResult>,
  course: DemoCourse,
  pairs: PairCounts,
): Check[] {
  const { gateway, feed, strategies } = audit
  const sum = (count: (strategy: (typeof strategies)[number]) => number): number =>
    strategies.reduce((total, strategy) => total + count(strategy), 0)
  const orders = sum(strategy => strategy.orders)
  const checks: Check[] = [
    {
      what: `${grouped(feed?.events ?? 0)} events of the feed are in the sequence, each once, in order, bit for bit`,
      holds: feed !== undefined && feed.events > 0 && feed.gaps === 0 && feed.duplicates === 0 && gateway.gaps === 0,
      loss: true,
    },
    {
      what: `each strategy handled each frame once: ${grouped(sum(strategy => strategy.read))} in all`,
      holds:
        sum(strategy => strategy.gaps + strategy.duplicates) === 0 && strategies.every(strategy => strategy.read > 0),
      loss: true,
    },
    {
      what:
        orders === 0
          ? 'no order was sent: in this market the strategies had no reason to'
          : `${grouped(orders)} orders and requests were sent, ${grouped(sum(strategy => strategy.answered))} were passed on or refused once; ${grouped(gateway.fills)} fills, each once`,
      holds:
        sum(strategy => strategy.answered) === orders &&
        sum(strategy => strategy.unanswered + strategy.answeredTwice + strategy.lost) === 0 &&
        gateway.strays === 0 &&
        gateway.filledTwice === 0,
      loss: true,
    },
  ]
  checks.push({
    what: `the gateway, replayed from the journals, ${gatewayReplay.difference === undefined ? `decides the same ${grouped(gatewayReplay.outcomes)} times` : differenceText(gatewayReplay.difference)}`,
    holds: gatewayReplay.difference === undefined,
    loss: true,
  })
  for (const { strategy, orders: same, difference } of replays.values()) {
    const verdict =
      difference === undefined ? `sends the same ${grouped(same)} orders and cancels` : `differs: it ${difference.what}`
    checks.push({
      what: `${strategy}, replayed from the journals, ${verdict}`,
      holds: difference === undefined,
      loss: true,
    })
  }
  const sent = pairs.done + pairs.unbalanced + pairs.denied + pairs.open
  checks.push({
    what:
      sent === 0
        ? 'no pair was sent: the venues had no prices that differ enough'
        : `${grouped(sent)} pairs: ${grouped(pairs.done)} ended with equal legs, ${grouped(pairs.closed)} of them after the gateway had closed an excess; ${pairs.unbalanced} with an excess outside the band, as was reported to the strategy; ${pairs.denied} were denied, ${pairs.open} were open at the stop`,
    // A pair without an answer would be lost.
    holds: sent === pairs.asked,
    loss: true,
  })
  const runsOf = (id: string): number => strategies.find(strategy => strategy.id === id)?.runs ?? 0
  checks.push(
    {
      what: `${KILLED_STRATEGY} was killed (pid ${course.strategyKilled}) and restarted`,
      holds: runsOf(KILLED_STRATEGY) >= 3,
      loss: false,
    },
    {
      what: `the gateway was killed (pid ${course.gatewayKilled}) and restarted with all strategies`,
      holds: strategies.every(strategy => strategy.runs >= 2),
      loss: false,
    },
    { what: 'all processes stopped in order', holds: course.orderly, loss: false },
  )
  return checks
}

/** The whole frames: the home of a demo is the only witness. */
function differenceText({ position, found, expected }: OutcomeDifference): string {
  return `differs at ${position}: recorded is ${found}, decided again ${expected ?? 'nothing'}`
}

/** The result of all checks in one sentence. */
export function verdictOf(checks: readonly Check[]): string {
  if (checks.every(check => check.holds)) return paint('green', 'Nothing was lost, nothing was done twice.')
  if (checks.some(check => check.loss && !check.holds)) return paint('red', 'Something was lost, or done twice.')
  return paint('red', 'Nothing was lost, nothing was done twice, but not all processes behaved as expected.')
}

import { LatencyHistogram } from '../../runtime/consumer/latency.js'
import { auditSession, type SessionAudit } from '../../trading/audit/audit.js'
import { CaptureFeed } from '../../trading/market/capture-feed.js'
import { replayGateway } from '../../trading/replay/gateway.js'
import { type ReplayResult, replayStrategy } from '../../trading/replay/strategy.js'
import { printable } from '../output/failure.js'
import { paint } from '../output/output.js'
import { table } from '../output/table.js'
import { formatNs, grouped } from '../output/units.js'
import { leftOutText } from '../run/feed-options.js'
import { type Check, checksOf, verdictOf } from './checks.js'
import { type DemoCourse, MOST_EVENTS } from './course.js'
import { demoFeed } from './feed.js'
import type { DemoOptions } from './options.js'
import { countPairs, type PairCounts } from './pairs.js'
import { TwoVenueFeed } from './two-venues.js'

interface Latency {
  readonly samples: number
  /** ns; Infinity, in JSON null, when it is only known that it was 4.16 s or more. */
  readonly p50: number
  readonly p99: number
  readonly p999: number
}

export interface DemoSummary {
  readonly holds: boolean
  readonly checks: readonly Check[]
  /** The messages and lines of a capture that became no events, as far as it was played. */
  readonly leftOut: readonly string[]
  readonly pairs: PairCounts
  readonly seconds: number
  readonly gateway: SessionAudit['gateway'] & {
    readonly events: number
    readonly invalidLines: number
    readonly replayed: number
  }
  readonly strategies: readonly {
    readonly id: string
    readonly runs: number
    readonly written: number
    readonly read: number
    readonly replayed: number
    readonly gaps: number
    readonly duplicates: number
    readonly orders: number
    readonly answered: number
    readonly reports: number
    readonly latency: Latency
  }[]
}

/** Counts everything again from the journals, and replays the gateway and every strategy. */
export async function summarize(
  home: string,
  options: DemoOptions,
  course: DemoCourse,
  onProgress: (part: number) => void,
  signal: AbortSignal,
): Promise<DemoSummary> {
  const feed = demoFeed(options, MOST_EVENTS)
  const audit = await auditSession(home, new TwoVenueFeed(feed))
  const gatewayReplay = await replayGateway({ home, signal })
  const replays = new Map<string, ReplayResult>()
  for (const { id } of audit.strategies) {
    const done = replays.size
    const part = (of: number): void => onProgress((done + of) / audit.strategies.length)
    replays.set(id, await replayStrategy({ home, strategy: id, onProgress: part, signal }))
  }
  const pairs = countPairs(home)
  const checks = checksOf(audit, gatewayReplay, replays, course, pairs)
  const strategies = audit.strategies.map(({ latencies, ...strategy }) => ({
    ...strategy,
    replayed: replays.get(strategy.id)?.frames ?? 0,
    latency: {
      samples: latencies.count,
      p50: latencies.quantile(0.5),
      p99: latencies.quantile(0.99),
      p999: latencies.quantile(0.999),
    },
  }))
  const gateway = {
    ...audit.gateway,
    events: audit.feed?.events ?? 0,
    invalidLines: feed instanceof CaptureFeed ? feed.badLines : 0,
    replayed: gatewayReplay.outcomes,
  }
  return {
    holds: checks.every(check => check.holds),
    checks,
    leftOut: leftOutText(feed),
    pairs,
    seconds: course.seconds,
    gateway,
    strategies,
  }
}

/** The journals of strategies say of a long age only that it was long. */
function ageText(ns: number): string {
  return Number.isFinite(ns) ? formatNs(ns) : `over ${formatNs(LatencyHistogram.STORED_NS)}`
}

/** The summary as lines for people. */
export function describeDemo(summary: DemoSummary): string[] {
  const { gateway, strategies, checks } = summary
  const counts = [
    ['process', 'starts', 'written', 'read', 'replayed', 'gaps', 'duplicates', 'orders', 'answered'],
    ['gateway', '2', gateway.frames, '', gateway.replayed, gateway.gaps, '', '', ''],
    ...strategies.map(s => [s.id, s.runs, s.written, s.read, s.replayed, s.gaps, s.duplicates, s.orders, s.answered]),
  ].map(row => row.map(cell => (typeof cell === 'number' ? grouped(cell) : cell)))
  const latencies = [
    ['age of a frame when its strategy handles it', 'p50', 'p99', 'p99.9'],
    ...strategies.map(({ id, latency }) => [
      `${id}, ${grouped(latency.samples)} frames`,
      ageText(latency.p50),
      ageText(latency.p99),
      ageText(latency.p999),
    ]),
  ]
  return [
    '',
    ...table(counts, 'lrrrrrrrr'),
    '',
    ...table(latencies, 'lrrr'),
    'This includes frames that waited while a process was dead or starting.',
    '',
    ...summary.leftOut.map(printable),
    ...checks.map(({ what, holds }) => `${holds ? paint('green', 'yes') : paint('red', 'NO ')}  ${what}`),
    '',
    `${verdictOf(checks)} ${grouped(gateway.frames)} frames in ${grouped(gateway.pages)} pages, ${summary.seconds.toFixed(1)} s.`,
  ]
}

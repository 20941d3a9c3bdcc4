import { auditSession, type SessionAudit } from '../../trading/audit/audit.js'
import { CaptureFeed } from '../../trading/market/capture-feed.js'
import { type GatewayReplayResult, replayGateway } from '../../trading/replay/gateway.js'
import { type ReplayResult, replayStrategy } from '../../trading/replay/strategy.js'
import { feedOf, formatNs } from '../commands/session-options.js'
import { paint } from '../output/output.js'
import { table } from '../output/table.js'
import { grouped } from '../output/units.js'
import { type DemoCourse, KILLED_STRATEGY, MOST_EVENTS } from './course.js'
import type { DemoOptions } from './options.js'

interface Latency {
  readonly samples: number
  /** ns. */
  readonly p50: number
  readonly p99: number
  readonly p999: number
}

interface Check {
  readonly what: string
  readonly holds: boolean
}

export interface DemoSummary {
  readonly holds: boolean
  readonly checks: readonly Check[]
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

/** Counts it all again from the journals, and replays every strategy. */
export async function summarize(
  home: string,
  options: DemoOptions,
  course: DemoCourse,
  onProgress: (part: number) => void,
  signal: AbortSignal,
): Promise<DemoSummary> {
  const feed = feedOf(options, MOST_EVENTS)
  const audit = await auditSession(home, feed)
  const gatewayReplay = await replayGateway({ home, signal })
  const replays = new Map<string, ReplayResult>()
  for (const { id } of audit.strategies) {
    const done = replays.size
    const part = (of: number): void => onProgress((done + of) / audit.strategies.length)
    replays.set(id, await replayStrategy({ home, strategy: id, onProgress: part, signal }))
  }
  const checks = checksOf(audit, gatewayReplay, replays, course)
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
    replayed: gatewayReplay.frames,
  }
  return { holds: checks.every(check => check.holds), checks, seconds: course.seconds, gateway, strategies }
}

function checksOf(
  audit: SessionAudit,
  gatewayReplay: GatewayReplayResult,
  replays: ReadonlyMap<string, ReplayResult>,
  course: DemoCourse,
): Check[] {
  const { gateway, feed, strategies } = audit
  const sum = (count: (strategy: (typeof strategies)[number]) => number): number =>
    strategies.reduce((total, strategy) => total + count(strategy), 0)
  const orders = sum(strategy => strategy.orders)
  const checks: Check[] = [
    {
      what: `${grouped(feed?.events ?? 0)} events of the feed are in the gateway's journal, each once, in order, bit for bit`,
      holds: feed !== undefined && feed.events > 0 && feed.gaps === 0 && feed.duplicates === 0 && gateway.gaps === 0,
    },
    {
      what: `each strategy handled each frame once: ${grouped(sum(strategy => strategy.read))} in all`,
      holds:
        sum(strategy => strategy.gaps + strategy.duplicates) === 0 && strategies.every(strategy => strategy.read > 0),
    },
    {
      what: `${grouped(orders)} orders and cancels were sent, ${grouped(sum(strategy => strategy.answered))} were taken and answered once`,
      holds:
        orders > 0 &&
        sum(strategy => strategy.answered) === orders &&
        sum(strategy => strategy.unanswered + strategy.answeredTwice) === 0 &&
        gateway.strays === 0 &&
        gateway.filledTwice === 0,
    },
  ]
  checks.push({
    what: `the gateway, replayed from the journals, ${gatewayReplay.difference === undefined ? `gives the same ${grouped(gatewayReplay.reports)} reports` : `differs: ${gatewayReplay.difference.what}`}`,
    holds: gatewayReplay.difference === undefined,
  })
  for (const { strategy, orders: same, difference } of replays.values()) {
    const verdict =
      difference === undefined ? `sends the same ${grouped(same)} orders and cancels` : `differs: it ${difference.what}`
    checks.push({ what: `${strategy}, replayed from the journals, ${verdict}`, holds: difference === undefined })
  }
  const runsOf = (id: string): number => strategies.find(strategy => strategy.id === id)?.runs ?? 0
  checks.push(
    {
      what: `${KILLED_STRATEGY} was killed (pid ${course.strategyKilled}) and came back`,
      holds: runsOf(KILLED_STRATEGY) >= 3,
    },
    {
      what: `the gateway was killed (pid ${course.gatewayKilled}) and came back with all strategies`,
      holds: strategies.every(strategy => strategy.runs >= 2),
    },
    { what: 'all processes stopped in order', holds: course.orderly },
  )
  return checks
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
      formatNs(latency.p50),
      formatNs(latency.p99),
      formatNs(latency.p999),
    ]),
  ]
  const invalid =
    gateway.invalidLines === 0
      ? []
      : [`${grouped(gateway.invalidLines)} lines of the capture were not valid and left out`]
  return [
    '',
    ...table(counts, 'lrrrrrrrr'),
    '',
    ...table(latencies, 'lrrr'),
    'Frames that waited while a process was dead or starting are counted in.',
    '',
    ...invalid,
    ...checks.map(({ what, holds }) => `${holds ? paint('green', 'yes') : paint('red', 'NO ')}  ${what}`),
    '',
    `${summary.holds ? paint('green', 'Nothing was lost, nothing was done twice.') : paint('red', 'Something was lost, or done twice.')} ` +
      `${grouped(gateway.frames)} frames in ${grouped(gateway.pages)} pages, ${summary.seconds.toFixed(1)} s.`,
  ]
}

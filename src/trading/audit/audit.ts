import { LatencyHistogram } from '../../runtime/consumer/latency.js'
import { Session } from '../../runtime/sessions/session.js'
import type { Feed } from '../market/feed.js'
import { recordedOf } from '../replay/recorded.js'
import { strategyRuns } from '../replay/strategy-runs.js'
import { AnswerBook } from './answers.js'
import { auditFeed, type FeedAudit } from './feed.js'
import { auditReads } from './reads.js'
import { countFrames, walkGateway } from './walk.js'

export interface StrategyAudit {
  readonly id: string
  readonly number: number
  /** The number of its runs. */
  readonly runs: number
  /** The number of frames in its journal. */
  readonly written: number
  /** The number of frames of the gateway's journal that it read, and the number that it recorded as handled. */
  readonly read: number
  readonly counted: number
  /**
   * The number of frames missing from, or too many in, its recorded counts; also frames skipped or repeated between two
   * runs, when a run does not continue where the one before ended.
   */
  readonly gaps: number
  readonly duplicates: number
  /** The number of orders and cancels it sent, and how many of them have exactly one answer, none, or more than one. */
  readonly orders: number
  readonly answered: number
  readonly unanswered: number
  readonly answeredTwice: number
  /** Reports addressed to it. */
  readonly reports: number
  /** The age of frames when it handled them. */
  readonly latencies: LatencyHistogram
}

export interface SessionAudit {
  readonly gateway: {
    readonly frames: number
    readonly reports: number
    readonly pages: number
    /** How often a frame does not begin where the one before ended. */
    readonly gaps: number
    /** The number of answers to orders that no strategy sent, and of orders filled twice. */
    readonly strays: number
    readonly filledTwice: number
  }
  readonly strategies: readonly StrategyAudit[]
  /** Only when the feed was given. */
  readonly feed: FeedAudit | undefined
  /** Whether nothing is missing, duplicated or stray. */
  readonly sound: boolean
}

/**
 * Reads all journals of a stopped session and counts: whether each market event is recorded once, whether each strategy
 * handled each frame once, and whether each order was answered once. It uses only the files.
 *
 * @throws {SessionError}, and what Reader.open throws.
 */
export async function auditSession(home: string, feed?: Feed): Promise<SessionAudit> {
  const session = Session.openExisting(home)
  const members = session.all.map(({ id, number }) => {
    const journal = session.journalOf(id)
    return { id, number, journal, runs: strategyRuns(journal, session.gateway, id) }
  })
  const marks = new Set(
    members.flatMap(({ runs }) => runs.flatMap(run => [run.from, run.to, run.progress?.next ?? run.from])),
  )
  const answers = new AnswerBook()
  const walk = walkGateway(
    session.gateway,
    [...marks].sort((a, b) => a - b),
    answers,
  )
  const strategies = members.map(({ id, number, journal, runs }): StrategyAudit => {
    const { read, counted, gaps, duplicates } = auditReads(runs, walk.framesBefore)
    const orders: number[] = []
    for (const recorded of recordedOf(journal)) if (recorded.kind === 'order') orders.push(recorded.position)
    const latencies = new LatencyHistogram()
    for (const { progress } of runs)
      if (progress !== undefined) latencies.add(LatencyHistogram.from(progress.latencies))
    return {
      id,
      number,
      runs: runs.length,
      written: countFrames(journal),
      read,
      counted,
      gaps,
      duplicates,
      orders: orders.length,
      ...answers.matchOrders(number, orders),
      reports: walk.reports.get(number) ?? 0,
      latencies,
    }
  })
  const gateway = {
    frames: walk.frames,
    reports: answers.reports,
    pages: walk.pages,
    gaps: walk.gaps,
    strays: answers.strays,
    filledTwice: answers.filledTwice,
  }
  const feedAudit = feed === undefined ? undefined : await auditFeed(session.gateway, feed)
  const bad = [
    gateway.gaps,
    gateway.strays,
    gateway.filledTwice,
    feedAudit?.gaps ?? 0,
    feedAudit?.duplicates ?? 0,
    ...strategies.flatMap(s => [s.gaps, s.duplicates, s.unanswered, s.answeredTwice]),
  ]
  return { gateway, strategies, feed: feedAudit, sound: bad.every(count => count === 0) }
}

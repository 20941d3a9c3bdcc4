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
  /** Its starts. */
  readonly runs: number
  /** Frames in its journal. */
  readonly written: number
  /** Frames of the gateway's journal that it went past, and those that it says it has handled in the stretches it wrote down. */
  readonly read: number
  readonly counted: number
  /** Frames in those stretches that its own count has too few, or too many; the same where one start does not go on where the last ended. */
  readonly gaps: number
  readonly duplicates: number
  /** Orders and cancels it sent; how many have exactly one answer, none, more than one. */
  readonly orders: number
  readonly answered: number
  readonly unanswered: number
  readonly answeredTwice: number
  /** Reports addressed to it. */
  readonly reports: number
  /** How old frames were when it handled them. */
  readonly latencies: LatencyHistogram
}

export interface SessionAudit {
  readonly gateway: {
    readonly frames: number
    readonly reports: number
    readonly pages: number
    /** Places where a frame does not begin where the last one ended. */
    readonly gaps: number
    /** Answers to what no strategy sent, and orders filled twice. */
    readonly strays: number
    readonly filledTwice: number
  }
  readonly strategies: readonly StrategyAudit[]
  /** Only when the feed was given. */
  readonly feed: FeedAudit | undefined
  /** Whether nothing is missing, double or stray. */
  readonly sound: boolean
}

/**
 * Reads all journals of a session that has been stopped and counts: whether each market event is there once, whether each strategy
 * handled each frame once, whether each order was answered once. Goes by what the files say, and by nothing else.
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

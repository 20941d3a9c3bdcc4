import { LatencyHistogram } from '../../runtime/consumer/latency.js'
import type { Feed } from '../market/feed.js'
import { recordedOf } from '../replay/recorded.js'
import { strategyRuns } from '../replay/strategy-runs.js'
import { HomeDirectory, STRATEGY_JOURNALS } from '../sequence/home.js'
import { livesOf } from '../sequence/lives.js'
import { auditFeed, type FeedAudit } from './feed.js'
import { auditReads } from './reads.js'
import { RequestBook } from './requests.js'
import { countFrames, walkSequence } from './walk.js'

export interface StrategyAudit {
  readonly id: string
  readonly number: number
  /** The number of its runs. */
  readonly runs: number
  /** The number of frames in its journal. */
  readonly written: number
  /** The number of frames of the sequence that it read, and the number that it recorded as handled. */
  readonly read: number
  readonly counted: number
  /**
   * The number of frames missing from, or too many in, its recorded counts; also frames skipped or repeated between two
   * runs, when a run does not continue where the one before ended.
   */
  readonly gaps: number
  readonly duplicates: number
  /**
   * The number of orders and requests it sent; how many of them were passed on or refused exactly once, never, or more than
   * once; and how many are missing in the sequence or too many there.
   */
  readonly orders: number
  readonly answered: number
  readonly unanswered: number
  readonly answeredTwice: number
  readonly lost: number
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
    readonly fills: number
    /** How often a frame does not begin where the one before ended, or something was taken twice or left out. */
    readonly gaps: number
    /** The number of outcomes of orders that no strategy sent, and of fills that are recorded twice. */
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
 * Reads all journals of a stopped home and counts: whether each market event is recorded once, whether each strategy
 * handled each frame once, and whether each order was answered once. It uses only the files.
 *
 * @throws {HomeError}, and what Reader.open throws.
 */
export async function auditSession(home: string, feed?: Feed): Promise<SessionAudit> {
  const directory = HomeDirectory.openExisting(home)
  const members = [...livesOf(directory).strategies].map(([id, { number }]) => {
    const journal = directory.strategy(id)
    return { id, number, journal, runs: strategyRuns(journal, directory.sequence, id) }
  })
  const marks = new Set(
    members.flatMap(({ runs }) => runs.flatMap(run => [run.from, run.to, run.progress?.next ?? run.from])),
  )
  const requests = new RequestBook()
  const walk = walkSequence(
    directory.sequence,
    [...marks].sort((a, b) => a - b),
    requests,
  )
  const strategies = members.map(({ id, number, journal, runs }): StrategyAudit => {
    const { read, counted, gaps, duplicates } = auditReads(runs, walk.framesBefore)
    const taken = walk.taken.get(STRATEGY_JOURNALS + number) ?? 0
    let [orders, sent] = [0, 0]
    for (const recorded of recordedOf(journal)) {
      if (recorded.kind !== 'output' || !recorded.isOrder) continue
      orders++
      if (recorded.position < taken) sent++
    }
    const latencies = new LatencyHistogram()
    for (const { progress } of runs)
      if (progress !== undefined) latencies.add(LatencyHistogram.from(progress.latencies))
    const { answered, unanswered, answeredTwice, lost } = requests.countsOf(number, sent)
    return {
      id,
      number,
      runs: runs.length,
      written: countFrames(journal),
      read,
      counted,
      gaps,
      duplicates,
      orders,
      answered,
      unanswered: unanswered + orders - sent,
      answeredTwice,
      lost,
      reports: walk.reports.get(number) ?? 0,
      latencies,
    }
  })
  const gateway = {
    frames: walk.frames,
    reports: requests.reports,
    fills: requests.fills,
    pages: walk.pages,
    gaps: walk.gaps,
    strays: requests.strays,
    filledTwice: requests.filledTwice,
  }
  const feedAudit = feed === undefined ? undefined : await auditFeed(directory.sequence, feed)
  const bad = [
    gateway.gaps,
    gateway.strays,
    gateway.filledTwice,
    feedAudit?.gaps ?? 0,
    feedAudit?.duplicates ?? 0,
    ...strategies.flatMap(s => [s.gaps, s.duplicates, s.unanswered, s.answeredTwice, s.lost]),
  ]
  return { gateway, strategies, feed: feedAudit, sound: bad.every(count => count === 0) }
}

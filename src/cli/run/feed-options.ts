import type { Command } from 'commander'
import { CaptureFeed } from '../../trading/market/capture-feed.js'
import { DIALECT_NAMES } from '../../trading/market/dialects/dialects.js'
import type { Feed } from '../../trading/market/feed.js'
import { countsText } from '../../trading/market/left-out.js'
import type { Speed } from '../../trading/market/pace.js'
import { SyntheticFeed } from '../../trading/market/synthetic-feed.js'
import { WAITS, type Wait } from '../../wait/run-loop.js'
import { UsageError } from '../output/failure.js'
import { grouped, parseAge, wholeNumber } from '../output/units.js'

/** The options of `run` and `demo` for the market data. */
export interface FeedOptions {
  readonly capture?: string
  readonly seed: number
  readonly rate: number
  readonly speed?: Speed
  /** ms. */
  readonly maxGap?: number
  readonly wait: Wait
}

export function addFeedOptions(command: Command): Command {
  return command
    .option(
      '--capture <file>',
      `play a capture, gzip or plain: lines of \`<receive time ns> <JSON>\`; ${DIALECT_NAMES}`,
    )
    .option('--seed <number>', 'of the synthetic feed: the same seed gives the same market', wholeNumber(0), 1)
    .option('--rate <events>', 'of the synthetic feed: events a second at realtime', wholeNumber(1), 20_000)
    .option('--speed <speed>', "'max', 'realtime', or a multiple of it: 10x", parseSpeed)
    .option('--max-gap <time>', GAP_HELP, parseGap)
    .option(
      '--wait <how>',
      `how the processes wait: ${WAITS.join(', ')}; with any but event-loop the gateway uses one core fully`,
      parseWait,
      'event-loop',
    )
}

/** @param limit the number of events after which a synthetic feed ends. */
export function feedOf({ capture, seed, rate }: FeedOptions, limit?: number): Feed {
  if (capture !== undefined) return new CaptureFeed(capture)
  if (seed >= 2 ** 32) throw new UsageError(`--seed takes a number below 2^32, not ${seed}`)
  return new SyntheticFeed({ seed, rate, limit })
}

/** @throws {UsageError} */
export function parseSpeed(text: string): Speed {
  if (text === 'max' || text === 'realtime') return text
  const match = /^(\d+(?:\.\d+)?)x$/.exec(text)
  if (match === null || Number(match[1]) === 0)
    throw new UsageError(`'${text}' is not a speed; type max, realtime, or a factor such as 10x`)
  return Number(match[1])
}

function parseWait(text: string): Wait {
  const wait = WAITS.find(known => known === text)
  if (wait === undefined) throw new UsageError(`'${text}' is not a way to wait; type one of ${WAITS.join(', ')}`)
  return wait
}

/** Parses --max-gap, in ms. 'none' is not Infinity, which JSON does not have. */
export function parseGap(text: string): number {
  const ms = text === 'none' ? Number.MAX_VALUE : parseAge(text)
  if (ms < 1)
    throw new UsageError(`'${text}' is too short for a gap; type 1ms or more, or --speed max for no waits at all`)
  return ms
}

export const GAP_HELP =
  "wait no longer than this in a gap of the feed: 500ms, 5s, 10m, 1h, or 'none' to wait for all; default: 60s"

/** Reads a capture up to its first event. @throws {CaptureError} when no event in it is understood. */
export async function checkFeed(feed: Feed): Promise<void> {
  if (feed instanceof CaptureFeed) for await (const batch of feed.events(0)) if (batch.length > 0) break
}

/** The messages and lines of a capture that became no events, as lines for people. */
export function leftOutText(feed: Feed): string[] {
  if (!(feed instanceof CaptureFeed)) return []
  const { passedOver, badLines, unfitSymbols } = feed
  const unfit =
    unfitSymbols.size === 0 ? '' : `, among them of symbols that frames cannot hold: ${countsText(unfitSymbols)}`
  return [
    ...(passedOver.size === 0
      ? []
      : [`messages of the capture that are neither quotes nor trades of the market: ${countsText(passedOver)}`]),
    ...(badLines === 0 ? [] : [`${grouped(badLines)} lines of the capture were not valid and were left out${unfit}`]),
  ]
}

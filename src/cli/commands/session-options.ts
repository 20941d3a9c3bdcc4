import type { Command } from 'commander'
import { CaptureFeed } from '../../trading/market/capture-feed.js'
import type { Feed, Speed } from '../../trading/market/feed.js'
import { SyntheticFeed } from '../../trading/market/synthetic-feed.js'
import { WAITS, type Wait } from '../../wait/run-loop.js'
import { UsageError } from '../output/failure.js'
import { wholeNumber } from '../output/units.js'

/** What `run` and `demo` are told of the market data. */
export interface FeedOptions {
  readonly capture?: string
  readonly seed: number
  readonly rate: number
  readonly speed?: Speed
  readonly wait: Wait
}

export function addFeedOptions(command: Command): Command {
  return command
    .option('--capture <file>', 'play a capture, gzip or plain: lines of `<receive time ns> <combined stream JSON>`')
    .option('--seed <number>', 'of the synthetic feed: the same seed gives the same market', wholeNumber(0), 1)
    .option('--rate <events>', 'of the synthetic feed: events a second at realtime', wholeNumber(1), 20_000)
    .option('--speed <speed>', "'max', 'realtime', or so many times that: 10x", parseSpeed)
    .option('--wait <how>', `how strategies wait for frames: ${WAITS.join(', ')}`, parseWait, 'event-loop')
}

/** @param limit events that a synthetic feed ends after. */
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
    throw new UsageError(`'${text}' is no speed; type max, realtime, or a factor such as 10x`)
  return Number(match[1])
}

function parseWait(text: string): Wait {
  const wait = WAITS.find(known => known === text)
  if (wait === undefined) throw new UsageError(`'${text}' is no way to wait; type one of ${WAITS.join(', ')}`)
  return wait
}

/** 61439 as '61.4 µs'. */
export function formatNs(ns: number): string {
  if (ns < 1000) return `${ns} ns`
  const [value, unit] = ns < 1e6 ? [ns / 1e3, 'µs'] : ns < 1e9 ? [ns / 1e6, 'ms'] : [ns / 1e9, 's']
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${unit}`
}

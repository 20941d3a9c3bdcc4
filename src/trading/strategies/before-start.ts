import { type Handlers, on } from '../../frames/handlers.js'
import { Reader } from '../../journal/read/reader.js'
import { positionBefore } from '../../journal/seek/last-frames.js'
import { HomeError, StrategyStateError } from '../errors.js'
import { BookTop, Ticker, Trade } from '../messages/market-frames.js'
import { Fill, OrderReport } from '../messages/order-frames.js'
import { PairReport } from '../messages/pair-frames.js'
import { InstrumentTerms } from '../messages/sequence-frames.js'
import { findSnapshot, firstKnown, viewsIn } from '../snapshots/find.js'
import type { StrategyHost } from './host.js'
import { addHostFrames } from './host-frames.js'
import { findState, type SavedState } from './saved-state.js'
import type { ViewsData } from './views.js'

/** The most frames to handle before checking again whether the position is reached. */
const BATCH = 1024

/** The last frame before a strategy's start. */
export interface LastBefore {
  /** -1 when there is none. */
  readonly position: number
  readonly time: bigint
}

/** Where a strategy's saved states are. */
export interface OwnJournal {
  readonly path: string
  /** The position of this start in it: later frames did not exist then. */
  readonly before: number
}

/**
 * Prepares a strategy that starts at a position of the sequence. Its context learns the instruments, its orders, fills and pairs,
 * and the last quotes. The last complete snapshot has everything before it, so the time that this takes does not depend on the
 * length of the sequence. Then it loads the state that it had saved, and handles again what came after it; without one it gets
 * the market data of its history.
 *
 * @param onBatch is called from time to time while it reads.
 * @throws {StrategyStateError} when it refuses its saved state, {HomeError} when pages that it needs have been removed.
 */
export function passEarlierFrames(
  host: StrategyHost,
  sequence: string,
  position: number,
  own: OwnJournal,
  onBatch: () => void = () => {},
): LastBefore {
  const state = host.hasState ? findState(own.path, position, own.before) : undefined
  if (state !== undefined) checkState(host, sequence, state)
  learn(host, sequence, state?.next ?? position, onBatch)
  const last = lastBefore(sequence, position)
  if (state !== undefined) catchUp(host, sequence, state, position, onBatch)
  else if (host.historyNs > 0n && last.position >= 0) passHistory(host, sequence, last.time, position, onBatch)
  return last
}

/** @throws {StrategyStateError} when what came after a state was retired, because the strategy was forgotten. */
function checkState({ id }: StrategyHost, sequence: string, { next }: SavedState): void {
  const first = firstKnown(sequence)?.position ?? next
  if (next >= first) return
  throw new StrategyStateError(
    `strategy '${id}' had its state at position ${next} of the sequence, and what came after it was retired up to ${first}. Start it without: 'ticktape reset HOME --strategy ${id}'`,
    { path: sequence, position: next },
  )
}

/** What the context knows at a position. */
function learn(host: StrategyHost, sequence: string, position: number, onBatch: () => void): void {
  const { found } = findSnapshot(sequence, position)
  if (found !== undefined) host.learnView(viewsIn(found) as ViewsData)
  const learning = on(InstrumentTerms, frame => host.instrument(frame))
    .on(OrderReport, frame => host.learnReport(frame))
    .on(Fill, frame => host.learnFill(frame))
    .on(PairReport, frame => host.learnPair(frame))
    .on(BookTop, frame => {
      host.learnBook(frame)
    })
  const reader = Reader.open(sequence, { from: found === undefined ? 'start' : { position: found.place.at } })
  if (found === undefined && reader.position > 0 && position > 0) {
    const first = reader.position
    reader.close()
    throw new HomeError(
      `${sequence} begins at position ${first}: its first pages are gone, and no snapshot says what was known at ${position}. Put them back, or begin another home`,
      { path: sequence, position },
    )
  }
  readUntil(reader, learning, position, onBatch)
}

function passHistory(host: StrategyHost, sequence: string, last: bigint, position: number, onBatch: () => void): void {
  const { historyNs } = host
  const market = on(Ticker, frame => host.ticker(frame))
    .on(BookTop, frame => host.book(frame))
    .on(Trade, frame => host.trade(frame))
  const reader = Reader.open(sequence, { from: { time: last > historyNs ? last - historyNs : 0n } })
  host.replayHistory(() => readUntil(reader, market, position, onBatch))
}

/** Loads a saved state, and handles the frames again that an earlier process handled after it was saved. */
function catchUp(host: StrategyHost, sequence: string, state: SavedState, position: number, onBatch: () => void): void {
  host.loadState(state)
  const handlers = on(InstrumentTerms, frame => host.instrument(frame))
  addHostFrames(handlers, host)
  const reader = Reader.open(sequence, { from: { position: state.next } })
  host.catchUp(state.epoch, () => readUntil(reader, handlers, position, onBatch))
}

/** Handles the frames before a position, then closes the reader. */
function readUntil(reader: Reader, handlers: Handlers, position: number, onBatch: () => void): void {
  try {
    while (reader.position < position) {
      // Batches become smaller, so that none ends behind the position.
      const least = Math.floor((position - reader.position) / LARGEST_STEP)
      if (reader.poll(handlers, Math.min(BATCH, Math.max(1, least))) === 0) break
      onBatch()
    }
  } finally {
    reader.close()
  }
}

/** The most slots between two frames: a frame of 255 slots, and up to as many unused ones at a page's end. */
const LARGEST_STEP = 510

function lastBefore(sequence: string, position: number): LastBefore {
  const last = positionBefore(sequence, position)
  if (last === undefined) return { position: -1, time: 0n }
  const reader = Reader.open(sequence, { from: { position: last } })
  try {
    for (const frame of reader) return { position: frame.position, time: frame.time }
    return { position: -1, time: 0n }
  } finally {
    reader.close()
  }
}

import { on } from '../../frames/handlers.js'
import { Reader } from '../../journal/read/reader.js'
import { BookTop, Ticker, Trade } from '../messages/market-frames.js'
import { Fill, OrderReport } from '../messages/order-frames.js'
import { PairReport } from '../messages/pair-frames.js'
import { InstrumentTerms } from '../messages/sequence-frames.js'
import type { StrategyHost } from './host.js'

/** Frames between two checks whether the strategy's position is reached. */
const BATCH = 1024

/** The last frame before a strategy's start. */
export interface LastBefore {
  /** -1 when there is none. */
  readonly position: number
  readonly time: bigint
}

/**
 * Passes to a strategy what the sequence has before the position where it starts: the instruments, its own orders and fills,
 * the last quotes; then the market data of its history.
 *
 * @param onBatch is called now and then while it reads.
 */
export function passEarlierFrames(
  host: StrategyHost,
  sequence: string,
  position: number,
  onBatch: () => void = () => {},
): LastBefore {
  let last: LastBefore = { position: -1, time: 0n }
  const learning = on(InstrumentTerms, frame => host.instrument(frame))
    .on(OrderReport, frame => host.learnReport(frame))
    .on(Fill, frame => host.learnFill(frame))
    .on(PairReport, frame => host.learnPair(frame))
    .on(BookTop, frame => {
      host.learnBook(frame)
    })
  readUntil(Reader.open(sequence), learning, position, onBatch, found => {
    last = found
  })
  const { historyNs } = host
  if (historyNs === 0n || last.position < 0) return last
  const market = on(Ticker, frame => host.ticker(frame))
    .on(BookTop, frame => host.book(frame))
    .on(Trade, frame => host.trade(frame))
  const reader = Reader.open(sequence, { from: { time: last.time > historyNs ? last.time - historyNs : 0n } })
  host.replayHistory(() => readUntil(reader, market, position, onBatch, () => {}))
  return last
}

/** Handles the frames before a position, then closes the reader. */
function readUntil(
  reader: Reader,
  handlers: Parameters<Reader['poll']>[0],
  position: number,
  onBatch: () => void,
  onLast: (last: LastBefore) => void,
): void {
  try {
    // In batches first; the last part frame by frame, for a batch may end after the position.
    while (reader.position + BATCH * LARGEST_SLOTS < position && reader.poll(handlers, BATCH) > 0) onBatch()
    while (reader.position < position) {
      const before = reader.position
      if (reader.poll(handlers, 1) === 0) break
      if (reader.position >= position) onLast(frameAt(reader, before))
    }
  } finally {
    reader.close()
  }
}

/** The most slots of a frame. */
const LARGEST_SLOTS = 255

/** The first frame at or after a position. */
function frameAt(reader: Reader, position: number): LastBefore {
  const other = Reader.open(reader.path, { from: { position } })
  try {
    for (const frame of other) return { position: frame.position, time: frame.time }
    return { position: -1, time: 0n }
  } finally {
    other.close()
  }
}

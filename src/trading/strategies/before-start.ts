import { on } from '../../frames/handlers.js'
import { Reader } from '../../journal/read/reader.js'
import { BookTop, Ticker, Trade } from '../messages/market-frames.js'
import { Fill, OrderReport } from '../messages/order-frames.js'
import { InstrumentTerms } from '../messages/sequence-frames.js'
import type { StrategyHost } from './host.js'

/** Frames between two looks whether the strategy's position is reached. */
const BATCH = 1024

/**
 * Shows a strategy what the sequence has before the position where it starts: the instruments, its own orders and fills, the
 * last quotes; then the market data of its history.
 */
export function showWhatWasBefore(host: StrategyHost, sequence: string, position: number): void {
  let lastTime = 0n
  const learning = on(InstrumentTerms, frame => host.instrument(frame))
    .on(OrderReport, frame => host.learnReport(frame))
    .on(Fill, frame => host.learnFill(frame))
    .on(BookTop, frame => {
      host.learnBook(frame)
    })
  readUntil(Reader.open(sequence), learning, position, time => {
    lastTime = time
  })
  const { historyNs } = host
  if (historyNs === 0n || lastTime === 0n) return
  const market = on(Ticker, frame => host.ticker(frame))
    .on(BookTop, frame => host.book(frame))
    .on(Trade, frame => host.trade(frame))
  const reader = Reader.open(sequence, { from: { time: lastTime > historyNs ? lastTime - historyNs : 0n } })
  host.replayHistory(() => readUntil(reader, market, position, () => {}))
}

/** Handles the frames before a position, then closes the reader. */
function readUntil(
  reader: Reader,
  handlers: Parameters<Reader['poll']>[0],
  position: number,
  last: (time: bigint) => void,
): void {
  try {
    // In batches first; the last part frame by frame, for a batch may end after the position.
    while (reader.position + BATCH * LARGEST_SLOTS < position && reader.poll(handlers, BATCH) > 0);
    while (reader.position < position) {
      const before = reader.position
      if (reader.poll(handlers, 1) === 0) break
      if (reader.position >= position) last(timeAt(reader, before))
    }
  } finally {
    reader.close()
  }
}

/** The most slots of a frame. */
const LARGEST_SLOTS = 255

function timeAt(reader: Reader, position: number): bigint {
  const other = Reader.open(reader.path, { from: { position } })
  try {
    for (const frame of other) return frame.time
    return 0n
  } finally {
    other.close()
  }
}

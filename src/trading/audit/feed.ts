import { on } from '../../frames/handlers.js'
import { Reader } from '../../journal/read/reader.js'
import type { Feed, MarketEvent } from '../market/feed.js'
import { BookTop, Ticker, Trade } from '../messages/frames.js'

export interface FeedAudit {
  /** The number of events in the journal. */
  readonly events: number
  /**
   * The number of events of the feed that are missing, or recorded twice. An event that differs in any bit counts as
   * missing.
   */
  readonly gaps: number
  readonly duplicates: number
}

/** Reads the feed again and compares the journal's market data with it, event by event and bit by bit. */
export async function auditFeed(journal: string, feed: Feed): Promise<FeedAudit> {
  const reader = Reader.open(journal)
  try {
    return await compare(reader, feed)
  } finally {
    reader.close()
  }
}

async function compare(reader: Reader, feed: Feed): Promise<FeedAudit> {
  let [events, gaps, duplicates] = [0, 0, 0]
  let recorded: Recorded | undefined
  let tickerDue = false
  /** Called at the start of an event: the Ticker of the event before must have been read. */
  const begin = (): void => {
    if (tickerDue) gaps++
    tickerDue = false
  }
  const handlers = on(BookTop, book => {
    begin()
    recorded = {
      symbol: book.symbol,
      numbers: [book.bid, book.ask, book.bidSize, book.askSize],
      tradeId: undefined,
      side: undefined,
    }
    tickerDue = true
  })
    .on(Trade, trade => {
      begin()
      recorded = {
        symbol: trade.symbol,
        numbers: [trade.price, trade.quantity],
        tradeId: trade.tradeId,
        side: trade.side,
      }
    })
    .on(Ticker, ticker => {
      // Each quote is recorded twice: as a BookTop, and right after it in a Ticker.
      if (
        !tickerDue ||
        ticker.symbol !== last?.symbol ||
        ticker.bid !== last.numbers[0] ||
        ticker.ask !== last.numbers[1]
      )
        gaps++
      tickerDue = false
    })
  let last: Recorded | undefined
  const next = (): Recorded | undefined => {
    recorded = undefined
    while (recorded === undefined && reader.poll(handlers, 1) > 0);
    return recorded
  }
  let at = next()
  for await (const batch of feed.events(0)) {
    for (const event of batch) {
      while (at !== undefined && last !== undefined && same(at, last) && !matches(at, event)) {
        duplicates++
        events++
        at = next()
      }
      if (at === undefined) return { events, gaps, duplicates }
      events++
      if (!matches(at, event)) gaps++
      last = at
      at = next()
    }
  }
  // The journal has more events than the feed.
  for (; at !== undefined; at = next()) duplicates++
  return { events, gaps, duplicates }
}

interface Recorded {
  readonly symbol: string
  readonly numbers: readonly number[]
  readonly tradeId: bigint | undefined
  readonly side: string | undefined
}

function matches(recorded: Recorded, event: MarketEvent): boolean {
  return same(
    recorded,
    event.kind === 'quote'
      ? {
          symbol: event.symbol,
          numbers: [event.bid, event.ask, event.bidSize, event.askSize],
          tradeId: undefined,
          side: undefined,
        }
      : { symbol: event.symbol, numbers: [event.price, event.quantity], tradeId: event.tradeId, side: event.side },
  )
}

function same(a: Recorded, b: Recorded): boolean {
  return (
    a.symbol === b.symbol &&
    a.tradeId === b.tradeId &&
    a.side === b.side &&
    a.numbers.length === b.numbers.length &&
    a.numbers.every((number, i) => Object.is(number, b.numbers[i]))
  )
}

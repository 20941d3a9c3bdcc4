import { on } from '../../frames/handlers.js'
import { Reader } from '../../journal/read/reader.js'
import type { Feed, MarketEvent } from '../market/feed.js'
import { BookTop, Trade } from '../messages/market-frames.js'

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
  const handlers = on(BookTop, book => {
    recorded = {
      symbol: book.symbol,
      numbers: [book.bid, book.ask, book.bidSize, book.askSize],
      tradeId: undefined,
      side: undefined,
    }
  }).on(Trade, trade => {
    recorded = {
      symbol: trade.symbol,
      numbers: [trade.price, trade.quantity],
      tradeId: trade.tradeId,
      side: trade.side,
    }
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

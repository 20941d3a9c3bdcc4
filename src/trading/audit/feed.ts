import { on } from '../../frames/handlers.js'
import { Reader } from '../../journal/read/reader.js'
import type { Feed } from '../market/feed.js'
import type { MarketEvent } from '../messages/market-event.js'
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
  const names = new InstrumentNames(reader)
  const handlers = on(BookTop, book => {
    recorded = {
      symbol: book.symbol,
      name: names.of(book.instrument),
      numbers: [book.bid, book.ask, book.bidSize, book.askSize],
      tradeId: undefined,
      side: undefined,
    }
  }).on(Trade, trade => {
    recorded = {
      symbol: trade.symbol,
      name: names.of(trade.instrument),
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

/** The symbols of instruments with their venues. */
class InstrumentNames {
  private readonly byNumber: string[] = []

  constructor(private readonly reader: Reader) {}

  of(number: number): string {
    const known = this.byNumber[number]
    if (known !== undefined) return known
    const { symbol, venue } = this.reader.instrument(number) ?? { symbol: `#${number}`, venue: '' }
    return (this.byNumber[number] = `${symbol}.${venue}`)
  }
}

interface Recorded {
  readonly symbol: string
  /** The symbol with its venue. */
  readonly name: string
  readonly numbers: readonly number[]
  readonly tradeId: bigint | undefined
  readonly side: string | undefined
}

/** A feed of several venues names the venue of a symbol that they all have. */
function matches(recorded: Recorded, event: MarketEvent): boolean {
  const { symbol } = event
  if (symbol !== recorded.symbol && symbol !== recorded.name) return false
  if (event.kind === 'quote')
    return (
      recorded.tradeId === undefined && areSame(recorded.numbers, [event.bid, event.ask, event.bidSize, event.askSize])
    )
  return (
    recorded.tradeId === event.tradeId &&
    recorded.side === event.side &&
    areSame(recorded.numbers, [event.price, event.quantity])
  )
}

function same(a: Recorded, b: Recorded): boolean {
  return a.name === b.name && a.tradeId === b.tradeId && a.side === b.side && areSame(a.numbers, b.numbers)
}

function areSame(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((number, i) => Object.is(number, b[i]))
}

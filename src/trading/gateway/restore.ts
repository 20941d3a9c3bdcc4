import { on } from '../../frames/handlers.js'
import { Reader } from '../../journal/read/reader.js'
import { SessionError } from '../../runtime/errors.js'
import { BookTop, OrderReport, Trade } from '../messages/frames.js'
import type { Venue } from '../venues/venue.js'
import type { MarketWriter } from './market-writer.js'

/** The result of reading a gateway's journal, besides the restored state of the market writer and the venue. */
export interface GatewayState {
  readonly frames: number
  readonly reports: number
  /** By journal id: the position of the last answered order. */
  readonly lastAnswered: ReadonlyMap<number, number>
}

/**
 * Restores a gateway's state from its journal: reads it from the start, passes the events to the market writer and the
 * venue, and finds the last answered order of each strategy. An order is answered when its report is in the journal.
 * The reports of one order are published in one store, and the orders of one journal are answered in their sequence.
 *
 * @throws {SessionError} when the journal's beginning was removed.
 */
export function restore(journal: string, market: MarketWriter, venue: Venue): GatewayState {
  const lastAnswered = new Map<number, number>()
  let frames = 0
  let reports = 0
  const handlers = on(BookTop, book => {
    market.restoreQuote(book.symbol)
    venue.restoreQuote(book.symbol, book.bid, book.ask)
  })
    .on(Trade, trade => market.restoreTrade(trade.symbol, trade.price, trade.quantity))
    .on(OrderReport, report => {
      reports++
      venue.restoreReport(report.toObject())
      const { cause, causeJournal } = report
      if (cause !== undefined && causeJournal !== undefined) lastAnswered.set(causeJournal, cause)
    })
  const reader = Reader.open(journal)
  try {
    if (reader.position > 0) {
      throw new SessionError(
        `the first pages of ${journal} were removed, and with them the state of this gateway; begin a session in another directory`,
        {
          path: journal,
          position: reader.position,
        },
      )
    }
    for (let count = 1; count > 0; frames += count) count = reader.poll(handlers, 4096)
  } finally {
    reader.close()
  }
  return { frames, reports, lastAnswered }
}

import { setImmediate as turn } from 'node:timers/promises'
import { formatValue } from '../../base/format-value.js'
import type { Values } from '../../frames/definition.js'
import { on } from '../../frames/handlers.js'
import { Reader } from '../../journal/read/reader.js'
import { type Member, Session } from '../../runtime/sessions/session.js'
import { VenueMissingError } from '../errors.js'
import { Traded } from '../gateway/market-writer.js'
import { BookTop, OrderReport, type OrderReportValues, Ticker, Trade } from '../messages/frames.js'
import { answer } from '../orders/order-desk.js'
import { PaperVenue } from '../venues/paper-venue.js'
import type { Venue } from '../venues/venue.js'
import { PAPER } from '../venues/venue-name.js'
import { type Recorded, recordedOf } from './recorded.js'

export interface GatewayReplayOptions {
  readonly home: string
  /** A new venue object of the class that answered live. Default: a PaperVenue. */
  readonly venue?: Venue
  readonly signal?: AbortSignal
}

/** The first frame in the gateway's journal that does not follow from its input. */
export interface GatewayDifference {
  readonly what: string
  /** Position in the gateway's journal. */
  readonly position: number
  readonly recorded: object | undefined
  readonly replayed: object | undefined
}

export interface GatewayReplayResult {
  /** The number of frames of the gateway's journal that were read. */
  readonly frames: number
  /** The number of reports that are the same. */
  readonly reports: number
  /** Undefined when everything was the same. */
  readonly difference: GatewayDifference | undefined
}

const BATCH = 4096

/**
 * Replays a gateway's work. Its journal records in which sequence it answered orders, so a new venue that gets the same
 * quotes and orders must give the same reports, and the tickers must follow from quotes and trades.
 *
 * @throws {SessionError} when there is no session, {VenueMissingError} when there is a difference from the default
 * venue and another venue answered live, what Reader.open throws, and the signal's reason.
 */
export async function replayGateway(options: GatewayReplayOptions): Promise<GatewayReplayResult> {
  const session = Session.openExisting(options.home)
  const replay = new GatewayReplay(session, options.venue ?? new PaperVenue())
  const reader = Reader.open(session.gateway)
  const handlers = on(BookTop, book => replay.quote(book.position, book.symbol, book.bid, book.ask))
    .on(Ticker, ticker => replay.ticker(ticker.position, ticker.toObject()))
    .on(Trade, trade => replay.trade(trade.position, trade.symbol, trade.price, trade.quantity))
    .on(OrderReport, report => replay.report(report.position, report.causeJournal, report.cause, report.toObject()))
  let frames = 0
  try {
    for (let count = 1; count > 0 && replay.difference === undefined; frames += count) {
      count = reader.poll(handlers, BATCH)
      await turn()
      options.signal?.throwIfAborted()
    }
    replay.expectNothingDue(reader.position)
    if (replay.difference !== undefined && options.venue === undefined) checkVenue(session)
    return { frames, reports: replay.same, difference: replay.difference }
  } finally {
    replay.close()
    reader.close()
  }
}

/** A difference from the paper venue means nothing when another venue answered live. @throws {VenueMissingError} */
function checkVenue({ home, answeredBy }: Session): void {
  const others = answeredBy.filter(name => name !== PAPER)
  if (others.length === 0) return
  throw new VenueMissingError(
    `the orders of ${home} were answered by the venue ${others.map(name => formatValue(name)).join(', ')}, which this program does not have; a program that has it can compare: replayGateway({ home, venue })`,
    others,
    { path: home },
  )
}

type TickerValues = Values<typeof Ticker>

class GatewayReplay {
  same = 0
  difference: GatewayDifference | undefined = undefined
  private readonly traded = new Traded()
  private readonly orders: ReadonlyMap<number, Generator<Recorded>>
  /** The frames that must come next. */
  private dueTicker: TickerValues | undefined = undefined
  private dueReports: OrderReportValues[] = []

  constructor(
    session: Session,
    private readonly venue: Venue,
  ) {
    this.orders = new Map(
      session.all.map((member: Member) => [member.number, recordedOf(session.journalOf(member.id))]),
    )
  }

  quote(position: number, symbol: string, bid: number, ask: number): void {
    this.expectNothingDue(position)
    this.dueTicker = { symbol, bid, ask, ...this.traded.of(symbol) }
    this.dueReports = [...this.venue.quote(symbol, bid, ask)]
  }

  ticker(position: number, values: TickerValues): void {
    this.compare('ticker', position, values, this.dueTicker)
    this.dueTicker = undefined
  }

  trade(position: number, symbol: string, price: number, quantity: number): void {
    this.expectNothingDue(position)
    this.traded.record(symbol, price, quantity)
  }

  report(
    position: number,
    causeJournal: number | undefined,
    cause: number | undefined,
    values: OrderReportValues,
  ): void {
    if (this.dueTicker !== undefined) this.expectNothingDue(position)
    if (this.dueReports.length === 0) this.answerNext(position, causeJournal ?? 0, cause)
    if (this.difference === undefined) this.compare('report', position, values, this.dueReports.shift())
    this.same++
  }

  /** At an event or at the end: no frame may be due any more. */
  expectNothingDue(position: number): void {
    const due = this.dueTicker ?? this.dueReports[0]
    if (due !== undefined)
      this.differ(`no ${this.dueTicker === undefined ? 'report' : 'ticker'} where one is due`, position, undefined, due)
  }

  close(): void {
    for (const orders of this.orders.values()) orders.return(undefined)
  }

  /** Answers the next order of a journal, which must be the one that the report names. */
  private answerNext(position: number, journal: number, cause: number | undefined): void {
    const orders = this.orders.get(journal)
    for (let next = orders?.next(); next?.done === false; next = orders?.next()) {
      if (next.value.kind !== 'order') continue
      const { value: order } = next
      if (order.position !== cause)
        return this.differ(
          `the report answers ${cause} of journal ${journal}, its next order is at ${order.position}`,
          position,
          undefined,
          order.values,
        )
      this.dueReports = [...answer(this.venue, order.values, journal)]
      return
    }
    this.differ(`a report that answers no order: ${cause} of journal ${journal}`, position, undefined, undefined)
  }

  private compare(what: string, position: number, recorded: object, replayed: object | undefined): void {
    const others = Object.entries(recorded).filter(
      ([name, value]) => !Object.is(value, (replayed as Record<string, unknown> | undefined)?.[name]),
    )
    if (others.length > 0)
      this.differ(
        `the ${what} has other values: ${others.map(([name]) => name).join(', ')}`,
        position,
        recorded,
        replayed,
      )
  }

  private differ(what: string, position: number, recorded: object | undefined, replayed: object | undefined): void {
    this.difference ??= { what, position, recorded, replayed }
  }
}

import { on } from '../../frames/handlers.js'
import type { FrameView } from '../../frames/view.js'
import type { Writer } from '../../journal/write/writer.js'
import type { Instrument, InstrumentSpec } from '../instruments/instrument.js'
import { Instruments } from '../instruments/instruments.js'
import { entryOf, specOf } from '../messages/instrument-frames.js'
import { BookTop, Trade } from '../messages/market-frames.js'
import { Order, OrderReport } from '../messages/order-frames.js'
import { type ClientOrderIds, idHalves } from '../messages/order-id.js'
import { BUY, ORDER_TYPES, SELL, TIMES_IN_FORCE } from '../messages/order-terms.js'
import { reasonCode } from '../messages/reasons.js'
import { InstrumentTerms, Taken } from '../messages/sequence-frames.js'
import { Intent } from '../sequence/frames.js'
import { SEQUENCE } from '../sequence/home.js'
import type { Time } from '../sequence/time.js'
import { writeVenueMessage } from '../sequence/venue-messages.js'
import { writeVenueReport } from '../sequence/venue-reports.js'
import { readInstruments } from '../snapshots/instruments.js'
import type { AsyncVenue, VenueOrder } from '../venues/async-venue.js'
import { checkVenueEvent } from '../venues/check-event.js'
import { SubmitBatches } from '../venues/submit-batches.js'
import { VenueEvent, type VenueEventKind } from '../venues/venue-event.js'

const TOO_LATE = reasonCode('too-late')

/**
 * Stands between the sequence and a venue, in a process of its own: takes the requests for its venue from the sequence, and
 * writes what it sent and what the venue said into a journal of its own.
 *
 * Before the bytes of a submit or an amend may leave, the journal says so ('sending'). So a process that is killed never
 * sends one twice: what its journal says is sent is not sent again, whether it arrived or not.
 */
export class VenueAdapter {
  /** What to do with the frames of the sequence. */
  readonly handlers
  private readonly instruments = new Instruments()
  private readonly event = new VenueEvent()
  /** Orders that are on record as sent, and may leave with the next one. */
  private batches: SubmitBatches | undefined = undefined

  /** @param hasMore whether frames follow the one that is handled: then the next order may be one of the same request. */
  constructor(
    private readonly venue: AsyncVenue,
    private readonly number: number,
    private readonly writer: Writer,
    private readonly time: Time,
    ids: ClientOrderIds,
    /** ns since 1970. */
    origin: bigint,
    private readonly hasMore: () => boolean = () => false,
  ) {
    this.handlers = on(InstrumentTerms, frame => {
      this.flush()
      writer.addInstruments([entryOf(this.learn(frame.number, specOf(frame)))])
    })
      .on(Intent, frame => {
        if (frame.venue === number) this.act(frame)
        this.flushUnlessMore()
      })
      // Each order has a burst of its own, and what was denied of a batch lies between those that were not.
      .on(Taken, () => this.flushUnlessMore())
      .on(Order, () => this.flushUnlessMore())
      .on(OrderReport, () => this.flushUnlessMore())
      .otherwise(() => this.flush())
    // A simulated exchange follows the market; a real one has it.
    if (venue.quote !== undefined) this.handlers.on(BookTop, frame => this.quote(frame))
    if (venue.trade !== undefined) this.handlers.on(Trade, frame => this.trade(frame))
    venue.start(event => this.report(event, undefined), ids, {
      origin,
      record: (account, message) => writeVenueMessage(writer, account, message),
    })
  }

  /** Learns the instruments that the sequence has before a position, where this adapter continues. */
  readInstruments(sequence: string, position: number): void {
    readInstruments(sequence, position, (number, spec) => this.learn(number, spec))
    this.writer.addInstruments(this.instruments.all.map(entryOf))
  }

  /** Sends what is on record as sent and waits for the rest of its batch. */
  flush(): void {
    const { batches } = this
    if (batches === undefined) return
    this.batches = undefined
    batches.flush()
  }

  /** A simulated venue gets its time from here. Returns ms until it is due again; Infinity when it is not. */
  advance(): number {
    const { venue, time } = this
    if (venue.nextAt === undefined || venue.advance === undefined) return Number.POSITIVE_INFINITY
    const now = time.now()
    if (venue.nextAt <= now) venue.advance(now)
    return (venue.nextAt - now) / 1e6
  }

  private flushUnlessMore(): void {
    if (this.batches !== undefined && !this.hasMore()) this.flush()
  }

  private learn(number: number, spec: InstrumentSpec): Instrument {
    const instrument = this.instruments.restore(number, spec)
    if (instrument.venue === this.venue.name) this.venue.instrument?.(instrument)
    return instrument
  }

  private quote(book: FrameView<typeof BookTop>): void {
    this.flush()
    const instrument = this.instruments.get(book.instrument)
    if (instrument?.venue !== this.venue.name) return
    const { price, quantity } = instrument
    this.venue.quote?.(
      instrument,
      price.nearest(book.bid),
      quantity.nearest(book.bidSize),
      price.nearest(book.ask),
      quantity.nearest(book.askSize),
      this.time.now(),
    )
  }

  private trade(trade: FrameView<typeof Trade>): void {
    this.flush()
    const instrument = this.instruments.get(trade.instrument)
    if (instrument?.venue !== this.venue.name) return
    const { price, quantity } = instrument
    const side = trade.side === 'buy' ? BUY : SELL
    this.venue.trade?.(instrument, side, price.nearest(trade.price), quantity.nearest(trade.quantity), this.time.now())
  }

  private act(intent: FrameView<typeof Intent>): void {
    const { venue, time } = this
    const { high, low } = idHalves(intent.orderId)
    const now = time.now()
    const deadline = intent.deadline === 0n ? 0 : time.fromBigInt(intent.deadline)
    if (intent.action !== 'submit') this.flush()
    switch (intent.action) {
      case 'query':
        return venue.query(high, low, intent.account, intent.instrument, now)
      case 'reconcile':
        return venue.reconcile(intent.account, now)
      case 'cancel':
        // A cancel may be sent again and again: there is no harm in it.
        return venue.cancel(high, low, intent.request, now, intent.account, intent.instrument)
      default:
        break
    }
    if (deadline !== 0 && now > deadline) return this.say('not-sent', intent, high, low, TOO_LATE)
    // With its terms: after a power loss they may be all that is left of the order.
    this.say('sending', intent, high, low, 0)
    if (intent.action === 'amend') {
      const { request, ticks, steps, account, instrument } = intent
      venue.amend(high, low, request, ticks, steps, now, account, instrument, deadline)
    } else {
      this.batches ??= new SubmitBatches(venue, now)
      this.batches.add(this.orderOf(intent, high, low, deadline))
    }
  }

  private orderOf(intent: FrameView<typeof Intent>, idHigh: number, idLow: number, deadline: number): VenueOrder {
    const instrument = this.instruments.get(intent.instrument)
    if (instrument === undefined)
      throw new Error(`the sequence has an order for instrument ${intent.instrument}, but not its terms`)
    return {
      idHigh,
      idLow,
      instrument,
      account: intent.account,
      side: intent.side === 'buy' ? BUY : SELL,
      type: ORDER_TYPES.indexOf(intent.orderType),
      timeInForce: TIMES_IN_FORCE.indexOf(intent.timeInForce),
      ticks: intent.ticks,
      steps: intent.steps,
      stopTicks: intent.stopTicks,
      expireAt: intent.expireAt === 0n ? 0 : this.time.fromBigInt(intent.expireAt),
      postOnly: intent.postOnly,
      reduceOnly: intent.reduceOnly,
      deadline,
    }
  }

  private say(
    kind: VenueEventKind,
    intent: FrameView<typeof Intent>,
    idHigh: number,
    idLow: number,
    reason: number,
  ): void {
    const event = this.event.clear()
    event.kind = kind
    event.idHigh = idHigh
    event.idLow = idLow
    event.request = intent.request
    event.instrument = intent.instrument
    event.account = intent.account
    event.reason = reason
    event.side = intent.side === 'buy' ? BUY : SELL
    event.ticks = intent.ticks
    event.steps = intent.steps
    event.venueTime = intent.deadline === 0n ? 0 : this.time.fromBigInt(intent.deadline)
    this.report(event, intent.position)
  }

  /** @param intent the position of the Intent that it is about, for what this adapter says itself. */
  private report(event: VenueEvent, intent: number | undefined): void {
    checkVenueEvent(this.venue.name, event, this.venue.accounts.length)
    const cause = intent === undefined ? undefined : { journal: SEQUENCE, position: intent }
    writeVenueReport(this.writer, this.number, event, cause)
  }
}

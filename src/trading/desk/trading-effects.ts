import type { Handlers } from '../../frames/handlers.js'
import type { FramePointer } from '../../frames/pointer.js'
import { type FrameView, pointerOf } from '../../frames/view.js'
import { BookTop, Trade } from '../messages/market-frames.js'
import { Fill, Order, OrderReport } from '../messages/order-frames.js'
import { BUY, SELL } from '../messages/order-terms.js'
import { Pair, PairReport } from '../messages/pair-frames.js'
import { Intent, PositionDifference, TimerFired, TimerRequest, VenueReport } from '../sequence/frames.js'
import { STRATEGY_JOURNALS } from '../sequence/home.js'
import { readVenueReport } from '../sequence/venue-reports.js'
import type { Desk } from './desk.js'
import type { Facts } from './facts.js'

/** Sees the frames that strategies' contexts are made from, after the desk. */
export interface PlayObserver {
  book(frame: FrameView<typeof BookTop>): void
  report(frame: FrameView<typeof OrderReport>): void
  fill(frame: FrameView<typeof Fill>): void
  pair(frame: FrameView<typeof PairReport>): void
}

/** What the frames of trading act on. */
export interface TradingPlay {
  readonly facts: Facts
  /** Undefined before the Home frame. */
  readonly desk: Desk | undefined
  readonly observer: PlayObserver | undefined
  /** From which journal the copies are. */
  readonly journal: number
  /** Compares an outcome with what the desk decides. */
  readonly compare: (frame: FrameView) => void
}

/** What frames of the market, of requests and of outcomes do. */
export function addTrading(handlers: Handlers, play: TradingPlay): void {
  addMarket(handlers, play)
  addRequests(handlers, play)
  addOutcomes(handlers, play)
}

function addMarket(handlers: Handlers, play: TradingPlay): void {
  const { facts } = play
  handlers
    .on(BookTop, frame => {
      facts.events++
      facts.lastTaken.copies++
      const { desk } = play
      const instrument = desk?.instruments.get(frame.instrument)
      if (desk === undefined || instrument === undefined) return
      facts.seen.add(instrument)
      desk.quote(instrument, frame.bid, frame.bidSize, frame.ask, frame.askSize, frame.position)
      play.observer?.book(frame)
    })
    .on(Trade, frame => {
      facts.events++
      facts.lastTaken.copies++
      const { price, quantity } = frame
      const { desk } = play
      const instrument = desk?.instruments.get(frame.instrument)
      if (desk === undefined || instrument === undefined) return
      facts.seen.add(instrument)
      desk.traded.record(instrument.number, price, quantity)
      desk.trade(instrument, frame.side === 'buy' ? BUY : SELL, price, quantity, frame.position)
    })
}

/** What strategies ask for, and what venues say. */
function addRequests(handlers: Handlers, play: TradingPlay): void {
  const { facts } = play
  /** The strategy that has sent it. */
  const senderOf = ({ cause }: FrameView): number => {
    facts.lastTaken.copies++
    if (cause !== undefined) facts.lastCauses.set(play.journal, cause)
    return play.journal - STRATEGY_JOURNALS
  }
  handlers
    .on(Order, frame => {
      const strategy = senderOf(frame)
      play.desk?.order(pointerOf(frame) as FramePointer, strategy, frame.position)
    })
    .on(Pair, frame => {
      const strategy = senderOf(frame)
      play.desk?.pair(pointerOf(frame) as FramePointer, strategy, frame.position)
    })
    .on(TimerRequest, frame => {
      const strategy = senderOf(frame)
      play.desk?.requestTimer(pointerOf(frame) as FramePointer, strategy)
    })
    .on(VenueReport, frame => {
      facts.lastTaken.copies++
      const { desk } = play
      const venue = desk?.venues.all[frame.venue]
      if (venue !== undefined) desk?.report(venue, readVenueReport(frame), frame.position)
    })
}

/** What the desk decides. */
function addOutcomes(handlers: Handlers, play: TradingPlay): void {
  const { compare } = play
  handlers
    .on(Intent, frame => {
      compare(frame)
      play.desk?.venues.all[frame.venue]?.dropFirst()
    })
    .on(OrderReport, frame => {
      compare(frame)
      play.observer?.report(frame)
    })
    .on(Fill, frame => {
      compare(frame)
      play.observer?.fill(frame)
    })
    .on(TimerFired, compare)
    .on(PairReport, frame => {
      compare(frame)
      play.observer?.pair(frame)
    })
    .on(PositionDifference, compare)
}

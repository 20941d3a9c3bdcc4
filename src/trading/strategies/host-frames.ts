import type { Fields, FrameDefinition } from '../../frames/definition.js'
import type { FrameView } from '../../frames/view.js'
import { BookTop, Ticker, Trade } from '../messages/market-frames.js'
import { Fill, OrderReport } from '../messages/order-frames.js'
import { PairReport } from '../messages/pair-frames.js'
import { TimerFired } from '../sequence/frames.js'
import type { StrategyHost } from './host.js'

/** Takes handlers of frames: a consumer, or handlers for a reader. */
export interface HandlerTarget {
  on<F extends Fields>(definition: FrameDefinition<F>, handle: (frame: FrameView<F>) => void): unknown
}

/** Registers all frames that a strategy handles, live, while it catches up, and in replay. Instruments are the caller's affair. */
export function addHostFrames(target: HandlerTarget, host: StrategyHost): void {
  target.on(Ticker, frame => host.ticker(frame))
  target.on(BookTop, frame => host.book(frame))
  target.on(Trade, frame => host.trade(frame))
  target.on(OrderReport, frame => host.report(frame))
  target.on(Fill, frame => host.fill(frame))
  target.on(PairReport, frame => host.pair(frame))
  target.on(TimerFired, frame => host.timer(frame))
}

import type { FrameView } from '../../frames/view.js'
import { Stall } from '../../runtime/stalls/frames.js'
import type { Instrument } from '../instruments/instrument.js'
import { BookTop, Ticker, Trade } from '../messages/market-frames.js'
import { Fill, Order, OrderReport } from '../messages/order-frames.js'
import { Pair, PairReport } from '../messages/pair-frames.js'
import { REASON_TEXTS } from '../messages/reason-texts.js'
import type { Reason } from '../messages/reasons.js'
import { Clock, InstrumentTerms, Taken } from '../messages/sequence-frames.js'
import {
  FeedStart,
  Intent,
  PositionDifference,
  Run,
  StrategyEnd,
  StrategyStart,
  Switch,
  TimerFired,
  TimerRequest,
  VenueReport,
} from '../sequence/frames.js'
import type { Names } from './names.js'
import { stallInWords } from './stalls.js'

/** A frame of a home in words. A kind that has none of its own: its fields. */
export function frameInWords(frame: FrameView, names: Names): string {
  if (frame.is(BookTop))
    return `quote of ${names.instrument(frame.instrument)}: ${frame.bid} x ${frame.bidSize}, ${frame.ask} x ${frame.askSize}`
  if (frame.is(Trade))
    return `trade of ${names.instrument(frame.instrument)}: ${frame.quantity} at ${frame.price}, ${frame.side}`
  if (frame.is(Ticker))
    return `ticker of ${names.instrument(frame.instrument)}: ${frame.bid} / ${frame.ask}, last ${frame.last}`
  if (frame.is(Taken)) return takenInWords(frame, names)
  if (frame.is(Clock)) return 'the gateway read its clock: something was due'
  if (frame.is(Order)) return orderInWords(frame, names)
  if (frame.is(Pair)) return pairInWords(frame, names)
  if (frame.is(PairReport)) return pairReportInWords(frame)
  if (frame.is(Intent)) return intentInWords(frame, names)
  if (frame.is(VenueReport)) return venueReportInWords(frame, names)
  if (frame.is(OrderReport)) return reportInWords(frame)
  if (frame.is(Fill)) {
    const fee = frame.fee === 0 ? 'no fee' : `fee ${frame.fee} ${frame.feeCurrency}`
    return `${frame.side === 'buy' ? 'bought' : 'sold'} ${frame.quantity} ${names.instrument(frame.instrument)} at ${frame.price}, ${frame.liquidity}, ${fee}, trade ${frame.tradeId}`
  }
  if (frame.is(TimerRequest))
    return `${names.strategy(frame.strategy)} asks for the timer '${frame.name}', in ${ms(frame.after)}${frame.every === 0n ? '' : `, then every ${ms(frame.every)}`}`
  if (frame.is(TimerFired)) return `the timer '${frame.name}' of ${names.strategy(frame.dest ?? 0)} is due`
  if (frame.is(Switch)) return `trading is ${frame.state}${frame.text === '' ? '' : `: ${frame.text}`}`
  if (frame.is(StrategyStart)) return `${frame.id} starts, epoch ${frame.epoch}`
  if (frame.is(StrategyEnd)) return `epoch ${frame.epoch} of ${names.strategy(frame.strategy)} is over`
  if (frame.is(Run)) return `the gateway starts, run ${frame.run}`
  if (frame.is(Stall)) return `${stallInWords(frame)} for ${ms(frame.lasted)}`
  if (frame.is(FeedStart)) return `the feed '${frame.identity}' begins at its event ${frame.next}`
  if (frame.is(InstrumentTerms)) return `instrument ${frame.number} is ${frame.symbol}.${frame.venue}`
  if (frame.is(PositionDifference))
    return `${names.venue(frame.venue)} has ${frame.theirs} steps of ${names.instrument(frame.instrument)}, we have ${frame.ours}`
  return fieldsOf(frame)
}

function takenInWords({ journal, from, to }: FrameView<typeof Taken>, names: Names): string {
  if (journal === 0) return `the gateway takes events ${from} to ${to - 1} of the feed`
  return `the gateway takes ${names.journal(journal)} from ${from} to ${to}`
}

function orderInWords(order: FrameView<typeof Order>, names: Names): string {
  const who = names.strategy(order.source ?? 0)
  switch (order.action) {
    case 'cancel':
      return `${who} asks for a cancel (request ${order.request})`
    case 'cancel-all': {
      const instrument = names.instrument(order.instrument)
      return `${who} asks for the cancel of all its orders${instrument === '' ? '' : ` in ${instrument}`}`
    }
    case 'amend': {
      const price = order.price === 0 ? [] : [`price ${order.price}`]
      const quantity = order.quantity === 0 ? [] : [`quantity ${order.quantity}`]
      return `${who} asks for ${[...price, ...quantity].join(' and ')} (request ${order.request})`
    }
    default:
      return `${who} asks to ${order.side} ${order.quantity} ${names.instrument(order.instrument)}, ${termsOf(order)}`
  }
}

function pairInWords(pair: FrameView<typeof Pair>, names: Names): string {
  const leg = (side: string, quantity: number, instrument: number, price: number): string =>
    `${side} ${quantity} ${names.instrument(instrument)}${price === 0 ? ' at the market' : ` at ${price}`}`
  const first = leg(pair.firstSide, pair.firstQuantity, pair.first, pair.firstPrice)
  const second = leg(pair.secondSide, pair.secondQuantity, pair.second, pair.secondPrice)
  return `${names.strategy(pair.source ?? 0)} asks for a pair: ${first}, ${second}, settling after ${ms(pair.settle)}`
}

function pairReportInWords(report: FrameView<typeof PairReport>): string {
  const { state, reason, excessLeg, excess, closings } = report
  const more = excessLeg === 'none' ? '' : `, the ${excessLeg} leg has ${excess} more`
  const closed = closings === 0 ? '' : `, ${closings} closing orders`
  return `the pair is ${state}: ${report.firstFilled} and ${report.secondFilled} filled${more}${closed}${because(reason)}`
}

/** 'limit 60000.1, ioc, post-only'. */
export function termsOf(order: {
  readonly orderType: string
  readonly price: number
  readonly stopPrice: number
  readonly timeInForce: string
  readonly postOnly?: boolean
  readonly reduceOnly?: boolean
}): string {
  const { orderType, price, stopPrice } = order
  const type = [orderType, ...(price === 0 ? [] : [price]), ...(stopPrice === 0 ? [] : [`at ${stopPrice}`])].join(' ')
  const flags = [
    ...(order.postOnly === true ? ['post-only'] : []),
    ...(order.reduceOnly === true ? ['reduce-only'] : []),
  ]
  return [type, order.timeInForce, ...flags].join(', ')
}

function intentInWords(intent: FrameView<typeof Intent>, names: Names): string {
  const venue = names.venue(intent.venue)
  const instrument = names.instruments.get(intent.instrument)
  switch (intent.action) {
    case 'submit':
      return `it passed all checks and is reserved: to ${venue}, ${intent.side} ${amountsOf(intent, instrument)}`
    case 'amend':
      return `the amend passed all checks: to ${venue}, ${amountsOf(intent, instrument)} (request ${intent.request})`
    case 'cancel':
      return `to ${venue}: cancel it (request ${intent.request})`
    case 'query':
      return `to ${venue}: what became of it?`
    default:
      return `to ${venue}: open orders, fills and positions of account ${intent.account}`
  }
}

function venueReportInWords(report: FrameView<typeof VenueReport>, names: Names): string {
  const venue = names.venue(report.venue)
  const instrument = names.instruments.get(report.instrument)
  const request = report.request === 0 ? '' : ` (request ${report.request})`
  switch (report.kind) {
    case 'sending':
      return `the adapter of ${venue} sends it now, and never again${request}`
    case 'not-sent':
      return `the adapter of ${venue} has not sent it${request}${because(report.reason)}`
    case 'fill':
      return `${venue} says: fill of ${amountsOf(report, instrument)}, trade ${report.tradeId}`
    case 'accepted':
    case 'amended':
    case 'open':
      return `${venue} says: ${report.kind}, ${amountsOf(report, instrument)}${request}`
    default:
      return `${venue} says: ${report.kind}${request}${because(report.reason)}`
  }
}

function reportInWords(report: FrameView<typeof OrderReport>): string {
  const { state, reason, filledQuantity, quantity, averagePrice, request } = report
  const filled = filledQuantity === 0 ? '' : `, ${filledQuantity} of ${quantity} filled at ${averagePrice}`
  const pending = [...(report.pendingCancel ? ['cancel'] : []), ...(report.pendingAmend ? ['amend'] : [])]
  const waiting = pending.length === 0 ? '' : `, ${pending.join(' and ')} not answered yet`
  return `the order is ${state}${filled}${waiting}${request === 0 ? '' : ` (request ${request})`}${because(reason)}`
}

/** ': daily-loss (The day's loss is above ...)'. */
function because(reason: Reason): string {
  return reason === 'none' ? '' : `: ${reason} (${REASON_TEXTS[reason][1].replaceAll('`', '')})`
}

function amountsOf(
  { ticks, steps }: { readonly ticks: number; readonly steps: number },
  instrument: Instrument | undefined,
): string {
  if (instrument === undefined) return `${steps} steps at ${ticks} ticks`
  const quantity = `${instrument.quantity.valueOf(steps)} ${instrument.name}`
  return ticks === 0 ? `${quantity} at the market` : `${quantity} at ${instrument.price.valueOf(ticks)}`
}

function ms(ns: bigint): string {
  return `${Number(ns) / 1e6} ms`
}

/** The header of a frame's JSON. */
const HEADER = new Set(['position', 'time', 'type', 'cause', 'causeJournal', 'source', 'dest', 'sinceRoot'])

function fieldsOf(frame: FrameView): string {
  const fields = Object.entries(frame.toJSON()).filter(([name]) => !HEADER.has(name))
  return [frame.definition.name, ...fields.map(([name, value]) => `${name}=${textOf(value)}`)].join(' ')
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

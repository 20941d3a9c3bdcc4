import { statSync } from 'node:fs'
import { now } from '../base/clock.js'
import { Frame } from '../frames/format.js'
import { type Handlers, on } from '../frames/handlers.js'
import type { FramePointer } from '../frames/pointer.js'
import { type FrameHeader, pointerOf } from '../frames/view.js'
import { Reader } from '../journal/read/reader.js'
import { Stall } from '../runtime/stalls/frames.js'
import { lastKnown } from '../trading/inspect/known-before.js'
import { FINAL_STATES, OrderTable } from '../trading/inspect/orders.js'
import { PositionTable } from '../trading/inspect/positions.js'
import { BookTop, Trade } from '../trading/messages/market-frames.js'
import { ORDER_STATES, type OrderState } from '../trading/messages/order-terms.js'
import { Run, Switch } from '../trading/sequence/frames.js'
import { snapshotsOf } from '../trading/snapshots/find.js'
import { ageMs } from './journal-sampler.js'
import { OrderLatency } from './order-latency.js'
import { StallTally } from './stall-tally.js'
import { together } from './together.js'
import type { DeskSample, MarketSample } from './types.js'
import { VenueStates } from './venue-states.js'

/** Final orders that are kept: what a page of `top` and a dashboard show. */
const MOST_FINAL = 200
/** Frames between two checks of the budget. */
const BATCH = 4096
/** 64 MiB: more than there is between two snapshots. */
const OUTRUN_SLOTS = 1_048_576
/** DeskState of trading/risk, as a snapshot has it. */
const STATES = ['active', 'reducing', 'halted'] as const

/**
 * What the sequence of a home says, read forward from its last snapshot, and at each call from where the last one ended. It takes no
 * reader's slot. The tables of trading/inspect do the counting.
 */
export class DeskFold {
  readonly stalls = new StallTally()
  readonly latency = new OrderLatency()
  readonly orders: OrderTable
  readonly positions = new PositionTable('strategy')
  private readonly venues: VenueStates
  private readonly reader: Reader
  private readonly handlers: Handlers
  private readonly inode: number
  private run = 0
  private trading: DeskSample['trading'] = { state: 'active', reason: '', since: undefined }
  private readonly open = new Set<bigint>()
  private readonly ended = new Map<OrderState, number>()
  private frames = 0
  private events = 0
  /** The halves of the time of the last market event: a bigint for each would be allocated. */
  private eventLow = 0
  private eventHigh = 0
  private readonly markets: { bid: number; ask: number; low: number; high: number }[] = []
  private before: { readonly time: bigint; readonly frames: number; readonly events: number } | undefined = undefined

  constructor(private readonly sequence: string) {
    this.inode = statSync(sequence).ino
    this.orders = new OrderTable({
      keeps: () => true,
      mostFinal: MOST_FINAL,
      onChange: ({ orderId, state }) => {
        if (!FINAL_STATES.has(state)) this.open.add(orderId)
        else if (this.open.delete(orderId)) this.ended.set(state, (this.ended.get(state) ?? 0) + 1)
      },
    })
    this.venues = new VenueStates(this.orders.names)
    this.handlers = together(
      this.orders.handlers,
      this.positions.handlers,
      this.latency.handlers,
      this.venues.handlers,
      this.ownHandlers(),
    )
    const known = lastKnown(sequence)
    if (known !== undefined) {
      this.orders.begin(known)
      this.positions.begin(known)
      this.venues.begin(known)
      this.run = known.desk.run
      const state = STATES[known.desk.desk.risk.state] ?? 'active'
      this.trading = { state, reason: '', since: undefined }
    }
    this.reader = Reader.open(sequence, { from: known === undefined ? 'start' : { position: known.position } })
  }

  /** Whether the sequence at its path is still the one that is read. */
  get isCurrent(): boolean {
    return statSync(this.sequence, { throwIfNoEntry: false })?.ino === this.inode
  }

  /** Reads up to the sequence's end at the call, or until `budgetMs` are over. */
  read(budgetMs: number): void {
    const { reader, handlers } = this
    const end = reader.position + reader.lag
    const until = performance.now() + budgetMs
    while (reader.position < end) {
      const read = reader.poll(handlers, BATCH)
      this.frames += read
      if (read === 0 || performance.now() > until) return
    }
  }

  /** Whether it has fallen so far behind that a new one, which begins with the last snapshot, would be far ahead of it. */
  get isOutrun(): boolean {
    const { reader, sequence } = this
    if (reader.lag < OUTRUN_SLOTS) return false
    const [last] = snapshotsOf(sequence)
    return last !== undefined && last.at > reader.position + OUTRUN_SLOTS / 2
  }

  close(): void {
    this.reader.close()
  }

  /** What is known now; risk and the day's profit are the sampler's. */
  sample(): Omit<DeskSample, 'limits' | 'day' | 'profit'> {
    const { reader, orders, positions, frames, events, before } = this
    const time = now()
    const seconds = before === undefined ? 0 : Number(time - before.time) / 1e9
    const rate = (count: number, was = 0): number | undefined => (seconds > 0 ? (count - was) / seconds : undefined)
    const all = orders.orders
    const open = all.filter(({ state }) => !FINAL_STATES.has(state))
    const last = this.events === 0 ? undefined : timeOf(this.eventLow, this.eventHigh)
    this.before = { time, frames, events }
    return {
      run: this.run,
      position: reader.position,
      behind: reader.lag,
      framesPerSecond: rate(frames, before?.frames),
      trading: this.trading,
      orders: {
        open,
        last: all.filter(({ state }) => FINAL_STATES.has(state)),
        byState: Object.fromEntries(
          ORDER_STATES.map(state => [
            state,
            FINAL_STATES.has(state) ? (this.ended.get(state) ?? 0) : open.filter(order => order.state === state).length,
          ]),
        ) as Record<OrderState, number>,
      },
      latency: this.latency.samples,
      feed: {
        events,
        eventsPerSecond: rate(events, before?.events),
        lastTime: last,
        ageMs: last === undefined ? undefined : ageMs(time, last),
      },
      markets: this.marketsAt(time),
      positions: {
        byStrategy: positions.linesBy('strategy'),
        byAccount: positions.linesBy('account'),
        byDesk: positions.linesBy('desk'),
      },
      venues: this.venues.samples,
    }
  }

  private ownHandlers(): Handlers {
    return on(Stall, frame => this.stalls.add(frame))
      .on(Run, ({ run }) => {
        this.run = run
      })
      .on(Switch, ({ state, text, reason, time }) => {
        const why = text === '' && reason !== 'none' ? reason : text
        this.trading =
          state === 'active' ? { state, reason: '', since: undefined } : { state, reason: why, since: time }
      })
      .on(BookTop, frame => {
        const market = this.event(frame, frame.instrument)
        market.bid = frame.bid
        market.ask = frame.ask
      })
      .on(Trade, frame => void this.event(frame, frame.instrument))
  }

  private event(frame: FrameHeader, instrument: number): (typeof this.markets)[number] {
    const { at, u32 } = pointerOf(frame) as FramePointer
    const market = (this.markets[instrument] ??= { bid: 0, ask: 0, low: 0, high: 0 })
    this.events++
    market.low = this.eventLow = u32[(at + Frame.TIME) >> 2]
    market.high = this.eventHigh = u32[(at + Frame.TIME + 4) >> 2]
    return market
  }

  private marketsAt(at: bigint): MarketSample[] {
    return this.markets.flatMap(({ bid, ask, low, high }, number) => {
      const time = timeOf(low, high)
      return [{ instrument: this.orders.names.instrument(number), bid, ask, time, ageMs: ageMs(at, time) }]
    })
  }
}

function timeOf(low: number, high: number): bigint {
  return (BigInt(high) << 32n) | BigInt(low)
}

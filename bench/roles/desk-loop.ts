// The work of a gateway and of a strategy in turns on one thread, over journals in memory: what each of them costs without a second core
// between them, and what they allocate.
import { getHeapStatistics } from 'node:v8'
import { type BookTopView, defineStrategy, type StrategyContext } from 'ticktape/runtime'
import { SimulatedExchange } from 'ticktape/trading'
import { FrameRecorder } from '../../dist/frames/frame-recorder.js'
import { Writer } from '../../dist/journal/write/writer.js'
import { Consumer } from '../../dist/runtime/consumer/consumer.js'
import type { Desk } from '../../dist/trading/desk/desk.js'
import { makeDesk } from '../../dist/trading/desk/make-desk.js'
import { MarketSource } from '../../dist/trading/gateway/market-source.js'
import { StrategySource } from '../../dist/trading/gateway/strategy-source.js'
import { FeedPump } from '../../dist/trading/market/feed-pump.js'
import { entryOf, writeInstrument } from '../../dist/trading/messages/instrument-frames.js'
import { BookTop } from '../../dist/trading/messages/market-frames.js'
import { Order, OrderReport } from '../../dist/trading/messages/order-frames.js'
import { InstrumentTerms } from '../../dist/trading/messages/sequence-frames.js'
import { SEQUENCE_FRAMES, TimerRequest } from '../../dist/trading/sequence/frames.js'
import {
  HomeDirectory,
  newIdentity,
  SEQUENCE,
  STRATEGY_JOURNALS,
  writeIdentity,
} from '../../dist/trading/sequence/home.js'
import { Sequence } from '../../dist/trading/sequence/sequence.js'
import { StrategyHost } from '../../dist/trading/strategies/host.js'
import { pinTo, serve } from '../support/child.js'
import { nanoseconds } from '../support/clock.js'
import { DESK_RISK, EVENT_BATCH, eventsAt, FIRST_BID, INSTRUMENT } from '../support/desk.js'
import { Profile, type Share } from '../support/profile.js'
import { median } from '../support/statistics.js'

/** ns that each side needs, medians of bursts, and bytes of the heap: for one event, or for one order. */
export interface DeskCosts {
  readonly gatewayNs: number
  readonly strategyNs: number
  readonly gatewayBytes: number
  readonly strategyBytes: number
}

interface Task {
  readonly home: string
  readonly count: number
  readonly cpu: number
}

/** The number of the strategy in its home. */
const STRATEGY = 1
/** Bursts after which code counts as compiled. */
const WARM_UP = 0.3

/** One desk with one strategy. */
class OneThread {
  sent = 0
  answered = 0
  seen = 0
  /** Orders that the strategy sends, one after the other. */
  orders = 0
  /** Every so many events lead to an order; 0: none. */
  every = 0
  private readonly market: MarketSource
  private readonly source: StrategySource

  static async open(path: string, eventCount: number): Promise<OneThread> {
    const home = HomeDirectory.open(path)
    const identity = newIdentity()
    const writer = Writer.open(home.sequence, { durability: 'process', journalId: SEQUENCE, frames: SEQUENCE_FRAMES })
    writeIdentity(writer, identity)
    const venue = new SimulatedExchange({ name: INSTRUMENT.venue })
    const desk = makeDesk(identity, [{ venue, isRemote: false }], 0, new FrameRecorder())
    desk.outcomes.writeTo(writer)
    const instrument = desk.instruments.add(INSTRUMENT)
    writer.addInstruments([entryOf(instrument)])
    writeInstrument(writer, instrument)
    desk.risk.setOptions(DESK_RISK)
    desk.startStrategy(STRATEGY, 'one', 1, false)
    const consumer = await Consumer.open({
      name: 'one',
      input: home.sequence,
      output: home.strategy('one'),
      writer: { durability: 'process', journalId: STRATEGY_JOURNALS + STRATEGY, frames: [Order, TimerRequest] },
      from: 'start',
      run: 1,
    })
    return new OneThread(new Sequence(writer, desk.time), desk, consumer, home.strategy('one'), eventCount)
  }

  private constructor(
    private readonly sequence: Sequence,
    private readonly desk: Desk,
    private readonly consumer: Consumer,
    journal: string,
    eventCount: number,
  ) {
    const [instrument] = desk.instruments.all
    this.market = new MarketSource(sequence, desk, () => instrument)
    this.source = new StrategySource(journal, STRATEGY, 0)
    this.pump = new FeedPump({
      feed: {
        async *events() {
          const batch = eventsAt(0, 0)
          for (let n = 0; n < eventCount; n += EVENT_BATCH) yield batch
        },
      },
      speed: 'max',
      maxGapMs: undefined,
      skip: 0,
      onProblem: () => {},
      onArrival: () => {},
    })
    const life = {
      strategy: STRATEGY,
      epoch: 1,
      seed: 1,
      replay: false,
      sequence: SEQUENCE,
      accounts: {},
    }
    const host = new StrategyHost(this.strategy(), life, {
      begin: definition => consumer.begin(definition),
      commit: options => consumer.commit(options),
      log: () => {},
    })
    consumer
      .on(InstrumentTerms, frame => {
        host.instrument(frame)
      })
      .on(BookTop, frame => host.book(frame))
      .on(OrderReport, frame => host.report(frame))
  }

  private readonly pump: FeedPump

  /** Takes a burst of events. Returns how many; 0 at the feed's end. */
  async takeEvents(): Promise<number> {
    for (;;) {
      const count = this.market.take(this.pump, 0)
      if (count > 0 || this.pump.ended) return count
      // The feed's next batch comes with a promise.
      await Promise.resolve()
    }
  }

  takeOrders(): void {
    while (this.source.take(this.sequence, this.desk) > 0);
  }

  /** The strategy handles all that there is. */
  runStrategy(): void {
    const { consumer } = this
    while (consumer.reader.poll(consumer['handlers'], 256) > 0);
  }

  close(): void {
    this.source.close()
    this.consumer.close()
    this.sequence.writer.close()
  }

  private strategy() {
    const order = (context: StrategyContext, instrument: number): void => {
      this.sent++
      context.order({ instrument, side: 'buy', quantity: 1, price: 100, timeInForce: 'ioc' })
    }
    return defineStrategy({
      id: 'one',
      onBook: (book: BookTopView, context) => {
        this.seen++
        if (book.bid !== FIRST_BID + ((this.seen - 1) % EVENT_BATCH))
          throw new Error(`an event has the bid ${book.bid}`)
        if (this.every > 0 ? this.seen % this.every === 0 : this.sent < this.orders && this.sent === this.answered)
          order(context, book.instrument)
      },
      onOrder: (report, context) => {
        if (report.state !== 'cancelled') return
        this.answered++
        if (this.every === 0 && this.sent < this.orders) order(context, report.instrument)
      },
    })
  }
}

/** ns of both sides in one burst, divided by what was in it. */
class Times {
  private readonly gateway: number[] = []
  private readonly strategy: number[] = []

  add(gateway: number, strategy: number, count: number): void {
    this.gateway.push(gateway / count)
    this.strategy.push(strategy / count)
  }

  get medians(): Pick<DeskCosts, 'gatewayNs' | 'strategyNs'> {
    const from = Math.floor(WARM_UP * this.gateway.length)
    return { gatewayNs: median(this.gateway.slice(from)), strategyNs: median(this.strategy.slice(from)) }
  }
}

const heapUsed = (): number => getHeapStatistics().used_heap_size
const collect = (): void => (globalThis as unknown as { gc: () => void }).gc()

/** Market events to a strategy that looks at each; every so many of them lead to an order. */
async function events({ home, count, cpu, every }: Task & { readonly every: number }): Promise<DeskCosts> {
  pinTo(cpu)
  const counted = Math.floor(count / 4)
  const desk = await OneThread.open(home, count + 2 * counted)
  desk.every = every
  const times = new Times()
  while (desk.seen < count) {
    const start = nanoseconds()
    const taken = await desk.takeEvents()
    const between = nanoseconds()
    desk.runStrategy()
    const end = nanoseconds()
    desk.takeOrders()
    const after = nanoseconds()
    desk.runStrategy()
    times.add(between - start + after - end, end - between + nanoseconds() - after, taken)
  }
  // One side after the other, so that it is known whose bytes they are.
  desk.every = 0
  collect()
  const atFirst = heapUsed()
  let taken = 0
  while (taken < counted) taken += await desk.takeEvents()
  const atMiddle = heapUsed()
  desk.runStrategy()
  const atEnd = heapUsed()
  desk.close()
  return {
    ...times.medians,
    gatewayBytes: (atMiddle - atFirst) / taken,
    strategyBytes: (atEnd - atMiddle) / taken,
  }
}

/** Orders one after the other: each is cancelled at once, and the next one is sent when that is reported. */
async function orders({ home, count, cpu }: Task): Promise<DeskCosts> {
  pinTo(cpu)
  const desk = await OneThread.open(home, EVENT_BATCH)
  desk.orders = count
  await desk.takeEvents()
  desk.runStrategy()
  const times = new Times()
  let gatewayBytes = 0
  let strategyBytes = 0
  const warm = Math.floor(count / 2)
  while (desk.answered < warm) {
    const start = nanoseconds()
    desk.takeOrders()
    const between = nanoseconds()
    desk.runStrategy()
    times.add(between - start, nanoseconds() - between, 1)
  }
  collect()
  while (desk.answered < count) {
    const atFirst = heapUsed()
    desk.takeOrders()
    const atMiddle = heapUsed()
    desk.runStrategy()
    strategyBytes += heapUsed() - atMiddle
    gatewayBytes += atMiddle - atFirst
  }
  desk.close()
  return {
    ...times.medians,
    gatewayBytes: gatewayBytes / (count - warm),
    strategyBytes: strategyBytes / (count - warm),
  }
}

/** Where the time of both sides goes, once code is compiled: of events, every so many of which lead to an order, or of orders. */
async function profile({ home, count, cpu, every }: Task & { readonly every: number }): Promise<Share[]> {
  pinTo(cpu)
  const isOrders = every === 0
  const desk = await OneThread.open(home, isOrders ? EVENT_BATCH : 2 * count)
  desk.every = every
  if (isOrders) {
    desk.orders = 2 * count
    await desk.takeEvents()
    desk.runStrategy()
  }
  const run = async (to: number): Promise<void> => {
    while ((isOrders ? desk.answered : desk.seen) < to) {
      if (!isOrders) await desk.takeEvents()
      desk.runStrategy()
      desk.takeOrders()
      desk.runStrategy()
    }
  }
  await run(count)
  const profiling = await Profile.begin()
  await run(2 * count)
  const shares = await profiling.end()
  desk.close()
  return shares
}

serve({ events, orders, profile })

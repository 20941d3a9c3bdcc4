/**
 * Writes a sequence as a gateway does, without its processes and at times that the test gives: the desk decides, and each
 * burst is published with its outcomes.
 */
import { createHash } from 'node:crypto'
import { type Values, Writer } from 'ticktape'
import type { RiskOptions } from 'ticktape/runtime'
import {
  BookTop,
  Order,
  type OrderValues,
  SimulatedExchange,
  type SimulatedExchangeOptions,
  Trade,
  type VenueEvent,
} from 'ticktape/trading'
import { FrameRecorder } from '../../dist/frames/frame-recorder.js'
import type { Desk } from '../../dist/trading/desk/desk.js'
import { makeDesk } from '../../dist/trading/desk/make-desk.js'
import type { Instrument, InstrumentSpec } from '../../dist/trading/instruments/instrument.js'
import { entryOf, writeInstrument } from '../../dist/trading/messages/instrument-frames.js'
import { idHigh, orderIdFrom } from '../../dist/trading/messages/order-id.js'
import { Pair } from '../../dist/trading/messages/pair-frames.js'
import { Replica } from '../../dist/trading/replica/replica.js'
import { type DeskConfig, writeConfig } from '../../dist/trading/sequence/config.js'
import {
  Lost,
  Run,
  SEQUENCE_FRAMES,
  StrategyEnd,
  StrategyStart,
  Switch,
  TimerRequest,
} from '../../dist/trading/sequence/frames.js'
import {
  HomeDirectory,
  newIdentity,
  OPERATOR,
  SEQUENCE,
  STRATEGY_JOURNALS,
  VENUE_JOURNALS,
  writeIdentity,
} from '../../dist/trading/sequence/home.js'
import { Sequence } from '../../dist/trading/sequence/sequence.js'
import { Command, type CommandAction, StrategyEvent } from '../../dist/trading/sequence/supervision-frames.js'
import { writeVenueReport } from '../../dist/trading/sequence/venue-reports.js'
import { SnapshotWriter } from '../../dist/trading/snapshots/write.js'
import { RecordedVenue } from '../../dist/trading/venues/recorded-venue.js'
import type { RequestLimits } from '../../dist/trading/venues/request-limits.js'

export interface MakerOptions {
  readonly home: string
  readonly exchange?: SimulatedExchangeOptions
  readonly instruments: readonly InstrumentSpec[]
  readonly risk?: RiskOptions
  readonly expiryMs?: number
  readonly pageSize?: number
  readonly strategyPageSize?: number
  /** Whether strategies have journals of their own, as in a home. */
  readonly journals?: boolean
  /** Accounts of a second venue, `far`, which runs elsewhere; none without. */
  readonly far?: readonly string[]
  /** What the venues allow. */
  readonly requestLimits?: RequestLimits
  readonly deadManMs?: number
  readonly calendars?: DeskConfig['calendars']
}

export class SequenceMaker {
  readonly path: string
  readonly config: DeskConfig
  readonly desk: Desk
  readonly writer: Writer
  readonly sequence: Sequence
  readonly instruments: Instrument[] = []
  /** ns since the home's origin. */
  now = 1
  private readonly taken = new Map<number, number>()
  private readonly epochs = new Map<number, number>()
  private readonly counters = new Map<number, number>()
  private readonly requests = new FrameRecorder()
  private readonly identity = newIdentity()
  private readonly journals = new Map<number, Writer>()
  private snapshots = 0
  private replica: Replica | undefined = undefined
  private runs = 0
  private commands = 0

  constructor(private readonly options: MakerOptions) {
    this.path = HomeDirectory.open(options.home).sequence
    const exchange = new SimulatedExchange(options.exchange)
    const far = options.far === undefined ? [] : [new RecordedVenue('far', options.far, true)]
    const venues = [exchange, ...far].map((venue, n) => ({ venue, isRemote: n === 1 }))
    this.config = {
      risk: options.risk ?? {},
      deadManMs: options.deadManMs ?? 0,
      calendars: options.calendars,
      expiryMs: options.expiryMs ?? 0,
      venues: venues.map(({ venue, isRemote }) => ({
        name: venue.name,
        accounts: venue.accounts,
        canAmend: venue.canAmend,
        deterministic: venue.deterministic,
        isRemote,
        requestLimits: options.requestLimits,
        configuration: venue instanceof SimulatedExchange ? venue.configuration : undefined,
      })),
    }
    const { pageSize = 65536 } = options
    this.writer = Writer.open(this.path, {
      pageSize,
      durability: 'process',
      journalId: SEQUENCE,
      frames: SEQUENCE_FRAMES,
    })
    const { identity } = this
    writeIdentity(this.writer, identity)
    const recorder = new FrameRecorder()
    this.desk = makeDesk(identity, venues, this.config.expiryMs, recorder)
    this.sequence = new Sequence(this.writer, this.desk.time)
    while (!recorder.isEmpty) {
      copyFirst(this.writer, recorder)
      recorder.shift()
    }
    this.desk.outcomes.writeTo(this.writer)
    this.run(this.config.risk, options.instruments)
  }

  get position(): number {
    return this.writer.position
  }

  /** A gateway starts. */
  run(risk: RiskOptions, specs: readonly InstrumentSpec[] = []): void {
    const { desk, writer } = this
    const clock = desk.time.toBigInt(this.now)
    desk.restart(desk.time.fromBigInt(clock), writer.write(Run, { run: ++this.runs, pid: 1, clock }))
    for (const spec of specs) this.addInstrument(spec)
    const config = { ...this.config, risk }
    desk.configure(config)
    writeConfig(writer, config)
    desk.sessions.set(config.calendars, desk.now)
    desk.send()
  }

  addInstrument(spec: InstrumentSpec): Instrument {
    const { instruments } = this.desk
    const before = instruments.count
    const instrument = instruments.add(spec)
    if (instruments.count === before) return instrument
    this.writer.addInstruments([entryOf(instrument)])
    writeInstrument(this.writer, instrument)
    this.instruments.push(instrument)
    this.desk.sessions.add(instrument, this.desk.now)
    return instrument
  }

  start(strategy: number): void {
    this.journalOf(strategy)
    const epoch = (this.epochs.get(strategy) ?? 0) + 1
    this.epochs.set(strategy, epoch)
    this.counters.set(strategy, 0)
    const start = { strategy, epoch, seed: 7, wantsTicker: false, id: `s${strategy}`, code: 'c', file: '' }
    this.writer.write(StrategyStart, start)
    this.desk.startStrategy(strategy, start.id, epoch, false)
  }

  end(strategy: number): void {
    this.writer.write(StrategyEnd, { strategy, epoch: this.epochs.get(strategy) ?? 0, end: 0 })
    this.desk.endStrategy(strategy)
  }

  switchTo(state: 'active' | 'reducing' | 'halted'): void {
    this.desk.switchTo(state, this.writer.write(Switch, { state, reason: 'none', text: '' }))
    this.desk.send()
  }

  /** A process of the strategy is ready. */
  ready(strategy: number): void {
    this.writer.write(StrategyEvent, { strategy, epoch: this.epochs.get(strategy) ?? 0, event: 'ready', text: '' })
    this.desk.strategyReady(strategy)
  }

  /** A person's command. */
  command(action: CommandAction, strategy = '', detail = ''): void {
    const expires = this.desk.time.toBigInt(this.now) + 60_000_000_000n
    const values = { id: BigInt(++this.commands), action, expires, user: 'u', reason: '', strategy, detail }
    this.burst(OPERATOR, Command.slots, () => {
      const position = this.writer.write(Command, values)
      this.desk.tick(this.now)
      this.desk.command(values, position)
    })
  }

  /** The machine has stopped: the last frames of the strategies' journals may be gone. */
  losePower(): void {
    const { writer, desk } = this
    const position = this.position
    const all = [
      { journal: SEQUENCE, taken: position, epoch: 0, id: '' },
      ...[...this.epochs].map(([strategy, epoch]) => {
        this.epochs.set(strategy, epoch + 1024)
        return { journal: STRATEGY_JOURNALS + strategy, taken: 0, epoch: epoch + 1024, id: `s${strategy}` }
      }),
    ]
    let last = 0
    writer.batch(() => {
      for (const [n, lost] of all.entries()) last = writer.write(Lost, { ...lost, last: n === all.length - 1 })
    })
    for (const strategy of this.epochs.keys()) desk.strategies.lose(strategy)
    desk.losePower(last)
    desk.send()
  }

  /** Lets what is due happen. */
  advance(): void {
    const position = this.sequence.beginClock(this.now)
    this.desk.tick(this.now)
    this.desk.advance(position)
    this.sequence.end()
    this.desk.send()
  }

  quote(instrument: Instrument, bid: number, ask: number, size = 10): void {
    this.burst(0, BookTop.slots, () => {
      const book = { instrument: instrument.number, venueTime: 0n, bid, ask, bidSize: size, askSize: size }
      const position = this.writer.write(BookTop, book)
      this.desk.tick(this.now)
      this.desk.quote(instrument, bid, size, ask, size, position)
    })
  }

  trade(instrument: Instrument, side: 'buy' | 'sell', price: number, quantity: number): void {
    this.burst(0, Trade.slots, () => {
      const trade = { instrument: instrument.number, side, price, quantity, tradeId: 1n, venueTime: 0n }
      const position = this.writer.write(Trade, trade)
      this.desk.tick(this.now)
      this.desk.traded.record(instrument.number, price, quantity)
      this.desk.trade(instrument, side === 'buy' ? 0 : 1, price, quantity, position)
    })
  }

  /** A pair of a buy and a sell. */
  pair(strategy: number, values: Partial<Values<typeof Pair>>): bigint {
    const counter = 32 * Math.ceil(((this.counters.get(strategy) ?? 0) + 1) / 32)
    this.counters.set(strategy, counter + 31)
    const pairId = orderIdFrom(idHigh(strategy, this.epochs.get(strategy) ?? 1), counter)
    Object.assign(this.requests.begin(Pair), { ...PAIR, ...values, pairId })
    this.requests.commit()
    this.burst(STRATEGY_JOURNALS + strategy, Pair.slots, () => {
      const pointer = this.requests.peek() as never
      const position = copyFirst(this.writer, this.requests)
      this.desk.tick(this.now)
      this.desk.pair(pointer, strategy, position)
    })
    this.requests.shift()
    return pairId
  }

  /** A new order. Returns its id. */
  order(strategy: number, values: Partial<OrderValues> = {}): bigint {
    const counter = (this.counters.get(strategy) ?? 0) + 1
    this.counters.set(strategy, counter)
    const orderId = orderIdFrom(idHigh(strategy, this.epochs.get(strategy) ?? 1), counter)
    this.request(strategy, { ...ORDER, ...values, orderId, action: 'new' })
    return orderId
  }

  amend(strategy: number, orderId: bigint, request: number, price: number, quantity: number): void {
    this.request(strategy, { ...ORDER, orderId, request, price, quantity, action: 'amend' })
  }

  cancel(strategy: number, orderId: bigint, request: number): void {
    this.request(strategy, { ...ORDER, orderId, request, action: 'cancel' })
  }

  cancelAll(strategy: number): void {
    this.request(strategy, { ...ORDER, orderId: orderIdFrom(idHigh(strategy, 1), 0), action: 'cancel-all' })
  }

  timer(strategy: number, timer: number, afterNs: number, everyNs: number): void {
    const frame = this.requests.begin(TimerRequest)
    Object.assign(frame, { strategy, timer, after: BigInt(afterNs), every: BigInt(everyNs), name: 'tick' })
    this.requests.commit()
    this.burst(STRATEGY_JOURNALS + strategy, TimerRequest.slots, () => {
      const pointer = this.requests.peek() as never
      copyFirst(this.writer, this.requests)
      this.desk.tick(this.now)
      this.desk.requestTimer(pointer, strategy)
    })
    this.requests.shift()
  }

  /** The venue `far` says something. */
  say(event: VenueEvent): void {
    const far = this.desk.venues.all[1]
    this.burst(VENUE_JOURNALS + 1, 6, () => {
      const position = writeVenueReport(this.writer, 1, event)
      this.desk.tick(this.now)
      this.desk.report(far, event, position)
    })
  }

  /** A strategy writes an order into its journal that is not taken. */
  leave(strategy: number, values: Partial<OrderValues>): void {
    const counter = (this.counters.get(strategy) ?? 0) + 1
    const orderId = orderIdFrom(idHigh(strategy, this.epochs.get(strategy) ?? 1), counter)
    this.journalOf(strategy)?.write(Order, { ...ORDER, ...values, orderId, action: 'new' })
  }

  /** A snapshot of what is now in the sequence. Returns its bytes. */
  snapshot(): Buffer {
    this.replica ??= new Replica(this.options.home, this.config)
    const at = this.position
    this.replica.playTo(at)
    const bytes = this.replica.save()
    const snapshot = new SnapshotWriter(this.writer, ++this.snapshots, this.identity)
    snapshot.add(bytes)
    snapshot.end(at, createHash('sha256').update(bytes).digest('hex'))
    return bytes
  }

  close(): void {
    this.writer.close()
    for (const journal of this.journals.values()) journal.close()
  }

  private journalOf(strategy: number): Writer | undefined {
    if (this.options.journals !== true) return undefined
    const known = this.journals.get(strategy)
    if (known !== undefined) return known
    const path = HomeDirectory.openExisting(this.options.home).strategy(`s${strategy}`)
    const journalId = STRATEGY_JOURNALS + strategy
    const writer = Writer.open(path, {
      pageSize: this.options.strategyPageSize ?? 65536,
      durability: 'process',
      journalId,
    })
    writeIdentity(writer, this.identity)
    this.journals.set(strategy, writer)
    return writer
  }

  private request(strategy: number, values: object): void {
    const frame = this.requests.begin(Order)
    Object.assign(frame, values)
    this.requests.commit()
    this.burst(STRATEGY_JOURNALS + strategy, Order.slots, () => {
      const pointer = this.requests.peek() as never
      const position = copyFirst(this.writer, this.requests)
      this.desk.tick(this.now)
      this.desk.order(pointer, strategy, position)
    })
    this.requests.shift()
  }

  private burst(journal: number, slots: number, body: () => void): void {
    const from = this.taken.get(journal) ?? 0
    const own = this.journals.get(journal - STRATEGY_JOURNALS)
    if (own !== undefined) copyFirst(own, this.requests)
    const to = own?.position ?? from + (journal === 0 ? 1 : slots)
    this.taken.set(journal, to)
    this.sequence.begin(journal, from, to, this.now, slots)
    body()
    this.sequence.end()
    this.desk.send()
  }
}

/** Appends a copy of a recorder's oldest frame, as a gateway does. Returns its position. */
function copyFirst(writer: Writer, recorder: FrameRecorder): number {
  const { copy } = writer as unknown as { readonly copy: (definition: unknown, frame: unknown) => number }
  return copy.call(writer, recorder.definitionOfFirst(), recorder.peek())
}

const PAIR = {
  firstAccount: 0,
  secondAccount: 0,
  firstSide: 'buy',
  secondSide: 'sell',
  firstType: 'limit',
  secondType: 'limit',
  firstTimeInForce: 'gtc',
  secondTimeInForce: 'gtc',
  firstPostOnly: false,
  secondPostOnly: false,
  firstReduceOnly: false,
  secondReduceOnly: false,
  attempts: 3,
  maxSlippage: 0.01,
  settle: 20_000_000n,
  retry: 5_000_000n,
  firstLabel: '',
  secondLabel: '',
} as const

const ORDER = {
  instrument: 0,
  request: 0,
  account: 0,
  side: 'buy',
  orderType: 'limit',
  timeInForce: 'gtc',
  postOnly: false,
  reduceOnly: false,
  price: 0,
  quantity: 0,
  stopPrice: 0,
  expireAt: 0n,
  clientOrderId: '',
} as const

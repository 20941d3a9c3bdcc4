import { InvalidOptionError, InvalidStateError } from '../../base/errors.js'
import { formatValue } from '../../base/format-value.js'
import { checkOptions } from '../../base/options.js'
import { OwnCommit } from '../../frames/commit-options.js'
import type { FrameSink } from '../../frames/frame-recorder.js'
import type { FramePointer } from '../../frames/pointer.js'
import type { Instrument } from '../instruments/instrument.js'
import type { Instruments } from '../instruments/instruments.js'
import { Order } from '../messages/order-frames.js'
import { idHigh, MAX_COUNTER, orderIdFrom, strategyOfOrder } from '../messages/order-id.js'
import { FIRST_LEG, PAIR_IDS, Pair, SECOND_LEG } from '../messages/pair-frames.js'
import { TimerRequest } from '../sequence/frames.js'
import type { EpochStart } from './epoch-start.js'
import { checkRequest, fillOrder, type OrderRequest, positive } from './order-request.js'
import { OwnOrders, type SavedOrder } from './own-orders.js'
import { OwnPairs, type SavedPair } from './own-pairs.js'
import { checkPair, fillPair, type PairRequest, type PlacedLeg } from './pair-request.js'

/** How far the counters of a strategy have come, as plain data. */
export interface SenderData {
  readonly lastOrder: number
  readonly lastTimer: number
  readonly endedTimers: readonly number[]
  readonly requests: readonly (readonly [orderId: string, number: number])[]
  /** What is sent and not answered is in no report: the sequence alone does not say what is open. Missing in older states. */
  readonly orders?: readonly SavedOrder[]
  readonly pairs?: readonly SavedPair[]
}

/** What a strategy sends: orders, amends, cancels, pairs and timers, each with the frame that led to it. */
export class Sender {
  /** The orders and pairs that were sent and have not ended. */
  readonly orders: OwnOrders
  readonly pairs = new OwnPairs()
  /** The frame that is being handled. */
  frame: FramePointer | undefined = undefined
  /** Nothing can be sent for frames of the history. */
  inHistory = false
  /** `onStop` is called: the last frame is the cause. */
  stopping = false
  private high: number
  private lastOrder = 0
  private lastTimer = 0
  private readonly endedTimers = new Set<number>()
  /** Requests within each order, counted from 1: amends and cancels. */
  private readonly requests = new Map<bigint, number>()
  /** Options of a commit, used again for each. */
  private readonly sending = new OwnCommit()

  /** @param output where it goes; another one while an earlier epoch is repeated. */
  constructor(
    /** The strategy's. */
    private readonly id: string,
    private readonly given: EpochStart,
    private readonly instruments: Instruments,
    public output: FrameSink,
  ) {
    this.high = idHigh(given.strategy, given.epoch)
    this.orders = new OwnOrders(instruments, this.high)
    this.sending.journal = given.sequence
    this.sending.source = given.strategy
  }

  /** A frame was handled: what is sent outside of handlers has it as its cause. */
  handled(position: number): void {
    this.causedBy(position)
    this.sending.frame = undefined
    this.frame = undefined
  }

  /** Whether the strategy has ended a timer: it may have fired before the gateway took the request. */
  hasEnded(timer: number): boolean {
    return this.endedTimers.has(timer)
  }

  save(): SenderData {
    const { lastOrder, lastTimer, endedTimers, requests } = this
    return {
      lastOrder,
      lastTimer,
      endedTimers: [...endedTimers],
      // An order that has ended is not amended or cancelled any more.
      requests: [...requests]
        .filter(([orderId]) => this.orders.has(orderId))
        .map(([orderId, number]) => [String(orderId), number] as const),
      orders: this.orders.save(),
      pairs: this.pairs.save(),
    }
  }

  load({ lastOrder, lastTimer, endedTimers, requests, orders, pairs }: SenderData): void {
    if (orders !== undefined) this.orders.replace(orders)
    if (pairs !== undefined) this.pairs.replace(pairs)
    this.lastOrder = lastOrder
    this.lastTimer = lastTimer
    for (const id of endedTimers) this.endedTimers.add(id)
    for (const [orderId, number] of requests) this.requests.set(BigInt(orderId), number)
  }

  /** The counters of a new epoch. */
  begin(epoch: number): void {
    this.become(epoch)
    this.lastOrder = 0
    this.lastTimer = 0
    this.endedTimers.clear()
  }

  causedBy(position: number): void {
    this.sending.hasCause = true
    this.sending.position = position
  }

  /** Sets the cause of what is sent next. @throws {InvalidStateError} */
  private beginSending(what: string): void {
    const { frame, id } = this
    if (this.inHistory) {
      throw new InvalidStateError(
        `strategy '${id}' calls ${what} for a frame of its history; check context.history first`,
      )
    }
    if (frame !== undefined) {
      this.causedBy(frame.position)
      this.sending.frame = frame
    } else if (!this.stopping) {
      throw new InvalidStateError(`strategy '${id}' calls ${what} outside its handlers: nothing would be its cause`)
    }
  }

  order(request: OrderRequest): bigint {
    checkRequest(request)
    const instrument = this.find(request.symbol ?? request.instrument ?? '', request.venue)
    const account = this.accountOf(request.account, instrument.venue)
    return this.send(request, instrument, account, 'order()')
  }

  sendAll(requests: readonly OrderRequest[]): bigint[] {
    if (!Array.isArray(requests) || requests.length === 0)
      throw new InvalidOptionError(`orders() takes a list of orders, not ${formatValue(requests)}`)
    // All are checked before the first is sent.
    const placed = requests.map(request => this.place(request))
    return placed.map(({ request, instrument, account }) => this.send(request, instrument, account, 'orders()'))
  }

  sendPair(request: PairRequest): bigint {
    checkPair(request)
    const first = this.place(request.legs[0])
    const second = this.place(request.legs[1])
    this.beginSending('pair()')
    // A multiple of PAIR_IDS: so the gateway finds the pair of an order by its id.
    const id = PAIR_IDS * Math.ceil((this.lastOrder + 1) / PAIR_IDS)
    if (id + PAIR_IDS - 1 > MAX_COUNTER) throw this.tooMany()
    const pairId = orderIdFrom(this.high, id)
    const pair = this.output.begin(Pair)
    pair.pairId = pairId
    fillPair(pair, request, first, second)
    this.output.commit(this.sending)
    this.lastOrder = id + PAIR_IDS - 1
    this.pairs.sent(pairId)
    this.orders.sent(id + FIRST_LEG, first.instrument.number, first.request)
    this.orders.sent(id + SECOND_LEG, second.instrument.number, second.request)
    return pairId
  }

  /** Finds out where an order goes. */
  private place(request: OrderRequest): PlacedLeg {
    checkRequest(request)
    const instrument = this.find(request.symbol ?? request.instrument ?? '', request.venue)
    return { request, instrument, account: this.accountOf(request.account, instrument.venue) }
  }

  private tooMany(): InvalidStateError {
    return new InvalidStateError(`strategy '${this.id}' has sent 2^32 orders since its start; start it again`)
  }

  private send(request: OrderRequest, instrument: Instrument, account: number, what: string): bigint {
    this.beginSending(what)
    if (this.lastOrder === MAX_COUNTER) throw this.tooMany()
    const low = ++this.lastOrder
    fillOrder(this.output.begin(Order), this.high, low, request, instrument, account)
    this.output.commit(this.sending)
    this.orders.sent(low, instrument.number, request)
    return orderIdFrom(this.high, low)
  }

  cancel(orderId: bigint): void {
    this.checkOwn('cancel()', orderId)
    this.beginSending('cancel()')
    const order = this.output.begin(Order)
    order.action = 'cancel'
    order.orderId = orderId
    order.request = this.nextRequest(orderId)
    this.output.commit(this.sending)
    this.orders.cancelSent(orderId)
  }

  amend(orderId: bigint, change: { readonly price?: number; readonly quantity?: number }): void {
    this.checkOwn('amend()', orderId)
    checkOptions('amend', change, { price: positive, quantity: positive })
    if (change.price === undefined && change.quantity === undefined)
      throw new InvalidOptionError("amend() needs a 'price' or a 'quantity'")
    this.beginSending('amend()')
    const order = this.output.begin(Order)
    order.action = 'amend'
    order.orderId = orderId
    order.request = this.nextRequest(orderId)
    // 0 stands for 'as it is'.
    order.price = change.price ?? 0
    order.quantity = change.quantity ?? 0
    this.output.commit(this.sending)
    this.orders.amendSent(orderId)
  }

  cancelAll(symbol: string | undefined): void {
    const instrument = symbol === undefined ? 0 : this.find(symbol).number
    this.beginSending('cancelAll()')
    const order = this.output.begin(Order)
    order.action = 'cancel-all'
    order.orderId = orderIdFrom(this.high, 0)
    order.instrument = instrument
    this.output.commit(this.sending)
    for (const { orderId } of this.orders.list(instrument === 0 ? undefined : instrument))
      this.orders.cancelSent(orderId)
  }

  requestTimer(ms: number, every: number, name: string): number {
    if (!(typeof ms === 'number' && ms >= 1 && ms <= LONGEST_TIMER_MS))
      throw new InvalidOptionError(`a timer takes 1 to ${LONGEST_TIMER_MS} ms, not ${formatValue(ms)}`)
    if (typeof name !== 'string' || !/^[\x21-\x7e]{1,32}$/.test(name))
      throw new InvalidOptionError(
        `a timer needs a name of 1 to 32 printable ASCII characters, not ${formatValue(name)}`,
      )
    const timer = ++this.lastTimer
    this.sendTimer(timer, BigInt(Math.round(ms * 1e6)), BigInt(Math.round(every * 1e6)), name)
    return timer
  }

  cancelTimer(id: number): void {
    if (!(Number.isInteger(id) && id >= 1 && id <= this.lastTimer))
      throw new InvalidOptionError(`cancelTimer() takes what every() or after() returned, not ${formatValue(id)}`)
    if (this.endedTimers.has(id)) return
    this.sendTimer(id, -1n, 0n, '')
    this.endedTimers.add(id)
  }

  private sendTimer(timer: number, after: bigint, every: bigint, name: string): void {
    // Also in `onStart`: the timer counts from the last frame before the start.
    if (this.frame !== undefined || this.inHistory || this.stopping) this.beginSending('a timer')
    const request = this.output.begin(TimerRequest)
    request.strategy = this.given.strategy
    request.timer = timer
    request.after = after
    request.every = every
    request.name = name
    this.output.commit(this.sending)
  }

  private nextRequest(orderId: bigint): number {
    const request = (this.requests.get(orderId) ?? 0) + 1
    this.requests.set(orderId, request)
    return request
  }

  /** What is sent from now on has ids of this epoch. */
  become(epoch: number): void {
    this.high = idHigh(this.given.strategy, epoch)
    this.orders.high = this.high
  }

  /** The instrument of a symbol, or of a number. @throws {UnknownInstrumentError}, {AmbiguousSymbolError} */
  find(symbol: string | number, venue?: string): Instrument {
    if (typeof symbol === 'string') return this.instruments.find(symbol, venue)
    return this.instruments.get(symbol) ?? this.instruments.find(`#${symbol}`)
  }

  private accountOf(name: string | undefined, venue: string): number {
    if (name === undefined) return 0
    const accounts = this.given.accounts[venue] ?? []
    const account = accounts.indexOf(name)
    if (account >= 0) return account
    const known = accounts.map(other => `'${other}'`).join(', ')
    throw new InvalidOptionError(`${venue} has no account ${formatValue(name)}; there are: ${known || 'none'}`)
  }

  private checkOwn(what: string, orderId: bigint): void {
    if (typeof orderId === 'bigint' && orderId > 0n && strategyOfOrder(orderId) === this.given.strategy) return
    throw new InvalidOptionError(
      `${what} takes the id that order() of this strategy returned, not ${formatValue(orderId)}`,
    )
  }
}

/** 100 days. */
const LONGEST_TIMER_MS = 8_640_000_000

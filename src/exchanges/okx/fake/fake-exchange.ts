import { SimulatedExchange } from '../../../trading/exchange/simulated-exchange.js'
import { Instrument } from '../../../trading/instruments/instrument.js'
import { BUY, FOK, GTC, IOC, LIMIT, MARKET, SELL } from '../../../trading/messages/order-terms.js'
import { REASONS, type Reason } from '../../../trading/messages/reasons.js'
import type { VenueEvent } from '../../../trading/venues/venue-event.js'
import { textOf, unitsIn } from '../../decimals.js'
import { type Fields, optionalField } from '../../fields.js'
import { okxInstruments } from '../instruments.js'
import { FAKE_INSTRUMENTS } from './fake-instruments.js'
import { type FakeFill, type FakeOrder, orderRow } from './fake-order.js'

/** What OKX answers to a request about one order. */
export interface Answer {
  readonly ordId: string
  readonly clOrdId: string
  readonly sCode: string
  readonly sMsg: string
}

/** The highest ids of OKX are beyond 2^53. */
const FIRST_ID = 2_497_956_918_703_120_384n
/** Accounts of the simulated exchange: the user's, and one that trades with it on demand. */
const USER = 0
const OTHER = 1
const BALANCES = { USDT: '10000000', BTC: '1000', ETH: '10000', SOL: '100000' }

/** The orders, fills and money of a fake OKX, on the matching of the simulated exchange. */
export class FakeExchange {
  readonly exchange: SimulatedExchange
  readonly instruments: ReadonlyMap<string, Instrument>
  readonly orders: FakeOrder[] = []
  readonly fills: FakeFill[] = []
  /** Orders whose client id was known already: somebody sent one twice. */
  duplicates = 0
  /** Called with each row of the channel `orders`. */
  onOrder: (row: Fields) => void = () => {}
  /** Called when money or positions may have changed. */
  onAccount: () => void = () => {}
  private readonly startedAt = Date.now()
  private readonly types = new Map<string, string>()
  private readonly byOrdId = new Map<string, FakeOrder>()
  private readonly byClient = new Map<string, FakeOrder>()
  private readonly byNumber = new Map<number, FakeOrder>()
  private amendId = ''
  private others = 0

  constructor(seed: number) {
    const { instruments } = okxInstruments({ data: FAKE_INSTRUMENTS })
    this.exchange = new SimulatedExchange({
      instruments: instruments.map(({ spec }) => spec),
      accounts: [{ name: 'main', balances: BALANCES }, 'other'],
      fees: { maker: '0.0008', taker: '0.001' },
      leverage: 10,
      seed,
    })
    this.instruments = new Map(
      instruments.map(({ spec, type }, i) => {
        this.types.set(spec.symbol, type)
        return [spec.symbol, new Instrument(i + 1, spec)]
      }),
    )
    this.exchange.start(event => this.hear(event))
  }

  /** ns since the start, for the simulated exchange. */
  get now(): number {
    return (Date.now() - this.startedAt) * 1e6
  }

  find({ ordId, clOrdId }: Fields): FakeOrder | undefined {
    return typeof ordId === 'string' && ordId !== '' ? this.byOrdId.get(ordId) : this.byClient.get(String(clOrdId))
  }

  /** @param algo of an order that a trigger sends. */
  place(fields: Fields, algo?: { readonly algoId: string; readonly algoClOrdId: string }): Answer {
    const { instId, clOrdId = '', side, ordType, px = '', sz, tdMode, reduceOnly } = fields as Record<string, string>
    const instrument = this.instruments.get(instId)
    if (instrument === undefined) return refusal('', clOrdId, '51001', 'Instrument ID does not exist.')
    if (clOrdId !== '' && this.byClient.has(clOrdId)) {
      this.duplicates++
      return refusal('', clOrdId, '51016', 'Client order ID already exists.')
    }
    const type = TYPES[ordType]
    if (type === undefined || (side !== 'buy' && side !== 'sell'))
      return refusal('', clOrdId, '51000', 'Parameter ordType or side error.')
    const wantedMode = this.types.get(instId) === 'SPOT' ? 'cash' : 'cross'
    if (tdMode !== wantedMode) return refusal('', clOrdId, '51010', 'Account mode error.')
    const ticks = type.order === MARKET ? 0 : unitsIn(instrument.price, px)
    const steps = unitsIn(instrument.quantity, sz)
    if (Number.isNaN(ticks)) return refusal('', clOrdId, '51006', 'Order price is not a multiple of the tick size.')
    if (Number.isNaN(steps)) return refusal('', clOrdId, '51121', 'Order quantity must be a multiple of the lot size.')
    const number = this.orders.length + 1
    const at = Date.now()
    const order: FakeOrder = {
      number,
      ordId: String(FIRST_ID + BigInt(number)),
      clOrdId,
      algoId: algo?.algoId ?? '',
      algoClOrdId: algo?.algoClOrdId ?? '',
      instrument,
      instType: this.types.get(instId) as string,
      side,
      ordType,
      tdMode,
      reduceOnly: String(reduceOnly) === 'true',
      createdAt: at,
      ticks,
      steps,
      filledSteps: 0,
      paid: 0,
      fee: 0,
      feeCurrency: instrument.settlement,
      state: 'new',
      rejection: '',
      cancelSource: '',
      changedAt: at,
    }
    this.orders.push(order)
    this.byOrdId.set(order.ordId, order)
    this.byNumber.set(number, order)
    if (clOrdId !== '') this.byClient.set(clOrdId, order)
    this.submit(order.number, USER, instrument, side, type.order, type.time, ticks, steps, type.post, order.reduceOnly)
    if (order.state !== 'rejected') return done(order)
    // OKX knows no more of an order that it refused.
    this.byClient.delete(clOrdId)
    this.byOrdId.delete(order.ordId)
    return refusal('', clOrdId, order.rejection, 'Order refused.')
  }

  amend(fields: Fields): Answer {
    const { newPx, newSz, reqId = '' } = fields as Record<string, string>
    const order = this.find(fields)
    if (order === undefined || !isOpen(order)) return this.gone(fields, order)
    const { instrument } = order
    const ticks = newPx === undefined ? order.ticks : unitsIn(instrument.price, newPx)
    const steps = newSz === undefined ? order.steps : unitsIn(instrument.quantity, newSz)
    if (Number.isNaN(ticks) || Number.isNaN(steps))
      return refusal(order.ordId, order.clOrdId, '51006', 'Bad price or size.')
    this.amendId = reqId
    order.rejection = ''
    this.exchange.amend(0, order.number, 1, ticks, steps, this.now)
    return order.rejection === '' ? done(order) : refusal(order.ordId, order.clOrdId, order.rejection, 'Amend refused.')
  }

  cancel(fields: Fields, cancelSource = '1'): Answer {
    const order = this.find(fields)
    if (order === undefined || !isOpen(order)) return this.gone(fields, order)
    order.cancelSource = cancelSource
    this.exchange.cancel(0, order.number, 1, this.now)
    return done(order)
  }

  cancelAll(cancelSource: string): void {
    for (const order of this.orders) if (isOpen(order)) this.cancel({ ordId: order.ordId }, cancelSource)
  }

  /** Fills a small part of an open order, as if the market had come to its price. */
  fillPart({ instrument, side, ticks, steps, filledSteps }: FakeOrder): void {
    if (ticks < 2 || steps - filledSteps < 2) return
    const quantity = Math.max(1, Math.min(instrument.minSteps, steps - filledSteps - 1))
    this.exchange.quote(instrument, ticks - 1, 1, ticks + 1, 1, this.now)
    const against = side === 'buy' ? 'sell' : 'buy'
    this.submit(0, OTHER, instrument, against, LIMIT, IOC, ticks, quantity, false, false)
  }

  /** Positions in contracts, by symbol. */
  get positions(): ReadonlyMap<string, string> {
    const found = new Map<string, string>()
    const held = this.exchange.account(USER).positions
    for (const { symbol, number, quantity, spec } of this.instruments.values())
      if (spec.kind !== 'spot')
        found.set(symbol, textOf(quantity, held.find(({ instrument }) => instrument === number)?.position ?? 0))
    return found
  }

  get balances(): Readonly<Record<string, string>> {
    return this.exchange.account(USER).balances
  }

  private submit(
    number: number,
    account: number,
    instrument: Instrument,
    side: string,
    type: number,
    timeInForce: number,
    ticks: number,
    steps: number,
    postOnly: boolean,
    reduceOnly: boolean,
  ): void {
    this.exchange.submit(
      {
        idHigh: account,
        idLow: account === USER ? number : ++this.others,
        instrument,
        account,
        side: side === 'buy' ? BUY : SELL,
        type,
        timeInForce,
        ticks,
        steps,
        stopTicks: 0,
        expireAt: 0,
        postOnly,
        reduceOnly,
        deadline: 0,
      },
      this.now,
    )
  }

  private hear(event: VenueEvent): void {
    const order = event.idHigh === USER ? this.byNumber.get(event.idLow) : undefined
    if (order === undefined) return
    order.changedAt = Date.now()
    if (event.kind === 'fill') return this.fill(order, event)
    if (event.kind === 'accepted') order.state = 'live'
    else if (event.kind === 'amended') {
      order.ticks = event.ticks
      order.steps = event.steps
      return this.onOrder(orderRow(order, undefined, { reqId: this.amendId, amendResult: '0' }))
    } else if (event.kind === 'cancelled') {
      order.state = 'canceled'
      if (order.cancelSource === '') order.cancelSource = CANCEL_SOURCES[REASONS[event.reason]] ?? '0'
    } else if (event.kind === 'rejected') {
      // OKX accepts a post-only order that would trade, and cancels it at once.
      if (REASONS[event.reason] !== 'post-only-would-trade') {
        order.state = 'rejected'
        order.rejection = CODES[REASONS[event.reason]] ?? '51000'
        return
      }
      order.state = 'canceled'
      order.cancelSource = '31'
    } else {
      if (event.kind === 'amend-rejected') order.rejection = CODES[REASONS[event.reason]] ?? '51000'
      return
    }
    this.onOrder(orderRow(order, undefined))
  }

  private fill(order: FakeOrder, event: VenueEvent): void {
    order.filledSteps += event.steps
    order.paid += event.steps * event.ticks
    order.fee += event.fee
    order.state = order.filledSteps >= order.steps ? 'filled' : 'partially_filled'
    const fill: FakeFill = {
      order,
      billId: String(FIRST_ID * 2n + BigInt(this.fills.length)),
      tradeId: event.tradeId,
      ticks: event.ticks,
      steps: event.steps,
      fee: event.fee,
      maker: event.maker,
      at: order.changedAt,
    }
    this.fills.push(fill)
    this.onOrder(orderRow(order, fill))
    this.onAccount()
  }

  private gone(fields: Fields, order: FakeOrder | undefined): Answer {
    if (order === undefined) return refusal('', optionalField(fields, 'clOrdId'), '51603', 'Order does not exist.')
    return refusal(order.ordId, order.clOrdId, order.state === 'filled' ? '51402' : '51401', 'Order is final.')
  }
}

export function isOpen({ state }: FakeOrder): boolean {
  return state === 'live' || state === 'partially_filled'
}

function done({ ordId, clOrdId }: FakeOrder): Answer {
  return { ordId, clOrdId, sCode: '0', sMsg: '' }
}

export function refusal(ordId: string, clOrdId: string, sCode: string, sMsg: string): Answer {
  return { ordId, clOrdId, sCode, sMsg }
}

const TYPES: Readonly<Record<string, { readonly order: number; readonly time: number; readonly post: boolean }>> = {
  limit: { order: LIMIT, time: GTC, post: false },
  market: { order: MARKET, time: IOC, post: false },
  post_only: { order: LIMIT, time: GTC, post: true },
  ioc: { order: LIMIT, time: IOC, post: false },
  fok: { order: LIMIT, time: FOK, post: false },
}

/** OKX's numbers of why an order was cancelled. */
const CANCEL_SOURCES: Partial<Record<Reason, string>> = {
  requested: '1',
  'reduce-only': '2',
  liquidated: '3',
  'time-in-force': '14',
  'not-marketable': '14',
  'no-market': '14',
  'self-trade-prevented': '32',
}

/** OKX's codes of why an order was refused. */
const CODES: Partial<Record<Reason, string>> = {
  'insufficient-balance': '51008',
  'insufficient-margin': '51008',
  'order-too-small': '51020',
  'order-too-large': '51202',
  'reduce-only': '51169',
  'no-market': '51117',
}

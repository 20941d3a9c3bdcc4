import type { Instrument } from '../../trading/instruments/instrument.js'
import type { ClientOrderIds } from '../../trading/messages/order-id.js'
import type { VenueSurroundings } from '../../trading/venues/async-venue.js'
import { VenueEvent, type VenueEventKind } from '../../trading/venues/venue-event.js'
import { unitsIn } from '../decimals.js'
import type { OwnId } from '../order-events.js'
import type { OkxBalance, OkxPosition } from './account-messages.js'
import { type OkxOrderContext, reportFill, reportOpen, reportOrder } from './order-events.js'
import type { OkxOrder, OkxOrderFill } from './order-messages.js'

const NOBODY: OwnId = { high: 0, low: 0 }
const ACCOUNT = 0

/** Turns what OKX says into events of the runtime: finds our ids, the instruments' numbers, the runtime's times. */
export class Reporter {
  /** By symbol: what the runtime has a number for. */
  readonly instruments = new Map<string, Instrument>()
  /** By number: instruments in which there were orders or fills. */
  readonly touched = new Map<number, Instrument>()
  /** By client id: the instrument of an order, where its symbol has a newer number by now. */
  private readonly earlier = new Map<string, Instrument>()
  private readonly originMs: number
  private readonly originRest: number

  constructor(
    readonly ids: ClientOrderIds,
    private readonly surroundings: VenueSurroundings,
    private readonly send: (event: VenueEvent) => void,
  ) {
    this.originMs = Number(surroundings.origin / 1_000_000n)
    this.originRest = Number(surroundings.origin % 1_000_000n)
  }

  /** Writes a message down as it was received, before anything is made of it. */
  record(text: string): void {
    this.surroundings.record(ACCOUNT, text)
  }

  /** The instrument of an order, as a request names it: events about the order name the same. */
  keepInstrument(clientOrderId: string, instrument: Instrument): void {
    if (this.instruments.get(instrument.symbol) !== instrument) this.earlier.set(clientOrderId, instrument)
  }

  /** ns since the home's origin, of ms since 1970. */
  readonly timeOf = (ms: number): number => (ms - this.originMs) * 1e6 - this.originRest

  /** ms since 1970, rounded down, of ns since the home's origin. */
  millisecondsOf(time: number): number {
    return Math.floor((time + this.originRest) / 1e6) + this.originMs
  }

  /** What an order says. One of an instrument that the runtime does not know is passed over. @throws {VenueMessageError} */
  order(order: OkxOrder): void {
    const context = this.contextOf(order)
    if (context !== undefined) reportOrder(order, context)
  }

  /** An order that works, in the answer to a question. Its fills are asked for apart. */
  openOrder(order: OkxOrder): void {
    const context = this.contextOf(order)
    if (context === undefined) return
    if (order.state === 'live' || order.state === 'partially_filled') reportOpen(order, context)
    // Its fills were asked for: they say more than the order does.
    else reportOrder({ ...order, fill: undefined }, context)
  }

  /** @param triggerId the client id of the trigger that the order came from. */
  fill(fill: OkxOrderFill, triggerId = ''): void {
    const context = this.contextOf({ ...fill, triggerId })
    if (context !== undefined) reportFill(fill, fill.fill, context)
  }

  position({ symbol, quantity }: OkxPosition): void {
    const instrument = this.instruments.get(symbol)
    if (instrument === undefined) return
    this.say('position', event => {
      event.instrument = instrument.number
      event.steps = unitsIn(instrument.quantity, quantity)
    })
  }

  balance({ currency, amount }: OkxBalance): void {
    // Longer names of currencies fit no frame: they are in the record only.
    if (Buffer.byteLength(currency) > 12) return
    this.say('balance', event => {
      event.feeCurrency = currency
      event.fee = Number(amount)
    })
  }

  /** An event about the account, or about one order. */
  say(kind: VenueEventKind, fill: (event: VenueEvent) => void = () => {}): void {
    const event = EVENT.clear()
    event.kind = kind
    event.account = ACCOUNT
    fill(event)
    this.send(event)
  }

  private contextOf(order: {
    readonly symbol: string
    readonly clientOrderId: string
    readonly triggerId: string
  }): OkxOrderContext | undefined {
    const { clientOrderId, triggerId } = order
    const instrument =
      this.earlier.get(clientOrderId) ?? this.earlier.get(triggerId) ?? this.instruments.get(order.symbol)
    if (instrument === undefined) return undefined
    this.touched.set(instrument.number, instrument)
    const id = this.ids.read(clientOrderId) ?? this.ids.read(triggerId) ?? NOBODY
    return { id, instrument, account: ACCOUNT, timeOf: this.timeOf, report: this.send }
  }
}

const EVENT = new VenueEvent()

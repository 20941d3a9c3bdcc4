import type { Instrument } from '../../trading/instruments/instrument.js'
import type { ClientOrderIds } from '../../trading/messages/order-id.js'
import type { VenueSurroundings } from '../../trading/venues/async-venue.js'
import { CURRENCY_BYTES } from '../../trading/venues/check-event.js'
import { VenueEvent, type VenueEventKind } from '../../trading/venues/venue-event.js'
import { unitsIn } from '../decimals.js'

/** The index of the only account of a venue. */
export const ACCOUNT = 0

/** Says what a venue said about its account: knows the instruments' numbers and the runtime's times. */
export class AccountReporter {
  /** By symbol: what the runtime has a number for. */
  readonly instruments = new Map<string, Instrument>()
  /** The same by number, also of symbols that have a newer number by now. */
  private readonly byNumber = new Map<number, Instrument>()
  /** By number: instruments in which there were orders or fills. */
  readonly touched = new Map<number, Instrument>()
  /** By client id: the instrument of an order, where its symbol has a newer number by now. */
  private readonly earlier = new Map<string, Instrument>()
  private readonly originMs: number
  private readonly originRest: number

  /** @param send takes an event. The object is used again. */
  constructor(
    readonly ids: ClientOrderIds,
    private readonly surroundings: VenueSurroundings,
    protected readonly send: (event: VenueEvent) => void,
  ) {
    this.originMs = Number(surroundings.origin / 1_000_000n)
    this.originRest = Number(surroundings.origin % 1_000_000n)
  }

  /** Writes a message down as it was received, before anything is made of it. */
  record(text: string): void {
    this.surroundings.record(ACCOUNT, text)
  }

  /** The runtime has a number for an instrument from now on. */
  addInstrument(instrument: Instrument): void {
    this.instruments.set(instrument.symbol, instrument)
    this.byNumber.set(instrument.number, instrument)
  }

  /** The instrument with a number; undefined when the runtime has named none. */
  numbered(number: number): Instrument | undefined {
    return this.byNumber.get(number)
  }

  /** The instrument of an order, as a request names it: events about the order name the same. */
  keepInstrument(clientOrderId: string, instrument: Instrument): void {
    if (this.instruments.get(instrument.symbol) !== instrument) this.earlier.set(clientOrderId, instrument)
  }

  /** The instrument of an order, which is touched with it; undefined when the runtime does not know its symbol. */
  instrumentOf(symbol: string, ...clientOrderIds: readonly (string | undefined)[]): Instrument | undefined {
    const named = clientOrderIds.map(id => this.earlier.get(id ?? '')).find(found => found !== undefined)
    const instrument = named ?? this.instruments.get(symbol)
    if (instrument !== undefined) this.touched.set(instrument.number, instrument)
    return instrument
  }

  /** ns since the home's origin, of ms since 1970. */
  readonly timeOf = (ms: number): number => (ms - this.originMs) * 1e6 - this.originRest

  /** ms since 1970, rounded down, of ns since the home's origin. */
  millisecondsOf(time: number): number {
    return Math.floor((time + this.originRest) / 1e6) + this.originMs
  }

  /** @param quantity below 0 when short. */
  position(symbol: string, quantity: string): void {
    const instrument = this.instruments.get(symbol)
    if (instrument === undefined) return
    this.say('position', event => {
      event.instrument = instrument.number
      event.steps = unitsIn(instrument.quantity, quantity)
    })
  }

  balance(currency: string, amount: string): void {
    // Longer names of currencies fit no frame: they are in the record only.
    if (Buffer.byteLength(currency) > CURRENCY_BYTES) return
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
}

const EVENT = new VenueEvent()

import type { Instrument, InstrumentSpec } from '../instruments/instrument.js'
import type { ClientOrderIds } from '../messages/order-id.js'
import type { RequestLimits } from './request-limits.js'
import type { VenueEvent } from './venue-event.js'

/**
 * A venue: where orders are sent, and what says what became of them. Calls return at once; answers come as events, at any
 * later time, in any order, twice, or never. Nothing may be concluded from silence.
 *
 * The gateway calls every function from its loop. A venue in the gateway's process must not block it.
 */
export interface AsyncVenue {
  /** 1 to 16 letters, digits, '_' and '-'. The same for as long as the home is kept. */
  readonly name: string
  /** The names of its accounts; requests name one by its index. At least one. */
  readonly accounts: readonly string[]
  readonly canAmend: boolean
  /**
   * Whether the same calls at the same times give the same events, as in a simulated exchange with a seed. The gateway
   * then records no event before it acts: replay makes them again.
   */
  readonly deterministic: boolean
  /** From what it can be built again, as JSON. Only of a deterministic venue. */
  readonly configuration?: unknown
  /** The instruments that it trades, as far as it knows them. The gateway gives them numbers. */
  readonly instruments: readonly InstrumentSpec[]
  /** How many requests it takes. What would be more waits in the gateway. Default: any number. */
  readonly requestLimits?: RequestLimits | undefined
  /** The most orders that `submitBatch` takes. Default 20. */
  readonly maxBatch?: number | undefined

  /**
   * Called once, before anything else.
   *
   * @param report takes an event. Called from inside the functions below, or at any time from the event loop. The event
   *   is copied before it returns.
   * @param ids what orders are called at a venue: an id of the home's random bits and the order's id, and back. An order of a
   *   person, or of another home, has none: report it with the ids 0 and its `venueOrderId`.
   */
  start(report: (event: VenueEvent) => void, ids: ClientOrderIds, surroundings: VenueSurroundings): void
  /** An instrument of this venue has a number, which events and requests name it by. Called before the first request about it. */
  instrument?(instrument: Instrument): void

  /** Sends an order. The object is valid during the call. */
  submit(order: VenueOrder, now: number): void
  /**
   * Sends several orders of one account in one request, if the venue has such a request. Each is answered by itself, as if
   * it had been sent alone. Without this function `submit` is called for each. The objects are valid during the call.
   */
  submitBatch?(orders: readonly VenueOrder[], now: number): void
  /**
   * Changes price and total quantity (the filled part included) of an order. `request` counts from 1 within the order.
   *
   * @param account, instrument of the order: its account's index, and its instrument's number.
   * @param deadline the venue must not act on it after this time; 0 without a limit.
   */
  amend(
    idHigh: number,
    idLow: number,
    request: number,
    ticks: number,
    steps: number,
    now: number,
    account: number,
    instrument: number,
    deadline: number,
  ): void
  cancel(idHigh: number, idLow: number, request: number, now: number, account: number, instrument: number): void
  /** Asks for all open orders, and for fills and positions since the last time; ends with 'reconciled'. */
  reconcile(account: number, now: number): void
  /** Asks about one order: answered by its fills, if the venue knows them, then by 'open' or its final event; or by 'not-found'. */
  query(idHigh: number, idLow: number, account: number, instrument: number, now: number): void

  /** A quote of the feed. Only a simulated exchange uses it. Prices in ticks, sizes in steps. */
  quote?(
    instrument: Instrument,
    bidTicks: number,
    bidSteps: number,
    askTicks: number,
    askSteps: number,
    now: number,
  ): void
  /** A trade of the feed. `side` is the aggressor's. */
  trade?(instrument: Instrument, side: number, ticks: number, steps: number, now: number): void

  /** The time of its next event of its own (a delayed answer, an expiry), Infinity when there is none. */
  readonly nextAt?: number
  /** Reports what is due at `now`. */
  advance?(now: number): void

  /**
   * Everything that its answers depend on, as JSON has it: without it, of a deterministic venue, there are no snapshots and
   * a start takes as long as the history is. Lists of numbers may be large.
   */
  save?(): unknown
  /** Continues where the saved one was. Called after `start`, before anything else. Long lists of numbers are Float64Arrays. */
  load?(state: unknown): void

  /** Ends it. No event comes afterwards. A promise is awaited for a short time by a process that only this venue has. */
  close(): void | Promise<void>
}

/** What a venue is given at its start, beside the ids of orders. */
export interface VenueSurroundings {
  /** ns since 1970: the origin of the times in events and requests. */
  readonly origin: bigint
  /**
   * Writes a message of an account into the journal of the venue's process, as it was received, before anything is concluded from
   * it. A venue in the gateway's process has no journal of its own, and nothing is written.
   */
  record(account: number, message: string): void
}

/** An order as a venue gets it, in whole ticks and steps. Times are ns since the home's origin. */
export interface VenueOrder {
  readonly idHigh: number
  readonly idLow: number
  readonly instrument: Instrument
  /** The index of the account among the venue's accounts. */
  readonly account: number
  /** An index into SIDES. */
  readonly side: number
  /** An index into ORDER_TYPES. */
  readonly type: number
  /** An index into TIMES_IN_FORCE. */
  readonly timeInForce: number
  /** The limit price; 0 in market and stop orders. */
  readonly ticks: number
  readonly steps: number
  /** The price that triggers a stop; 0 in other orders. */
  readonly stopTicks: number
  /** When a 'gtd' order expires; 0 in other orders. */
  readonly expireAt: number
  readonly postOnly: boolean
  readonly reduceOnly: boolean
  /** The venue must not act on it after this time; 0 without a limit. */
  readonly deadline: number
}

/** An exchange that goes on while the gateway is down: a simulated exchange behind a connection that knows nothing of replay. */
import {
  type AsyncVenue,
  Instrument,
  SimulatedExchange,
  type SimulatedExchangeOptions,
  type VenueEvent,
} from 'ticktape/trading'

export class OutsideExchange {
  readonly exchange: SimulatedExchange

  constructor(options: SimulatedExchangeOptions) {
    this.exchange = new SimulatedExchange(options)
  }

  get nextAt(): number {
    return this.exchange.nextAt
  }

  advance(now: number): void {
    this.exchange.advance(now)
  }

  /** A gateway's connection. With the next one nothing more comes from this one; what it sent is under way. */
  connect(): AsyncVenue {
    const { exchange } = this
    let isOpen = true
    return {
      name: exchange.name,
      accounts: exchange.accounts,
      canAmend: true,
      deterministic: false,
      instruments: exchange.instruments,
      start: (report: (event: VenueEvent) => void) => exchange.start(event => isOpen && report(event)),
      submit: (order, now) => exchange.submit(order, now),
      amend: (high, low, request, ticks, steps, now) => exchange.amend(high, low, request, ticks, steps, now),
      cancel: (high, low, request, now) => exchange.cancel(high, low, request, now),
      query: (...terms) => exchange.query(...terms),
      reconcile: (account, now) => exchange.reconcile(account, now),
      close: () => {
        isOpen = false
      },
    }
  }
}

/** An instrument as the desk numbers it. */
export function numbered(number: number, exchange: SimulatedExchange, index: number): Instrument {
  return new Instrument(number, exchange.instruments[index])
}

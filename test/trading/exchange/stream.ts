/** Random calls to an exchange, from a seed: every kind of request and of market data, over several markets. */
import {
  Instrument,
  type InstrumentSpec,
  SimulatedExchange,
  type SimulatedExchangeOptions,
  type VenueEvent,
} from 'ticktape/trading'

export const SPECS: readonly InstrumentSpec[] = [
  { venue: 'sim', symbol: 'SPOT', kind: 'spot', base: 'BTC', quote: 'USDT', priceTick: '0.05', quantityStep: '0.001' },
  {
    venue: 'sim',
    symbol: 'PERP',
    kind: 'perpetual',
    base: 'BTC',
    quote: 'USDT',
    priceTick: '0.5',
    quantityStep: '0.01',
  },
  {
    venue: 'sim',
    symbol: 'INVERSE',
    kind: 'perpetual',
    base: 'BTC',
    quote: 'USD',
    priceTick: '0.5',
    quantityStep: '1',
    multiplier: '100',
    inverse: true,
  },
]
export const INSTRUMENTS = SPECS.map((spec, i) => new Instrument(i + 1, spec))

/** A sequence of numbers from a seed, by the linear congruence of Numerical Recipes. */
export function numbers(seed: number): (below: number) => number {
  let state = seed >>> 0
  return below => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

export interface StreamOptions extends SimulatedExchangeOptions {
  /** Shares of calls. Default: all kinds. */
  readonly recorded?: boolean
}

/** Calls an exchange as the numbers say. Its whole state is the exchange, the numbers and these few fields. */
export class Stream {
  readonly exchange: SimulatedExchange
  readonly next: (below: number) => number
  readonly hasRecorded: boolean
  now = 1
  lastId = 0
  /** Called with each event. */
  onEvent: (event: VenueEvent) => void = () => {}

  constructor(seed: number, { recorded = true, ...options }: StreamOptions = {}) {
    this.next = numbers(seed)
    this.hasRecorded = recorded
    this.exchange = new SimulatedExchange({ instruments: SPECS, accounts: ['a', 'b', 'c'], ...options })
    this.exchange.start(event => this.onEvent(event))
  }

  /** The same stream on another exchange, which continues from here. */
  handOver(to: SimulatedExchange): Stream {
    const other = Object.create(Stream.prototype) as { -readonly [Key in keyof Stream]: Stream[Key] }
    Object.assign(other, {
      exchange: to,
      next: this.next,
      onEvent: () => {},
      hasRecorded: this.hasRecorded,
      now: this.now,
      lastId: this.lastId,
    })
    to.start(event => (other as Stream).onEvent(event))
    return other as Stream
  }

  step(): void {
    const { next, exchange } = this
    this.now += next(50)
    const kind = next(this.hasRecorded ? 100 : 60)
    const instrument = INSTRUMENTS[next(3)]
    const price = (): number => 995 + next(11)
    if (kind < 40) this.submit(instrument, price)
    else if (kind < 50) exchange.cancel(1, 1 + next(this.lastId + 1), 1, this.now)
    else if (kind < 59) exchange.amend(1, 1 + next(this.lastId + 1), 1, price(), 1 + next(30), this.now)
    else if (kind < 60) exchange.query(1, 1 + next(this.lastId + 1), next(3), instrument.number, this.now)
    else if (kind < 80) {
      const bid = price()
      exchange.quote(instrument, bid, next(30), bid + 1 + next(4), next(30), this.now)
    } else if (kind < 94) exchange.trade(instrument, next(2), price(), 1 + next(30), this.now)
    else if (kind < 95) exchange.fund(instrument, String((next(2001) - 1000) / 1e6), this.now)
    else if (kind < 96 && instrument !== INSTRUMENTS[0]) exchange.settle(instrument, price(), this.now)
    else if (kind < 97) exchange.reconcile(next(3), this.now)
    else exchange.advance(this.now)
  }

  private submit(instrument: Instrument, price: () => number): void {
    const { next } = this
    const type = [0, 0, 0, 0, 0, 0, 1, 2, 3][next(9)]
    const timeInForce = [0, 0, 0, 0, 1, 2, 3][next(7)]
    this.exchange.submit(
      {
        idHigh: 1,
        idLow: ++this.lastId,
        instrument,
        account: next(3),
        side: next(2),
        type,
        timeInForce,
        ticks: price(),
        steps: 1 + next(30),
        stopTicks: price(),
        expireAt: timeInForce === 3 ? this.now + 1 + next(2000) : 0,
        postOnly: next(8) === 0,
        reduceOnly: next(8) === 0,
        deadline: 0,
      },
      this.now,
    )
  }
}

/** All that an event says, as a line. */
export function lineOf(event: VenueEvent): string {
  return JSON.stringify([
    event.kind,
    event.idHigh,
    event.idLow,
    event.request,
    event.instrument,
    event.account,
    event.side,
    event.ticks,
    event.steps,
    event.filledSteps,
    event.maker,
    event.fee,
    event.feeCurrency,
    event.tradeId,
    event.venueOrderId,
    event.venueTime,
    event.reason,
  ])
}

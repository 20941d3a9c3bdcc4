/** Latency, faults and the connection: what is reported, and when. */
import { Instrument, SimulatedExchange, type SimulatedExchangeOptions, type VenueEvent } from 'ticktape/trading'
import { describe, expect, test } from 'vitest'

const X = new Instrument(1, {
  venue: 'sim',
  symbol: 'X',
  kind: 'spot',
  base: 'BTC',
  quote: 'USDT',
  priceTick: '1',
  quantityStep: '1',
})

class Desk {
  readonly exchange: SimulatedExchange
  readonly said: string[] = []
  readonly events: { kind: string; idLow: number; venueTime: number; request: number }[] = []
  private now = 0

  constructor(options: SimulatedExchangeOptions = {}) {
    this.exchange = new SimulatedExchange({ accounts: ['a', 'b'], ...options })
    this.exchange.start(event => {
      this.said.push(`${this.now} ${event.kind} ${event.idLow}`)
      const { kind, idLow, venueTime, request } = event
      this.events.push({ kind, idLow, venueTime, request })
    })
    this.said.length = 0
  }

  order(now: number, idLow: number, side: 'buy' | 'sell' = 'buy', ticks = 100, account = 0): void {
    this.now = now
    this.exchange.submit(
      {
        idHigh: 1,
        idLow,
        instrument: X,
        account,
        side: side === 'buy' ? 0 : 1,
        type: 0,
        timeInForce: 0,
        ticks,
        steps: 1,
        stopTicks: 0,
        expireAt: 0,
        postOnly: false,
        reduceOnly: false,
        deadline: 0,
      },
      now,
    )
  }

  at(now: number, call: (exchange: SimulatedExchange) => void = exchange => exchange.advance(now)): void {
    this.now = now
    call(this.exchange)
  }

  /** Does what is due, until nothing is, and answers when that was. */
  run(): number[] {
    const times: number[] = []
    while (this.exchange.nextAt < Number.POSITIVE_INFINITY) {
      times.push(this.exchange.nextAt)
      this.at(this.exchange.nextAt)
      if (times.length > 1000) throw new Error('it never ends')
    }
    return times
  }
}

/** How many of 2,000 orders got so many 'accepted' events. */
function acceptedCounts(desk: Desk): Map<number, number> {
  for (let id = 1; id <= 2000; id++) desk.order(id, id, 'buy', 100)
  desk.at(1e12)
  const counts = new Map<number, number>()
  for (let id = 1; id <= 2000; id++) {
    const count = desk.events.filter(event => event.kind === 'accepted' && event.idLow === id).length
    counts.set(count, (counts.get(count) ?? 0) + 1)
  }
  return counts
}

describe('latency', () => {
  test('without latency an order is answered inside the call', () => {
    const desk = new Desk()
    desk.order(5, 1)
    expect(desk.said).toEqual(['5 accepted 1'])
    expect(desk.exchange.nextAt).toBe(Number.POSITIVE_INFINITY)
  })

  test('an order arrives after the way there, and its answer after the way back', () => {
    const desk = new Desk({ latencyNs: { to: 100, from: 40 } })
    desk.order(5, 1)
    expect(desk.exchange.nextAt).toBe(105)
    desk.at(105)
    expect(desk.said).toEqual([])
    expect(desk.exchange.nextAt).toBe(145)
    desk.at(145)
    expect(desk.said).toEqual(['145 accepted 1'])
    expect(desk.events.at(-1)?.venueTime).toBe(105)
  })

  test('one number is the time of each way', () => {
    const desk = new Desk({ latencyNs: 100 })
    desk.order(0, 1)
    expect(desk.run()).toEqual([100, 200])
  })

  test('an order meets the market of the time at which it arrives', () => {
    const desk = new Desk({ latencyNs: { to: 100, from: 0 } })
    desk.at(0, exchange => exchange.quote(X, 98, 5, 100, 5, 0))
    desk.order(1, 1, 'buy', 100)
    desk.at(50, exchange => exchange.quote(X, 98, 5, 101, 5, 50))
    desk.at(101)
    expect(desk.said).toEqual(['101 accepted 1'])
    expect(desk.exchange.book(X).bids).toHaveLength(1)
  })

  test('drawn latencies stay in their bounds and never change the order of messages', () => {
    const desk = new Desk({
      latencyNs: {
        to: { min: 10, max: 500 },
        from: {
          quantiles: [
            [0, 5],
            [0.5, 50],
            [1, 900],
          ],
        },
      },
    })
    for (let id = 1; id <= 500; id++) desk.order(id * 7, id, 'buy', 100)
    desk.at(1e9)
    const accepted = desk.events.filter(({ kind }) => kind === 'accepted')
    expect(accepted.map(({ idLow }) => idLow)).toEqual(Array.from({ length: 500 }, (_, i) => i + 1))
    const ways = accepted.map(({ venueTime, idLow }) => venueTime - idLow * 7)
    expect(Math.min(...ways)).toBeGreaterThanOrEqual(10)
    expect(Math.max(...ways)).toBeLessThanOrEqual(500)
    expect(new Set(ways).size).toBeGreaterThan(20)
  })

  test('a clock that goes back changes nothing', () => {
    const desk = new Desk()
    desk.order(100, 1)
    desk.order(50, 2)
    desk.at(Number.NaN, exchange => exchange.cancel(1, 1, 1, Number.NaN))
    expect(desk.events.slice(-3).map(({ kind, venueTime }) => `${kind} ${venueTime}`)).toEqual([
      'accepted 100',
      'accepted 100',
      'cancelled 100',
    ])
  })

  test('a reader may call the exchange while it is reported to', () => {
    const exchange = new SimulatedExchange({ accounts: 2 })
    const kinds: string[] = []
    exchange.start((event: VenueEvent) => {
      kinds.push(`${event.kind} ${event.idLow}`)
      if (event.kind === 'accepted' && event.idLow < 20) submit(event.idLow + 1)
    })
    const submit = (idLow: number): void =>
      exchange.submit(
        {
          idHigh: 1,
          idLow,
          instrument: X,
          account: idLow % 2,
          side: idLow % 2,
          type: 0,
          timeInForce: 0,
          ticks: 100,
          steps: 1,
          stopTicks: 0,
          expireAt: 0,
          postOnly: false,
          reduceOnly: false,
          deadline: 0,
        },
        0,
      )
    submit(1)
    expect(kinds.filter(kind => kind.startsWith('accepted'))).toHaveLength(20)
    expect(kinds.filter(kind => kind.startsWith('filled'))).toHaveLength(20)
  })
})

describe('faults', () => {
  const share = (counts: Map<number, number>, count: number): number => (counts.get(count) ?? 0) / 2000

  test('rejects come with the probability that was asked for', () => {
    const desk = new Desk({ faults: { reject: 0.2 } })
    expect(share(acceptedCounts(desk), 0)).toBeCloseTo(0.2, 1)
    expect(desk.events.filter(({ kind }) => kind === 'rejected').length / 2000).toBeCloseTo(0.2, 1)
  })

  test('a lost request is not known to the exchange', () => {
    const desk = new Desk({ faults: { lostRequest: 1 } })
    desk.order(1, 1)
    desk.at(2, exchange => exchange.query(1, 1, 0, 1, 2))
    expect(desk.said).toEqual(['2 not-found 1'])
    expect(desk.exchange.record().orders).toEqual([])
  })

  test('a lost answer is of an order that the exchange knows', () => {
    const desk = new Desk({ faults: { lostAnswer: 1 } })
    desk.order(1, 1)
    expect(desk.said).toEqual([])
    desk.at(2, exchange => exchange.query(1, 1, 0, 1, 2))
    expect(desk.said).toEqual(['2 open 1'])
    expect(desk.exchange.record().orders).toHaveLength(1)
  })

  test('doubled answers are reported twice, and happen once', () => {
    const desk = new Desk({ faults: { doubled: 0.3 } })
    const counts = acceptedCounts(desk)
    expect(share(counts, 2)).toBeCloseTo(0.3, 1)
    expect(share(counts, 0)).toBe(0)
    expect(desk.exchange.record().orders).toHaveLength(2000)
  })

  test('late answers come later by what was asked for', () => {
    const desk = new Desk({ faults: { late: 1, lateNs: 5000 } })
    desk.order(10, 1)
    expect(desk.run()).toEqual([5010])
    expect(desk.said).toEqual(['5010 accepted 1'])
  })

  test('reordered answers are overtaken', () => {
    const desk = new Desk({ latencyNs: 10, faults: { reordered: 0.3, reorderNs: 100 } })
    for (let id = 1; id <= 200; id++) desk.order(id, id)
    desk.at(1e9)
    const ids = desk.events.filter(({ kind }) => kind === 'accepted').map(({ idLow }) => idLow)
    expect(ids).not.toEqual([...ids].sort((a, b) => a - b))
    expect([...ids].sort((a, b) => a - b)).toEqual(Array.from({ length: 200 }, (_, i) => i + 1))
  })
})

describe('the connection', () => {
  const broken = { disconnect: 1, outageNs: 1000 }

  test('a break loses the request; until it is up again requests are not sent; then it says so for each account', () => {
    const desk = new Desk({ faults: broken })
    desk.order(10, 1)
    desk.order(20, 2)
    desk.at(30, exchange => exchange.cancel(1, 2, 7, 30))
    expect(desk.said).toEqual(['10 disconnected 0', '10 disconnected 0', '20 not-sent 2', '30 not-sent 2'])
    expect(desk.events.at(-1)?.request).toBe(7)
    expect(desk.exchange.nextAt).toBe(1010)
    desk.at(1010)
    expect(desk.said.slice(-2)).toEqual(['1010 connected 0', '1010 connected 0'])
    expect(desk.exchange.record().orders).toEqual([])
  })

  test('messages on the way to us are lost; reconciliation reports them', () => {
    // With this seed the third request breaks the connection.
    const seed = seedThatBreaksAt(3)
    const desk = new Desk({ seed, latencyNs: { to: 0, from: 100 }, faults: { disconnect: 0.3, outageNs: 1000 } })
    desk.order(1, 1, 'buy', 100, 0)
    desk.order(2, 2, 'sell', 100, 1)
    desk.order(3, 3)
    desk.at(1003)
    expect(desk.events.filter(({ kind }) => kind === 'fill' || kind === 'accepted')).toEqual([])
    desk.at(1004, exchange => exchange.reconcile(0, 1004))
    desk.at(2000)
    expect(desk.events.slice(-4).map(({ kind, idLow }) => `${kind} ${idLow}`)).toEqual([
      'position 0',
      'balance 0',
      'balance 0',
      'reconciled 0',
    ])
    expect(desk.events.some(({ kind, idLow }) => kind === 'fill' && idLow === 1)).toBe(true)
  })

  function seedThatBreaksAt(request: number): number {
    for (let seed = 1; seed < 1000; seed++) {
      const desk = new Desk({ seed, faults: { disconnect: 0.3, outageNs: 1000 } })
      for (let id = 1; id <= request; id++) desk.order(id, id)
      const first = desk.said.findIndex(line => line.includes('disconnected'))
      if (first !== -1 && desk.said[first].startsWith(`${request} `)) return seed
    }
    throw new Error('no seed breaks the connection there')
  }
})

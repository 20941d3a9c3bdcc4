import * as fc from 'fast-check'
import { type InstrumentSpec, VenueEvent } from 'ticktape/trading'
import { expect, test } from 'vitest'
import type { CalendarSpec } from '../../../dist/trading/instruments/session-calendar.js'
import { idHalves } from '../../../dist/trading/messages/order-id.js'
import { Replica } from '../../../dist/trading/replica/replica.js'
import { VENUE_EVENTS } from '../../../dist/trading/venues/venue-event.js'
import { newHome } from '../../support/desks.ts'
import { BTC, ETH, INVERSE } from '../../support/orders.ts'
import { SequenceMaker } from '../../support/sequence-maker.ts'

const RUNS = Number(process.env['TICKTAPE_SNAPSHOT_RUNS'] ?? 10)

const FAR: InstrumentSpec = {
  ...BTC,
  venue: 'far',
  symbol: 'SOLUSDT',
  base: 'SOL',
  priceTick: '0.1',
  quantityStep: '0.1',
}

/** An instrument whose market is open for some hours of each day only. */
const SESSIONS: InstrumentSpec = { ...BTC, symbol: 'DAYUSDT', calendar: 'day' }
const DAY: CalendarSpec = {
  timeZone: 'UTC',
  sessions: [{ days: ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'], open: '06:00', close: '18:00' }],
}

const RISKS = [
  { maxPosition: 50, maxOpenOrders: 40, maxOrdersPerSecond: 30, maxDailyLoss: 500, maxDrawdown: 900 },
  { maxOrderQuantity: 8, staleAfterMs: 20_000, instruments: { ETHUSDT: { maxOpenOrders: 5, maxDrawdown: 50 } } },
  { maxConsecutiveErrors: 5, strategies: { s1: { maxOpenOrders: 10, maxOrdersPerSecond: 3 } }, timeZone: 'Asia/Tokyo' },
  { accounts: { main: { maxExposure: 100_000 } }, denyDuplicates: true },
  {},
]

const step = fc.record({
  what: fc.constantFrom(
    ...([
      'order',
      'order',
      'order',
      'stop',
      'market',
      'quote',
      'quote',
      'trade',
      'amend',
      'cancel',
      'say',
      'say',
    ] as const),
    ...(['advance', 'advance', 'timer', 'start', 'end', 'cancel-all', 'run', 'switch', 'wait', 'instrument'] as const),
    ...(['pair', 'pair', 'command', 'ready', 'end-pair', 'set-back', 'power-loss'] as const),
  ),
  a: fc.nat(1000),
  b: fc.nat(1000),
  c: fc.nat(1000),
})
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

/** A desk that does what a list says, and its ids. */
class RandomDesk {
  readonly maker: SequenceMaker
  private readonly sent: { readonly strategy: number; readonly id: bigint; requests: number }[] = []
  private trades = 0

  constructor() {
    this.maker = new SequenceMaker({
      home: newHome(),
      exchange: {
        instruments: [BTC, ETH],
        accounts: ['main', 'second'],
        balances: { USDT: 100_000 },
        fees: { maker: '-0.0001', taker: '0.0005' },
        leverage: 10,
        seed: 3,
        latencyNs: { to: { min: 1000, max: 90_000 }, from: { min: 1000, max: 50_000 } },
        faults: { reject: 0.05, lostAnswer: 0.03, late: 0.05, doubled: 0.05, reordered: 0.05, disconnect: 0.01 },
        keepOrders: 20,
      },
      instruments: [BTC, ETH, INVERSE, FAR, SESSIONS],
      far: ['f1', 'f2'],
      risk: RISKS[0],
      expiryMs: 40,
      requestLimits: { venue: { perSecond: 200, burst: 10 }, account: { perSecond: 100, burst: 5 } },
      deadManMs: 50,
      calendars: { day: DAY },
    })
    for (const strategy of [1, 2]) this.maker.start(strategy)
  }

  do({ what, a, b, c }: Step): void {
    const { maker } = this
    const { instruments } = maker
    const instrument = instruments[a % 5]
    const strategy = 1 + (b % 2)
    const side = c % 2 === 0 ? 'buy' : 'sell'
    maker.now += 1 + b * 3000
    const price = instrument.price.valueOf(10_000 + (c % 21) - 10)
    const quantity = instrument.quantity.valueOf(1 + (b % 9))
    const terms = { instrument: instrument.number, side, quantity, account: a % 5 === 0 ? 1 : 0 } as const
    const order = (values: object): void => {
      this.sent.push({
        strategy,
        id: maker.order(strategy, { ...terms, clientOrderId: `n${a}`, ...values }),
        requests: 0,
      })
    }
    const last = this.sent[this.sent.length - 1 - (c % Math.max(1, Math.min(8, this.sent.length)))]
    switch (what) {
      case 'order':
        return order({ price, postOnly: a % 7 === 0, timeInForce: b % 5 === 0 ? 'ioc' : 'gtc' })
      case 'stop':
        return order({ orderType: 'stop', stopPrice: price })
      case 'market':
        return order({ orderType: 'market', timeInForce: 'ioc' })
      case 'quote':
        return maker.quote(
          instrument,
          instrument.price.valueOf(9_990 + (c % 15)),
          instrument.price.valueOf(10_006 + (b % 9)),
        )
      case 'trade':
        return maker.trade(instrument, side, price, quantity)
      case 'amend':
        if (last !== undefined) maker.amend(last.strategy, last.id, ++last.requests, price, quantity)
        return
      case 'cancel':
        if (last !== undefined) maker.cancel(last.strategy, last.id, ++last.requests)
        return
      case 'say':
        return this.say(last?.id, a, b, c)
      case 'advance':
        return maker.advance()
      case 'timer':
        return maker.timer(strategy, a, 1 + b * 50_000, c % 3 === 0 ? 30_000_000 : 0)
      case 'start':
        return maker.start(strategy)
      case 'end':
        return c % 4 === 0 ? maker.end(strategy) : undefined
      case 'cancel-all':
        return maker.cancelAll(strategy)
      case 'run':
        return maker.run(RISKS[a % RISKS.length])
      case 'switch':
        return maker.switchTo(a % 3 === 0 ? 'halted' : a % 3 === 1 ? 'reducing' : 'active')
      case 'wait':
        // Up to hours: days begin, and orders are forgotten.
        maker.now += a % 5 === 0 ? b * 60e9 : b * 1e6
        return maker.advance()
      case 'pair': {
        const [first, second] = a % 2 === 0 ? [instruments[0], instruments[3]] : [instruments[0], instruments[1]]
        this.sent.push({
          strategy,
          id: maker.pair(strategy, {
            first: first.number,
            second: second.number,
            firstPrice: first.price.valueOf(10_000 + (c % 9)),
            secondPrice: second.price.valueOf(10_000 - (c % 9)),
            firstQuantity: first.quantity.valueOf(1 + (b % 5)),
            secondQuantity: second.quantity.valueOf(1 + (b % 5)),
          }),
          requests: 0,
        })
        return
      }
      case 'end-pair':
        if (last !== undefined) maker.cancel(last.strategy, last.id, 0)
        return
      case 'command':
        return this.command(a, strategy)
      case 'ready':
        return maker.ready(strategy)
      case 'set-back':
        maker.now = Math.max(1, maker.now - (a % 3 === 0 ? 5e9 : 1e6))
        return maker.advance()
      case 'power-loss':
        if (a % 4 !== 0) return
        maker.losePower()
        maker.run(RISKS[b % RISKS.length])
        for (const one of [1, 2]) maker.start(one)
        return
      case 'instrument':
        maker.addInstrument({ ...BTC, symbol: `NEW${a % 3}`, priceTick: a % 2 === 0 ? '0.5' : '0.001' })
        return
    }
  }

  private command(a: number, strategy: number): void {
    const { maker } = this
    const id = `s${strategy}`
    switch (a % 6) {
      case 0:
        return maker.command('flatten')
      case 1:
        return maker.command('limits', '', JSON.stringify({ maxOpenOrders: 1 + (a % 20) }))
      case 2:
        return maker.command('pause-strategy', id)
      case 3:
        return maker.command('resume-strategy', id)
      case 4:
        return maker.command('replace-strategy', id, '/no/module.js')
      default:
        return maker.command(a % 12 === 5 ? 'resume' : 'cancel-all')
    }
  }

  private say(id: bigint | undefined, a: number, b: number, c: number): void {
    const event = new VenueEvent()
    const kind = VENUE_EVENTS[a % VENUE_EVENTS.length]
    const { high, low } = idHalves(id ?? 0n)
    Object.assign(event, { kind, account: b % 2, venueTime: this.maker.now })
    const isAccount = ['connected', 'disconnected', 'reconciled', 'position', 'balance'].includes(kind)
    if (!isAccount) Object.assign(event, { idHigh: c % 9 === 0 ? 0 : high, idLow: c % 9 === 0 ? 0 : low })
    const instrument = this.maker.instruments[3]
    Object.assign(event, {
      instrument: kind === 'balance' || c % 4 === 0 ? 0 : instrument.number,
      ticks: 10_000,
      steps: 1 + (b % 9),
      filledSteps: c % 3 === 0 ? b % 9 : -1,
      side: c % 2,
      request: c % 3,
      fee: b / 1000,
      feeCurrency: a % 3 === 0 ? 'BNB' : '',
      tradeId: `t${c % 5 === 0 ? this.trades : ++this.trades}`,
      venueOrderId: `v${c % 7}`,
    })
    this.maker.say(event)
  }
}

test('a desk that begins with a snapshot decides as the one that has played everything', { timeout: 3_600_000 }, () => {
  let compared = 0
  const steps = fc.array(step, { minLength: 30, maxLength: 150 })
  const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 3, maxLength: 3 })
  fc.assert(
    fc.property(steps, cuts, (all, parts) => {
      const desk = new RandomDesk()
      const { maker } = desk
      const positions = [maker.position]
      for (const one of all) {
        desk.do(one)
        positions.push(maker.position)
      }
      maker.close()
      const home = maker.path.replace(/gateway$/, '')
      const whole = new Replica(home, maker.config)
      for (const part of [...parts].sort((x, y) => x - y)) {
        const at = positions[Math.floor(part * (positions.length - 1))]
        whole.playTo(at)
        const bytes = whole.save()
        const other = new Replica(home, maker.config)
        other.load(bytes)
        expect(other.save().equals(bytes)).toBe(true)
        other.playTo(positions.at(-1) as number)
        const reference = new Replica(home, maker.config)
        reference.playTo(positions.at(-1) as number)
        expect(other.player.difference).toBeUndefined()
        expect(other.save().equals(reference.save())).toBe(true)
        compared += other.player.compared
      }
    }),
    { numRuns: RUNS },
  )
  expect(compared).toBeGreaterThan(100)
})

/** Plays all of a sequence, and from a snapshot what is behind it: both must end the same. */
function compareFrom(maker: SequenceMaker, at: number): void {
  const end = maker.position
  maker.close()
  const home = maker.path.replace(/gateway$/, '')
  const whole = new Replica(home, maker.config)
  whole.playTo(at)
  const started = new Replica(home, maker.config)
  started.load(whole.save())
  whole.playTo(end)
  started.playTo(end)
  expect(started.save().equals(whole.save())).toBe(true)
}

test.each(['working', 'ended'])('a hundred pairs that have %s are known again', state => {
  const maker = new SequenceMaker({
    home: newHome(),
    exchange: { instruments: [BTC, ETH] },
    instruments: [BTC, ETH],
  })
  const [first, second] = maker.instruments
  maker.start(1)
  maker.now += 1e9
  maker.advance()
  for (const instrument of [first, second])
    maker.quote(instrument, instrument.price.valueOf(9_999), instrument.price.valueOf(10_001))
  const pair = (): void => {
    maker.now += 1e6
    maker.pair(1, {
      first: first.number,
      second: second.number,
      firstPrice: first.price.valueOf(state === 'ended' ? 10_010 : 9_000),
      secondPrice: second.price.valueOf(state === 'ended' ? 9_990 : 11_000),
      firstQuantity: first.quantity.valueOf(1),
      secondQuantity: second.quantity.valueOf(1),
      settle: 3_600_000_000_000n,
    })
  }
  for (let i = 0; i < 100; i++) pair()
  const { pairs, due, ended } = maker.desk.pairing.save()
  expect([pairs.length, state === 'ended' ? ended.length : due.length]).toEqual([100, 100])
  const at = maker.position
  pair()
  compareFrom(maker, at)
})

test('an order that was asked about, and is open again after its end, is asked about again', () => {
  const maker = new SequenceMaker({
    home: newHome(),
    exchange: { instruments: [BTC] },
    instruments: [BTC, FAR],
    far: ['main'],
    expiryMs: 1000,
  })
  const far = maker.instruments[1]
  const say = (values: object): void => {
    maker.now += 1e6
    maker.say(Object.assign(new VenueEvent(), { venueTime: maker.now }, values))
  }
  const wait = (ns: number): void => {
    maker.now += ns
    maker.advance()
  }
  maker.start(1)
  say({ kind: 'connected' })
  say({ kind: 'reconciled' })
  maker.quote(far, 100, 100.1)
  const orderId = maker.order(1, { instrument: far.number, quantity: 10, price: 99, side: 'buy' })
  const { high, low } = idHalves(orderId)
  const about = { idHigh: high, idLow: low, instrument: far.number }
  wait(1.1e9)
  say({ ...about, kind: 'fill', ticks: 990, steps: 100, tradeId: 't1', venueOrderId: 'v' })
  wait(2.5e9)
  const at = maker.position
  say({ ...about, kind: 'amended', request: 0, ticks: 990, steps: 200 })
  maker.cancel(1, orderId, 1)
  wait(1.1e9)
  wait(1.1e9)
  compareFrom(maker, at)
})

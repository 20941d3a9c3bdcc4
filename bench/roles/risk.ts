// A process that sends orders through risk and the book of orders, without journals and venues.
import { getHeapStatistics } from 'node:v8'
import { PASSED_ON } from '../../dist/base/passed-on.js'
import type { Instrument } from '../../dist/trading/instruments/instrument.js'
import { Instruments } from '../../dist/trading/instruments/instruments.js'
import { idHigh } from '../../dist/trading/messages/order-id.js'
import { BUY, SELL } from '../../dist/trading/messages/order-terms.js'
import type { LiveOrder } from '../../dist/trading/orders/life/live-order.js'
import { Orders } from '../../dist/trading/orders/life/orders.js'
import type { RiskOptions } from '../../dist/trading/risk/limits.js'
import { Risk } from '../../dist/trading/risk/risk.js'
import { VenueEvent } from '../../dist/trading/venues/venue-event.js'
import { pinTo, serve, ticks } from '../support/child.js'
import { median } from '../support/statistics.js'

/** ns of each step of an order, and of a quote; bytes that an order allocates. */
export interface RiskCosts {
  /** Into the book of orders: with the check and the reserve of risk, and without. */
  readonly entered: number
  readonly enteredPlain: number
  readonly accepted: number
  readonly filled: number
  readonly cancelled: number
  readonly quote: number
  readonly bytes: number
}

const STRATEGIES = 4
const BATCH = 16
const SYMBOLS = ['BTCUSDT', 'ETHUSDT', 'SOLUSDT', 'XRPUSDT']

/** Every limit there is, for each of the four that an order concerns, and none that an order here reaches. */
const LIMITS = {
  maxOrderQuantity: 100,
  maxOrderNotional: 1e6,
  maxPosition: 1e5,
  maxExposure: 1e8,
  maxOpenOrders: 1e5,
  maxOrdersPerSecond: 10_000,
  priceBand: 0.1,
  maxDailyLoss: 1e6,
  maxDrawdown: 1e6,
  maxConsecutiveErrors: 1000,
  staleAfterMs: 10_000,
}

const OPTIONS: RiskOptions = {
  ...LIMITS,
  denyDuplicates: true,
  strategies: Object.fromEntries(Array.from({ length: STRATEGIES }, (_, i) => [`s${i}`, LIMITS])),
  instruments: Object.fromEntries(SYMBOLS.map(symbol => [symbol, LIMITS])),
  accounts: { main: LIMITS },
}

class Desk {
  readonly instruments = new Instruments()
  readonly all: readonly Instrument[]
  readonly orders: Orders
  readonly risk: Risk
  readonly event = new VenueEvent()
  readonly batch: LiveOrder[] = []
  // As the runtime keeps its time, so that none of the bytes counted are the benchmark's own.
  private now = PASSED_ON
  private counter = 0
  private trade = 0
  private round = 0
  denied = 0

  constructor(private readonly withRisk: boolean) {
    this.now = 1e9
    for (const symbol of SYMBOLS) {
      const base = symbol.slice(0, 3)
      this.instruments.add({
        venue: 'sim',
        symbol,
        kind: 'perpetual',
        base,
        quote: 'USDT',
        priceTick: '0.1',
        quantityStep: '0.001',
      })
    }
    this.all = this.instruments.all
    this.orders = new Orders(this.instruments, { keepNs: 1e7 })
    this.risk = new Risk(OPTIONS, { instruments: this.instruments })
    for (let i = 0; i < STRATEGIES; i++) this.risk.addStrategy(i + 1, `s${i}`)
    this.risk.addAccount(0, 'main')
    this.risk.setReconciled(0, true)
  }

  quotes(): void {
    const now = (this.now += 1e6)
    for (let i = 0; i < BATCH; i++) {
      const instrument = this.all[i & 3]
      const bid = 618_000 + (this.counter & 63) + (i >> 2)
      this.risk.quote(instrument, bid, bid + 10, now)
    }
  }

  /** One order after the other, as a gateway takes them. */
  enter(): void {
    const { orders, risk, batch, withRisk } = this
    const now = (this.now += BATCH * 200_000)
    // What was bought is sold in the next round, so that positions stay as they are on a desk.
    const flip = this.round++ & 1
    for (let i = 0; i < BATCH; i++) {
      const strategy = (i & 3) + 1
      const order = orders.create(idHigh(strategy, 1), ++this.counter)
      order.instrument = this.all[(i >> 2) & 3]
      order.side = ((i >> 3) ^ flip) === 0 ? BUY : SELL
      order.ticks = order.side === BUY ? 617_900 - (i & 31) : 618_200 + (i & 31)
      order.steps = 1 + (i & 7)
      batch[i] = order
      if (withRisk && risk.check(order, now) !== 0) this.denied++
      orders.submit(order, now)
      if (withRisk) risk.reserve(order, now)
    }
  }

  say(kind: 'accepted' | 'fill' | 'cancelled'): void {
    const { event } = this
    const now = (this.now += 1e4)
    event.kind = kind
    for (let i = 0; i < BATCH; i++) {
      const order = this.batch[i]
      event.idHigh = order.idHigh
      event.idLow = order.idLow
      if (kind === 'fill') {
        event.ticks = order.ticks
        event.steps = 1
        event.fee = 0.0123
        event.feeCurrency = 'USDT'
        event.tradeId = TRADE_IDS[this.trade++ & 1023]
      }
      event.filledSteps = kind === 'cancelled' ? 1 : -1
      const changed = this.orders.apply(event, now)
      if (this.withRisk) this.risk.apply(order, changed, event, now)
    }
  }

  life(): void {
    this.quotes()
    this.enter()
    this.say('accepted')
    this.say('fill')
    this.say('cancelled')
  }
}

/** Made before, so that what is counted is not theirs. */
const TRADE_IDS = Array.from({ length: 1024 }, (_, i) => `trade-${i}`)

function measure(count: number): RiskCosts {
  const desk = new Desk(true)
  const plain = new Desk(false)
  for (let i = 0; i < 3000; i++) {
    desk.life()
    plain.life()
  }
  const steps = [
    () => desk.quotes(),
    () => plain.enter(),
    () => desk.enter(),
    () => desk.say('accepted'),
    () => desk.say('fill'),
    () => desk.say('cancelled'),
  ]
  const times: number[][] = steps.map(() => [])
  for (let round = 0; round < Math.ceil(count / BATCH); round++) {
    steps.forEach((step, i) => {
      const start = ticks()
      step()
      times[i].push((ticks() - start) / BATCH)
    })
    plain.say('fill')
    plain.say('cancelled')
  }
  const collect = (globalThis as unknown as { gc?: () => void }).gc
  collect?.()
  const before = getHeapStatistics().used_heap_size
  for (let i = 0; i < 200; i++) desk.life()
  const bytes = (getHeapStatistics().used_heap_size - before) / (200 * BATCH)
  if (desk.denied > 0) throw new Error(`${desk.denied} orders were denied`)
  const [quote, enteredPlain, entered, accepted, filled, cancelled] = times.map(median)
  return { quote, entered, enteredPlain, accepted, filled, cancelled, bytes }
}

serve({
  measure({ count, cpu }: { count: number; cpu: number }) {
    pinTo(cpu)
    return measure(count)
  },
})

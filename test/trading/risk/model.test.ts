/** Random lives of orders of two strategies, two accounts and three instruments, against a model that adds up everything anew. */
import { Decimal } from 'decimal.js'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Instrument } from '../../../dist/trading/instruments/instrument.js'
import { BUY } from '../../../dist/trading/messages/order-terms.js'
import type { LiveOrder } from '../../../dist/trading/orders/life/live-order.js'
import { Orders } from '../../../dist/trading/orders/life/orders.js'
import type { Holding } from '../../../dist/trading/risk/holding.js'
import { BTC, ETH, eventFor, INVERSE, newOrder } from '../../support/orders.ts'
import { TestDesk } from '../../support/risk.ts'

const LIMITS = {
  maxPosition: 0.05,
  maxExposure: 4,
  maxOpenOrders: 12,
  maxDailyLoss: 2,
  maxDrawdown: 3,
  strategies: { momentum: { maxPosition: 0.03, maxExposure: 3, maxOpenOrders: 8 } },
  accounts: { other: { maxExposure: 2.5 } },
  instruments: {
    ETHUSDT: { maxExposure: 2, maxPosition: 0.04 },
    'BTC-USD-SWAP': { maxPosition: 0.045, maxExposure: 3 },
  },
}
/** One step of each is worth 0.1 at 1,000 ticks; of the inverse contract at every price. */
const SPECS = [BTC, ETH, { ...INVERSE, quantityStep: '0.001' }]

interface Booked {
  readonly order: LiveOrder
  readonly ticks: number
  readonly steps: number
}

/** What is known of a desk, as plain lists. */
class Model {
  readonly orders = new Set<LiveOrder>()
  readonly fills: Booked[] = []
  readonly quotes = new Map<Instrument, readonly [number, number]>()

  /** Steps that an order may still fill, and the money of it, from its facts. */
  pending(order: LiveOrder): { steps: number; money: Decimal } {
    const open = (steps: number): number => Math.max(0, steps - order.filledSteps)
    const missing = order.missingSteps
    if (order.isFinal) return { steps: missing, money: this.notional(order.instrument, missing, order.ticks) }
    const terms = [{ ticks: order.ticks, steps: order.steps }]
    for (let i = 0; i < order.requests.size; i++) if (!order.requests.at(i).isCancel) terms.push(order.requests.at(i))
    const base = Math.max(open(order.steps), missing)
    return {
      steps: Math.max(base, ...terms.map(each => open(each.steps))),
      money: Decimal.max(
        this.notional(order.instrument, base, order.ticks),
        ...terms.map(each => this.notional(order.instrument, open(each.steps), each.ticks)),
      ),
    }
  }

  notional({ inverse, price, quantity, multiplier }: Instrument, steps: number, ticks: Decimal.Value): Decimal {
    const amount = new Decimal(steps).mul(quantity.step).mul(multiplier.step)
    return inverse ? amount : amount.mul(ticks).mul(price.step)
  }

  position(instrument: Instrument, of: (order: LiveOrder) => boolean): number {
    const own = this.fills.filter(({ order }) => order.instrument === instrument && of(order))
    return own.reduce((sum, { order, steps }) => sum + (order.side === BUY ? steps : -steps), 0)
  }

  worst(instrument: Instrument, of: (order: LiveOrder) => boolean): { position: number; exposure: Decimal } {
    const position = this.position(instrument, of)
    const pending = (side: number): { steps: number; money: Decimal } => {
      let steps = 0
      let money = new Decimal(0)
      for (const order of this.orders) {
        if (order.instrument !== instrument || order.side !== side || !of(order)) continue
        const each = this.pending(order)
        steps += each.steps
        money = money.add(each.money)
      }
      return { steps, money }
    }
    const [buys, sells] = [pending(0), pending(1)]
    const [bid, ask] = this.quotes.get(instrument) ?? [0, 0]
    const value = this.notional(instrument, position, new Decimal(bid).add(ask).div(2))
    return {
      position: Math.max(position + buys.steps, sells.steps - position),
      exposure: Decimal.max(
        value.abs(),
        position + buys.steps > 0 ? value.add(buys.money) : 0,
        sells.steps - position > 0 ? sells.money.sub(value) : 0,
      ),
    }
  }
}

function amountOf(sum: { toBigInt(): bigint }, decimals: number): Decimal {
  return new Decimal(String(sum.toBigInt())).div(new Decimal(10).pow(decimals))
}

const step = fc.record({
  what: fc.constantFrom(
    'order',
    'order',
    'order',
    'fill',
    'fill',
    'cancel',
    'amend',
    'answer',
    'refuse',
    'expire',
    'quote',
    'deny',
  ),
  strategy: fc.constantFrom(1, 2),
  account: fc.constantFrom(0, 1),
  instrument: fc.constantFrom(0, 1, 2),
  side: fc.constantFrom(0, 1),
  steps: fc.integer({ min: 1, max: 14 }),
  ticks: fc.integer({ min: 900, max: 1100 }),
  pick: fc.nat(1000),
})

test('random orders, answers and quotes never exceed a limit, and risk agrees with a plain model', {
  timeout: 120_000,
}, () => {
  Decimal.set({ precision: 60 })
  let sent = 0
  let denied = 0
  fc.assert(
    fc.property(fc.array(step, { minLength: 20, maxLength: 60 }), steps => {
      const desk = new TestDesk(LIMITS, SPECS)
      const model = new Model()
      for (const instrument of desk.all) model.quotes.set(instrument, [999, 1001])
      let trades = 0
      for (const { what, strategy, account, instrument: index, side, steps: size, ticks, pick } of steps) {
        const instrument = desk.all[index]
        desk.now += 1e6
        const open = [...model.orders].filter(order => !order.isFinal)
        const picked = open[pick % Math.max(1, open.length)]
        if (what === 'order') {
          const order = newOrder(
            desk.orders,
            instrument,
            { side, steps: size, ticks, accountNumber: account },
            strategy,
          )
          const before = loads(desk, model, order)
          if (desk.risk.check(order, desk.now) === 0) {
            desk.orders.submit(order, desk.now)
            desk.risk.reserve(order, desk.now)
            model.orders.add(order)
            checkLimits(loads(desk, model, order), before)
            sent++
          } else denied++
        } else if (what === 'quote') {
          desk.quote(ticks - 1, ticks + 1, instrument)
          model.quotes.set(instrument, [ticks - 1, ticks + 1])
        } else if (picked === undefined) continue
        else if (what === 'fill') {
          const filled = Math.min(size, picked.steps - picked.filledSteps)
          if (filled <= 0) continue
          desk.apply(eventFor(picked, 'fill', { tradeId: `t${++trades}`, ticks, steps: filled }))
          model.fills.push({ order: picked, ticks, steps: filled })
        } else if (what === 'amend') {
          const before = loads(desk, model, picked)
          if (desk.risk.checkAmend(picked, ticks, size, desk.now) === 0) {
            desk.orders.requestAmend(picked, ticks, size, 0)
            desk.risk.reserve(picked, desk.now)
            checkLimits(loads(desk, model, picked), before)
          }
        } else if (what === 'answer' || what === 'refuse') {
          const { requests } = picked
          if (requests.size === 0) desk.say(picked, 'accepted')
          else {
            const { number, ticks: newTicks, steps: newSteps } = requests.at(0)
            if (what === 'answer') desk.say(picked, 'amended', { request: number, ticks: newTicks, steps: newSteps })
            else desk.say(picked, 'amend-rejected', { request: number })
          }
        } else if (what === 'cancel') desk.say(picked, 'cancelled', { filledSteps: picked.filledSteps + (pick % 2) })
        else if (what === 'expire') desk.say(picked, 'expired', { filledSteps: picked.filledSteps })
        else if (picked.word === 0 && picked.filledSteps === 0) {
          desk.orders.deny(picked, 1, desk.now)
          desk.risk.update(picked)
        }
        checkSums(desk, model)
      }
    }),
    { numRuns: 60 },
  )
  expect(sent).toBeGreaterThan(50)
  expect(denied).toBeGreaterThan(50)
})

/** What limits look at: each limit, and how much of it is used. */
function loads(
  desk: TestDesk,
  model: Model,
  { instrument, strategy, accountNumber }: LiveOrder,
): [limit: number, load: number][] {
  const everybody = (): boolean => true
  const same = (each: LiveOrder): boolean => each.strategy === strategy
  const inAccount = (each: LiveOrder): boolean => each.accountNumber === accountNumber
  const position = (of: (each: LiveOrder) => boolean): number =>
    model.worst(instrument, of).position * Number(instrument.quantity.step)
  const exposure = (of: (each: LiveOrder) => boolean): number =>
    desk.all
      .filter(({ quote }) => quote === instrument.quote)
      .reduce((sum, one) => sum.add(model.worst(one, of).exposure), new Decimal(0))
      .toNumber()
  const open = [...model.orders].filter(each => !each.isFinal)
  const own = LIMITS.instruments[instrument.symbol as 'ETHUSDT'] as
    | { maxPosition: number; maxExposure: number }
    | undefined
  const all: [number, number][] = [
    [LIMITS.maxPosition, position(everybody)],
    [LIMITS.maxExposure, exposure(everybody)],
    [LIMITS.maxOpenOrders, open.length],
  ]
  if (own !== undefined) {
    all.push([own.maxPosition, position(everybody)])
    all.push([own.maxExposure, model.worst(instrument, everybody).exposure.toNumber()])
  }
  if (strategy === 1) {
    const { maxPosition, maxExposure, maxOpenOrders } = LIMITS.strategies.momentum
    all.push([maxPosition, position(same)], [maxExposure, exposure(same)], [maxOpenOrders, open.filter(same).length])
  }
  if (accountNumber === 1) all.push([LIMITS.accounts.other.maxExposure, exposure(inAccount)])
  return all
}

/** Right after an order or an amend was let through, every load is within its limit, or is not larger than before. */
function checkLimits(after: readonly [number, number][], before: readonly [number, number][]): void {
  after.forEach(([limit, load], i) => {
    expect(load).toBeLessThanOrEqual(Math.max(limit, before[i][1]) + 1e-9)
  })
}

function checkSums(desk: TestDesk, model: Model): void {
  desk.risk.desk.refreshExposures()
  for (const instrument of desk.all) {
    const market = desk.risk.desk.market(instrument)
    const cases: [Holding, (order: LiveOrder) => boolean][] = [
      [desk.risk.total(instrument), () => true],
      [desk.risk.ofStrategy(1, instrument), order => order.strategy === 1],
      [desk.risk.ofStrategy(2, instrument), order => order.strategy === 2],
      [desk.risk.ofAccount(1, instrument), order => order.accountNumber === 1],
    ]
    for (const [holding, of] of cases) {
      const { position, exposure } = model.worst(instrument, of)
      expect(Math.max(holding.position + holding.buys, holding.sells - holding.position)).toBe(position)
      if (holding.isExposed)
        expect(amountOf(holding.exposure, market.quote.decimals).toString()).toBe(exposure.toString())
    }
  }
  for (const [owner, of] of [
    [desk.risk.desk.desk, () => true],
    [desk.risk.desk.strategy(1), (order: LiveOrder) => order.strategy === 1],
    [desk.risk.desk.account(1), (order: LiveOrder) => order.accountNumber === 1],
  ] as const) {
    for (const totals of owner.allTotals) {
      const inCurrency = desk.all.filter(({ quote }) => quote === totals.currency.name)
      const sum = inCurrency.reduce((all, one) => all.add(model.worst(one, of).exposure), new Decimal(0))
      if (owner.limits.maxExposure !== undefined)
        expect(amountOf(totals.exposure, totals.currency.decimals).toString()).toBe(sum.toString())
    }
    expect(owner.openOrders).toBe([...model.orders].filter(order => !order.isFinal && of(order)).length)
  }
}

/** Two strategies, each sure of a limit of its own, send at the same moment: the joint limit holds. */
test('two strategies that race never exceed a joint limit together', () => {
  const race = fc.array(
    fc.record({
      strategy: fc.constantFrom(1, 2),
      side: fc.constantFrom(0, 1),
      steps: fc.integer({ min: 1, max: 30 }),
      fills: fc.boolean(),
    }),
    { minLength: 10, maxLength: 50 },
  )
  fc.assert(
    fc.property(race, orders => {
      const desk = new TestDesk({ maxPosition: 0.05, maxExposure: 8 })
      const total = desk.risk.total(desk.btc)
      for (const { strategy, side, steps, fills } of orders) {
        // Far enough apart that they never meet.
        const order = newOrder(desk.orders, desk.btc, { side, steps, ticks: side === BUY ? 990 : 1010 }, strategy)
        if (desk.risk.check(order, desk.now) === 0) {
          desk.orders.submit(order, desk.now)
          desk.risk.reserve(order, desk.now)
          if (fills) desk.fill(order)
        }
        expect(Math.max(total.position + total.buys, total.sells - total.position)).toBeLessThanOrEqual(50)
        desk.risk.desk.refreshExposures()
        expect(total.exposure.toBigInt()).toBeLessThanOrEqual(8n * 10n ** BigInt(total.market.quote.decimals))
      }
    }),
    { numRuns: 300 },
  )
})

test('the model is able to see a wrong sum', () => {
  const desk = new TestDesk({ maxExposure: 4 })
  const model = new Model()
  model.quotes.set(desk.btc, [999, 1001])
  const order = desk.send()
  model.orders.add(order)
  checkSums(desk, model)
  order.reserve.steps -= 1
  desk.say(order, 'accepted')
  expect(() => checkSums(desk, model)).toThrow(/expected/)
  expect(new Orders(desk.instruments).open).toBe(0)
})

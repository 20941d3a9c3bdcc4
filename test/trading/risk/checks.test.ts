import { describe, expect, test } from 'vitest'
import { BUY, FOK, GTD, IOC, MARKET, SELL, STOP, STOP_LIMIT } from '../../../dist/trading/messages/order-terms.js'
import { REASON_TEXTS } from '../../../dist/trading/messages/reason-texts.js'
import { REASONS, type Reason } from '../../../dist/trading/messages/reasons.js'
import { DeskState } from '../../../dist/trading/risk/checks.js'
import type { RiskOptions } from '../../../dist/trading/risk/limits.js'
import { setTerms } from '../../../dist/trading/risk/terms.js'
import { BTC, ETH, INVERSE, reasonName } from '../../support/orders.ts'
import { type Terms, TestDesk } from '../../support/risk.ts'

const SECOND = 1e9
/** A tick is 0.1 and a step 0.001, so 1,000 ticks times 10 steps are 100 times 0.01: a notional of 1. */
const shown = new Set<Reason>()

/** Each case: the limits, what happened before, an order that is denied, and one just inside that passes. */
function refuses(
  reason: Reason,
  title: string,
  {
    risk = {},
    before = () => {},
    denied,
    passes,
  }: { risk?: RiskOptions; before?: (desk: TestDesk) => void; denied: Terms; passes: Terms },
): void {
  shown.add(reason)
  test(`${reason}: ${title}`, () => {
    const desk = new TestDesk(risk)
    before(desk)
    expect(desk.reasonFor(denied)).toBe(reason)
    expect(desk.reasonFor(passes)).toBe('none')
  })
}

describe('terms of an order', () => {
  refuses('bad-quantity', 'no steps', { denied: { steps: 0 }, passes: { steps: 1 } })
  refuses('bad-quantity', 'NaN', { denied: { steps: Number.NaN }, passes: {} })
  refuses('bad-quantity', 'a part of a step', { denied: { steps: 1.5 }, passes: {} })
  refuses('bad-price', 'a limit order without a price', { denied: { ticks: 0 }, passes: { ticks: 1 } })
  refuses('bad-price', 'NaN', { denied: { ticks: Number.NaN }, passes: {} })
  refuses('bad-price', 'a stop without its price', {
    denied: { type: STOP, ticks: 0, stopTicks: 0 },
    passes: { type: STOP, ticks: 0, stopTicks: 1 },
  })
  refuses('bad-terms', 'a market order with a price', { denied: { type: MARKET }, passes: { type: MARKET, ticks: 0 } })
  refuses('bad-terms', 'a limit order with a stop price', {
    denied: { stopTicks: 5 },
    passes: { type: STOP_LIMIT, stopTicks: 5 },
  })
  refuses('bad-terms', 'an expiry that has passed', {
    denied: { timeInForce: GTD, expireAt: SECOND },
    passes: { timeInForce: GTD, expireAt: SECOND + 1 },
  })
  refuses('bad-terms', 'an expiry without gtd', { denied: { expireAt: 2 * SECOND }, passes: {} })
  refuses('bad-terms', 'post-only that must trade at once', {
    denied: { postOnly: true, timeInForce: FOK },
    passes: { postOnly: true },
  })
  refuses('bad-terms', 'post-only ioc', { denied: { postOnly: true, timeInForce: IOC }, passes: { timeInForce: IOC } })
  refuses('amount-too-large', 'a notional that cannot be counted', {
    denied: { ticks: 2 ** 50, steps: 2 ** 50 },
    passes: { ticks: 2 ** 30, steps: 2 ** 30 },
  })
})

describe('terms of the instrument', () => {
  const spec = { ...BTC, minQuantity: '0.005', maxQuantity: '0.02', minNotional: '0.5', maxNotional: '2' }
  const instrument = (title: string, reason: Reason, denied: Terms, passes: Terms): void => {
    shown.add(reason)
    test(`${reason}: ${title}`, () => {
      const desk = new TestDesk({}, [spec])
      expect(desk.reasonFor(denied)).toBe(reason)
      expect(desk.reasonFor(passes)).toBe('none')
    })
  }
  instrument('below the smallest order', 'order-too-small', { steps: 4, ticks: 2000 }, { steps: 5, ticks: 2000 })
  instrument('above the largest order', 'order-too-large', { steps: 21, ticks: 500 }, { steps: 20, ticks: 500 })
  instrument('below the smallest notional', 'notional-too-small', { steps: 10, ticks: 499 }, { steps: 10, ticks: 500 })
  instrument('above the largest notional', 'notional-too-large', { steps: 20, ticks: 1001 }, { steps: 20, ticks: 1000 })
})

describe('limits of one order', () => {
  refuses('order-too-large', 'maxOrderQuantity', {
    risk: { maxOrderQuantity: 0.01 },
    denied: { steps: 11 },
    passes: { steps: 10 },
  })
  refuses('order-too-large', 'maxOrderQuantity between two steps', {
    risk: { maxOrderQuantity: 0.0109 },
    denied: { steps: 11 },
    passes: { steps: 10 },
  })
  refuses('notional-too-large', 'maxOrderNotional', {
    risk: { maxOrderNotional: 1 },
    denied: { ticks: 1001 },
    passes: { ticks: 1000 },
  })
  refuses('notional-too-large', 'maxOrderNotional of a market order, at the ask', {
    risk: { maxOrderNotional: 1.001 },
    denied: { type: MARKET, ticks: 0, steps: 11 },
    passes: { type: MARKET, ticks: 0, steps: 10 },
  })
  refuses('price-band', 'above the ask', {
    risk: { priceBand: 0.05 },
    denied: { ticks: 1052 },
    passes: { ticks: 1051 },
  })
  refuses('price-band', 'below the bid', { risk: { priceBand: 0.05 }, denied: { ticks: 949 }, passes: { ticks: 950 } })
  refuses('price-band', 'a stop-limit beside its own stop', {
    risk: { priceBand: 0.05 },
    denied: { type: STOP_LIMIT, stopTicks: 2000, ticks: 2101 },
    passes: { type: STOP_LIMIT, stopTicks: 2000, ticks: 2100 },
  })
})

describe('decimals of an order', () => {
  const bad = [Number.NaN, 1e300 * 1e300, -1, -0, 0]
  const terms = (price: number, quantity: number): string => {
    const desk = new TestDesk()
    return reasonName(setTerms(desk.order(), price, quantity, 0))
  }
  shown.add('price-tick').add('quantity-step')

  test.each(bad)('a quantity of %d is bad-quantity', value => expect(terms(100, value)).toBe('bad-quantity'))
  test.each(bad)('a price of %d is bad-price', value => expect(terms(value, 1)).toBe('bad-price'))
  test('a price between two ticks is price-tick', () => {
    expect(terms(100.05, 1)).toBe('price-tick')
    expect(terms(100.1, 1)).toBe('none')
  })
  test('a quantity between two steps is quantity-step', () => {
    expect(terms(100, 0.0015)).toBe('quantity-step')
    expect(terms(100, 0.001)).toBe('none')
  })
  test('what a number cannot hold exactly is off the grid', () => {
    expect(terms(1e300, 1)).toBe('price-tick')
    expect(terms(100, 1e300)).toBe('quantity-step')
    expect(terms(100, 0.30001)).toBe('quantity-step')
  })
  test('the result of a short calculation is the multiple that it is meant to be', () => {
    expect(terms(100, 0.1 + 0.2)).not.toBe('quantity-step')
  })
  test('decimals become whole ticks and steps', () => {
    const desk = new TestDesk()
    const order = desk.order({ type: STOP_LIMIT })
    expect(setTerms(order, 61800.2, 0.003, 61799.9)).toBe(0)
    expect([order.ticks, order.steps, order.stopTicks]).toEqual([618002, 3, 617999])
  })
})

describe('market data', () => {
  shown.add('stale-market-data')
  test('stale-market-data: a quote older than staleAfterMs', () => {
    const desk = new TestDesk({ staleAfterMs: 100 })
    desk.now += 100e6
    expect(desk.reasonFor()).toBe('none')
    desk.now += 1
    expect(desk.reasonFor()).toBe('stale-market-data')
    desk.quote(999, 1001)
    expect(desk.reasonFor()).toBe('none')
  })
  test('stale-market-data: a quote from the future of a clock that jumped', () => {
    const desk = new TestDesk({ staleAfterMs: 100 })
    desk.now -= 101e6
    expect(desk.reasonFor()).toBe('stale-market-data')
  })
  test('stale-market-data: no quote, and a limit that needs one', () => {
    const banded = new TestDesk({ priceBand: 0.1 }, [BTC])
    const other = banded.instruments.add(ETH)
    expect(banded.reasonFor({}, 1, other)).toBe('stale-market-data')
    const limited = new TestDesk({ maxOrderNotional: 1e6 })
    const eth = limited.instruments.add(ETH)
    expect(limited.reasonFor({ type: MARKET, ticks: 0 }, 1, eth)).toBe('stale-market-data')
    expect(limited.reasonFor({}, 1, eth)).toBe('none')
  })
  test("a side without a quote has the other side's", () => {
    const desk = new TestDesk({ priceBand: 0 })
    desk.quote(0, 1001)
    expect(desk.reasonFor({ ticks: 1001 })).toBe('none')
    expect(desk.reasonFor({ ticks: 1000 })).toBe('price-band')
  })
})

describe('the state of the desk', () => {
  shown.add('halted').add('reducing').add('not-tradable').add('not-reconciled').add('unknown-outcome')
  shown.add('strategy-paused').add('strategy-fenced')

  test('halted: nothing passes, until it is active again', () => {
    const desk = new TestDesk()
    desk.risk.state = DeskState.HALTED
    expect(desk.reasonFor()).toBe('halted')
    desk.risk.resume()
    expect(desk.reasonFor()).toBe('none')
  })
  test("halted: the operator's reduce-only flatten passes, and no more than the position", () => {
    const desk = new TestDesk()
    desk.trade(10)
    desk.risk.state = DeskState.HALTED
    const flatten = { side: SELL, type: MARKET, ticks: 0, operator: true, reduceOnly: true }
    expect(desk.reasonFor({ ...flatten, steps: 10 })).toBe('none')
    expect(desk.reasonFor({ ...flatten, steps: 11 })).toBe('halted')
    expect(desk.reasonFor({ ...flatten, steps: 10, reduceOnly: false })).toBe('halted')
    expect(desk.reasonFor({ ...flatten, steps: 10, operator: false })).toBe('halted')
  })
  test('reducing: what makes a position smaller passes, pending orders included', () => {
    const desk = new TestDesk()
    desk.trade(10)
    desk.risk.state = DeskState.REDUCING
    expect(desk.reasonFor({ side: BUY, steps: 1 })).toBe('reducing')
    expect(desk.reasonFor({ side: SELL, steps: 11 })).toBe('reducing')
    expect(desk.reasonFor({ side: SELL, steps: 10 })).toBe('none')
    desk.send({ side: SELL, steps: 4 })
    expect(desk.reasonFor({ side: SELL, steps: 7 })).toBe('reducing')
    expect(desk.reasonFor({ side: SELL, steps: 6 })).toBe('none')
  })
  test('reducing: a short position is bought back', () => {
    const desk = new TestDesk()
    desk.trade(-10)
    desk.risk.state = DeskState.REDUCING
    expect(desk.reasonFor({ side: BUY, steps: 11 })).toBe('reducing')
    expect(desk.reasonFor({ side: BUY, steps: 10 })).toBe('none')
  })
  test('not-tradable: an instrument that is suspended', () => {
    const desk = new TestDesk()
    desk.risk.setTradable(desk.btc, false)
    expect(desk.reasonFor()).toBe('not-tradable')
    desk.risk.setTradable(desk.btc, true)
    expect(desk.reasonFor()).toBe('none')
  })
  test('not-reconciled: an account that is not, and no other', () => {
    const desk = new TestDesk()
    desk.risk.setReconciled(1, false)
    expect(desk.reasonFor({ accountNumber: 1 })).toBe('not-reconciled')
    expect(desk.reasonFor({ accountNumber: 0 })).toBe('none')
  })
  test('unknown-outcome: an unknown order blocks its own instrument only', () => {
    const desk = new TestDesk({}, [BTC, ETH])
    const order = desk.send()
    desk.orders.markUnknown(order, desk.now)
    desk.risk.update(order)
    expect(desk.reasonFor({ side: BUY, ticks: 1 })).toBe('unknown-outcome')
    expect(desk.reasonFor({}, 1, desk.all[1])).toBe('none')
    desk.say(order, 'accepted')
    expect(desk.reasonFor()).toBe('none')
  })
  test('strategy-paused and strategy-fenced: that strategy and no other', () => {
    const desk = new TestDesk()
    desk.risk.pause(1, true)
    expect(desk.reasonFor({}, 1)).toBe('strategy-paused')
    expect(desk.reasonFor({}, 2)).toBe('none')
    desk.risk.pause(1, false)
    desk.risk.fence(1, true)
    expect(desk.reasonFor({}, 1)).toBe('strategy-fenced')
    desk.risk.fence(1, false)
    expect(desk.reasonFor({}, 1)).toBe('none')
  })
})

describe('limits over several orders', () => {
  shown.add('position-limit').add('exposure-limit').add('open-orders-limit').add('order-rate-limit')
  shown.add('self-trade').add('duplicate-in-flight').add('error-streak').add('daily-loss').add('drawdown')

  test('position-limit: long, pending orders included', () => {
    const desk = new TestDesk({ maxPosition: 0.02 })
    desk.trade(5)
    desk.send({ steps: 5 })
    expect(desk.reasonFor({ steps: 11 })).toBe('position-limit')
    expect(desk.reasonFor({ steps: 10 })).toBe('none')
  })
  test('position-limit: short, and a pending buy does not help', () => {
    const desk = new TestDesk({ maxPosition: 0.02 })
    desk.trade(-5)
    desk.send({ side: BUY, steps: 5, ticks: 900 })
    expect(desk.reasonFor({ side: SELL, steps: 16 })).toBe('position-limit')
    expect(desk.reasonFor({ side: SELL, steps: 15 })).toBe('none')
  })
  test('position-limit: over all strategies, and of one', () => {
    const desk = new TestDesk({ maxPosition: 0.02, strategies: { maker: { maxPosition: 0.005 } } })
    desk.send({ steps: 15 }, 1)
    expect(desk.reasonFor({ steps: 6 }, 1)).toBe('position-limit')
    expect(desk.reasonFor({ steps: 5 }, 1)).toBe('none')
    expect(desk.reasonFor({ steps: 6 }, 2)).toBe('position-limit')
    expect(desk.reasonFor({ steps: 5 }, 2)).toBe('none')
  })
  test('position-limit: of an account and of an instrument', () => {
    const desk = new TestDesk(
      { accounts: { main: { maxPosition: 0.005 } }, instruments: { 'ETHUSDT.binance': { maxPosition: 0.02 } } },
      [BTC, ETH],
    )
    expect(desk.reasonFor({ steps: 6 })).toBe('position-limit')
    expect(desk.reasonFor({ steps: 5 })).toBe('none')
    expect(desk.reasonFor({ steps: 6, accountNumber: 1 })).toBe('none')
    expect(desk.reasonFor({ steps: 3, accountNumber: 1 }, 1, desk.all[1])).toBe('position-limit')
    expect(desk.reasonFor({ steps: 2, accountNumber: 1 }, 1, desk.all[1])).toBe('none')
  })
  test('position-limit: fills and the end of an order release what they reserved', () => {
    const desk = new TestDesk({ maxPosition: 0.02 })
    const order = desk.send({ steps: 20 })
    expect(desk.reasonFor({ steps: 1 })).toBe('position-limit')
    desk.fill(order, 5)
    expect(desk.reasonFor({ steps: 1 })).toBe('position-limit')
    desk.say(order, 'cancelled', { filledSteps: 5 })
    expect(desk.reasonFor({ steps: 16 })).toBe('position-limit')
    expect(desk.reasonFor({ steps: 15 })).toBe('none')
  })
  test('position-limit: fills that are missing stay reserved', () => {
    const desk = new TestDesk({ maxPosition: 0.02 })
    const order = desk.send({ steps: 20 })
    desk.say(order, 'cancelled', { filledSteps: 5 })
    expect(desk.reasonFor({ steps: 16 })).toBe('position-limit')
    expect(desk.reasonFor({ steps: 15 })).toBe('none')
  })
  test('exposure-limit: over instruments and strategies, in each currency', () => {
    const desk = new TestDesk({ maxExposure: 5 }, [BTC, ETH, INVERSE])
    desk.send({ steps: 20 }, 1)
    desk.send({ steps: 10, ticks: 1000 }, 2, desk.all[1])
    // 2 and 1 of 5: one step of ETH is 0.1, one of BTC 0.1.
    expect(desk.reasonFor({ steps: 21 })).toBe('exposure-limit')
    expect(desk.reasonFor({ steps: 20 })).toBe('none')
    expect(desk.reasonFor({ steps: 1 }, 1, desk.all[2])).toBe('exposure-limit')
  })
  test('exposure-limit: a position counts at the middle of the last quote', () => {
    const desk = new TestDesk({ maxExposure: 5 })
    desk.trade(20, 900)
    expect(desk.reasonFor({ steps: 30 })).toBe('none')
    expect(desk.reasonFor({ steps: 31 })).toBe('exposure-limit')
    desk.quote(1999, 2001)
    expect(desk.reasonFor({ steps: 10 })).toBe('none')
    expect(desk.reasonFor({ steps: 11 })).toBe('exposure-limit')
    desk.quote(2999, 3001)
    expect(desk.reasonFor({ steps: 1 })).toBe('exposure-limit')
    expect(desk.reasonFor({ side: SELL, ticks: 3000, steps: 20 })).toBe('none')
  })
  test('open-orders-limit: of the desk and of a strategy', () => {
    const desk = new TestDesk({ maxOpenOrders: 3, strategies: { maker: { maxOpenOrders: 1 } } })
    const first = desk.send({}, 2)
    expect(desk.reasonFor({}, 2)).toBe('open-orders-limit')
    desk.send({}, 1)
    desk.send({}, 1)
    expect(desk.reasonFor({}, 1)).toBe('open-orders-limit')
    desk.say(first, 'cancelled', { filledSteps: 0 })
    expect(desk.reasonFor({}, 2)).toBe('none')
  })
  test('order-rate-limit: in any second, amends included', () => {
    const desk = new TestDesk({ maxOrdersPerSecond: 2 })
    const order = desk.send()
    desk.now += 0.5 * SECOND
    desk.amend(order, 1000, 9)
    desk.now += 0.5 * SECOND - 1
    expect(desk.reasonFor()).toBe('order-rate-limit')
    desk.now += 1
    expect(desk.reasonFor()).toBe('none')
  })
  test('order-rate-limit: a clock that jumps does not stop trading', () => {
    const desk = new TestDesk({ maxOrdersPerSecond: 1 })
    desk.now += 1e18
    desk.send()
    desk.now -= 1e18
    expect(desk.reasonFor()).toBe('order-rate-limit')
    desk.now += SECOND
    expect(desk.reasonFor()).toBe('none')
  })
  test('self-trade: a price that crosses an own order of the same account', () => {
    const desk = new TestDesk()
    const order = desk.send({ side: SELL, ticks: 1010 }, 1)
    expect(desk.reasonFor({ side: BUY, ticks: 1010 }, 2)).toBe('self-trade')
    expect(desk.reasonFor({ side: BUY, ticks: 1009 }, 2)).toBe('none')
    expect(desk.reasonFor({ side: BUY, ticks: 1010, accountNumber: 1 }, 2)).toBe('none')
    desk.say(order, 'cancelled', { filledSteps: 0 })
    expect(desk.reasonFor({ side: BUY, ticks: 1010 }, 2)).toBe('none')
  })
  test('self-trade: a sell against own buys, and the next best when the best is gone', () => {
    const desk = new TestDesk()
    desk.send({ side: BUY, ticks: 980 })
    const best = desk.send({ side: BUY, ticks: 990 })
    expect(desk.reasonFor({ side: SELL, ticks: 990 })).toBe('self-trade')
    desk.fill(best)
    expect(desk.reasonFor({ side: SELL, ticks: 981 })).toBe('none')
    expect(desk.reasonFor({ side: SELL, ticks: 980 })).toBe('self-trade')
  })
  test('self-trade: a market order reaches to the last quote', () => {
    const desk = new TestDesk()
    const far = desk.send({ side: SELL, ticks: 1002 })
    const market = { side: BUY, type: MARKET, ticks: 0 }
    expect(desk.reasonFor(market)).toBe('none')
    desk.say(far, 'cancelled')
    desk.send({ side: SELL, ticks: 1001 })
    expect(desk.reasonFor(market)).toBe('self-trade')
  })
  test('self-trade: both prices of an order whose amend is not answered', () => {
    const desk = new TestDesk()
    const order = desk.send({ side: SELL, ticks: 1010 })
    const request = desk.amend(order, 1005, 10)
    expect(desk.reasonFor({ side: BUY, ticks: 1005 })).toBe('self-trade')
    desk.say(order, 'amend-rejected', { request })
    expect(desk.reasonFor({ side: BUY, ticks: 1005 })).toBe('none')
    expect(desk.reasonFor({ side: BUY, ticks: 1010 })).toBe('self-trade')
  })
  test('duplicate-in-flight: the same again before the answer', () => {
    const desk = new TestDesk({ denyDuplicates: true })
    const order = desk.send()
    expect(desk.reasonFor()).toBe('duplicate-in-flight')
    expect(desk.reasonFor({ steps: 11 })).toBe('none')
    expect(desk.reasonFor({ ticks: 1001 })).toBe('none')
    expect(desk.reasonFor({}, 2)).toBe('none')
    desk.say(order, 'accepted')
    expect(desk.reasonFor()).toBe('none')
  })
  test('error-streak: rejections in a row, until one succeeds or the operator resumes', () => {
    const desk = new TestDesk({ maxConsecutiveErrors: 2 })
    desk.say(desk.send(), 'rejected')
    const third = desk.send()
    expect(desk.reasonFor()).toBe('none')
    desk.say(desk.send(), 'rejected')
    expect(desk.reasonFor()).toBe('error-streak')
    desk.say(third, 'accepted')
    expect(desk.reasonFor()).toBe('none')
    desk.say(desk.send(), 'rejected')
    desk.say(desk.send(), 'rejected')
    expect(desk.reasonFor()).toBe('error-streak')
    desk.risk.resume()
    expect(desk.reasonFor()).toBe('none')
  })
  test('daily-loss: realised and unrealised; what reduces passes', () => {
    const desk = new TestDesk({ maxDailyLoss: 0.5 })
    desk.trade(10, 1000)
    desk.trade(-5, 960)
    // 5 steps lost 40 ticks each: 0.02. The other 5 are worth the bid.
    desk.quote(904, 906)
    expect(desk.reasonFor()).toBe('none')
    desk.trade(100, 905)
    desk.quote(900, 902)
    // 0.02 + 5 * 100 * 1e-4 + 100 * 5 * 1e-4 = 0.12
    expect(desk.reasonFor()).toBe('none')
    desk.quote(864, 866)
    // 0.02 + 5 * 136 * 1e-4 + 100 * 41 * 1e-4 = 0.498
    expect(desk.reasonFor()).toBe('none')
    desk.quote(863, 866)
    // 0.02 + 5 * 137 * 1e-4 + 100 * 42 * 1e-4 = 0.5085
    expect(desk.reasonFor()).toBe('daily-loss')
    expect(desk.reasonFor({ side: SELL, steps: 105 })).toBe('none')
    expect(desk.reasonFor({ side: SELL, steps: 106 })).toBe('daily-loss')
  })
  test('daily-loss: exactly the limit passes, a fee more does not', () => {
    const desk = new TestDesk({ strategies: { momentum: { maxDailyLoss: 0.1 } } })
    desk.trade(10, 1000)
    desk.trade(-10, 900)
    expect(desk.reasonFor()).toBe('none')
    const order = desk.order({ steps: 1, ticks: 1 })
    desk.orders.submit(order, desk.now)
    desk.fill(order, 1, 1, { fee: 0.0001, feeCurrency: 'USDT' })
    desk.quote(1, 1)
    expect(desk.reasonFor()).toBe('daily-loss')
    expect(desk.reasonFor({}, 2)).toBe('none')
  })
  test('drawdown: from the highest point, also between orders', () => {
    const desk = new TestDesk({ maxDrawdown: 0.1 })
    desk.trade(10, 1000)
    desk.quote(1300, 1302)
    desk.quote(1200, 1202)
    expect(desk.reasonFor()).toBe('none')
    desk.quote(1199, 1201)
    expect(desk.reasonFor()).toBe('drawdown')
    expect(desk.reasonFor({ side: SELL, steps: 10 })).toBe('none')
    desk.risk.resume()
    expect(desk.reasonFor()).toBe('none')
  })
})

describe('amends', () => {
  test('the worse of both terms is reserved until the amend is answered', () => {
    const desk = new TestDesk({ maxPosition: 0.02 })
    const order = desk.send({ steps: 10 })
    expect(reasonName(desk.risk.checkAmend(order, 1000, 21, desk.now))).toBe('position-limit')
    const up = desk.amend(order, 1000, 20)
    expect(desk.reasonFor({ steps: 1 })).toBe('position-limit')
    desk.say(order, 'amend-rejected', { request: up })
    expect(desk.reasonFor({ steps: 10 })).toBe('none')
    const down = desk.amend(order, 1000, 5)
    expect(desk.reasonFor({ steps: 11 })).toBe('position-limit')
    desk.say(order, 'amended', { request: down, ticks: 1000, steps: 5 })
    expect(desk.reasonFor({ steps: 15 })).toBe('none')
    expect(desk.reasonFor({ steps: 16 })).toBe('position-limit')
  })
  test('an amend that asks for no more passes while only reducing is allowed', () => {
    const desk = new TestDesk()
    const order = desk.send({ steps: 10 })
    desk.risk.state = DeskState.REDUCING
    expect(reasonName(desk.risk.checkAmend(order, 1000, 11, desk.now))).toBe('reducing')
    expect(reasonName(desk.risk.checkAmend(order, 1000, 10, desk.now))).toBe('none')
    desk.risk.state = DeskState.HALTED
    expect(reasonName(desk.risk.checkAmend(order, 1000, 9, desk.now))).toBe('halted')
  })
  test('an order that is final or unknown is not amended', () => {
    const desk = new TestDesk()
    const order = desk.send()
    desk.orders.markUnknown(order, desk.now)
    expect(reasonName(desk.risk.checkAmend(order, 1000, 9, desk.now))).toBe('unknown-outcome')
    desk.say(order, 'cancelled')
    expect(reasonName(desk.risk.checkAmend(order, 1000, 9, desk.now))).toBe('order-is-final')
  })
})

test('every reason of risk is shown by a test of this file', () => {
  const ours = REASONS.filter(reason => REASON_TEXTS[reason][0] === 'risk')
  expect([...shown].sort()).toEqual([...ours].sort())
})

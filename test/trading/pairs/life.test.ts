import { REASONS } from 'ticktape/trading'
import { describe, expect, test } from 'vitest'
import { TestDesk } from '../../support/pair-desk.ts'

/** The ids of a pair's legs and of its first closing order are the pair's and 1, 2, 3. */
const leg = (pair: bigint, index: 1 | 2): bigint => pair + BigInt(index)
const closing = (pair: bigint, index: number): bigint => pair + 3n + BigInt(index)

let trades = 0

/** A fill of so many steps at a price in ticks. */
function fill(desk: TestDesk, id: bigint, steps: number, ticks = 1000): void {
  desk.say('fill', id, { steps, ticks, tradeId: `t${++trades}` })
}

function fillAll(desk: TestDesk, id: bigint, steps: number, ticks = 1000): void {
  fill(desk, id, steps, ticks)
  desk.say('filled', id, { filledSteps: steps })
}

describe('a pair', () => {
  test('sends both legs at once; it is done when both are filled', () => {
    const desk = new TestDesk()
    const pair = desk.pair()
    expect(desk.sent).toEqual(['submit 33 buy 1000 @ 1000', 'submit 34 sell 1000 @ 1010'])
    expect(desk.states).toEqual(['working none'])
    fillAll(desk, leg(pair, 2), 1000, 1010)
    expect(desk.states).toEqual(['working none'])
    fillAll(desk, leg(pair, 1), 1000)
    expect(desk.states).toEqual(['working none', 'done none'])
    expect(desk.of('PairReport').at(-1)).toMatchObject({ pairId: pair, firstFilled: 1, secondFilled: 1, excess: 0 })
    desk.pass(60_000)
    expect(desk.sent).toHaveLength(2)
  })

  test('after settleMs: cancels what is left, waits for the last word, and closes the excess by a priced order', () => {
    const desk = new TestDesk()
    const pair = desk.pair()
    fillAll(desk, leg(pair, 1), 1000)
    fill(desk, leg(pair, 2), 300, 1010)
    desk.pass(499)
    expect(desk.sent).toHaveLength(2)
    desk.clear()
    desk.pass(1)
    expect(desk.sent).toEqual(['cancel 34'])
    expect(desk.states).toEqual(['settling none'])
    // Not before the venue has said that it is cancelled.
    fill(desk, leg(pair, 2), 100, 1010)
    desk.pass(500)
    expect(desk.sent).toEqual(['cancel 34'])
    desk.say('cancelled', leg(pair, 2), { filledSteps: 400 })
    // 1000 - 400 at not less than 1000 ticks less 1 %.
    expect(desk.sent.slice(1)).toEqual(['submit 35 sell 600 @ 990'])
    expect(desk.of('Intent').at(-1)).toMatchObject({ timeInForce: 'ioc', orderType: 'limit' })
    expect(desk.of('PairReport').at(-1)).toMatchObject({
      state: 'closing',
      excess: 0.6,
      excessLeg: 'first',
      closings: 1,
    })
    fillAll(desk, closing(pair, 0), 600, 995)
    expect(desk.states.at(-1)).toBe('done none')
    expect(desk.of('PairReport').at(-1)).toMatchObject({
      firstFilled: 1,
      secondFilled: 0.4,
      firstClosed: 0.6,
      excess: 0,
    })
  })

  test('an order that fills in part is tried again after retryMs, for what is left; then it says by name why it is unbalanced', () => {
    const desk = new TestDesk()
    const pair = desk.pair({}, {}, { attempts: 3, retryMs: 100 })
    fillAll(desk, leg(pair, 1), 1000)
    desk.say('rejected', leg(pair, 2))
    desk.pass(500)
    desk.clear()
    // Meanwhile at the venue: nothing, then a part.
    expect(desk.sent).toEqual([])
    desk.say('cancelled', closing(pair, 0), { filledSteps: 0 })
    desk.pass(99)
    expect(desk.sent).toEqual([])
    desk.pass(1)
    expect(desk.sent).toEqual(['submit 36 sell 1000 @ 990'])
    fill(desk, closing(pair, 1), 250, 992)
    desk.say('cancelled', closing(pair, 1), { filledSteps: 250 })
    desk.pass(100)
    expect(desk.sent.at(-1)).toBe('submit 37 sell 750 @ 990')
    desk.say('cancelled', closing(pair, 2), { filledSteps: 0 })
    desk.pass(100)
    expect(desk.states.at(-1)).toBe('unbalanced outside-slippage')
    expect(desk.of('PairReport').at(-1)).toMatchObject({ excess: 0.75, excessLeg: 'first', closings: 3 })
    desk.pass(60_000)
    expect(desk.sent).toHaveLength(2)
  })

  test('becomes unequal again after all its attempts: unbalanced, by name; with one attempt more it is closed', () => {
    for (const attempts of [1, 2]) {
      const desk = new TestDesk()
      const pair = desk.pair({}, {}, { attempts })
      fill(desk, leg(pair, 1), 600)
      desk.say('rejected', leg(pair, 2))
      desk.say('cancelled', leg(pair, 1), { filledSteps: 600 })
      desk.pass(500)
      fillAll(desk, closing(pair, 0), 600, 995)
      expect(desk.states.at(-1)).toBe('done none')
      // A fill of the leg that came late.
      fill(desk, leg(pair, 1), 100)
      desk.pass(5000)
      if (attempts === 1) expect(desk.states.at(-1)).toBe('unbalanced no-attempt-left')
      else expect(desk.sent).toContain('submit 36 sell 100 @ 990')
    }
  })

  test('of a leg that was sold the excess is bought back, not above the band; the ratio of the quantities counts', () => {
    const desk = new TestDesk()
    const pair = desk.pair({ quantity: 3 }, { quantity: 1 })
    fill(desk, leg(pair, 1), 600)
    fillAll(desk, leg(pair, 2), 1000, 1010)
    desk.pass(500)
    desk.say('cancelled', leg(pair, 1), { filledSteps: 600 })
    // 600 of 3000 match 200 of 1000.
    expect(desk.sent.at(-1)).toBe('submit 35 buy 800 @ 1020')
  })

  test('a leg that ends early: the other is cancelled at once when it has enough already, and works on when it has not', () => {
    const early = new TestDesk()
    const first = early.pair()
    fill(early, leg(first, 1), 100)
    early.say('rejected', leg(first, 2))
    expect(early.sent.at(-1)).toBe('cancel 33')
    early.say('cancelled', leg(first, 1), { filledSteps: 100 })
    // Closing waits for settleMs all the same.
    expect(early.sent.at(-1)).toBe('cancel 33')
    early.pass(500)
    expect(early.sent.at(-1)).toBe('submit 35 sell 100 @ 990')

    const late = new TestDesk()
    const second = late.pair()
    fill(late, leg(second, 1), 100)
    fill(late, leg(second, 2), 400, 1010)
    late.say('cancelled', leg(second, 2), { filledSteps: 400 })
    expect(late.sent).toHaveLength(2)
    fill(late, leg(second, 1), 300)
    // Now it has what matches.
    expect(late.sent.at(-1)).toBe('cancel 33')
    late.say('cancelled', leg(second, 1), { filledSteps: 400 })
    expect(late.states.at(-1)).toBe('done none')
  })

  test('neither leg filled: done, and nothing is closed', () => {
    const desk = new TestDesk()
    const pair = desk.pair()
    desk.pass(500)
    for (const index of [1, 2] as const) desk.say('cancelled', leg(pair, index), { filledSteps: 0 })
    expect(desk.states).toEqual(['working none', 'settling none', 'done none'])
    expect(desk.of('PairReport').at(-1)).toMatchObject({ firstFilled: 0, secondFilled: 0, excess: 0 })
  })
})

describe('never a guess', () => {
  test('a leg whose outcome is unknown is waited for, however long; the cancel is sent again', () => {
    const desk = new TestDesk({ expiryMs: 50 })
    const pair = desk.pair()
    fillAll(desk, leg(pair, 1), 1000)
    desk.pass(10_000)
    expect(desk.states.at(-1)).toBe('settling unknown-outcome')
    const cancels = desk.sent.filter(text => text === 'cancel 34').length
    expect(cancels).toBeGreaterThan(2)
    expect(cancels).toBeLessThan(8)
    expect(desk.sent.filter(text => text.startsWith('submit'))).toHaveLength(2)
    fill(desk, leg(pair, 2), 1000, 1010)
    desk.say('filled', leg(pair, 2), { filledSteps: 1000 })
    expect(desk.states.at(-1)).toBe('done none')
  })

  test('fills that the venue counts and has not reported are waited for', () => {
    const desk = new TestDesk()
    const pair = desk.pair()
    fillAll(desk, leg(pair, 1), 1000)
    desk.pass(500)
    desk.say('cancelled', leg(pair, 2), { filledSteps: 700 })
    desk.pass(1000)
    expect(desk.sent.filter(text => text.startsWith('submit'))).toHaveLength(2)
    fill(desk, leg(pair, 2), 700, 1010)
    expect(desk.sent.at(-1)).toBe('submit 35 sell 300 @ 990')
  })

  test('a closing order whose outcome is unknown is waited for: no second one is sent', () => {
    const desk = new TestDesk({ expiryMs: 50 })
    const pair = desk.pair()
    fillAll(desk, leg(pair, 1), 1000)
    desk.say('rejected', leg(pair, 2))
    desk.pass(10_000)
    expect(desk.sent.filter(text => text.startsWith('submit'))).toHaveLength(3)
    // It never arrived: the venue says so after its deadline. The next attempt is for everything.
    desk.say('not-found', closing(pair, 0))
    desk.pass(100)
    expect(desk.sent.at(-1)).toBe('submit 36 sell 1000 @ 990')
  })

  test('a fill that comes late, while an excess is closed: each closing order is for what is unequal by then', () => {
    const desk = new TestDesk()
    const pair = desk.pair()
    fillAll(desk, leg(pair, 1), 1000)
    desk.pass(500)
    desk.say('cancelled', leg(pair, 2), { filledSteps: 0 })
    expect(desk.sent.at(-1)).toBe('submit 35 sell 1000 @ 990')
    // The venue had filled a part before the cancel, and says it now.
    fill(desk, leg(pair, 2), 400, 1010)
    expect(desk.sent.at(-1)).toBe('submit 35 sell 1000 @ 990')
    fillAll(desk, closing(pair, 0), 1000, 991)
    // Now the second leg has 400 too many.
    expect(desk.sent.at(-1)).toBe('submit 36 buy 400 @ 1020')
    fillAll(desk, closing(pair, 1), 400, 1011)
    expect(desk.states.at(-1)).toBe('done none')
  })

  test('a fill after done begins again; after unbalanced it is reported, and nothing is sent', () => {
    const desk = new TestDesk()
    const pair = desk.pair()
    desk.pass(500)
    for (const index of [1, 2] as const) desk.say('cancelled', leg(pair, index), { filledSteps: 0 })
    expect(desk.states.at(-1)).toBe('done none')
    desk.pass(5000)
    fill(desk, leg(pair, 1), 200)
    expect(desk.sent.at(-1)).toBe('submit 35 sell 200 @ 990')
    fillAll(desk, closing(pair, 0), 200, 991)
    expect(desk.states.at(-1)).toBe('done none')

    const lost = new TestDesk()
    const other = lost.pair({}, {}, { attempts: 1 })
    fillAll(lost, leg(other, 1), 1000)
    lost.say('rejected', leg(other, 2))
    lost.pass(500)
    lost.say('cancelled', closing(other, 0), { filledSteps: 0 })
    lost.pass(100)
    expect(lost.states.at(-1)).toBe('unbalanced outside-slippage')
    const before = lost.sent.length
    fill(lost, closing(other, 0), 100, 991)
    expect(lost.of('PairReport').at(-1)).toMatchObject({ state: 'unbalanced', excess: 0.9, firstClosed: 0.1 })
    lost.pass(5000)
    expect(lost.sent).toHaveLength(before)
  })
})

describe('risk', () => {
  test('denies both legs when it denies one: neither leaves', () => {
    const desk = new TestDesk({ risk: { maxOrderNotional: 50 } })
    const pair = desk.pair({ quantity: 0.4 }, { quantity: 1 })
    expect(desk.sent).toEqual([])
    expect(desk.of('OrderReport').map(({ orderId, state, reason }) => [orderId, state, reason])).toEqual([
      [leg(pair, 1), 'denied', 'other-leg-denied'],
      [leg(pair, 2), 'denied', 'notional-too-large'],
    ])
    expect(desk.states).toEqual(['denied notional-too-large'])
    // Its ids are used all the same.
    expect(desk.desk.orders.wasUsed(Number(pair >> 32n), Number(pair & 0xffffffffn) + 31)).toBe(true)
  })

  test('denies both when each passes alone, and both are too much together; nothing stays reserved', () => {
    const desk = new TestDesk({ risk: { maxOpenOrders: 1 } })
    const pair = desk.pair()
    expect(desk.sent).toEqual([])
    expect(desk.of('OrderReport').map(({ orderId, reason }) => [orderId, reason])).toEqual([
      [leg(pair, 1), 'other-leg-denied'],
      [leg(pair, 2), 'open-orders-limit'],
    ])
    expect(desk.desk.orders.open).toBe(0)
    desk.order()
    expect(desk.sent).toHaveLength(1)
  })

  test('a halt while the legs work: they are cancelled, nothing is closed, and the pair says so', () => {
    const desk = new TestDesk()
    const pair = desk.pair()
    fillAll(desk, leg(pair, 1), 1000)
    desk.switchTo('halted')
    desk.pass(500)
    expect(desk.sent.at(-1)).toBe('cancel 34')
    desk.say('cancelled', leg(pair, 2), { filledSteps: 0 })
    expect(desk.states.at(-1)).toBe('unbalanced halted')
    desk.switchTo('active')
    desk.pass(60_000)
    expect(desk.sent).toHaveLength(3)
  })

  test('what passes with time is tried again: a market without a quote, then with one', () => {
    const desk = new TestDesk({ risk: { staleAfterMs: 1000 } })
    desk.quote(1, 100, 100.1)
    desk.quote(2, 101, 101.1)
    const pair = desk.pair({}, {}, { settleMs: 2000, retryMs: 300 })
    fillAll(desk, leg(pair, 1), 1000)
    desk.say('rejected', leg(pair, 2))
    desk.pass(2000)
    expect(desk.states.at(-1)).toBe('closing stale-market-data')
    expect(desk.sent).toHaveLength(2)
    desk.quote(1, 99.9, 100)
    desk.pass(300)
    // The narrower band: 1 % below the average of 1000 ticks.
    expect(desk.sent.at(-1)).toBe('submit 35 sell 1000 @ 990')
  })

  test('a market that has gone further in our favour narrows the band: never worse than the quote by more than maxSlippage', () => {
    const desk = new TestDesk()
    const pair = desk.pair()
    fillAll(desk, leg(pair, 1), 1000)
    desk.say('rejected', leg(pair, 2))
    desk.quote(1, 120, 120.1)
    desk.pass(500)
    expect(desk.sent.at(-1)).toBe('submit 35 sell 1000 @ 1188')
  })
})

test('a flatten of the operator ends all pairs: what is unequal is reported, and not closed a second time', () => {
  const desk = new TestDesk()
  const pair = desk.pair()
  fillAll(desk, leg(pair, 1), 1000)
  desk.desk.pairing.giveUp(REASONS.indexOf('operator'))
  desk.say('rejected', leg(pair, 2))
  desk.pass(60_000)
  expect(desk.states.at(-1)).toBe('unbalanced operator')
  expect(desk.sent).toHaveLength(2)
})

describe('the strategy', () => {
  test('cancels a leg: it ends, and the rest is the pair’s', () => {
    const desk = new TestDesk()
    const pair = desk.pair()
    fill(desk, leg(pair, 1), 500)
    desk.cancel(leg(pair, 2))
    expect(desk.sent.at(-1)).toBe('cancel 34')
    desk.say('cancelled', leg(pair, 2), { request: 1, filledSteps: 0 })
    // Whatever is filled of the first now would be too much.
    expect(desk.sent.at(-1)).toBe('cancel 33')
    desk.say('cancelled', leg(pair, 1), { filledSteps: 500 })
    desk.pass(500)
    expect(desk.sent.at(-1)).toBe('submit 35 sell 500 @ 990')
  })

  test('cancels the pair: both legs, and the excess is closed at once', () => {
    const desk = new TestDesk()
    const pair = desk.pair()
    fill(desk, leg(pair, 1), 500)
    desk.cancel(pair)
    expect(desk.sent.slice(2)).toEqual(['cancel 33', 'cancel 34'])
    desk.say('cancelled', leg(pair, 1), { filledSteps: 500 })
    desk.say('cancelled', leg(pair, 2), { filledSteps: 0 })
    expect(desk.sent.at(-1)).toBe('submit 35 sell 500 @ 990')
    fillAll(desk, closing(pair, 0), 500)
    expect(desk.states.at(-1)).toBe('done none')
    // Of an ended pair: it is told again how it ended.
    desk.clear()
    desk.cancel(pair, 2)
    expect(desk.states).toEqual(['done none'])
    desk.cancel(pair + 32n)
    expect(desk.of('OrderReport').at(-1)).toMatchObject({ state: 'denied', reason: 'unknown-order' })
  })

  test('amends the price of a leg, but not its quantity, and not a closing order', () => {
    const desk = new TestDesk()
    const pair = desk.pair()
    for (const index of [1, 2] as const) desk.say('accepted', leg(pair, index))
    desk.amend(leg(pair, 1), { price: 100.5 })
    expect(desk.sent.at(-1)).toBe('amend 33')
    desk.amend(leg(pair, 1), { quantity: 2 }, 2)
    expect(desk.of('OrderReport').at(-1)).toMatchObject({ request: 2, reason: 'leg-of-pair' })
    desk.say('amended', leg(pair, 1), { request: 1, ticks: 1005, steps: 1000 })
    fillAll(desk, leg(pair, 1), 1000, 1005)
    desk.say('rejected', leg(pair, 2))
    desk.pass(500)
    expect(desk.sent.at(-1)).toBe('submit 35 sell 1000 @ 995')
    desk.amend(closing(pair, 0), { price: 10 })
    expect(desk.of('OrderReport').at(-1)).toMatchObject({ reason: 'leg-of-pair' })
    expect(desk.sent.at(-1)).toBe('submit 35 sell 1000 @ 995')
  })

  test('is gone: the pair goes on without it', () => {
    const desk = new TestDesk()
    const pair = desk.pair()
    desk.desk.endStrategy(1)
    fillAll(desk, leg(pair, 1), 1000)
    desk.pass(500)
    desk.say('cancelled', leg(pair, 2), { filledSteps: 0 })
    fillAll(desk, closing(pair, 0), 1000)
    expect(desk.states.at(-1)).toBe('done none')
  })

  test('writes a pair that is none into its journal: denied by name, and nothing is sent', () => {
    const cases: [Parameters<TestDesk['pair']>, string][] = [
      [[{ instrument: 9 }], 'unknown-instrument'],
      [[{ quantity: 0 }], 'bad-quantity'],
      [[{ quantity: 0.0001 }], 'quantity-step'],
      [[{ price: -1 }], 'bad-price'],
      [[{}, { price: 100.05 }], 'price-tick'],
      [[{}, {}, { attempts: 0 }], 'bad-terms'],
      [[{}, {}, { attempts: 30 }], 'bad-terms'],
      [[{}, {}, { maxSlippage: 1 }], 'bad-terms'],
      [[{}, {}, { maxSlippage: Number.NaN }], 'bad-terms'],
      [[{}, {}, { retryMs: 0 }], 'bad-terms'],
      [[{}, {}, { settleMs: -5 }], 'bad-terms'],
    ]
    for (const [terms, reason] of cases) {
      const desk = new TestDesk()
      desk.pair(...terms)
      expect([reason, desk.states, desk.sent]).toEqual([reason, [`denied ${reason}`], []])
      // The next one is as good as any.
      desk.pair()
      expect(desk.sent).toHaveLength(2)
    }
  })
})

test('an excess that is below the smallest order cannot be closed: unbalanced, by name', () => {
  const desk = new TestDesk({ risk: { maxOrderQuantity: 0.5 } })
  const pair = desk.pair({ quantity: 0.5 }, { quantity: 0.5 })
  fillAll(desk, leg(pair, 1), 500)
  desk.desk.risk.setOptions({ maxOrderQuantity: 0.1 })
  desk.say('rejected', leg(pair, 2))
  desk.pass(500)
  expect(desk.states.at(-1)).toBe('unbalanced order-too-large')
})

test('pairs that ended long ago are forgotten', () => {
  const desk = new TestDesk()
  const { pairs } = desk.desk.pairing
  for (let i = 0; i < 50; i++) {
    const pair = desk.pair()
    fillAll(desk, leg(pair, 1), 1000)
    fillAll(desk, leg(pair, 2), 1000, 1010)
    desk.pass(60_000)
  }
  expect(pairs.size).toBeLessThan(15)
})

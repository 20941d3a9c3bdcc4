import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { checkRequestLimits, type RequestLimits } from '../../../dist/trading/venues/request-limits.js'
import { TokenBucket } from '../../../dist/trading/venues/token-bucket.js'
import { MS, TestDesk } from '../../support/pair-desk.ts'

const PACED: RequestLimits = { account: { perSecond: 10, burst: 2 } }

describe('a token bucket', () => {
  test('never lets more through than burst and rate say, and always what they allow: against a count of tokens', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1000 }),
        fc.integer({ min: 1, max: 20 }),
        fc.array(fc.tuple(fc.integer({ min: 0, max: 300_000_000 }), fc.integer({ min: 1, max: 20 })), {
          maxLength: 60,
        }),
        (perSecond, burst, requests) => {
          const bucket = new TokenBucket(perSecond, burst)
          const tokenNs = Math.ceil(1e9 / perSecond)
          // In ns of tokens, as a bigint: a plain count with another arithmetic.
          let level = BigInt(burst) * BigInt(tokenNs)
          let now = 0
          for (const [gap, weight] of requests) {
            now += gap
            const full = BigInt(burst) * BigInt(tokenNs)
            level = level + BigInt(gap) > full ? full : level + BigInt(gap)
            const needs = BigInt(weight) * BigInt(tokenNs)
            if (weight > burst) continue
            expect(bucket.allows(weight, now)).toBe(level >= needs)
            expect(bucket.allows(weight, Math.max(now, bucket.readyAt(weight)))).toBe(true)
            if (level < needs) {
              expect(bucket.allows(weight, bucket.readyAt(weight) - 1)).toBe(false)
              continue
            }
            bucket.take(weight, now)
            level -= needs
          }
        },
      ),
    )
  })
})

describe('request limits of a venue', () => {
  test('what is above them waits, and leaves in its order as tokens come back', () => {
    const desk = new TestDesk({ limits: PACED })
    for (let i = 0; i < 5; i++) desk.order({ price: 100 - i })
    expect(desk.sent).toEqual(['submit 1 buy 1000 @ 1000', 'submit 2 buy 1000 @ 990'])
    const { pacing } = desk.desk.venues.all[0]
    expect(pacing.waiting).toBe(3)
    desk.pass(99)
    expect(desk.sent).toHaveLength(2)
    desk.pass(1)
    expect(desk.sent.at(-1)).toBe('submit 3 buy 1000 @ 980')
    desk.pass(100)
    desk.pass(100)
    expect(desk.sent.map(text => text.split(' ')[1])).toEqual(['1', '2', '3', '4', '5'])
    expect(pacing.waiting).toBe(0)
    expect(desk.desk.nextAt).toBe(Number.POSITIVE_INFINITY)
    // The other venue has tokens of its own.
    desk.order({ instrument: 2 })
    desk.order({ instrument: 2, price: 99 })
    expect(desk.sent).toHaveLength(7)
  })

  test('cancels overtake submits and amends, and are never denied', () => {
    const desk = new TestDesk({ limits: PACED })
    const ids = [desk.order(), desk.order({ price: 99 })]
    for (const id of ids) desk.say('accepted', id)
    desk.order({ price: 98 })
    desk.amend(ids[0], { price: 97 })
    desk.cancel(ids[1])
    expect(desk.sent).toHaveLength(2)
    desk.pass(1000)
    expect(desk.sent.slice(2)).toEqual(['cancel 2', 'submit 3 buy 1000 @ 980', 'amend 1'])
    expect(desk.of('OrderReport').filter(({ state }) => state === 'denied')).toEqual([])
  })

  test('a submit that is cancelled while it waits never leaves, and says why; its cancel is answered too', () => {
    const desk = new TestDesk({ limits: PACED })
    desk.order()
    desk.order({ price: 99 })
    const waiting = desk.order({ price: 98 })
    desk.clear()
    desk.cancel(waiting, 1)
    expect(
      desk.of('OrderReport').map(({ orderId, request, state, reason }) => [orderId, request, state, reason]),
    ).toEqual([
      [waiting, 0, 'denied', 'cancelled-before-sent'],
      [waiting, 1, 'denied', 'cancelled-before-sent'],
    ])
    desk.pass(1000)
    expect(desk.sent).toEqual([])
    expect(desk.desk.orders.open).toBe(2)
    // What it reserved is free again.
    expect(desk.desk.risk.desk.desk.openOrders).toBe(2)
  })

  test('an amend that waits is refused when its order is cancelled: only the cancel leaves', () => {
    const desk = new TestDesk({ limits: PACED })
    const ids = [desk.order(), desk.order({ price: 99 })]
    for (const id of ids) desk.say('accepted', id)
    desk.amend(ids[0], { price: 97 }, 1)
    desk.clear()
    desk.cancel(ids[0], 2)
    expect(desk.of('OrderReport')).toMatchObject([
      { orderId: ids[0], request: 1, state: 'accepted', reason: 'cancelled-before-sent', price: 100 },
    ])
    desk.pass(1000)
    expect(desk.sent).toEqual(['cancel 1'])
  })

  test('a request whose deadline passes while it waits ends as not-sent: the order is denied, the amend refused; a cancel still leaves', () => {
    const desk = new TestDesk({ limits: { account: { perSecond: 1, burst: 2 } }, expiryMs: 300 })
    const ids = [desk.order(), desk.order({ price: 99 })]
    for (const id of ids) desk.say('accepted', id)
    const waiting = desk.order({ price: 98 })
    desk.amend(ids[0], { price: 97 }, 1)
    desk.cancel(ids[1], 1)
    desk.clear()
    desk.pass(300)
    expect(desk.outcomes).toEqual([])
    desk.pass(5)
    expect(
      desk.of('OrderReport').map(({ orderId, request, state, reason }) => [orderId, request, state, reason]),
    ).toEqual([
      [waiting, 0, 'denied', 'not-sent'],
      [ids[0], 1, 'accepted', 'not-sent'],
    ])
    desk.pass(700)
    expect(desk.sent).toEqual(['cancel 2'])
  })

  test('a halt denies what waits; cancels still leave', () => {
    const desk = new TestDesk({ limits: PACED })
    const ids = [desk.order(), desk.order({ price: 99 })]
    desk.order({ price: 98 })
    desk.cancel(ids[0])
    desk.clear()
    desk.switchTo('halted')
    expect(desk.of('OrderReport')).toMatchObject([{ state: 'denied', reason: 'halted' }])
    desk.pass(1000)
    expect(desk.sent).toEqual(['cancel 1'])
  })

  test('a gateway that starts again sends no order of its last life that waited; its cancels it does', () => {
    const desk = new TestDesk({ limits: PACED })
    const ids = [desk.order(), desk.order({ price: 99 })]
    desk.order({ price: 98 })
    desk.cancel(ids[0])
    desk.clear()
    desk.restart()
    expect(desk.of('OrderReport')).toMatchObject([{ state: 'denied', reason: 'not-sent' }])
    desk.pass(1000)
    expect(desk.sent).toEqual(['cancel 1'])
  })

  test('what waits is certain: it does not become unknown when the connection is lost', () => {
    const desk = new TestDesk({ limits: PACED })
    desk.order()
    desk.order({ price: 99 })
    const waiting = desk.order({ price: 98 })
    desk.clear()
    desk.event(0, 'disconnected', 0n)
    expect(desk.of('OrderReport').map(({ orderId }) => orderId)).not.toContain(waiting)
    expect(desk.of('OrderReport')).toHaveLength(2)
  })

  test('weights: heavy requests wait longer, and light ones of the same venue do not overtake them', () => {
    const desk = new TestDesk({
      limits: { venue: { perSecond: 10, burst: 4 }, weights: { submit: 3, amend: 1, cancel: 0 } },
    })
    const first = desk.order()
    desk.say('accepted', first)
    desk.order({ price: 99 })
    desk.amend(first, { price: 98 })
    // A cancel that costs nothing needs nothing.
    desk.cancel(first)
    expect(desk.sent).toEqual(['submit 1 buy 1000 @ 1000', 'cancel 1'])
    desk.pass(199)
    expect(desk.sent).toHaveLength(2)
    desk.pass(1)
    expect(desk.sent.at(-1)).toBe('submit 2 buy 1000 @ 990')
  })

  test('a pair is paced like all: its closing order waits its turn', () => {
    const desk = new TestDesk({ limits: { account: { perSecond: 2, burst: 1 } } })
    const pair = desk.pair()
    expect(desk.sent).toHaveLength(2)
    desk.say('fill', pair + 1n, { steps: 1000, ticks: 1000, tradeId: 'x' })
    desk.say('rejected', pair + 2n)
    desk.order({ price: 50 })
    desk.pass(500)
    expect(desk.sent.at(-1)).toBe('submit 64 buy 1000 @ 500')
    desk.pass(500)
    expect(desk.sent.at(-1)).toBe('submit 35 sell 1000 @ 990')
  })

  test('random requests: no venue gets more than its limits, cancels come first, and nothing is left waiting', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 50 }),
        fc.integer({ min: 3, max: 8 }),
        fc.array(fc.tuple(fc.constantFrom('order', 'cancel', 'amend', 'pass'), fc.integer({ min: 0, max: 200 })), {
          minLength: 5,
          maxLength: 60,
        }),
        (perSecond, burst, steps) => {
          const weights = { submit: 2, amend: 3, cancel: 1 } as const
          const desk = new TestDesk({ limits: { account: { perSecond, burst }, weights } })
          const tokenNs = Math.ceil(1e9 / perSecond)
          const times: [number, number][] = []
          const orders: bigint[] = []
          let seen = 0
          const look = (): void => {
            for (; seen < desk.outcomes.length; seen++) {
              const { kind, action } = desk.outcomes[seen]
              if (kind === 'Intent') times.push([desk.now, weights[action as keyof typeof weights]])
            }
          }
          let request = 0
          for (const [what, number] of steps) {
            const id = orders[number % Math.max(1, orders.length)]
            if (what === 'order') {
              orders.push(desk.order({ price: 100 + number / 10 }))
            } else if (what === 'pass') {
              for (let ms = 0; ms < number; ms++) {
                desk.pass(1)
                look()
              }
            } else if (id !== undefined) {
              if (what === 'cancel') desk.cancel(id, ++request)
              else desk.amend(id, { price: 50 + number / 10 }, ++request)
            }
            look()
          }
          desk.pass(600_000)
          look()
          expect(desk.desk.venues.all[0].pacing.waiting).toBe(0)
          // In any time from one request to another: at most the burst and what came back. The clock of `look` is 1 ms coarse.
          for (let i = 0; i < times.length; i++) {
            let tokens = 0
            for (let j = i; j < times.length && times[j][0] < 600_000 * MS; j++) {
              tokens += times[j][1]
              const room = burst + (times[j][0] - times[i][0] + MS) / tokenNs
              expect(tokens).toBeLessThanOrEqual(room)
            }
          }
        },
      ),
      { numRuns: 60 },
    )
  })

  test('limits that contradict themselves are refused by name', () => {
    const refused: [unknown, RegExp][] = [
      [{ account: { burst: 2 } }, /needs 'perSecond'/],
      [{ account: { perSecond: 0 } }, /'perSecond'/],
      [{ venue: { perSecond: 5, burst: 2 }, weights: { submit: 3 } }, /could never leave/],
      [{ weights: { submit: -1 } }, /'submit'/],
      [{ acount: { perSecond: 1 } }, /no option 'acount'/],
    ]
    for (const [limits, message] of refused)
      expect(() => checkRequestLimits(limits as RequestLimits, "the venue 'x'"), JSON.stringify(limits)).toThrow(
        message,
      )
    checkRequestLimits({ venue: { perSecond: 0.5 } }, "the venue 'x'")
  })
})

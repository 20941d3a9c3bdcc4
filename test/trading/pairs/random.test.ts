import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Outcome, TestDesk } from '../../support/pair-desk.ts'
import { type Draw, World } from '../../support/pair-world.ts'

/** The long run has many more, and as much time as it takes. */
const RUNS = Number(process.env['TICKTAPE_PAIR_RUNS'] ?? 150)
const TIMEOUT_MS = 60_000 + 500 * RUNS

test('random markets, random answers: what closes is never more than the excess; at the end balanced, or reported unbalanced', {
  timeout: TIMEOUT_MS,
}, () => {
  const ends: Record<string, number> = {}
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 40 }),
      fc.integer({ min: 1, max: 40 }),
      fc.boolean(),
      fc.boolean(),
      fc.integer({ min: 1, max: 2 ** 31 - 1 }),
      fc.integer({ min: 5, max: 80 }),
      (first, second, mayLose, isPaced, seed, length) => {
        let state = seed
        const draw: Draw = below => {
          state = (Math.imul(state, 1664525) + 1013904223) >>> 0
          return Math.floor((state / 2 ** 32) * below)
        }
        const limits = isPaced ? { account: { perSecond: 20, burst: 1 } } : undefined
        const desk = new TestDesk({ expiryMs: mayLose ? 30 : 0, ...(limits === undefined ? {} : { limits }) })
        const world = new World(desk, [first, second], draw, mayLose)
        for (let i = 0; i < length; i++) world.step()
        world.end()
        expect(
          world.isOver,
          `${String(world.last?.['state'])} ${String(world.last?.['reason'])}, next at ${desk.desk.nextAt - desk.now}: ${desk.sent.slice(0, 12).join(', ')}`,
        ).toBe(true)
        for (const order of world.orders.values()) expect(order.state).not.toBe('open')
        const { state: end, reason } = world.last as { state: string; reason: string } & Outcome
        ends[`${end} ${reason}`] = (ends[`${end} ${reason}`] ?? 0) + 1
        // Less than a step of either leg is balanced.
        const { unequal } = world
        const isBalanced = unequal < BigInt(second) && -unequal < BigInt(first)
        expect([end, isBalanced]).toEqual([isBalanced ? expect.anything() : 'unbalanced', isBalanced])
        if (end === 'unbalanced') expect(reason).not.toBe('none')
      },
    ),
    { numRuns: RUNS },
  )
  // All ends were met: the test sees what it is about.
  expect(Object.keys(ends)).toEqual(expect.arrayContaining(['done none', 'unbalanced outside-slippage']))
})

test('a desk that is loaded from what another one saved, in the middle of a pair’s life, decides the same from then on', {
  timeout: TIMEOUT_MS,
}, () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 2 ** 31 - 1 }),
      fc.integer({ min: 1, max: 60 }),
      fc.boolean(),
      (seed, before, isPaced) => {
        let state = seed
        const draw: Draw = below => {
          state = (Math.imul(state, 1664525) + 1013904223) >>> 0
          return Math.floor((state / 2 ** 32) * below)
        }
        const desk = new TestDesk(isPaced ? { limits: { account: { perSecond: 8, burst: 1 } } } : {})
        const world = new World(desk, [12, 20], draw, false)
        for (let i = 0; i < before; i++) world.step()
        desk.startMirror()
        for (let i = 0; i < 20; i++) world.step()
        world.end()
        // Questions have a memory of their own, which is not saved here.
        const decided = (outcomes: readonly Outcome[]): Outcome[] =>
          outcomes.filter(({ action }) => action !== 'query' && action !== 'reconcile')
        const { ours, theirs } = desk.mirrored
        expect(decided(theirs)).toEqual(decided(ours))
      },
    ),
    { numRuns: 100 },
  )
})

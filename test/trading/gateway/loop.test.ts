import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { Loop, type Work } from '../../../dist/trading/gateway/loop.js'
import { until } from '../../support/desks.ts'

/** A gateway whose feed has no event: its next batch is a promise. */
class QuietWork implements Work {
  iterations = 0
  readonly isWaiting = true
  readonly isTimed = false
  readonly controls = []

  iterate(): number {
    this.iterations++
    return 0
  }

  hasWork(): boolean {
    return false
  }

  dueIn(): number {
    return Number.POSITIVE_INFINITY
  }
}

test('sleeps while a feed is quiet, and what comes wakes it', async () => {
  const work = new QuietWork()
  const loop = new Loop(work, false)
  const running = loop.run()
  await sleep(300)
  const before = work.iterations
  expect(before).toBeGreaterThan(0)
  expect(before).toBeLessThan(1000)
  loop.wake()
  await until(() => work.iterations > before, 'the next iteration')
  loop.stop()
  await running
})

test('looks on without a sleep when it is told to spin', async () => {
  const work = new QuietWork()
  const loop = new Loop(work, true)
  const running = loop.run()
  await until(() => work.iterations > 10_000, 'many iterations')
  loop.stop()
  await running
})

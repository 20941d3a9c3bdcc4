/** A state file that is removed or replaced while it is open: whoever has it open is told within a second or two. */
import { existsSync, renameSync, rmSync } from 'node:fs'
import { BroadcastMember, CircuitBreaker, Ring } from 'ticktape/state'
import { describe, expect, test, vi } from 'vitest'
import { failureOf } from '../support/failures.ts'
import { Tick } from '../support/frames.ts'
import { KINDS, opened, statePath, ticks } from '../support/state.ts'

const REPLACED = 'ERR_STATE_REPLACED'
const SOON = { timeout: 10_000, interval: 50 }
const tick = { symbol: 'BTC-USDT', last: 1, bid: 2, ask: 3, volume: 4 }

describe.concurrent('a state file that is removed', () => {
  test.each(KINDS)('is noticed by $name: every call says so', async ({ open, uses }) => {
    const path = statePath()
    const structure = opened(open(path))
    const calls = uses(structure as never)
    rmSync(path, { recursive: true })
    await vi.waitFor(() => expect(failureOf(calls[0])).toMatchObject({ code: REPLACED }), SOON)
    for (const call of calls) expect(failureOf(call)).toMatchObject({ code: REPLACED })
  })
})

test('a breaker that another one replaces says so, and the other one is untouched', async () => {
  const path = statePath()
  const old = opened(CircuitBreaker.open(path))
  renameSync(path, `${path}.old`)
  const other = opened(CircuitBreaker.open(path))
  await vi.waitFor(() => expect(failureOf(() => old.check(0, 1)).code).toBe(REPLACED), SOON)
  expect([other.check(0, 1), other.halted]).toEqual([null, false])
})

test('a consumer that waits for frames of a removed ring is told', async () => {
  const path = statePath()
  const ring = opened(Ring.open(path, { role: 'consumer' }))
  const running = ring.run(ticks)
  rmSync(path)
  await expect(running).rejects.toMatchObject({ code: REPLACED })
})

test('a broadcast goes on for the others when the ring of one member is removed', async () => {
  const kind = KINDS.find(({ name }) => name === 'Broadcast')
  const path = statePath()
  const out = opened(kind?.open(path) as never) as unknown as import('ticktape/state').Broadcast
  const [one, two] = ['one', 'two'].map(name => opened(BroadcastMember.join(path, name)))
  expect(out.write(Tick, tick)).toBe(2)
  rmSync(`${path}/one.ring`)
  await vi.waitFor(() => expect(out.write(Tick, tick)).toBe(1), SOON)
  await vi.waitFor(() => expect(failureOf(() => one.poll(ticks)).code).toBe(REPLACED), SOON)
  expect([two.poll(ticks) > 1, out.status().map(({ name }) => name)]).toEqual([true, ['two']])
})

test('a member that leaves a directory that was replaced removes nothing of the new one', async () => {
  const kind = KINDS.find(({ name }) => name === 'Broadcast')
  const path = statePath()
  opened(kind?.open(path) as never)
  const old = opened(BroadcastMember.join(path, 'one'))
  rmSync(path, { recursive: true })
  const out = opened(kind?.open(path) as never) as unknown as import('ticktape/state').Broadcast
  const other = opened(BroadcastMember.join(path, 'one'))
  old.leave()
  expect(existsSync(`${path}/one.ring`)).toBe(true)
  expect([out.write(Tick, tick), other.poll(ticks)]).toEqual([1, 1])
})

test('a file that stays where it is stays open', async () => {
  const path = statePath()
  const breaker = opened(CircuitBreaker.open(path))
  await new Promise(resolve => setTimeout(resolve, 2500))
  expect(breaker.check(0, 1)).toBeNull()
})

/** `ticktape halt | resume | breaker`: run as commands. */
import { dirname } from 'node:path'
import { CircuitBreaker } from 'ticktape/state'
import { expect, test } from 'vitest'
import { startChild } from '../support/child.ts'
import { ticktape } from '../support/journals.ts'
import { opened, statePath } from '../support/state.ts'

test('halt stops another process at its next order, resume lets it continue', async () => {
  const path = statePath('breaker')
  const breaker = opened(CircuitBreaker.open(path, { maxDailyLoss: 50_000 }))
  const child = startChild(
    `
    const { CircuitBreaker } = await import('ticktape/state')
    const breaker = CircuitBreaker.open(dir)
    let last
    say('ready')
    for (;;) {
      const now = breaker.check(0, 1)
      if (now !== last) { say({ now }); last = now }
      await sleep(1)
    }`,
    [path],
  )
  expect(await child.hear()).toBe('ready')
  expect(await child.hear()).toEqual({ now: null })
  const halted = ticktape('halt', path, 'exchange', 'maintenance')
  expect(halted).toMatchObject({
    status: 0,
    stderr: '',
    stdout: expect.stringContaining('halted (halted): exchange maintenance'),
  })
  expect(await child.hear()).toEqual({ now: 'halted' })
  expect(breaker.status().halt).toMatchObject({ code: 'halted', reason: 'exchange maintenance' })
  expect(ticktape('resume', path)).toMatchObject({ status: 0, stdout: expect.stringContaining('trading is allowed') })
  expect(await child.hear()).toEqual({ now: null })
})

test('breaker shows the state, given its file or directory, also in its exit code', () => {
  const path = statePath('breaker')
  const breaker = opened(CircuitBreaker.open(path, { maxConsecutiveErrors: 2, maxDailyLoss: 50_000 }))
  breaker.recordPnl(-1250)
  expect(ticktape('breaker', dirname(path))).toMatchObject({ status: 0, stdout: expect.stringContaining('-1250') })
  breaker.recordError()
  breaker.recordError()
  const { status, stdout } = ticktape('breaker', path, '--json')
  expect(status).toBe(1)
  expect(JSON.parse(stdout)).toMatchObject({
    path,
    halted: true,
    consecutiveErrors: 2,
    dailyPnl: -1250,
    halt: { code: 'consecutive-errors', reason: '2 errors in a row', pid: process.pid },
    limits: { maxConsecutiveErrors: 2, maxDailyLoss: 50_000, maxPosition: null },
  })
})

test('breaker changes limits for every process', () => {
  const path = statePath('breaker')
  const breaker = opened(CircuitBreaker.open(path, { maxDailyLoss: 50_000 }))
  expect(ticktape('breaker', path, '--max-loss', '75000', '--max-position', '10').status).toBe(0)
  expect(breaker.limits).toEqual({
    maxConsecutiveErrors: Number.POSITIVE_INFINITY,
    maxDailyLoss: 75_000,
    maxPosition: 10,
  })
  expect(ticktape('breaker', path, '--max-loss', 'none').status).toBe(0)
  expect(breaker.limits.maxDailyLoss).toBe(Number.POSITIVE_INFINITY)
})

test('a missing breaker and invalid arguments are reported with exit code 2', () => {
  const path = statePath('breaker')
  for (const args of [
    ['halt', path],
    ['resume', path],
    ['breaker', path],
  ]) {
    expect(ticktape(...args)).toMatchObject({
      status: 2,
      stdout: '',
      stderr: expect.stringContaining('there is no circuit breaker'),
    })
  }
  opened(CircuitBreaker.open(path))
  expect(ticktape('breaker', path, '--max-loss', 'much')).toMatchObject({
    status: 2,
    stderr: expect.stringContaining("'much'"),
  })
  expect(ticktape('breaker', path, '--json', '--max-errors', '0').stderr).toContain('"code":"ERR_INVALID_OPTION"')
})

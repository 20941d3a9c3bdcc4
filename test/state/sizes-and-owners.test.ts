/** Tests what docs/state.md says about default sizes, and about errors that name the process that holds a role or a cell. */
import { Broadcast, CircuitBreaker, Counters, InFlight, LatestValues, TopOfBook } from 'ticktape/state'
import { expect, test } from 'vitest'
import { startChild } from '../support/child.ts'
import { failureOf } from '../support/failures.ts'
import { Tick } from '../support/frames.ts'
import { opened, statePath } from '../support/state.ts'

test('the first process to open a file without sizes creates it with the defaults, for all processes', () => {
  const kinds: [string, (path: string, size?: number) => { close(): void }][] = [
    ['markets 512, not 600', (path, markets) => TopOfBook.open(path, { markets })],
    ['markets 512, not 600', (path, markets) => InFlight.open(path, { markets })],
    ['markets 512, not 600', (path, markets) => CircuitBreaker.open(path, { markets })],
    ['capacity 1024, not 600', (path, capacity) => LatestValues.open(path, Tick, { capacity })],
    ['cells 1024, not 600', (path, cells) => Counters.open(path, { cells })],
  ]
  for (const [message, open] of kinds) {
    const path = statePath()
    opened(open(path))
    expect(failureOf(() => open(path, 600))).toMatchObject({
      code: 'ERR_STATE_MISMATCH',
      message: expect.stringMatching(`${message}, the default: the process that created it may have given none`),
    })
    const sized = statePath()
    opened(open(sized, 600))
    opened(open(sized))
    expect(failureOf(() => open(sized, 601)).message).not.toContain('default')
  }
})

test('a refused process learns which process holds the cell, or broadcasts', async () => {
  const path = statePath('values')
  const child = startChild(
    `
    const S = await import('ticktape/state')
    const Tick = ticktape.frame('Tick', 1, { symbol: ascii(16), last: f64, bid: f64, ask: f64, volume: f64 })
    const latest = S.LatestValues.open(dir, Tick)
    latest.begin(3).bid = 7; latest.commit()
    const out = S.Broadcast.open(dir + '.ticks')
    say(process.pid); await line()
    latest.close(); out.close()`,
    [path],
  )
  const pid = await child.hear()
  const latest = opened(LatestValues.open(path, Tick))
  expect(failureOf(() => latest.begin(3))).toMatchObject({ code: 'ERR_STATE_BUSY', pid, path })
  expect(failureOf(() => Broadcast.open(`${path}.ticks`))).toMatchObject({
    code: 'ERR_STATE_BUSY',
    pid,
    message: expect.stringContaining(`process ${pid as number}`),
  })
  await child.kill()
  latest.begin(3).ask = 8
  latest.commit()
  expect(latest.get(3)).toMatchObject({ bid: 7, ask: 8 })
})

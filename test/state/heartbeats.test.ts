import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { Heartbeats } from 'ticktape/state'
import { expect, test } from 'vitest'
import { failureOf } from '../support/failures.ts'
import { opened, statePath } from '../support/state.ts'

const progress = { position: 5, lag: 6, read: 7, sent: 8, p50: 9, p99: 10, p999: 11 }

test('a process is seen by others: who it is, how far it has come, and that it lives', () => {
  const path = statePath()
  const gateway = opened(Heartbeats.open(path))
  const cell = gateway.acquire('momentum')
  cell.start(3)
  cell.setProcess(123, 456)
  const other = opened(Heartbeats.find(path) as Heartbeats)
  const before = other.list()
  expect(before).toMatchObject([
    { cell: 0, name: 'momentum', pid: 123, processStart: 456, epoch: 3, phase: 'starting', beats: 0, time: 0n },
  ])
  const pulse = opened(Heartbeats.find(path) as Heartbeats).pulse(cell.number)
  pulse.beat(4)
  expect(other.list()[0]).toMatchObject({ beats: 1, position: 4 })
  pulse.tell(progress)
  cell.setPhase('running')
  const { read: handled, ...rest } = progress
  const [told] = other.list()
  expect(told).toMatchObject({ ...rest, handled, beats: 2, phase: 'running' })
  expect(told.time).toBeGreaterThan(0n)
  // A new life begins with nothing.
  cell.start(4)
  expect(other.list()[0]).toMatchObject({ epoch: 4, beats: 0, position: 0, handled: 0, time: 0n })
})

test('cells are given out once, and again when they are free', () => {
  const table = opened(Heartbeats.open(statePath(), { cells: 2 }))
  const [a] = [table.acquire('a'), table.acquire('b')]
  expect(failureOf(() => table.acquire('c'))).toMatchObject({ code: 'ERR_STATE_FULL' })
  a.release()
  expect(table.list().map(({ name }) => name)).toEqual(['b'])
  expect(table.acquire('c').number).toBe(0)
  expect(table.list().map(({ name }) => name)).toEqual(['c', 'b'])
  table.clear()
  expect(table.list()).toEqual([])
  expect(failureOf(() => table.acquire(''))).toMatchObject({ code: 'ERR_INVALID_OPTION' })
  expect(failureOf(() => table.pulse(2))).toMatchObject({ code: 'ERR_INVALID_OPTION' })
})

test('what was written in an earlier boot of the machine is gone: its processes are too', () => {
  const path = statePath()
  const table = Heartbeats.open(path)
  table.acquire('a').setProcess(process.pid, 1)
  table.close()
  const bytes = readFileSync(path)
  bytes.fill(7, 128, 144) // the boot id
  writeFileSync(path, bytes)
  expect(opened(Heartbeats.open(path)).list()).toEqual([])
})

test('signs of life of another process are seen at once', () => {
  const path = statePath()
  const table = opened(Heartbeats.open(path))
  const code = `import { Heartbeats } from 'ticktape/state'
    const pulse = Heartbeats.find(${JSON.stringify(path)}).pulse(${table.acquire('other').number})
    for (let i = 1; i <= 1000; i++) pulse.beat(i)`
  expect(spawnSync(process.execPath, ['--input-type=module', '-e', code], { encoding: 'utf8' }).stderr).toBe('')
  expect(table.list()[0]).toMatchObject({ beats: 1000, position: 1000 })
})

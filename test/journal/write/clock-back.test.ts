import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { runChild } from '../../support/child.ts'
import { Count } from '../../support/frames.ts'
import { ticktape } from '../../support/journals.ts'
import { journalPath, openReader, openWriter, readAll, writeCounts } from '../../support/open.ts'

const CLOCK = fileURLToPath(new URL('../../fixtures/clock.mjs', import.meta.url))
const HOUR = 3_600_000_000_000n

interface Told {
  readonly path: string
  readonly position: number
  readonly ns: bigint
}

function listen(): Told[] {
  const told: Told[] = []
  const hear = (message: unknown): void => void told.push(message as Told)
  subscribe('ticktape:journal.clock-back', hear)
  onTestFinished(() => void unsubscribe('ticktape:journal.clock-back', hear))
  return told
}

test('a clock that is set back under a writer is reported once each time, with the distance and the first frame', async () => {
  const { said, stderr } = await runChild(
    `
    const { subscribe } = await import('node:diagnostics_channel')
    const told = []
    subscribe('ticktape:journal.clock-back', ({ path, position, ns }) => told.push([path === dir, position, Number(ns)]))
    const writer = Writer.open(dir, { pageSize: 65536 })
    const write = count => { for (let i = 0; i < count; i++) writer.write(Count, { n: i }) }
    write(10)
    setClockBack(2 * 3600e9)
    write(500)
    setClockBack(0)
    write(10)
    setClockBack(60e9)
    write(10)
    writer.close()
    say(told)`,
    [journalPath()],
    ['--import', CLOCK],
  )
  expect(stderr).toBe('')
  const [told] = said as [readonly [boolean, number, number][]]
  expect(told.map(([isPath, position]) => [isPath, position])).toEqual([
    [true, 10],
    [true, 520],
  ])
  const [first, second] = told.map(([, , ns]) => ns)
  expect(Math.abs(first - 2 * 3600e9)).toBeLessThan(60e9)
  expect(Math.abs(second - 60e9)).toBeLessThan(30e9)
})

test('a clock that is behind the last frame of the previous writer is reported too, also by doctor', () => {
  const told = listen()
  const path = journalPath()
  const first = openWriter(path)
  const ahead = BigInt(Date.now()) * 1_000_000n + 3n * HOUR
  const frame = first.begin(Count)
  frame.n = 0
  first.commit({ time: ahead })
  writeCounts(first, 1, 5)
  first.close()
  // The program passed that time, so the clock need not have shown it.
  expect(told).toEqual([])

  const second = openWriter(path)
  writeCounts(second, 5, 10)
  expect(told).toMatchObject([{ path, position: 5 }])
  expect(told[0].ns > 2n * HOUR && told[0].ns <= 3n * HOUR).toBe(true)
  expect(readAll(openReader(path)).map(({ time }) => time)).toEqual(Array.from({ length: 10 }, () => ahead))

  const { findings } = JSON.parse(ticktape('doctor', path, '--json').stdout) as {
    findings: { check: string; status: string; found: string }[]
  }
  expect(findings.find(({ check }) => check === 'clock')).toMatchObject({
    status: 'warn',
    found: expect.stringContaining("behind the last frame's time") as string,
  })
})

test('with an ordinary clock nothing is reported', () => {
  const told = listen()
  const writer = openWriter()
  writeCounts(writer, 0, 5000)
  expect(told).toEqual([])
  expect(ticktape('doctor', writer.path).stdout).toMatch(/clock\s+not behind the last frame/)
})

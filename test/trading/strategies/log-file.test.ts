import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { LogFile } from '../../../dist/trading/strategies/log-file.js'
import { makeFolder } from '../../support/folders.ts'

/** A log in a home of its own, and what it prints. */
function makeLog(): { home: string; directory: string; log: LogFile; printed: string[] } {
  const printed: string[] = []
  const spy = vi.spyOn(process.stderr, 'write').mockImplementation(text => {
    printed.push(String(text).slice(0, 200))
    return true
  })
  const home = join(makeFolder('memory'), 'home')
  mkdirSync(home)
  const directory = join(home, 'log')
  const log = new LogFile(directory, 'a')
  onTestFinished(() => {
    spy.mockRestore()
    log.close()
  })
  return { home, directory, log, printed }
}

test('a home that was removed is not created again for a log', () => {
  const { home, log, printed } = makeLog()
  rmSync(home, { recursive: true })
  log.write('one')
  log.write('two')
  expect(existsSync(home)).toBe(false)
  expect(printed).toEqual(['[a] one\n', expect.stringMatching(/cannot be written: ENOENT/), '[a] two\n'])
})

test('a log does not go on in a directory that has replaced its own', () => {
  const { directory, log, printed } = makeLog()
  log.write('one')
  rmSync(directory, { recursive: true })
  mkdirSync(directory)
  // So much that another file begins.
  log.write('x'.repeat(17 * 2 ** 20))
  log.write('two')
  expect(readdirSync(directory)).toEqual([])
  expect(printed.at(-1)).toMatch(/cannot be written: it was removed or replaced/)
})

/** A clock of days: only `Date` is another one. */
function atDay(day: string): void {
  vi.useFakeTimers({ toFake: ['Date'], now: new Date(`${day}T12:00:00Z`) })
  onTestFinished(() => {
    vi.useRealTimers()
  })
}

test('a log has a new file each day, and after 16 MiB; a process that starts goes on in the last one', () => {
  const { directory, log } = makeLog()
  atDay('2026-03-01')
  log.write('one')
  log.write('two\nlines')
  atDay('2026-03-02')
  log.write('three')
  expect(readdirSync(directory).toSorted()).toEqual(['a.2026-03-01.1.log', 'a.2026-03-02.1.log'])
  const at = '2026-03-01T12:00:00.000Z'
  expect(readFileSync(join(directory, 'a.2026-03-01.1.log'), 'utf8')).toBe(`${at} one\n${at} two\n  lines\n`)
  log.close()

  const second = new LogFile(directory, 'a')
  onTestFinished(() => second.close())
  second.write('four')
  const file = join(directory, 'a.2026-03-02.1.log')
  expect(readFileSync(file, 'utf8').match(/three|four/g)).toEqual(['three', 'four'])
  // Up to 16 MiB it goes on; the first line after more begins another file.
  truncateSync(file, 16 * 2 ** 20 - 1)
  second.close()
  const third = new LogFile(directory, 'a')
  onTestFinished(() => third.close())
  third.write('five')
  expect(readdirSync(directory)).toHaveLength(2)
  third.write('six')
  expect(readdirSync(directory).toSorted().at(-1)).toBe('a.2026-03-02.2.log')
  expect(readFileSync(join(directory, 'a.2026-03-02.2.log'), 'utf8')).toBe('2026-03-02T12:00:00.000Z six\n')
})

test('the ten newest files of a strategy are kept, the second of a day after the first; those of others are left alone', () => {
  const { directory, log } = makeLog()
  mkdirSync(directory)
  const others = ['a.b.2026-01-01.1.log', 'b.2026-01-01.1.log', 'a.notes']
  for (const name of others) writeFileSync(join(directory, name), '')
  for (let day = 1; day <= 8; day++) writeFileSync(join(directory, `a.2026-03-0${day}.1.log`), '')
  for (const n of [2, 10]) writeFileSync(join(directory, `a.2026-03-01.${n}.log`), '')
  atDay('2026-03-09')
  log.write('one')
  const own = readdirSync(directory).filter(name => !others.includes(name))
  // 1, 2 and 10 are in the order of numbers, not of text.
  expect(own.toSorted()).toEqual(
    [2, 3, 4, 5, 6, 7, 8, 9]
      .map(day => `a.2026-03-0${day}.1.log`)
      .concat(['a.2026-03-01.10.log', 'a.2026-03-01.2.log'])
      .toSorted(),
  )
  expect(others.every(name => existsSync(join(directory, name)))).toBe(true)
})

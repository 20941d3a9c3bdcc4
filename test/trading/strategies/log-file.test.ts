import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
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

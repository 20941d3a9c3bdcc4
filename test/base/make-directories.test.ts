import { mkdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { makeDirectories } from '../../dist/base/files/make-directories.js'
import { makeFolder } from '../support/folders.ts'
import { ticktape } from '../support/journals.ts'

test('creates what is missing, and says which is the uppermost', () => {
  const folder = makeFolder('memory')
  expect(makeDirectories(join(folder, 'a/b/c'), 0o700)).toBe(join(folder, 'a'))
  expect(statSync(join(folder, 'a/b/c')).mode & 0o777).toBe(0o700)
  expect(makeDirectories(join(folder, 'a/b/c'))).toBe(undefined)
  expect(makeDirectories(join(folder, 'a/b/d'))).toBe(join(folder, 'a/b/d'))
  expect(makeDirectories('/')).toBe(undefined)
})

test('a file at the path or above it is an error', () => {
  const folder = makeFolder('memory')
  const file = join(folder, 'file')
  writeFileSync(file, '')
  expect(() => makeDirectories(file)).toThrow('EEXIST')
  expect(() => makeDirectories(join(file, 'below'))).toThrow('ENOTDIR')
  mkdirSync(join(folder, 'there'))
  expect(makeDirectories(join(folder, 'there'))).toBe(undefined)
})

test.skipIf(process.platform !== 'linux')(
  'a home in /proc is refused in one line: nothing can be created there',
  () => {
    expect(() => makeDirectories('/proc/ticktape/home')).toThrow('ENOENT')
    const { status, stderr } = ticktape('run', '--home', '/proc/ticktape-home', '--duration', '1', 'none.mjs')
    expect(status).toBe(2)
    expect(stderr.trim().split('\n')).toHaveLength(1)
  },
)

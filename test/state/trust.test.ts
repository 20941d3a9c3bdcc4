/** Tests who may open a state file: `mode` says which users, and the kill switch works for its owner, its group and root. */
import { spawnSync } from 'node:child_process'
import { chmodSync, chownSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { CircuitBreaker, TopOfBook } from 'ticktape/state'
import { describe, expect, test } from 'vitest'
import { startChild } from '../support/child.ts'
import { failureOf } from '../support/failures.ts'
import { makeFolder } from '../support/folders.ts'
import { ticktape } from '../support/journals.ts'
import { OTHERS_MAY_ENTER, ROOT, skipUnless } from '../support/skips.ts'
import { opened, statePath } from '../support/state.ts'

const OWNER = 1000
const MEMBER = 1001
const GROUP = 2000

/** A folder that other users may enter. The folders of the tests are for root only. */
function openFolder(): string {
  const folder = makeFolder('memory')
  chmodSync(dirname(folder), 0o711)
  return folder
}

/** A breaker of user 1000 and group 2000, which this process has open all the time. */
function breakerOf(mode: number): { readonly path: string; readonly breaker: CircuitBreaker } {
  const path = join(openFolder(), 'breaker')
  const breaker = opened(CircuitBreaker.open(path, { mode }))
  chownSync(path, OWNER, GROUP)
  chownSync(dirname(path), OWNER, GROUP)
  chmodSync(dirname(path), 0o750)
  expect(statSync(path).mode & 0o777).toBe(mode)
  return { path, breaker }
}

function ticktapeAs(uid: number, ...args: string[]): { status: number | null; stderr: string } {
  const main = join(import.meta.dirname, '../../dist/cli/main.js')
  return spawnSync(process.execPath, [main, ...args], { encoding: 'utf8', uid, gid: GROUP })
}

describe.skipIf(
  skipUnless(
    ROOT && OTHERS_MAY_ENTER,
    'files of other users',
    'Only root can make them, in a clone that other users may enter',
  ),
)('a file of another user', () => {
  test.each([0o600, 0o660, 0o666])('halt works for its owner and for root, mode %o', mode => {
    const { path, breaker } = breakerOf(mode)
    expect(ticktape('halt', path, 'by root')).toMatchObject({ status: 0, stderr: '' })
    expect(breaker.status().halt?.reason).toBe('by root')
    expect(ticktape('resume', dirname(path)).status).toBe(0)
    expect(ticktapeAs(OWNER, 'halt', path, 'by its owner')).toMatchObject({ status: 0, stderr: '' })
    expect(breaker.status().halt?.reason).toBe('by its owner')
    expect(ticktapeAs(OWNER, 'breaker', dirname(path)).status).toBe(1)
  })

  test('halt works for a member of the group that may write the file, and for no other user', () => {
    const { path, breaker } = breakerOf(0o660)
    expect(ticktapeAs(MEMBER, 'halt', path, 'by a member')).toMatchObject({ status: 0, stderr: '' })
    expect(breaker.status().halt?.reason).toBe('by a member')
    const own = breakerOf(0o600)
    expect(ticktapeAs(MEMBER, 'halt', own.path)).toMatchObject({ status: 2 })
    expect(own.breaker.halted).toBe(false)
  })

  test("'mode' decides whose files are trusted", () => {
    const { path } = breakerOf(0o660)
    expect(failureOf(() => CircuitBreaker.open(path))).toMatchObject({ code: 'ERR_UNSAFE_PATH', path })
    opened(CircuitBreaker.open(path, { mode: 0o660 })).halt()
    expect(opened(CircuitBreaker.open(path, { mode: 0o660 })).halted).toBe(true)
  })

  test('processes of two users share a file and the directory that the first one created for it', async () => {
    const folder = openFolder()
    chownSync(folder, OWNER, GROUP)
    chmodSync(folder, 0o2770)
    const path = join(folder, 'desk', 'breaker')
    const as = (uid: number): string => `
      const { CircuitBreaker } = await import('ticktape/state')
      process.umask(0o077); process.setgroups([]); process.setgid(${GROUP}); process.setuid(${uid})
      const breaker = CircuitBreaker.open(dir, { mode: 0o660 })
      breaker.recordFill(0, 1)
      say(breaker.position(0)); breaker.close(); process.exit()`
    for (const [i, uid] of [OWNER, MEMBER].entries()) {
      const child = startChild(as(uid), [path])
      expect(await child.hear()).toBe(i + 1)
      expect((await child.end()).stderr).toBe('')
    }
    expect(statSync(path)).toMatchObject({ uid: OWNER, gid: GROUP })
    expect(statSync(dirname(path)).mode & 0o777).toBe(0o770)
  })
})

test("a file that more users may write than 'mode' says is refused, but its owner's command accepts it", () => {
  const path = statePath('breaker')
  CircuitBreaker.open(path, { mode: 0o660 }).close()
  expect(failureOf(() => CircuitBreaker.open(path))).toMatchObject({ code: 'ERR_UNSAFE_PATH', path })
  expect(failureOf(() => CircuitBreaker.open(path, { mode: 0o644 })).code).toBe('ERR_UNSAFE_PATH')
  expect(ticktape('halt', path).status).toBe(0)
  expect(opened(CircuitBreaker.open(path, { mode: 0o660 })).halted).toBe(true)
})

test('a directory created for a private file is private', () => {
  const path = join(makeFolder('memory'), 'one', 'two', 'book')
  opened(TopOfBook.open(path))
  expect([dirname(path), dirname(dirname(path))].map(made => statSync(made).mode & 0o777)).toEqual([0o700, 0o700])
})

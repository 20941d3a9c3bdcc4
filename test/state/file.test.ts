/** All state files are created by the first process, complete, private, and checked before use. */
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import * as fc from 'fast-check'
import { TicktapeError } from 'ticktape'
import { Counters, InFlight, LatestValues, Ring, TopOfBook } from 'ticktape/state'
import { describe, expect, test } from 'vitest'
import { startChild } from '../support/child.ts'
import { failureOf } from '../support/failures.ts'
import { makeFolder } from '../support/folders.ts'
import { Count, Tick } from '../support/frames.ts'
import { KINDS, opened, statePath } from '../support/state.ts'

/** The path of a structure's file. If the structure has a directory, the file is in it. */
function fileOf(path: string): string {
  return statSync(path).isDirectory() ? join(path, 'members') : path
}

test('when many processes open a path at the same time, one creates the file and all share it', async () => {
  const path = statePath()
  const children = Array.from({ length: 4 }, () =>
    startChild(
      `
    const { Counters } = await import('ticktape/state')
    say('ready'); await line()
    const counters = Counters.open(dir)
    counters.counter('opened').add(1)
    say(counters.counter('opened').value)
    await line(); counters.close(); process.exit()`,
      [path],
    ),
  )
  for (const child of children) await child.hear()
  for (const child of children) child.tell()
  for (const child of children) await child.hear()
  expect(opened(Counters.open(path)).read('opened')).toBe(4)
  expect(readdirSync(dirname(path))).toEqual(['state'])
  for (const child of children) child.tell()
  for (const child of children) expect((await child.end()).code).toBe(0)
})

test('a file is for its owner only, unless the mode says otherwise', () => {
  const path = statePath()
  opened(TopOfBook.open(path))
  expect(statSync(path).mode & 0o777).toBe(0o600)
  const shared = statePath()
  opened(TopOfBook.open(shared, { mode: 0o640 }))
  expect(statSync(shared).mode & 0o777).toBe(0o640)
})

test('files and directories that others can write are refused', () => {
  const path = statePath()
  TopOfBook.open(path).close()
  chmodSync(path, 0o666)
  expect(failureOf(() => TopOfBook.open(path))).toMatchObject({ code: 'ERR_UNSAFE_PATH', path })
  const open = join(makeFolder('memory'), 'open')
  mkdirSync(open)
  chmodSync(open, 0o777)
  expect(failureOf(() => TopOfBook.open(join(open, 'book')))).toMatchObject({ code: 'ERR_UNSAFE_PATH' })
})

test('symlinks, FIFOs and directories at the path are refused', () => {
  const folder = makeFolder('memory')
  writeFileSync(join(folder, 'target'), '')
  symlinkSync(join(folder, 'target'), join(folder, 'link'))
  expect(failureOf(() => TopOfBook.open(join(folder, 'link'))).code).toBe('ERR_UNSAFE_PATH')
  execFileSync('mkfifo', [join(folder, 'fifo')])
  expect(failureOf(() => TopOfBook.open(join(folder, 'fifo'))).code).toBe('ERR_CORRUPT_STATE')
  mkdirSync(join(folder, 'folder'))
  expect(failureOf(() => TopOfBook.open(join(folder, 'folder'))).code).toBe('ERR_UNSAFE_PATH')
  expect(failureOf(() => TopOfBook.open('')).code).toBe('ERR_INVALID_OPTION')
  expect(failureOf(() => TopOfBook.open('a\0b')).code).toBe('ERR_INVALID_OPTION')
})

test('a file of another kind, size or definition is refused with a named error and not changed', () => {
  const path = statePath()
  LatestValues.open(path, Tick, { capacity: 8 }).close()
  const before = readFileSync(path)
  expect(failureOf(() => TopOfBook.open(path))).toMatchObject({
    code: 'ERR_STATE_MISMATCH',
    message: expect.stringContaining('latest values'),
  })
  expect(failureOf(() => LatestValues.open(path, Tick, { capacity: 9 }))).toMatchObject({
    code: 'ERR_STATE_MISMATCH',
    message: expect.stringContaining('capacity 8, not 9'),
  })
  expect(failureOf(() => LatestValues.open(path, Count))).toMatchObject({
    code: 'ERR_STATE_MISMATCH',
    message: expect.stringContaining('another definition'),
  })
  expect(readFileSync(path)).toEqual(before)
  expect(opened(LatestValues.open(path, Tick)).capacity).toBe(8)
})

test('an incomplete file of a process that died is removed by the next process that creates the file', () => {
  const folder = makeFolder('memory')
  const path = join(folder, 'book')
  // No process has pid 4194304: the kernel's limit is one lower.
  writeFileSync(`${path}.4194304-1-0123abcd.tmp`, 'half')
  writeFileSync(`${path}.notes.tmp`, 'not ours')
  opened(TopOfBook.open(path))
  expect(readdirSync(folder).sort()).toEqual(['book', 'book.notes.tmp'])
})

test('a file that is too large is an error with its size', () => {
  const path = statePath()
  expect(failureOf(() => InFlight.open(path, { markets: 1_000_000, owners: 1024 }))).toMatchObject({
    code: 'ERR_INVALID_OPTION',
    path,
  })
  expect(existsSync(path)).toBe(false)
})

describe.each(KINDS)('$name', ({ open, uses }) => {
  test('works, and throws a named error after close', () => {
    const path = statePath()
    const structure = opened(open(path))
    const operations = uses(structure as never)
    for (const operation of operations) operation()
    structure.close()
    structure.close()
    for (const operation of operations) expect(failureOf(operation).code, String(operation)).toBe('ERR_CLOSED')
  })

  test('a file that is truncated or emptied while it is open is an error', () => {
    for (const size of [0, 1, 100, 4095, 4096, 5000]) {
      const path = statePath()
      open(path).close()
      truncateSync(fileOf(path), size)
      const { code } = failureOf(() => open(path))
      expect(code).toBe('ERR_CORRUPT_STATE')
    }
  })

  test('a file truncated while it is mapped kills no process', () => {
    const path = statePath()
    const structure = opened(open(path))
    truncateSync(fileOf(path), 0)
    for (const operation of uses(structure as never)) endsWell(operation)
  })

  test('every byte of the identity is covered by the checksum', () => {
    for (let at = 0; at < 124; at++) {
      const path = statePath()
      open(path).close()
      const file = fileOf(path)
      const bytes = readFileSync(file)
      bytes[at] ^= 0x40
      writeFileSync(file, bytes)
      expect(failureOf(() => open(path)).code, `byte ${at}`).toMatch(
        /^ERR_(CORRUPT_STATE|FORMAT_VERSION|STATE_MISMATCH)$/,
      )
    }
  })

  test('hostile bytes after the identity give data or a named error', () => {
    const mutation = fc.record({
      at: fc.oneof(fc.integer({ min: 128, max: 1500 }), fc.integer({ min: 4096, max: 4096 + 2000 })),
      bytes: fc.oneof(
        fc.uint8Array({ minLength: 1, maxLength: 16 }),
        fc.constant(new Uint8Array(16).fill(0xff)),
        fc.constant(new Uint8Array(8)),
      ),
      live: fc.boolean(),
    })
    fc.assert(
      fc.property(fc.array(mutation, { minLength: 1, maxLength: 4 }), mutations => {
        const path = statePath()
        let structure: { close(): void } | undefined = open(path)
        for (const operation of uses(structure as never)) endsWell(operation)
        const file = fileOf(path)
        for (const { at, bytes, live } of mutations) {
          if (!live) structure?.close()
          const content = readFileSync(file)
          const size = content.length
          content.set(
            bytes.subarray(0, Math.max(0, Math.min(bytes.length, size - at))),
            Math.min(at, size - bytes.length),
          )
          // Changes the file itself, so processes that have it mapped see the change.
          writeFileSync(file, content, { flag: 'r+' })
          if (!live) structure = endsWell(() => open(path))
          if (structure === undefined) return
          for (const operation of uses(structure as never)) endsWell(operation)
        }
        structure?.close()
      }),
      { numRuns: Number(process.env['TICKTAPE_STATE_LONG'] ? 5000 : 60), seed: 5 },
    )
  }, 600_000)
})

test('an unknown option, or a value of the wrong kind, is named in the error', () => {
  const path = statePath()
  expect(failureOf(() => Counters.open(path, { cell: 3 } as never)).message).toContain("'cell'")
  expect(failureOf(() => Ring.open(path, { role: 'consumer', slotz: 3 } as never)).message).toContain("'slotz'")
  expect(failureOf(() => Ring.open(path, {} as never)).message).toContain('role')
  expect(failureOf(() => InFlight.open(path, { ttlMs: 'soon' } as never)).message).toContain("'ttlMs'")
  expect(failureOf(() => LatestValues.open(path, { name: 'Tick' } as never)).message).toContain('frame()')
  expect(existsSync(path)).toBe(false)
})

test('a hard link is the same file', () => {
  const path = statePath()
  const book = opened(TopOfBook.open(path))
  linkSync(path, `${path}.too`)
  const other = opened(TopOfBook.open(`${path}.too`))
  book.setBid(1, 7, 8)
  expect(other.get(1)).toEqual({ bid: 7, ask: 0, bidSize: 8, askSize: 0 })
})

/** Returns the result of the call; undefined for an error of the library. Any other error, or a signal, fails the test. */
function endsWell<T>(body: () => T): T | undefined {
  try {
    return body()
  } catch (error) {
    if (error instanceof TicktapeError) return undefined
    throw error
  }
}

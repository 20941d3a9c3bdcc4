import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { f64, frame, Writer, type WriterOptions } from 'ticktape'
import { describe, expect, it } from 'vitest'
import { startChild } from '../../support/child.ts'
import { failureOf } from '../../support/failures.ts'
import { makeFolder } from '../../support/folders.ts'
import { Count } from '../../support/frames.ts'
import { journalPath, openReader, openWriter, readNumbers, SMALL_PAGE, upTo, writeCounts } from '../../support/open.ts'
import { crc32c } from '../../support/plain-decoder.ts'
import { ROOT, skipUnless } from '../../support/skips.ts'

const FIRST_PAGE = '0000000000.page'

function mode(path: string): string {
  return (statSync(path).mode & 0o777).toString(8)
}

describe('options', () => {
  const wrong: Record<keyof WriterOptions, readonly unknown[]> = {
    pageSize: [0, 4096, 65_535, 65_537, 2 ** 30 + 4096, 1.5e5, '65536', null, Number.NaN],
    durability: ['none', '', 1, null],
    syncInterval: [0, -1, 60_001, 1.5, '50', null],
    syncFrames: [0, -1, 1.5, '50', 2 ** 40],
    checksums: [1, 'yes', null],
    timestamps: [0, 'no', null],
    mode: [-1, 0o1000, 0o400, 0o200, 0, '0600', 0.5],
    journalId: [-1, 65_536, 0.5, '1'],
    frames: [{}, 'Count', [{}], [undefined], [{ name: 'Count', id: 1, fields: [], slots: 1 }], new Set([Count])],
    retain: [5, 'all', null],
  }

  for (const [name, values] of Object.entries(wrong)) {
    it(`${name}: wrong values are refused with a named error, and nothing is created`, () => {
      const path = journalPath()
      for (const value of values) {
        const failure = failureOf(() => Writer.open(path, { [name]: value }))
        expect(failure.code, String(value)).toBe('ERR_INVALID_OPTION')
        expect(failure.message).toContain(`'${name}'`)
      }
      expect(() => statSync(path)).toThrow('ENOENT')
    })
  }

  it('a misspelt one is named, with the valid ones', () => {
    const failure = failureOf(() => Writer.open(journalPath(), { pagesize: SMALL_PAGE } as never))
    expect(failure).toMatchObject({ code: 'ERR_INVALID_OPTION' })
    expect(failure.message).toMatch(/'pagesize'.*pageSize/)
  })

  it.each([null, 5, 'fast', Symbol('x')])('%s is not a valid set of options', options => {
    expect(failureOf(() => Writer.open(journalPath(), options as never)).code).toBe('ERR_INVALID_OPTION')
  })

  it.each([undefined, null, '', 5, 'a\0b', {}, Object.create(null)])('%j is not a valid directory', directory => {
    expect(failureOf(() => Writer.open(directory as never)).code).toBe('ERR_INVALID_OPTION')
  })

  it('undefined counts as not given', () => {
    openWriter(journalPath(), { durability: undefined, mode: undefined, frames: undefined, journalId: undefined })
  })
})

describe('an existing journal', () => {
  it('is continued', () => {
    const path = journalPath()
    for (let i = 0; i < 3; i++) {
      const writer = openWriter(path)
      writeCounts(writer, i * 1000, (i + 1) * 1000)
      writer.close()
    }
    expect(readNumbers(openReader(path))).toEqual(upTo(3000))
  })

  it('keeps its page size: another size is refused, and no size is accepted', () => {
    const path = journalPath()
    openWriter(path, { pageSize: 2 * SMALL_PAGE }).close()
    const failure = failureOf(() => Writer.open(path, { pageSize: SMALL_PAGE }))
    expect(failure).toMatchObject({ code: 'ERR_INVALID_OPTION', path })
    expect(failure.message).toContain(String(2 * SMALL_PAGE))
    openWriter(path, { pageSize: undefined })
  })

  it('counts its writers', () => {
    const path = journalPath()
    for (const epoch of [1, 2, 3]) {
      const writer = openWriter(path)
      expect(writer.epoch).toBe(epoch)
      writer.close()
    }
  })

  it('keeps counting them when the lock file is empty', () => {
    const path = journalPath()
    openWriter(path).close()
    openWriter(path).close()
    writeFileSync(join(path, 'writer.lock'), 'half of a li')
    expect(openWriter(path).epoch).toBeGreaterThanOrEqual(2)
  })

  it('keeps its absolute path when the working directory changes', () => {
    const folder = makeFolder('memory')
    const code = `
      process.chdir(args[1])
      const writer = Writer.open('journal', { pageSize: 65536 })
      const reader = Reader.open('journal')
      process.chdir('/')
      for (let n = 0; n < 5000; n++) writer.write(Count, { n })
      say(writer.path, [...reader].length, reader.path)
      writer.close()
    `
    const child = startChild(code, ['', folder])
    return expect(child.hear()).resolves.toEqual([join(folder, 'journal'), 5000, join(folder, 'journal')])
  })
})

describe('a path that is not a journal', () => {
  it('a directory with other files', () => {
    const folder = makeFolder()
    writeFileSync(join(folder, 'thesis.txt'), '')
    expect(failureOf(() => Writer.open(folder))).toMatchObject({ code: 'ERR_NOT_A_JOURNAL', path: folder })
    expect(readdirSync(folder)).toEqual(['thesis.txt'])
    expect(failureOf(() => openReader(folder)).code).toBe('ERR_NOT_A_JOURNAL')
  })

  it('a file', () => {
    const file = join(makeFolder(), 'file')
    writeFileSync(file, 'x')
    expect(failureOf(() => Writer.open(file))).toMatchObject({ code: 'ERR_NOT_A_JOURNAL', path: file })
    expect(failureOf(() => openReader(file))).toMatchObject({ code: 'ERR_NOT_A_JOURNAL' })
  })

  it('a path below a file', () => {
    const file = join(makeFolder(), 'file')
    writeFileSync(file, 'x')
    expect(failureOf(() => Writer.open(join(file, 'journal'))).code).toBe('ERR_NOT_A_JOURNAL')
    expect(failureOf(() => Writer.open(join(file, 'deeper', 'journal'))).code).toBe('ERR_NOT_A_JOURNAL')
    expect(failureOf(() => openReader(join(file, 'journal'))).code).toBe('ERR_NOT_A_JOURNAL')
  })

  it('a directory with an invalid page', () => {
    const folder = makeFolder('memory')
    writeFileSync(join(folder, FIRST_PAGE), Buffer.alloc(SMALL_PAGE, 'text'))
    expect(failureOf(() => Writer.open(folder))).toMatchObject({
      code: 'ERR_NOT_A_JOURNAL',
      path: join(folder, FIRST_PAGE),
    })
    expect(failureOf(() => openReader(folder)).code).toBe('ERR_NOT_A_JOURNAL')
  })

  it('a missing path, for a reader', () => {
    const path = journalPath()
    expect(failureOf(() => openReader(path))).toMatchObject({ code: 'ERR_JOURNAL_NOT_FOUND', path })
    mkdirSync(path)
    expect(failureOf(() => openReader(path))).toMatchObject({ code: 'ERR_JOURNAL_NOT_FOUND', path })
  })

  it('a journal in another version of the format', () => {
    const path = journalPath()
    openWriter(path).close()
    const file = join(path, FIRST_PAGE)
    const page = readFileSync(file)
    page.writeUInt32LE(2, 8)
    page.writeUInt32LE(crc32c(page.subarray(0, 120)), 120)
    writeFileSync(file, page)
    expect(failureOf(() => Writer.open(path))).toMatchObject({ code: 'ERR_FORMAT_VERSION', path: file })
    const failure = failureOf(() => openReader(path))
    expect(failure).toMatchObject({ code: 'ERR_FORMAT_VERSION', path: file })
    expect(failure.message).toContain('version 2')
  })
})

describe('permissions', () => {
  it('are 0600 for files and 0700 for the directory', () => {
    const writer = openWriter()
    writeCounts(writer, 0, 2000)
    expect(mode(writer.path)).toBe('700')
    for (const name of readdirSync(writer.path)) expect(mode(join(writer.path, name)), name).toBe('600')
  })

  it('are what `mode` says, whatever the umask', async () => {
    const path = journalPath()
    const child = startChild(
      `
      process.umask(0o077)
      const writer = Writer.open(dir, { pageSize: 65536, mode: 0o664 })
      for (let n = 0; n < 2000; n++) writer.write(Count, { n })
      say('written'); await line()
      writer.close(); process.exit()
    `,
      [path],
    )
    await child.hear()
    expect(mode(path)).toBe('775')
    for (const name of readdirSync(path)) expect(mode(join(path, name)), name).toBe('664')
  })

  it('of a directory that others may write in are refused, unless `mode` allows it', () => {
    const path = journalPath()
    mkdirSync(path)
    for (const open of [0o770, 0o707, 0o777]) {
      chmodSync(path, open)
      expect(failureOf(() => Writer.open(path))).toMatchObject({ code: 'ERR_UNSAFE_PATH', path })
    }
    chmodSync(path, 0o770)
    openWriter(path, { mode: 0o660 })
  })

  it.skipIf(skipUnless(ROOT, 'a directory of somebody else', 'only root can give files away'))(
    'of a directory of another user are refused',
    () => {
      const path = journalPath()
      mkdirSync(path, { mode: 0o700 })
      chownSync(path, 12_345, 12_345)
      expect(failureOf(() => Writer.open(path))).toMatchObject({ code: 'ERR_UNSAFE_PATH', path })
    },
  )
})

describe('what already exists at the path', () => {
  it('a symlink for the directory is refused, with a slash behind it too', () => {
    const folder = makeFolder('memory')
    mkdirSync(join(folder, 'real'), { mode: 0o700 })
    symlinkSync('real', join(folder, 'link'))
    expect(failureOf(() => Writer.open(join(folder, 'link'))).code).toBe('ERR_UNSAFE_PATH')
    expect(failureOf(() => Writer.open(`${join(folder, 'link')}/`)).code).toBe('ERR_UNSAFE_PATH')
  })

  for (const name of ['writer.lock', 'control', 'schema.json', FIRST_PAGE]) {
    it(`a symlink for ${name} is refused, and its target is not changed`, () => {
      const path = journalPath()
      const target = join(makeFolder('memory'), 'precious')
      writeFileSync(target, 'precious')
      mkdirSync(path, { mode: 0o700 })
      symlinkSync(target, join(path, name))
      expect(failureOf(() => Writer.open(path))).toMatchObject({ code: 'ERR_UNSAFE_PATH', path: join(path, name) })
      expect(readFileSync(target, 'utf8')).toBe('precious')
    })

    it(`a FIFO for ${name} is refused by writer and reader, and hangs neither`, () => {
      const path = journalPath()
      mkdirSync(path, { mode: 0o700 })
      execFileSync('mkfifo', [join(path, name)])
      expect(failureOf(() => Writer.open(path))).toMatchObject({ code: 'ERR_UNSAFE_PATH', path: join(path, name) })
      expect(failureOf(() => openReader(path)).code).toMatch(/^ERR_(UNSAFE_PATH|JOURNAL_NOT_FOUND)$/)
    })

    it(`a directory for ${name} is refused`, () => {
      const path = journalPath()
      mkdirSync(join(path, name), { recursive: true, mode: 0o700 })
      expect(failureOf(() => Writer.open(path)).code).toBe('ERR_UNSAFE_PATH')
    })
  }
})

describe('the lock', () => {
  it('excludes a second writer of the same process, and names the holder', () => {
    const writer = openWriter()
    const failure = failureOf(() => Writer.open(writer.path))
    expect(failure).toMatchObject({
      code: 'ERR_WRITER_LOCKED',
      holder: { pid: process.pid, host: hostname(), epoch: 1 },
    })
    expect(failure.message).toContain(String(process.pid))
    writeCounts(writer, 0, 1)
  })

  const writing = `
    const writer = Writer.open(dir, { pageSize: 65536 })
    writer.write(Count, { n: 0 })
    say('open'); await line()
  `

  it('excludes a writer of another process, even while the holder is stopped', async () => {
    const path = journalPath()
    const child = startChild(writing, [path])
    await child.hear()
    expect(failureOf(() => Writer.open(path))).toMatchObject({ code: 'ERR_WRITER_LOCKED', holder: { pid: child.pid } })
    child.stop()
    expect(failureOf(() => Writer.open(path))).toMatchObject({ code: 'ERR_WRITER_LOCKED', holder: { pid: child.pid } })
    child.resume()
  })

  it('is released when its process ends, however it ends', async () => {
    const path = journalPath()
    for (const epoch of [1, 2, 3]) {
      const child = startChild(writing, [path])
      await child.hear()
      await child.kill(epoch === 2 ? 'SIGTERM' : 'SIGKILL')
    }
    const writer = openWriter(path)
    expect(writer).toMatchObject({ epoch: 4, recovery: { found: 'same-boot', position: 3, dropped: 0 } })
  })

  it('is not inherited by the children of its process', async () => {
    const path = journalPath()
    const child = startChild(
      `
      import { spawn } from 'node:child_process'
      const writer = Writer.open(dir, { pageSize: 65536 })
      const sleeper = spawn('sleep', ['20'], { stdio: 'ignore', detached: true })
      say(sleeper.pid); await line()
    `,
      [path],
    )
    const sleeper = (await child.hear()) as number
    await child.kill()
    openWriter(path)
    process.kill(sleeper)
  })
})

it('a copy of a journal is a journal', () => {
  const writer = openWriter()
  writeCounts(writer, 0, 3000)
  const copy = journalPath()
  mkdirSync(copy, { mode: 0o700 })
  // Meanwhile the next page is prepared under a temporary name.
  const names = readdirSync(writer.path).filter(name => !name.endsWith('.tmp'))
  for (const name of names) copyFileSync(join(writer.path, name), join(copy, name))
  expect(readNumbers(openReader(copy))).toEqual(upTo(3000))
  expect(openWriter(copy).position).toBe(writer.position)
})

it('other definitions in a program do not change what it writes', () => {
  const path = journalPath()
  openWriter(path, { frames: [frame('Later', 99, { n: f64 })] }).close()
  writeCounts(openWriter(path), 0, 3)
  expect(readNumbers(openReader(path))).toEqual(upTo(3))
})

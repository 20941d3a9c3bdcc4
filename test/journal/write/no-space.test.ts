import { spawnSync } from 'node:child_process'
import { channel } from 'node:diagnostics_channel'
import { readdirSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { JournalFullError, type Writer } from 'ticktape'
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { CRASH_BUILD_MS, crashAddon } from '../../faults/crash-addon.ts'
import { runProgram } from '../../faults/program.ts'
import { startChild } from '../../support/child.ts'
import { failureOf } from '../../support/failures.ts'
import { makeFolder } from '../../support/folders.ts'
import { Count, Huge, Pair } from '../../support/frames.ts'
import { ticktape } from '../../support/journals.ts'
import { mountDisk, mountMemory, noDiskMounts, noMemoryMounts, remount } from '../../support/mounts.ts'
import { openReader, openWriter, readNumbers, SMALL_CAPACITY, upTo } from '../../support/open.ts'

for (const [what, reason] of [
  ['tmpfs', noMemoryMounts],
  ['ext4 on a loop device', noDiskMounts],
] as const) {
  if (reason !== undefined) console.log(`no-space: skipped on ${what}: ${reason}`)
}

/** Appends until there is no room. Returns the error and the number of frames in the journal. */
function writeUntilFull(writer: Writer, from: number): { error: JournalFullError; count: number } {
  for (let n = from; ; n++) {
    try {
      writer.write(Count, { n })
    } catch (error) {
      if (error instanceof JournalFullError) return { error, count: n }
      throw error
    }
  }
}

/** Fills the file system, as another program could do. */
function fillUp(place: string): string {
  const file = join(place, 'other-program')
  const { bavail, bsize } = statfsSync(place)
  spawnSync('fallocate', ['-l', String(bavail * bsize), file])
  // Fills the small rest that a large file leaves.
  try {
    writeFileSync(`${file}-2`, Buffer.alloc(bsize * 64))
  } catch {
    // ENOSPC is expected: the file system is full now.
  }
  return file
}

function lowSpaceMessages(): unknown[] {
  const messages: unknown[] = []
  const listen = (message: unknown): number => messages.push(message)
  channel('ticktape:journal.low-space').subscribe(listen)
  onTestFinished(() => {
    channel('ticktape:journal.low-space').unsubscribe(listen)
  })
  return messages
}

const systems = [
  { name: 'tmpfs', reason: noMemoryMounts, mount: mountMemory, durability: 'process' },
  { name: 'tmpfs, durable', reason: noMemoryMounts, mount: mountMemory, durability: 'commit' },
  { name: 'ext4', reason: noDiskMounts, mount: mountDisk, durability: 'interval' },
] as const

describe.each(systems)('$name of a few MiB', ({ reason, mount, durability }) => {
  test.skipIf(reason)(
    'filled by the journal: the append that needs a page fails, all frames before it are there, and appends work again once there is room',
    async () => {
      const place = mount(2048)
      const ballast = join(place, 'ballast')
      writeFileSync(ballast, Buffer.alloc(512 * 1024))
      const warnings = lowSpaceMessages()
      const writer = openWriter(join(place, 'journal'), { durability })
      const reader = openReader(writer.path)
      const { error, count } = writeUntilFull(writer, 0)
      expect(error).toMatchObject({ code: 'ERR_JOURNAL_FULL', position: count })
      expect(error.message).toContain('make room')
      expect(count % SMALL_CAPACITY).toBe(0)
      expect(warnings[0]).toMatchObject({ path: writer.path, page: count / SMALL_CAPACITY })
      expect(readNumbers(reader)).toEqual(upTo(count))
      // A second call gives the same error and breaks nothing.
      expect(failureOf(() => writer.begin(Count)).code).toBe('ERR_JOURNAL_FULL')
      expect(readdirSync(writer.path).filter(name => name.endsWith('.tmp'))).toEqual([])

      rmSync(ballast)
      writer.write(Count, { n: count })
      await writer.flush()
      expect(readNumbers(reader)).toEqual([count])
      writer.close()
      expect(readNumbers(openReader(writer.path))).toEqual(upTo(count + 1))
    },
  )

  test.skipIf(reason)('filled by another program meanwhile: reserved pages can still be written', () => {
    const place = mount(4096)
    const writer = openWriter(join(place, 'journal'), { durability })
    for (let n = 0; n < 100; n++) writer.write(Count, { n })
    fillUp(place)
    const { count } = writeUntilFull(writer, 100)
    // At least the current page: all of its blocks were allocated when it was created.
    expect(count).toBeGreaterThanOrEqual(SMALL_CAPACITY)
    expect(readNumbers(openReader(writer.path))).toEqual(upTo(count))
    writer.close()
    const next = openWriter(writer.path, { durability })
    expect(next.recovery).toMatchObject({ dropped: 0 })
    expect(readNumbers(openReader(writer.path))).toEqual(upTo(count))
  })

  test.skipIf(reason)(
    'full before there is a journal: a named error; the journal is created once there is room',
    () => {
      const place = mount(2048)
      fillUp(place)
      const path = join(place, 'journal')
      expect(failureOf(() => openWriter(path, { durability })).code).toBe('ERR_JOURNAL_FULL')
      for (const name of readdirSync(place).filter(file => file.startsWith('other-program'))) rmSync(join(place, name))
      openWriter(path, { durability }).write(Count, { n: 0 })
      expect(readNumbers(openReader(path))).toEqual([0])
    },
  )

  test.skipIf(reason)(
    'too small for the first page: the message advises a smaller pageSize, and the journal has no pages yet',
    () => {
      const path = join(mount(2048), 'journal')
      const error = failureOf(() => openWriter(path, { durability, pageSize: 16 * 2 ** 20 }))
      expect(error).toMatchObject({
        code: 'ERR_JOURNAL_FULL',
        message: expect.stringMatching(/first page.*16777216 bytes.*smaller pageSize/) as string,
      })
      expect(ticktape('verify', path)).toMatchObject({
        status: 2,
        stdout: expect.stringMatching(/: no pages yet\n$/) as string,
      })
      openWriter(path, { durability }).write(Count, { n: 0 })
      expect(readNumbers(openReader(path))).toEqual([0])
    },
  )

  test.skipIf(reason)(
    'full when a new definition is added: nothing of it is written, and it is complete once there is room',
    () => {
      const place = mount(2048)
      const writer = openWriter(join(place, 'journal'), { durability })
      writer.write(Count, { n: 0 })
      fillUp(place)
      const error = failureOf(() => {
        // Small files may still fit for a while, on ext4 in the block of the file itself.
        writer.write(Pair, { n: 1, note: 'x' })
        for (let n = 0; ; n++) writer.write(Huge, { n, blob: new Uint8Array(1) })
      })
      expect(error.code).toBe('ERR_JOURNAL_FULL')
      for (const name of readdirSync(place).filter(file => file.startsWith('other-program'))) rmSync(join(place, name))
      writer.write(Pair, { n: 2, note: 'y' })
      writer.write(Huge, { n: 3, blob: new Uint8Array(1) })
      const schema = readFileSync(join(writer.path, 'schema.json'), 'utf8')
      for (const name of ['Count', 'Pair', 'Huge']) expect(schema).toContain(`"${name}"`)
      expect(readNumbers(openReader(writer.path)).slice(-2)).toEqual([2, 3])
    },
  )
})

describe('a read-only file system', () => {
  test.skipIf(noMemoryMounts)('can be read, but not written', () => {
    const place = mountMemory(2048)
    const writer = openWriter(join(place, 'journal'))
    writer.write(Count, { n: 7 })
    writer.close()
    expect(remount(place, 'ro')).toBeUndefined()
    expect(readNumbers(openReader(writer.path))).toEqual([7])
    const error = failureOf(() => openWriter(writer.path))
    expect(error).toMatchObject({ code: 'ERR_SYSTEM', systemCode: 'EROFS' })
    expect(error.message).toContain('read-only')
    expect(failureOf(() => openReader(writer.path, { from: { name: 'strategy' } })).code).toBe('ERR_READER_NAME')
  })
})

describe('RLIMIT_FSIZE', () => {
  const noLimits = spawnSync('prlimit', ['--version']).error === undefined ? undefined : 'there is no prlimit'
  if (noLimits !== undefined) console.log(`no-space: RLIMIT_FSIZE skipped: ${noLimits}`)

  test.skipIf(noLimits)(
    'set for a running writer: the append fails with a named error and not with a signal, and works after the limit is removed',
    async () => {
      const path = join(makeFolder('memory'), 'journal')
      const child = startChild(
        `
      const writer = Writer.open(dir, { pageSize: 65536 })
      let n = 0
      say('open')
      await line()
      try { for (;;) { writer.write(Count, { n }); n++ } } catch (error) { say(error.code) }
      await line()
      writer.write(Count, { n })
      writer.close()
      say(n + 1)
    `,
        [path],
      )
      await child.hear()
      const limit = (size: string): unknown =>
        spawnSync('prlimit', ['--pid', String(child.pid), `--fsize=${size}:unlimited`]).status
      expect(limit('1000')).toBe(0)
      child.tell()
      expect(await child.hear()).toBe('ERR_JOURNAL_FULL')
      expect(limit('unlimited')).toBe(0)
      child.tell()
      const count = await child.hear()
      expect(readNumbers(openReader(path))).toEqual(upTo(count as number))
      child.process.stdin.end()
      expect((await child.end()).signal).toBeNull()
    },
  )

  test.skipIf(noLimits)('too low for a page: opening fails with a named error', async () => {
    const path = join(makeFolder('memory'), 'journal')
    const code =
      "import { Writer } from 'ticktape'; try { Writer.open(process.argv[1], { pageSize: 1 << 20 }) } catch (error) { console.log(error.code) }"
    const { stdout, signal } = spawnSync(
      'prlimit',
      ['--fsize=200000', process.execPath, '--input-type=module', '-e', code, path],
      { encoding: 'utf8', cwd: join(import.meta.dirname, '../../..') },
    )
    expect({ stdout: stdout.trim(), signal }).toEqual({ stdout: 'ERR_JOURNAL_FULL', signal: null })
  })
})

describe('all kinds of missing space', () => {
  let addon: string
  beforeAll(() => {
    addon = crashAddon()
  }, CRASH_BUILD_MS)

  test('a full disk, a quota, a limit and a read-only file system are one error, and can be retried', async () => {
    const folder = makeFolder('memory')
    const ended = await runProgram('syncing.mjs', ['noRoom', join(folder, 'journal')], {
      TICKTAPE_ADDON: addon,
      TICKTAPE_SYNC_LOG: join(folder, 'log'),
    })
    expect(ended.stderr).toBe('')
    const full = 'ERR_JOURNAL_FULL'
    expect(JSON.parse(ended.stdout)).toEqual({
      codes: { ENOSPC: full, EDQUOT: full, EFBIG: full, EROFS: full },
      whole: true,
    })
  })
})

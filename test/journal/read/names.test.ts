import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { on, type ReaderOptions } from 'ticktape'
import { describe, expect, it } from 'vitest'
import { Control } from '../../../dist/journal/control/control.js'
import { ReaderRegistration } from '../../../dist/journal/control/reader-registry.js'
import { native } from '../../../dist/native/index.js'
import { startChild } from '../../support/child.ts'
import { failureOf } from '../../support/failures.ts'
import { Count } from '../../support/frames.ts'
import {
  openReader,
  openWriter,
  readNumbers,
  SMALL_CAPACITY,
  upTo,
  writeCounts,
  writeSized,
} from '../../support/open.ts'

function named(path: string, name = 'momentum', options: Omit<ReaderOptions, 'from'> = {}) {
  return openReader(path, { ...options, from: { name } })
}

describe('a named reader', () => {
  it('continues where the last reader of its name stopped', () => {
    const writer = openWriter()
    writeCounts(writer, 0, 3000)
    for (const [from, to] of [
      [0, 1],
      [1, 700],
      [700, 960],
      [960, 961],
      [961, 1920],
      [1920, 3000],
    ]) {
      const reader = named(writer.path)
      const seen: number[] = []
      while (seen.length < to - from)
        reader.poll(
          on(Count, count => seen.push(count.n)),
          to - from - seen.length,
        )
      expect(seen).toEqual(upTo(to - from, from))
      reader.close()
    }
    expect(readNumbers(named(writer.path))).toEqual([])
  })

  it('continues after the last frame of its iteration', () => {
    const writer = openWriter()
    writeCounts(writer, 0, 10)
    const reader = named(writer.path)
    for (const frame of reader) if ((frame.toObject() as { n: number }).n === 4) break
    reader.close()
    expect(readNumbers(named(writer.path))[0]).toBe(5)
  })

  it('continues at the last position of a reader that closes while the next one opens', () => {
    const writer = openWriter()
    writeCounts(writer, 0, 10)
    const first = named(writer.path)
    const read = (): number =>
      first.poll(
        on(Count, () => {}),
        2,
      )
    read()
    const directory = native.openDirectory(writer.path, false)
    const control = Control.openForWriter(directory, 0o600)
    const { mapping } = control
    // The slot is found, and only then locked: meanwhile the first one reads on, and closes.
    const between = {
      buffer: mapping.buffer,
      writable: true,
      rangeLocked: mapping.rangeLocked.bind(mapping),
      unlockRange: mapping.unlockRange.bind(mapping),
      lockRange: (offset: number, length: number) => {
        if (offset >= 4096) {
          read()
          first.close()
        }
        return mapping.lockRange(offset, length)
      },
    }
    const racing = Object.create(control, { mapping: { value: between } }) as Control
    const registration = ReaderRegistration.acquire(racing, 'momentum')
    expect(registration.resumeAt).toBe(4)
    registration.release()
    directory.close()
  })

  it('begins at `start` only when its name is new', () => {
    const writer = openWriter()
    writeCounts(writer, 0, 10)
    const open = () => openReader(writer.path, { from: { name: 'late', start: { position: 7 } } })
    const first = open()
    expect(
      first.poll(
        on(Count, () => {}),
        1,
      ),
    ).toBe(1)
    first.close()
    expect(open().position).toBe(8)
  })

  it('whose start position does not exist leaves no name behind', () => {
    const writer = openWriter()
    writeCounts(writer, 0, 10)
    expect(failureOf(() => openReader(writer.path, { from: { name: 'x', start: { position: 99 } } })).code).toBe(
      'ERR_POSITION',
    )
    expect(openReader(writer.path, { from: { name: 'x', start: 'end' } }).position).toBe(10)
  })

  it('continues at the end of a page, whether or not the page was sealed meanwhile', () => {
    const writer = openWriter()
    writeCounts(writer, 0, SMALL_CAPACITY - 3)
    const reader = named(writer.path)
    expect(readNumbers(reader)).toHaveLength(SMALL_CAPACITY - 3)
    reader.close()
    writeSized(writer, 255, -1)
    const next = named(writer.path)
    expect(next.position).toBe(SMALL_CAPACITY)
    expect(readNumbers(next)).toEqual([-1])
  })

  it('is refused while a reader of that name is open, in this process or another', async () => {
    const writer = openWriter()
    const reader = named(writer.path)
    expect(failureOf(() => named(writer.path))).toMatchObject({ code: 'ERR_READER_BUSY' })
    reader.close()
    const child = startChild(
      `
      const reader = Reader.open(dir, { from: { name: 'momentum' } })
      say('open'); await line()
    `,
      [writer.path],
    )
    await child.hear()
    const failure = failureOf(() => named(writer.path))
    expect(failure.code).toBe('ERR_READER_BUSY')
    expect(failure.message).toContain(String(child.pid))
    named(writer.path, 'other')
    await child.kill()
    named(writer.path)
  })

  it('continues after the frames that it had handled before its process was killed', async () => {
    const writer = openWriter()
    writeCounts(writer, 0, 2000)
    const child = startChild(
      `
      const reader = Reader.open(dir, { from: { name: 'momentum' } })
      let handled = 0
      while (handled < 1500) handled += reader.poll(on(Count, () => {}), 100)
      say(handled); await line()
    `,
      [writer.path],
    )
    const handled = (await child.hear()) as number
    await child.kill()
    expect(readNumbers(named(writer.path))).toEqual(upTo(2000 - handled, handled))
  })

  it('never skips or repeats a frame over pages, wherever it is stopped', () => {
    const writer = openWriter()
    const written: number[] = []
    const read: number[] = []
    for (let n = 0; n < 900; n++) {
      writeSized(writer, n % 17 === 0 ? 255 : n % 2 === 0 ? 2 : 1, n)
      written.push(n)
      if (n % 7 !== 0) continue
      const reader = named(writer.path)
      for (const frame of reader) {
        read.push((frame.toObject() as { n: number }).n)
        if (read.length % 5 === 0) break
      }
      reader.close()
    }
    const reader = named(writer.path)
    read.push(...readNumbers(reader))
    expect(read).toEqual(written)
  })

  it.each(['', 'x'.repeat(64), 'a b', 'ä', 'a\tb', '€'])('cannot be called %j', name => {
    const writer = openWriter()
    expect(failureOf(() => named(writer.path, name)).code).toMatch(/^ERR_(READER_NAME|INVALID_OPTION)$/)
  })

  it.each(['x', 'x'.repeat(63), '../../etc/passwd', '!~', '"}'])('can be called %j', name => {
    const writer = openWriter()
    writeCounts(writer, 0, 3)
    const reader = named(writer.path, name)
    expect(readNumbers(reader)).toEqual([0, 1, 2])
    reader.close()
    expect(named(writer.path, name).position).toBe(3)
  })
})

describe('the slots of named readers', () => {
  it('are 240; one more is refused, the existing readers continue', () => {
    const writer = openWriter()
    writeCounts(writer, 0, 5)
    for (let i = 0; i < 240; i++) {
      const reader = named(writer.path, `reader-${i}`)
      expect(
        reader.poll(
          on(Count, () => {}),
          1 + (i % 5),
        ),
      ).toBe(1 + (i % 5))
      reader.close()
    }
    const failure = failureOf(() => named(writer.path, 'one-more'))
    expect(failure).toMatchObject({ code: 'ERR_READER_NAME', path: join(writer.path, 'control') })
    expect(failure.message).toContain('240')
    for (let i = 0; i < 240; i += 17) expect(named(writer.path, `reader-${i}`).position).toBe(1 + (i % 5))
  })

  it('survive the writer, and a new one', () => {
    const writer = openWriter()
    writeCounts(writer, 0, 5)
    const reader = named(writer.path)
    readNumbers(reader)
    reader.close()
    writer.close()
    const next = openWriter(writer.path)
    writeCounts(next, 5, 8)
    expect(readNumbers(named(writer.path))).toEqual([5, 6, 7])
  })

  it('a registration that was interrupted before its first position is started again', () => {
    const writer = openWriter()
    writeCounts(writer, 0, 5)
    const reader = named(writer.path)
    readNumbers(reader)
    reader.close()
    const file = join(writer.path, 'control')
    const control = readFileSync(file)
    // The slot is in use, its count of checkpoints is still 0: docs/format.md, Control.
    expect(control.readUInt32LE(4096)).toBe(2)
    control.writeUInt32LE(0, 4096 + 24)
    writeFileSync(file, control)
    expect(openReader(writer.path, { from: { name: 'momentum', start: 'end' } }).position).toBe(5)
  })

  it('are checked: invalid bytes in one are a named error', () => {
    const writer = openWriter()
    writeCounts(writer, 0, 5)
    named(writer.path).close()
    const file = join(writer.path, 'control')
    const control = readFileSync(file)
    control.fill(0xff, 4096 + 24, 4096 + 48)
    writeFileSync(file, control)
    expect(failureOf(() => named(writer.path)).code).toBe('ERR_POSITION')
  })
})

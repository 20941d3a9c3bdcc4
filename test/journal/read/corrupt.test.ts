import {
  closeSync,
  ftruncateSync,
  openSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { on, type Reader } from 'ticktape'
import { describe, expect, it } from 'vitest'
import { runChild, startChild } from '../../support/child.ts'
import { failureOf, rejectionOf } from '../../support/failures.ts'
import { Count, Kinds, Tick } from '../../support/frames.ts'
import { openMerged, openReader, openWriter, readNumbers, SMALL_CAPACITY, writeCounts } from '../../support/open.ts'
import { crc32c } from '../../support/plain-decoder.ts'

// Offsets from docs/format.md.
const CURSOR = 128
const SEALED = 256
const DURABLE = 384

function pageFile(path: string, page: number): string {
  return join(path, `${String(page).padStart(10, '0')}.page`)
}

/** Changes a page's file while other processes have it mapped. */
function poke(path: string, page: number, offset: number, ...bytes: number[]): void {
  const fd = openSync(pageFile(path, page), 'r+')
  writeSync(fd, Uint8Array.from(bytes), 0, bytes.length, offset)
  closeSync(fd)
}

function pokeWord(path: string, page: number, offset: number, value: number): void {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  poke(path, page, offset, ...bytes)
}

function slotOffset(slot: number): number {
  return 4096 + slot * 64
}

/** Reads until there is an error. Every way of reading must throw it, each time. */
function corruptionOf(reader: Reader) {
  const handlers = on(Count, () => {})
  const failure = failureOf(() => {
    for (let i = 0; i < 1e5; i++) reader.poll(handlers)
    throw new Error('no error came')
  })
  const { position } = reader
  expect(failureOf(() => reader.poll(handlers)).code).toBe(failure.code)
  expect(failureOf(() => [...reader]).code).toBe(failure.code)
  expect(reader.position).toBe(position)
  return failure
}

describe('bytes that contradict the format, in a page that is open', () => {
  it.each([
    ['a frame of no slots', (path: string) => poke(path, 1, slotOffset(5) + 2, 0)],
    ['a frame without a type', (path: string) => poke(path, 1, slotOffset(5), 0, 0)],
    ['a frame that ends after the cursor', (path: string) => poke(path, 1, slotOffset(5) + 2, 255)],
    [
      'a frame with a number of slots that differs from its definition',
      (path: string) => poke(path, 1, slotOffset(5) + 2, 3),
    ],
  ])('%s: path, page and slot are named', (what, damage) => {
    const writer = openWriter()
    writeCounts(writer, 0, SMALL_CAPACITY + 100)
    const reader = openReader(writer.path)
    damage(writer.path)
    const failure = corruptionOf(reader)
    expect(failure).toMatchObject({
      code: 'ERR_CORRUPT_JOURNAL',
      path: pageFile(writer.path, 1),
      position: SMALL_CAPACITY + 5,
    })
    expect(reader.position).toBe(SMALL_CAPACITY + 5)
    if (what.includes('differs')) return
    expect(failure).toMatchObject({ page: 1, slot: 5 })
    expect(failureOf(() => openReader(writer.path, { from: { position: SMALL_CAPACITY + 50 } })).code).toBe(
      'ERR_POSITION',
    )
  })

  it('a cursor past the page', () => {
    const writer = openWriter()
    writeCounts(writer, 0, 10)
    const reader = openReader(writer.path)
    for (const cursor of [SMALL_CAPACITY + 1, 2 ** 31, 2 ** 32 - 1]) {
      pokeWord(writer.path, 0, CURSOR, cursor)
      expect(corruptionOf(reader)).toMatchObject({
        code: 'ERR_CORRUPT_JOURNAL',
        path: pageFile(writer.path, 0),
        page: 0,
      })
      expect(failureOf(() => reader.lag).code).toBe('ERR_CORRUPT_JOURNAL')
      expect(failureOf(() => openReader(writer.path, { from: 'end' })).code).toBe('ERR_CORRUPT_JOURNAL')
      expect(failureOf(() => openReader(writer.path, { from: { position: 3 } })).code).toBe('ERR_CORRUPT_JOURNAL')
      expect(failureOf(() => openReader(writer.path, { from: { time: 1n } })).code).toBe('ERR_CORRUPT_JOURNAL')
    }
    pokeWord(writer.path, 0, CURSOR, 10)
    expect(readNumbers(reader)).toHaveLength(10)
  })

  it('a cursor that went back', () => {
    const writer = openWriter()
    writeCounts(writer, 0, 10)
    const reader = openReader(writer.path)
    expect(readNumbers(reader)).toHaveLength(10)
    pokeWord(writer.path, 0, CURSOR, 4)
    expect(corruptionOf(reader)).toMatchObject({ code: 'ERR_CORRUPT_JOURNAL', page: 0, slot: 4, position: 10 })
  })

  it('a durable cursor past the page', () => {
    const writer = openWriter()
    writeCounts(writer, 0, 10)
    const reader = openReader(writer.path, { durable: true })
    pokeWord(writer.path, 0, DURABLE, SMALL_CAPACITY + 1)
    expect(corruptionOf(reader)).toMatchObject({ code: 'ERR_CORRUPT_JOURNAL', page: 0 })
  })

  it('a seal without a next page', () => {
    const writer = openWriter()
    writeCounts(writer, 0, 10)
    const reader = openReader(writer.path)
    expect(readNumbers(reader)).toHaveLength(10)
    writer.close()
    pokeWord(writer.path, 0, SEALED, 1)
    rmSync(pageFile(writer.path, 1), { force: true })
    expect(corruptionOf(reader)).toMatchObject({ code: 'ERR_CORRUPT_JOURNAL', path: pageFile(writer.path, 1), page: 1 })
  })

  it('a next page of another size', () => {
    const writer = openWriter()
    writeCounts(writer, 0, SMALL_CAPACITY + 10)
    const reader = openReader(writer.path)
    const page = Buffer.alloc(131_072)
    readFileSync(pageFile(writer.path, 1)).copy(page)
    page.writeUInt32LE(131_072, 16)
    page.writeBigUInt64LE(1984n, 24)
    page.writeUInt32LE(crc32c(page.subarray(0, 120)), 120)
    rmSync(pageFile(writer.path, 1))
    writeFileSync(pageFile(writer.path, 1), page)
    expect(corruptionOf(reader)).toMatchObject({ code: 'ERR_CORRUPT_JOURNAL', path: pageFile(writer.path, 1), page: 1 })
  })

  it.each([
    ['empty', (file: string) => truncateSync(file, 0)],
    ['short', (file: string) => truncateSync(file, 100)],
    ['a page less a byte', (file: string) => truncateSync(file, 65_535)],
    ['too long', (file: string) => truncateSync(file, 65_537)],
    ['all zeros', (file: string) => writeFileSync(file, Buffer.alloc(65_536))],
    [
      'the page of another number',
      (file: string) => writeFileSync(file, readFileSync(file.replace('1.page', '0.page'))),
    ],
    ['one whose identity was changed', (file: string) => poke(join(file, '..'), 1, 60, 7)],
  ])('a next page that is %s', (_, damage) => {
    const writer = openWriter()
    writeCounts(writer, 0, SMALL_CAPACITY + 10)
    const reader = openReader(writer.path)
    writer.close()
    damage(pageFile(writer.path, 1))
    expect(corruptionOf(reader)).toMatchObject({ code: 'ERR_CORRUPT_JOURNAL', path: pageFile(writer.path, 1), page: 1 })
  })

  it('a text that is not ASCII, or an invalid enum number, is an error when it is read; other fields can be read', () => {
    const writer = openWriter()
    writer.write(Tick, { symbol: 'BTC', last: 1, bid: 2, ask: 3, volume: 4 })
    writer.write(Kinds, {
      u8: 1,
      i8: 1,
      u16: 1,
      i16: 1,
      u32: 1,
      i32: 1,
      f32: 1,
      f64: 1,
      u64: 1n,
      i64: 1n,
      bool: true,
      text: 'x',
      raw: new Uint8Array(4),
      side: 'buy',
    })
    poke(writer.path, 0, slotOffset(0) + 17, 0x80)
    poke(writer.path, 0, slotOffset(1) + (Kinds.fields.find(field => field.name === 'side')?.offset ?? 0), 2)
    let handled = 0
    openReader(writer.path).poll(
      on(Tick, tick => {
        expect(failureOf(() => tick.symbol)).toMatchObject({
          code: 'ERR_CORRUPT_JOURNAL',
          path: pageFile(writer.path, 0),
          position: 0,
        })
        handled += tick.last
      }).on(Kinds, kinds => {
        expect(failureOf(() => kinds.side)).toMatchObject({ code: 'ERR_CORRUPT_JOURNAL', position: 1 })
        handled += kinds.u8
      }),
    )
    expect(handled).toBe(2)
  })

  it('end a follower and a merged reader with the same error', async () => {
    const writer = openWriter()
    writeCounts(writer, 0, 10)
    poke(writer.path, 0, slotOffset(5) + 2, 0)
    const follow = async () => {
      let count = 0
      for await (const frame of openReader(writer.path)) expect(frame.position).toBe(count++)
    }
    expect(await rejectionOf(follow())).toMatchObject({ code: 'ERR_CORRUPT_JOURNAL', slot: 5 })
    const merged = openMerged([writer.path])
    expect(
      failureOf(() => {
        for (let i = 0; i < 100; i++) merged.poll(on(Count, () => {}))
      }),
    ).toMatchObject({ code: 'ERR_CORRUPT_JOURNAL', slot: 5 })
    expect(await rejectionOf(openReader(writer.path).run(on(Count, () => {})))).toMatchObject({
      code: 'ERR_CORRUPT_JOURNAL',
      slot: 5,
    })
  })
})

describe('a file that is truncated while it is mapped', () => {
  it.each([0, 100, 4096, 8192])('to %i bytes: an error for its readers, no signal', async size => {
    const writer = openWriter()
    writeCounts(writer, 0, 500)
    const result = startChild(
      `
      const reader = Reader.open(dir)
      const handlers = on(Count, f => f.n)
      reader.poll(handlers, 10)
      say('reading'); await line()
      try {
        for (let i = 0; i < 1e5; i++) reader.poll(handlers)
        say('no error')
      } catch (error) {
        say(error.code, error.path, error.page)
      }
      reader.close()
      process.exit()
    `,
      [writer.path],
    )
    await result.hear()
    truncateSync(pageFile(writer.path, 0), size)
    result.tell()
    expect(await result.hear()).toEqual(['ERR_CORRUPT_JOURNAL', pageFile(writer.path, 0), 0])
    expect(await result.end()).toMatchObject({ code: 0, signal: null })
  })

  it('is an error for its writer, at the end of the page at the latest', async () => {
    const code = `
      import { openSync, ftruncateSync } from 'node:fs'
      const writer = Writer.open(dir, { pageSize: 65536 })
      for (let n = 0; n < 10; n++) writer.write(Count, { n })
      ftruncateSync(openSync(dir + '/0000000000.page', 'r+'), 4096)
      try {
        for (let n = 0; n < 5000; n++) writer.write(Count, { n })
        say('no error')
      } catch (error) {
        say(error.code, error.path)
      }
      writer.close()
    `
    const writer = openWriter()
    writer.close()
    const result = await runChild(code, [writer.path])
    expect(result.said).toEqual([['ERR_CORRUPT_JOURNAL', pageFile(writer.path, 0)]])
    expect(result).toMatchObject({ code: 0, signal: null })
  })

  it('a truncated control file ends neither writer nor reader', async () => {
    const writer = openWriter()
    const child = startChild(
      `
      const other = Writer.open(args[1], { pageSize: 65536 })
      const reader = Reader.open(args[1], { from: { name: 'x' } })
      say('open'); await line()
      for (let n = 0; n < 5000; n++) other.write(Count, { n })
      let count = 0
      while (count < 5000) count += reader.poll(on(Count, () => {}))
      say(count)
      try { reader.close() } catch (error) { say(error.code) }
      other.close()
      process.exit()
    `,
      [writer.path, join(writer.path, '..', 'other')],
    )
    await child.hear()
    truncateSync(join(writer.path, '..', 'other', 'control'), 0)
    child.tell()
    expect(await child.hear()).toBe(5000)
    expect(await child.end()).toMatchObject({ code: 0, signal: null })
  })
})

describe('other files of a journal', () => {
  it.each([
    '',
    'null',
    '{',
    '[]',
    '{"format":2,"frames":[]}',
    '{"format":3,"frames":[]}',
    // The format of a kind that is not there, and a kind that the format does not have.
    '{"format":2,"frames":[{"name":"A","id":1,"slots":1,"fields":[{"name":"a","kind":"u32","size":4,"offset":16}]}]}',
    '{"format":1,"frames":[{"name":"A","id":1,"slots":1,"fields":[{"name":"a","kind":"text","size":4,"offset":16}]}]}',
    '{"format":1,"frames":[{"name":"A","id":1,"slots":1,"fields":[{"name":"a","kind":"instrument","size":4,"offset":16}]}]}',
    // An instrument that is misaligned, of another size, or whose symbol has no place.
    '{"format":2,"frames":[{"name":"A","id":1,"slots":1,"fields":[{"name":"a","kind":"instrument","size":4,"offset":18}]}]}',
    '{"format":2,"frames":[{"name":"A","id":1,"slots":1,"fields":[{"name":"a","kind":"instrument","size":8,"offset":16}]}]}',
    '{"format":2,"frames":[{"name":"A","id":1,"slots":1,"fields":[{"name":"a","kind":"text","size":49,"offset":16}]}]}',
    '{"format":2,"frames":[{"name":"A","id":1,"slots":1,"fields":[{"name":"instrument","kind":"instrument","size":4,"offset":16},{"name":"symbol","kind":"u32","size":4,"offset":20}]}]}',
    '{"format":1}',
    '{"format":1,"frames":[{}]}',
    '\0'.repeat(100),
  ])('schema.json %j', text => {
    const writer = openWriter()
    writeCounts(writer, 0, 3)
    writer.close()
    writeFileSync(join(writer.path, 'schema.json'), text)
    const reader = openReader(writer.path)
    expect(failureOf(() => [...reader])).toMatchObject({
      code: 'ERR_CORRUPT_JOURNAL',
      path: join(writer.path, 'schema.json'),
    })
    expect(failureOf(() => openWriter(writer.path)).code).toBe('ERR_CORRUPT_JOURNAL')
  })

  it.each([
    ['empty', Buffer.alloc(0)],
    ['short', Buffer.alloc(100)],
    ['zeros', Buffer.alloc(65_536)],
    ['text', Buffer.alloc(65_536, 'x')],
  ])('control, %s', (_, bytes) => {
    const writer = openWriter()
    writer.close()
    writeFileSync(join(writer.path, 'control'), bytes)
    expect(failureOf(() => openReader(writer.path))).toMatchObject({
      code: 'ERR_CORRUPT_JOURNAL',
      path: join(writer.path, 'control'),
    })
    expect(failureOf(() => openWriter(writer.path)).code).toBe('ERR_CORRUPT_JOURNAL')
  })

  it('if control names a wrong current page, readers still find the end', () => {
    const writer = openWriter()
    writeCounts(writer, 0, 5000)
    for (const page of [0, 3, 5, 6, 7, 2 ** 32 - 1]) {
      const fd = openSync(join(writer.path, 'control'), 'r+')
      const word = Buffer.alloc(4)
      word.writeUInt32LE(page)
      writeSync(fd, word, 0, 4, 384)
      closeSync(fd)
      expect(openReader(writer.path, { from: 'end' }).position, String(page)).toBe(5000)
    }
  })

  it('without a control file a journal can be read', () => {
    const writer = openWriter()
    writeCounts(writer, 0, 3)
    writer.close()
    rmSync(join(writer.path, 'control'))
    const reader = openReader(writer.path)
    expect(readNumbers(reader)).toEqual([0, 1, 2])
    expect(failureOf(() => openReader(writer.path, { from: { name: 'x' } })).code).toBe('ERR_JOURNAL_NOT_FOUND')
  })
})

it('marks are only hints: seeks find their frames with wrong marks too', () => {
  const writer = openWriter(undefined, { pageSize: 1024 * 1024 })
  writeCounts(writer, 0, 10_000)
  const fd = openSync(pageFile(writer.path, 0), 'r+')
  const noise = Buffer.alloc(3584)
  for (let i = 0; i < noise.length; i++) noise[i] = (i * 73) & 255
  for (const marks of [Buffer.alloc(3584), Buffer.alloc(3584, 0xff), noise]) {
    writeSync(fd, marks, 0, marks.length, 512)
    for (const position of [0, 1, 255, 256, 257, 5000, 9999]) {
      expect(readNumbers(openReader(writer.path, { from: { position } }))[0]).toBe(position)
    }
  }
  ftruncateSync(fd, 1024 * 1024)
  closeSync(fd)
})

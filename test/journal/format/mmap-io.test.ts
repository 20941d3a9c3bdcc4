import { createHash } from 'node:crypto'
import { closeSync, existsSync, fstatSync, openSync, readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { type Writer } from 'ticktape'
import { describe, expect, it } from 'vitest'
import { Huge, Kinds, Pair, Tick } from '../../support/frames.ts'
import { journalPath, openReader, openWriter } from '../../support/open.ts'
import { crc32c, decodePage, decodeSchema, type PlainFrame, type PlainPage } from '../../support/plain-decoder.ts'
import { skipUnless } from '../../support/skips.ts'

/** Some thousand frames of all sizes and kinds, with causes, over several pages. */
function writeEverything(writer: Writer, frames: number): void {
  for (let n = 0; n < frames; n++) {
    writer.write(Tick, { symbol: `S${n % 7}`, last: n, bid: n - 0.5, ask: n + 0.5, volume: -n })
    const cause = { journal: n % 65_536, position: n * 1_000_003 }
    writer.write(Pair, { n, note: 'x'.repeat(n % 41) }, { cause, source: n % 65_536, dest: (n * 7) % 65_536 })
    if (n % 100 === 0) writer.write(Huge, { n, blob: new Uint8Array([n & 255, 2, 3]) })
    if (n % 10 === 0) {
      writer.write(Kinds, {
        u8: n % 256,
        i8: -1,
        u16: n,
        i16: -n,
        u32: n,
        i32: -n,
        f32: n,
        f64: n / 3,
        u64: BigInt(n),
        i64: -BigInt(n),
        bool: n % 20 === 0,
        text: 'abcde',
        raw: new Uint8Array([1, 2, 3, 4]),
        side: n % 20 === 0 ? 'buy' : 'sell',
      })
    }
  }
}

function pagesOf(directory: string): string[] {
  return readdirSync(directory)
    .filter(name => name.endsWith('.page'))
    .sort()
    .map(name => join(directory, name))
}

/** The frames that the library reads, in the form that the decoder returns. */
function libraryFrames(directory: string): Omit<PlainFrame, 'crc' | 'crcRight'>[] {
  return Array.from(openReader(directory), view => ({
    position: view.position,
    type: view.type,
    slots: view.slots,
    time: view.time,
    cause: view.cause === undefined ? undefined : { journal: view.causeJournal as number, position: view.cause },
    source: view.source,
    dest: view.dest,
    sinceRoot: view.sinceRoot,
    values: view.toObject(),
  }))
}

/** Header values that a reader does not expose. */
function withoutCrc(plain: PlainFrame): Omit<PlainFrame, 'crc' | 'crcRight'> {
  const { crc, crcRight, ...rest } = plain
  expect(crc === 0 || crcRight).toBe(true)
  return rest
}

function decodeFiles(directory: string, read: (file: string) => Uint8Array = readFileSync): PlainPage[] {
  const schema = decodeSchema(readFileSync(join(directory, 'schema.json'), 'utf8'))
  return pagesOf(directory).map(file => decodePage(read(file), schema))
}

it('the decoder of the tests computes CRC32C correctly', () => {
  // From RFC 3720, B.4, and the common check value.
  expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283)
  expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa)
  expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43)
})

describe('pages decoded by docs/format.md alone', () => {
  it('hold the frames that a reader reads', () => {
    const writer = openWriter()
    writeEverything(writer, 2000)
    const frames = decodeFiles(writer.path).flatMap(page => page.frames)
    expect(frames).toHaveLength(2000 + 2000 + 20 + 200)
    expect(frames.map(withoutCrc)).toEqual(libraryFrames(writer.path))
  })

  it('have headers that follow the format', () => {
    const writer = openWriter(journalPath(), { journalId: 77 })
    writeEverything(writer, 1500)
    const pages = decodeFiles(writer.path)
    expect(pages.length).toBeGreaterThan(5)
    pages.forEach((page, i) => {
      expect(page).toMatchObject({
        flags: 0,
        pageSize: 65_536,
        pageNumber: i,
        firstPosition: i * 960,
        epoch: 1n,
        journalId: 77,
        identityCrcRight: true,
        durable: 0,
        pageCrcRight: undefined,
        bootId: pages[0].bootId,
      })
    })
    // There may be one more page, which is prepared and empty.
    const written = pages.filter(page => page.cursor > 0)
    expect(written.length).toBeGreaterThanOrEqual(pages.length - 1)
    expect(written.map(page => page.sealed)).toEqual([...written.slice(1).map(() => 1), 0])
  })

  it('have a mark for each stride, on the first frame in it', () => {
    const writer = openWriter(journalPath(), { pageSize: 1024 * 1024 })
    writeEverything(writer, 9000)
    for (const page of decodeFiles(writer.path)) {
      const starts = page.frames.map(({ position }) => position - page.firstPosition)
      const expected: (number | undefined)[] = []
      for (let slot = page.stride; slot < page.cursor; slot += page.stride) {
        const first = starts.find(start => start >= slot)
        if (first !== undefined) expected.push(first)
      }
      expect(page.marks).toEqual(expected)
    }
  })

  it('have correct checksums if the journal is durable', async () => {
    const writer = openWriter(journalPath('disk'), { durability: 'commit' })
    writeEverything(writer, 600)
    const durable = await writer.flush()
    const pages = decodeFiles(writer.path)
    expect(pages.length).toBeGreaterThan(3)
    for (const page of pages) {
      expect(page).toMatchObject({ flags: 1, durable: page.cursor, identityCrcRight: true })
      expect(page.frames.every(({ crc, crcRight }) => crc !== 0 && crcRight)).toBe(true)
      if (page.sealed === 1) expect(page.pageCrcRight).toBe(true)
    }
    expect(durable).toBe(writer.position)
  })

  it('name, by a hash, a prefix of the definitions in schema.json', () => {
    const writer = openWriter()
    writeEverything(writer, 300)
    writer.close()
    const second = openWriter(writer.path)
    writeEverything(second, 300)
    const text = readFileSync(join(writer.path, 'schema.json'), 'utf8')
    const { frames } = JSON.parse(text) as { frames: unknown[] }
    const prefixes = frames.map((_, i) => hash(frames.slice(0, i + 1)))
    for (const page of decodeFiles(writer.path)) expect([hash([]), ...prefixes]).toContain(page.layoutHash)
    expect(decodeFiles(writer.path).at(-1)?.layoutHash).toBe(prefixes.at(-1))
  })
})

const require = createRequire(join(import.meta.dirname, '../../mmap-io/package.json'))
const mmapIoBuilt = existsSync(
  join(import.meta.dirname, '../../mmap-io/node_modules/mmap-io/build/Release/mmap_io.node'),
)

it.skipIf(skipUnless(mmapIoBuilt, 'pages mapped by mmap-io', 'It is not built; npm install builds it'))(
  'pages mapped by mmap-io hold the frames that a reader reads, while the journal is open',
  () => {
    const mmap = require('mmap-io') as {
      map(size: number, protection: number, flags: number, fd: number): Buffer
      PROT_READ: number
      MAP_SHARED: number
    }
    const writer = openWriter()
    writeEverything(writer, 2000)
    const pages = decodeFiles(writer.path, file => {
      const fd = openSync(file, 'r')
      try {
        return mmap.map(fstatSync(fd).size, mmap.PROT_READ, mmap.MAP_SHARED, fd)
      } finally {
        closeSync(fd)
      }
    })
    expect(pages.flatMap(page => page.frames).map(withoutCrc)).toEqual(libraryFrames(writer.path))
  },
)

function hash(frames: unknown[]): string {
  return createHash('sha256').update(JSON.stringify(frames)).digest('hex').slice(0, 16)
}

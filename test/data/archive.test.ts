import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { Reader, verify, Writer } from 'ticktape'
import { CaptureFeed } from 'ticktape/runtime'
import { BookTop, Trade } from 'ticktape/trading'
import { expect, test } from 'vitest'
import { archiveJournal, restoreArchive } from '../../dist/data/archive/archive.js'
import { packPage, unpackPage } from '../../dist/data/archive/page.js'
import { Schema } from '../../dist/frames/schema.js'
import { realData } from '../support/captures.ts'
import { writeEvery } from '../support/every-kind.ts'
import { makeFolder } from '../support/folders.ts'
import { Count } from '../support/frames.ts'
import {
  fill,
  flip,
  makeJournal,
  PAGE_SIZE,
  pageFile,
  patch,
  peek,
  ticktape,
  ticktapeWith,
} from '../support/journals.ts'

const options = { prune: false, signal: new AbortController().signal, onProgress: () => {} }

function pagesOf(directory: string): string[] {
  return readdirSync(directory)
    .filter(name => name.endsWith('.page'))
    .sort()
}

function slotsOf(file: string): number {
  return readFileSync(file).readUInt32LE(128)
}

function schemaOf(directory: string): Schema {
  return Schema.parse(readFileSync(join(directory, 'schema.json'), 'utf8'), directory)
}

function packedPage(directory: string, page = 0): { bytes: Buffer; packed: Buffer } {
  const bytes = readFileSync(pageFile(directory, page))
  const first = Number(bytes.readBigUInt64LE(24))
  return { bytes, packed: packPage(bytes, slotsOf(pageFile(directory, page)), first, schemaOf(directory)) }
}

test('every page comes back byte for byte, and the journal is sound', { timeout: 120_000 }, async () => {
  const root = makeFolder()
  const directory = join(root, 'j')
  writeEvery(directory, 1200, 5)
  const { stdout, status } = ticktape('archive', directory, '--to', join(root, 'archive'), '--json')
  const report = JSON.parse(stdout) as { added: number; pages: number; bytes: number; packed: number }
  expect(status).toBe(0)
  expect(report.added).toBe(pagesOf(directory).filter(name => slotsOf(join(directory, name)) > 0).length)
  expect(report.packed).toBeLessThan(report.bytes)
  const again = join(root, 'again')
  expect(ticktape('restore', join(root, 'archive'), '--to', again)).toMatchObject({ status: 0, stderr: '' })
  for (const name of pagesOf(again))
    expect(readFileSync(join(again, name)).equals(readFileSync(join(directory, name)))).toBe(true)
  expect(await verify(again, { deep: true })).toMatchObject({ sound: true })
  const [a, b] = [directory, again].map(path => {
    using reader = Reader.open(path)
    return Array.from(reader, frame => JSON.stringify(frame))
  })
  expect(b).toEqual(a)
})

test('any bytes in a frame come back: NaN with a payload, -0, denormals, bits that no kind has, frames of no definition', async () => {
  const directory = join(makeFolder(), 'j')
  await makeJournal(directory, 900, true)
  const file = pageFile(directory, 0)
  const original = readFileSync(file)
  const schema = schemaOf(directory)
  const cursor = slotsOf(file)
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(cursor * 64 - 1), fc.nat(255)), { maxLength: 200 }),
      fc.boolean(),
      (changes, known) => {
        const bytes = Buffer.from(original)
        // The first words say how long frames are: they stay.
        for (const [at, byte] of changes) if (at % 64 >= 4) bytes[4096 + at] = byte
        for (const [i, word] of [
          0x7ff8000000000001n,
          0x7ff0000000000001n,
          1n << 63n,
          1n,
          0xffffffffffffffffn,
        ].entries())
          bytes.writeBigUInt64LE(word, 4096 + i * 64 + 32)
        const of = known ? schema : new Schema()
        expect(Buffer.from(unpackPage(packPage(bytes, cursor, 0, of), of, 'x')).equals(bytes)).toBe(true)
      },
    ),
    { numRuns: 25, seed: 11 },
  )
})

test('an archive grows with the journal, and pages are pruned only once they are in it', async () => {
  const root = makeFolder()
  const [directory, archive] = [join(root, 'j'), join(root, 'archive')]
  using writer = Writer.open(directory, { pageSize: PAGE_SIZE })
  fill(writer, 2500)
  const sealed = (): number => pagesOf(directory).filter(name => peek(join(directory, name), 256, 1)[0] === 1).length
  const first = await archiveJournal(directory, archive, options)
  expect(first.added).toBe(sealed())
  expect((await archiveJournal(directory, archive, options)).added).toBe(0)
  fill(writer, 2500)
  const second = await archiveJournal(directory, archive, { ...options, prune: true })
  expect(second).toMatchObject({ pages: second.added + first.added, pruned: second.pages })
  expect(sealed()).toBe(0)
  await restoreArchive(archive, join(root, 'again'), options)
  // Ten quotes of one slot, then a note of two.
  const expected = 80 * 11 * second.pages
  using reader = Reader.open(join(root, 'again'))
  expect(Array.from(reader, frame => frame.position)).toHaveLength(expected)
  expect(reader.position).toBe(960 * second.pages)
  expect(await verify(join(root, 'again'))).toMatchObject({ sound: true })
})

test('damage of an archive is named and nothing is restored; a damaged page is not archived', async () => {
  const root = makeFolder()
  const [directory, archive] = [join(root, 'j'), join(root, 'archive')]
  await makeJournal(directory, 3000)
  await archiveJournal(directory, archive, options)
  const { bytes, packed } = packedPage(directory)
  const schema = schemaOf(directory)
  let refused = 0
  for (let at = 0; at < packed.length; at += 31) {
    const bad = Buffer.from(packed)
    bad[at] ^= 0x40
    // A bit that says nothing, such as the padding after a stream, may differ: then the page is the right one.
    let page: Uint8Array | undefined
    try {
      page = unpackPage(bad, schema, 'x')
    } catch (error) {
      expect(error).toMatchObject({ code: 'ERR_ARCHIVE' })
      refused++
    }
    if (page !== undefined) expect(Buffer.from(page).equals(bytes), `byte ${at}`).toBe(true)
  }
  expect(refused).toBeGreaterThan(10)
  const [file] = readdirSync(archive).filter(name => name.endsWith('.packed'))
  flip(join(archive, file), 300)
  const to = join(root, 'again')
  const restore = ticktape('restore', archive, '--to', to)
  expect(restore).toMatchObject({ status: 2, stdout: '' })
  expect(restore.stderr).toMatch(/^ERR_ARCHIVE: .*damaged/)
  expect(readdirSync(root).sort()).toEqual(['archive', 'j'])

  patch(pageFile(directory, 1), 4096 + 64 * 5 + 2, [0])
  await expect(archiveJournal(directory, join(root, 'other'), options)).rejects.toThrow(/damaged/)
  expect(existsSync(pageFile(directory, 0))).toBe(true)
})

test('an archive of another journal, a path that exists, and a missing page are refused', async () => {
  const root = makeFolder()
  const [directory, archive] = [join(root, 'j'), join(root, 'archive')]
  await makeJournal(directory, 100)
  await archiveJournal(directory, archive, options)
  rmSync(directory, { recursive: true })
  {
    using writer = Writer.open(directory, { pageSize: PAGE_SIZE })
    fill(writer, 100)
  }
  await expect(archiveJournal(directory, archive, options)).rejects.toThrow(/another journal/)
  await expect(restoreArchive(archive, directory, options)).rejects.toThrow(/exists already/)
  await expect(restoreArchive(root, join(root, 'x'), options)).rejects.toThrow(/no archive/)
  writeFileSync(join(root, 'file'), '')
  await expect(archiveJournal(directory, root, options)).rejects.toThrow(/has other files/)
  copyFileSync(join(archive, 'archive.json'), join(root, 'file'))
  rmSync(join(archive, readdirSync(archive).filter(name => name.endsWith('.packed'))[0]))
  await expect(restoreArchive(archive, join(root, 'y'), options)).rejects.toThrow(/ENOENT|missing/)
  expect(existsSync(join(root, 'y'))).toBe(false)
})

test('real market data are at least 15 times smaller', { timeout: 120_000 }, async context => {
  const file = realData(context, 'btcusdt_20240808.gz')
  const directory = join(makeFolder(), 'j')
  {
    using writer = Writer.open(directory)
    writer.addInstruments([{ number: 1, venue: 'binance', symbol: 'BTCUSDT' }])
    for await (const batch of new CaptureFeed(file).events(0))
      for (const event of batch) {
        const time = BigInt(Math.round(event.timeMs * 1e6))
        const venueTime = BigInt(Math.round(event.timeMs)) * 1_000_000n
        if (event.kind === 'quote') {
          const { bid, ask, bidSize, askSize } = event
          writer.write(BookTop, { instrument: 1, venueTime, bid, ask, bidSize, askSize }, { time })
        } else {
          const { side, price, quantity, tradeId } = event
          writer.write(Trade, { instrument: 1, venueTime, side, price, quantity, tradeId }, { time })
        }
      }
  }
  const { bytes, packed } = packedPage(directory)
  const used = 4096 + slotsOf(pageFile(directory, 0)) * 64
  expect(used / packed.length).toBeGreaterThan(15)
  expect(Buffer.from(unpackPage(packed, schemaOf(directory), 'x')).equals(bytes)).toBe(true)
})

test('sql, export and tail read an archive as the journal, and leave nothing behind', { timeout: 60_000 }, async () => {
  const root = makeFolder()
  const [directory, archive, folder] = ['j', 'archive', 'tmp'].map(name => join(root, name))
  mkdirSync(folder)
  {
    using writer = Writer.open(directory, { pageSize: PAGE_SIZE, durability: 'process' })
    for (let i = 0; i < 3000; i++) writer.write(Count, { n: i }, { time: BigInt(i) * 1_000_000_000n })
  }
  await archiveJournal(directory, archive, options)
  const run = (...args: string[]): string => {
    const { status, stdout, stderr } = ticktapeWith({ TMPDIR: folder }, ...args)
    expect([status, stderr, readdirSync(folder)]).toEqual([0, '', []])
    return stdout
  }
  const query = 'SELECT count(*) AS n, min(position) AS first, max(time)::VARCHAR AS last FROM count'
  expect(run('sql', archive, query, '--csv')).toBe('n,first,last\n3000,0,1970-01-01 00:49:59\n')
  expect(run('tail', archive, '--json', '-n', '2').match(/"n":\d+/g)).toEqual(['"n":2998', '"n":2999'])
  run('export', archive, '--csv', join(root, 'out'))
  const files = readdirSync(join(root, 'out/count')).sort()
  const lines = files.flatMap(file =>
    readFileSync(join(root, 'out/count', file), 'utf8')
      .trim()
      .split('\n')
      .slice(1),
  )
  expect(lines).toHaveLength(3000)
  const times = ['--since', '1970-01-01T00:20:00Z', '--until', '1970-01-01T00:21:00Z', '--csv']
  // Only the pages of these times are unpacked: damage of another one is not met.
  flip(join(archive, '0000000000.page.packed'), 200)
  expect(run('sql', archive, 'SELECT min(n) AS first, max(n) AS last FROM count', ...times)).toMatch(
    /\n1200(\.0)?,1259(\.0)?\n/,
  )
  expect(run('sql', archive, 'SELECT count(*) AS n FROM count', '--since', '2020-01-01', '--csv')).toBe('n\n0\n')
  const { status, stderr } = ticktapeWith({ TMPDIR: folder }, 'sql', archive, query)
  expect([status, readdirSync(folder)]).toEqual([2, []])
  expect(stderr).toMatch(/^ERR_ARCHIVE: .*0000000000\.page\.packed is damaged/)
})

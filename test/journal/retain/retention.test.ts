import diagnostics from 'node:diagnostics_channel'
import { existsSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  forgetReader,
  inspect,
  MergedReader,
  on,
  type PruneOptions,
  type PruneReport,
  prune,
  Reader,
  verify,
  Writer,
} from 'ticktape'
import { describe, expect, onTestFinished, test } from 'vitest'
import { makeFolder } from '../../support/folders.ts'
import {
  CAPACITY,
  makeJournal,
  moveToOtherBoot,
  PAGE_SIZE,
  pageFile,
  patch,
  Quote,
  ticktape,
  u32,
} from '../../support/journals.ts'

/** Sealed pages 0 to 9, and page 10 being written. */
const PAGES = 11
const FRAMES = PAGES * CAPACITY - 100

/** A journal of 64-byte frames, one per slot, so the number of a frame is its position. */
function makePlain(directory: string, frames = FRAMES): void {
  using writer = Writer.open(directory, { pageSize: PAGE_SIZE })
  append(writer, frames)
}

function append(writer: Writer, frames: number): void {
  for (let i = 0; i < frames; i++) writer.write(Quote, { symbol: 'BTC-USDT', price: writer.position, side: 'buy' })
}

/** Creates a named reader that read up to this position and was closed. */
function leaveReader(directory: string, name: string, position: number): void {
  Reader.open(directory, { from: { name, start: { position } } }).close()
}

function pagesOf(directory: string): number[] {
  return readdirSync(directory)
    .filter(name => name.endsWith('.page'))
    .map(name => Number.parseInt(name, 10))
    .sort((a, b) => a - b)
}

function upTo(last: number, first = 0): number[] {
  return Array.from({ length: last - first + 1 }, (_, i) => first + i)
}

function make(): string {
  const directory = join(makeFolder('memory'), 'j')
  makePlain(directory)
  return directory
}

describe('the pages that are removed', () => {
  const limits: [PruneOptions, number[]][] = [
    [{ pages: 1 }, upTo(9)],
    [{ pages: 4 }, upTo(6)],
    [{ pages: 11 }, []],
    [{ pages: 99 }, []],
    [{ bytes: 3 * PAGE_SIZE }, upTo(7)],
    [{ bytes: 3 * PAGE_SIZE - 1 }, upTo(8)],
    [{ bytes: 0 }, upTo(9)],
    [{ age: 0 }, upTo(9)],
    [{ age: 3_600_000 }, []],
    [{ age: 3_600_000, pages: 4 }, upTo(6)],
    [{ bytes: 9 * PAGE_SIZE, pages: 4 }, upTo(6)],
  ]
  test.each(limits)('%o', async (options, expected) => {
    const directory = make()
    const dry = await prune(directory, { ...options, dryRun: true })
    expect(pagesOf(directory)).toEqual(upTo(10))
    const report = await prune(directory, options)
    expect(report.removed.map(page => page.page)).toEqual(expected)
    expect(report.removed).toEqual(dry.removed)
    expect(pagesOf(directory)).toEqual(upTo(10).slice(expected.length))
    expect(report).toMatchObject({
      removedBytes: expected.length * PAGE_SIZE,
      keptPages: 11 - expected.length,
      firstPosition: expected.length * CAPACITY,
      blockers: [],
    })
    expect(await verify(directory)).toMatchObject({
      sound: true,
      firstPosition: expected.length * CAPACITY,
      endPosition: FRAMES,
    })
    using reader = Reader.open(directory)
    expect(reader.position).toBe(expected.length * CAPACITY)
  })

  test('age counts from the last frame of a page', async () => {
    const directory = join(makeFolder('memory'), 'j')
    {
      using writer = Writer.open(directory, { pageSize: PAGE_SIZE })
      const hour = 3_600_000_000_000n
      const start = BigInt(Date.now()) * 1_000_000n - 10n * hour
      for (let i = 0; i < 10 * CAPACITY; i++) {
        writer.write(
          Quote,
          { symbol: '', price: i, side: 'buy' },
          { time: start + (hour * BigInt(i)) / BigInt(CAPACITY) },
        )
      }
    }
    const report = await prune(directory, { age: 3_600_000 * 6.5 })
    expect(report.removed.map(page => page.page)).toEqual([0, 1, 2]) // page 3 ended a little more than 6 hours ago
  })

  test('never the last page that has a frame: the next writer needs its time', async () => {
    const directory = join(makeFolder('memory'), 'j')
    {
      using writer = Writer.open(directory, { pageSize: PAGE_SIZE })
      append(writer, 3 * CAPACITY)
      writer.cork(CAPACITY) // continues on page 3, which stays empty
      writer.uncork()
    }
    expect(inspect(directory).pages.map(page => page.used)).toEqual([CAPACITY, CAPACITY, CAPACITY, 0])
    expect((await prune(directory, { pages: 1 })).removed.map(page => page.page)).toEqual([0, 1])
  })

  test('none of a journal that has only the pages it needs', async () => {
    const directory = join(makeFolder('memory'), 'j')
    makePlain(directory, 10)
    expect(await prune(directory, { pages: 1 })).toMatchObject({ removed: [], keptPages: 1, firstPosition: 0 })
  })

  test('none when a page cannot be read, which is an error', async () => {
    const directory = make()
    patch(pageFile(directory, 2), 128, u32(5000))
    await expect(prune(directory, { pages: 1 })).rejects.toMatchObject({
      code: 'ERR_CORRUPT_JOURNAL',
      path: pageFile(directory, 2),
    })
    expect(pagesOf(directory)).toEqual(upTo(10))
  })
})

describe('readers', () => {
  test('keep the pages that they have not read, whether they are open or not, and are named', async () => {
    const directory = make()
    leaveReader(directory, 'dead', 3 * CAPACITY + 5)
    using alive = Reader.open(directory, { from: { name: 'alive', start: { position: 5 * CAPACITY } } })
    leaveReader(directory, 'done', FRAMES)
    const report = await prune(directory, { pages: 1 })
    expect(report.removed.map(page => page.page)).toEqual([0, 1, 2])
    expect(report.blockers).toEqual([
      expect.objectContaining({
        name: 'dead',
        alive: false,
        position: 3 * CAPACITY + 5,
        pages: 7,
        bytes: 7 * PAGE_SIZE,
      }),
      expect.objectContaining({ name: 'alive', alive: true, pid: process.pid, position: 5 * CAPACITY, pages: 5 }),
    ])
    expect(alive.poll(on(Quote, () => {}))).toBe(256)
  })

  const matrix: [Partial<PruneOptions>, number[]][] = [
    [{}, [0, 1, 2]],
    [{ ignoreReaders: ['dead'] }, upTo(4)],
    [{ forget: ['dead'] }, upTo(4)],
    [{ ignoreReaders: ['dead', 'alive'] }, upTo(9)],
    [{ readers: false }, upTo(9)],
    [{ readers: true }, [0, 1, 2]],
  ]
  test.each(matrix)('are ignored when their names are given: %o', async (options, expected) => {
    const directory = make()
    leaveReader(directory, 'dead', 3 * CAPACITY + 5)
    using _ = Reader.open(directory, { from: { name: 'alive', start: { position: 5 * CAPACITY } } })
    const dry = await prune(directory, { pages: 1, dryRun: true, ...options })
    expect(inspect(directory).readers).toHaveLength(2)
    const report = await prune(directory, { pages: 1, ...options })
    expect(report.removed.map(page => page.page)).toEqual(expected)
    expect(dry.removed).toEqual(report.removed)
    expect(inspect(directory).readers.map(reader => reader.name)).toEqual(
      options.forget === undefined ? ['dead', 'alive'] : ['alive'],
    )
  })

  test('that are open are not forgotten, and a wrong name is an error before anything is removed', async () => {
    const directory = make()
    using _ = Reader.open(directory, { from: { name: 'alive' } })
    leaveReader(directory, 'dead', 0)
    await expect(prune(directory, { pages: 1, forget: ['dead', 'alive'] })).rejects.toMatchObject({
      code: 'ERR_READER_BUSY',
    })
    await expect(prune(directory, { pages: 1, forget: ['ded'] })).rejects.toMatchObject({
      code: 'ERR_READER_NAME',
      message: expect.stringContaining("'dead'") as string,
    })
    await expect(prune(directory, { pages: 1, ignoreReaders: ['x'] })).rejects.toMatchObject({
      code: 'ERR_READER_NAME',
    })
    expect(inspect(directory).readers).toHaveLength(2)
    expect(pagesOf(directory)).toEqual(upTo(10))
  })

  test('are forgotten by forgetReader when they are closed', () => {
    const directory = make()
    leaveReader(directory, 'dead', 0)
    expect(forgetReader(directory, 'dead')).toBe(true)
    expect(forgetReader(directory, 'dead')).toBe(false)
    using _ = Reader.open(directory, { from: { name: 'alive' } })
    expect(() => forgetReader(directory, 'alive')).toThrow(expect.objectContaining({ code: 'ERR_READER_BUSY' }))
  })
})

describe('a reader whose page was removed', () => {
  const first = 10 * CAPACITY
  const gone = expect.objectContaining({ code: 'ERR_POSITION_GONE', first }) as Error
  const handlers = on(Quote, () => {})

  test('reads its page to the end, then gets PositionGoneError, and continues at the position in the error', async () => {
    const directory = make()
    using reader = Reader.open(directory)
    reader.poll(handlers, 10)
    await prune(directory, { pages: 1 })
    let read = 10
    const readOn = (): void => {
      for (let count = reader.poll(handlers); count > 0; count = reader.poll(handlers)) read += count
    }
    expect(readOn).toThrow(gone)
    expect(read % CAPACITY).toBe(0) // to the end of its page, or of the next one, which it had mapped
    expect(readOn).toThrow(gone) // and again: it does not continue by itself
    reader.seek({ position: first })
    read = 0
    readOn()
    expect(read).toBe(FRAMES - first)
  })

  test('keeps the next page that it had mapped in advance, and reads it too', async () => {
    const directory = make()
    using reader = Reader.open(directory)
    reader.poll(handlers, CAPACITY - 1)
    await sleep(50) // time for the thread that maps the next page
    await prune(directory, { pages: 1 })
    let last = 0
    const all = on(Quote, quote => void (last = quote.position))
    expect(() => {
      while (reader.poll(all) > 0);
    }).toThrow(gone)
    expect(last).toBe(2 * CAPACITY - 1)
  })

  test('for await, iteration and merging end with it', async () => {
    const directory = make()
    using one = Reader.open(directory)
    using two = Reader.open(directory)
    using merged = MergedReader.open([directory])
    await prune(directory, { pages: 1 })
    await expect(async () => {
      for await (const _ of one);
    }).rejects.toThrow(gone)
    expect(() => [...two]).toThrow(gone)
    expect(() => {
      while (merged.poll(handlers) > 0);
    }).toThrow(gone)
  })

  test('seeks to a removed position throw, seeks to an existing one work', async () => {
    const directory = make()
    using old = Reader.open(directory)
    const [frame] = old
    const time = frame?.time ?? 0n
    await prune(directory, { pages: 1 })
    using reader = Reader.open(directory)
    expect(reader.position).toBe(first)
    for (const position of [0, 5, 9 * CAPACITY, first - 1]) {
      expect(() => reader.seek({ position })).toThrow(gone)
      expect(() => Reader.open(directory, { from: { position } })).toThrow(gone)
    }
    expect(reader.position).toBe(first)
    reader.seek({ position: first + 3 })
    expect(reader.position).toBe(first + 3)
    reader.seek('start')
    expect(reader.position).toBe(first)
    reader.seek({ time }) // before all existing frames
    expect(reader.position).toBe(first)
    reader.seek('end')
    expect(reader.position).toBe(FRAMES)
    expect(() => reader.seek({ position: FRAMES + 1 })).toThrow(expect.objectContaining({ code: 'ERR_POSITION' }))
  })

  test('with a name that stopped there throws when it is opened again, keeps its position, and can start again once it is forgotten', async () => {
    const directory = make()
    leaveReader(directory, 'slow', 3 * CAPACITY)
    await prune(directory, { pages: 1, ignoreReaders: ['slow'] })
    for (let i = 0; i < 2; i++) expect(() => Reader.open(directory, { from: { name: 'slow' } })).toThrow(gone)
    expect((await verify(directory)).notes).toEqual([
      expect.objectContaining({ position: 3 * CAPACITY, what: expect.stringContaining("'slow'") as string }),
    ])
    expect(forgetReader(directory, 'slow')).toBe(true)
    using reader = Reader.open(directory, { from: { name: 'slow', start: { position: first } } })
    expect(reader.position).toBe(first)
  })
})

describe('a journal whose first page is not 0', () => {
  test('is opened and continued by the next writer', async () => {
    const directory = make()
    await prune(directory, { pages: 2 })
    {
      using writer = Writer.open(directory)
      expect(writer.recovery).toMatchObject({ found: 'same-boot', position: FRAMES, dropped: 0 })
      append(writer, 200)
      expect(writer.position).toBe(FRAMES + 200)
    }
    expect(await verify(directory)).toMatchObject({
      sound: true,
      firstPosition: 9 * CAPACITY,
      endPosition: FRAMES + 200,
    })
  })

  test('with an empty last page keeps times from going back', async () => {
    const directory = join(makeFolder('memory'), 'j')
    const future = BigInt(Date.now()) * 1_000_000n + 10n ** 15n
    {
      using writer = Writer.open(directory, { pageSize: PAGE_SIZE })
      append(writer, 2 * CAPACITY - 1)
      writer.write(Quote, { symbol: '', price: 0, side: 'buy' }, { time: future })
      writer.cork(CAPACITY)
      writer.uncork()
    }
    await prune(directory, { pages: 1 })
    using writer = Writer.open(directory)
    const position = writer.write(Quote, { symbol: '', price: 0, side: 'buy' })
    using reader = Reader.open(directory, { from: { position } })
    expect([...reader].length).toBe(1)
    reader.seek({ position })
    for (const frame of reader) expect(frame.time >= future).toBe(true)
  })

  test('recovers in another boot, with checksums', async () => {
    const directory = join(makeFolder('disk'), 'j')
    const positions = await makeJournal(directory, 5000, true)
    await prune(directory, { pages: 2 })
    for (const page of pagesOf(directory)) moveToOtherBoot(pageFile(directory, page))
    using writer = Writer.open(directory, { durability: 'commit' })
    expect(writer.recovery).toMatchObject({ found: 'other-boot', dropped: 0, position: 6000 })
    expect(positions.at(-1)).toBe(5998) // a note has two slots
  })
})

describe('a writer with retain', () => {
  test.each([{ pages: 3 }, { bytes: 3 * PAGE_SIZE }])('keeps %o while it writes', async retain => {
    const directory = join(makeFolder('memory'), 'j')
    using writer = Writer.open(directory, { pageSize: PAGE_SIZE, retain })
    for (let i = 0; i < 20; i++) {
      append(writer, CAPACITY)
      await sleep(5)
    }
    await settled(directory, 4)
    expect(pagesOf(directory)).toHaveLength(4) // and the prepared page
    expect(await verify(directory)).toMatchObject({ sound: true, endPosition: 20 * CAPACITY })
  })

  test('keeps pages that a named reader has not read, and removes them once it has read them', async () => {
    const directory = join(makeFolder('memory'), 'j')
    using writer = Writer.open(directory, { pageSize: PAGE_SIZE, retain: { pages: 2 } })
    append(writer, 1)
    using reader = Reader.open(directory, { from: { name: 'slow' } })
    for (let i = 0; i < 5; i++) {
      append(writer, CAPACITY)
      await sleep(5)
    }
    expect(pagesOf(directory)[0]).toBe(0)
    while (reader.poll(on(Quote, () => {})) > 0);
    append(writer, CAPACITY)
    await settled(directory, 3)
    expect(pagesOf(directory)[0]).toBe(5)
  })

  test('prunes when it is opened', async () => {
    const directory = make()
    using _ = Writer.open(directory, { retain: { pages: 2 } })
    await settled(directory, 3)
    expect(pagesOf(directory)).toEqual([9, 10, 11])
  })

  test('reports what it removed, and what it could not, on a diagnostics channel', async () => {
    const directory = make()
    const seen: { path: string; removed: unknown[]; error: Error | undefined }[] = []
    const listen = (message: unknown): void => void seen.push(message as (typeof seen)[number])
    diagnostics.subscribe('ticktape:journal.pruned', listen)
    onTestFinished(() => void diagnostics.unsubscribe('ticktape:journal.pruned', listen))
    using writer = Writer.open(directory, { retain: { pages: 2 } })
    for (let i = 0; seen.length < 1 && i < 200; i++) await sleep(10)
    expect(seen).toEqual([expect.objectContaining({ path: directory, error: undefined })])
    expect(seen[0].removed).toHaveLength(9)
    patch(pageFile(directory, 9), 128, u32(5000))
    append(writer, CAPACITY)
    for (let i = 0; seen.length < 2 && i < 200; i++) await sleep(10)
    expect(seen[1]).toMatchObject({ removed: [], error: { code: 'ERR_CORRUPT_JOURNAL' } })
  })

  test('removes nothing after it is closed', async () => {
    const directory = make()
    Writer.open(directory, { retain: { pages: 2 } }).close()
    await sleep(50)
    expect(pagesOf(directory)).toEqual(upTo(10))
  })

  test.each([{}, { readers: true }, { pages: 0 }, { bytes: -1 }, { age: Number.NaN }, { page: 3 }, 5])(
    'refuses %o',
    retain => {
      const directory = join(makeFolder('memory'), 'j')
      expect(() => Writer.open(directory, { retain: retain as object })).toThrow(
        expect.objectContaining({ code: 'ERR_INVALID_OPTION' }),
      )
      expect(existsSync(directory)).toBe(false)
    },
  )
})

describe('ticktape prune', () => {
  test('prints the pages that would be removed and the readers that block the removal of others, then removes the pages', () => {
    const directory = make()
    leaveReader(directory, 'slow', 3 * CAPACITY)
    const dry = ticktape('prune', directory, '--pages', '2', '--dry-run')
    expect(dry.status).toBe(0)
    expect(dry.stdout).toMatch(/would remove pages 0 to 2/)
    expect(dry.stdout).toMatch(/slow +closed .* 6 pages/)
    expect(pagesOf(directory)).toEqual(upTo(10))
    const report = JSON.parse(ticktape('prune', directory, '--bytes', '128K', '--json').stdout) as PruneReport
    expect(report.removed.map(page => page.page)).toEqual([0, 1, 2])
    expect(report.blockers).toMatchObject([{ name: 'slow', alive: false }])
    expect(ticktape('prune', directory, '--age', '0s', '--forget', 'slow').stdout).toMatch(
      /removed pages 3 to 9[^]*forgot reader slow/,
    )
    expect(pagesOf(directory)).toEqual([10])
  })

  test('ignores some readers with --ignore-readers and their names, and all readers without names', () => {
    const directory = make()
    leaveReader(directory, 'a', 0)
    leaveReader(directory, 'b', CAPACITY)
    ticktape('prune', directory, '--pages', '2', '--ignore-readers', 'a')
    expect(pagesOf(directory)[0]).toBe(1)
    ticktape('prune', directory, '--pages', '2', '--ignore-readers')
    expect(pagesOf(directory)[0]).toBe(9)
  })

  test('removes nothing when an argument is missing', () => {
    const directory = make()
    for (const args of [
      [],
      ['--pages', '0'],
      ['--bytes', 'lots'],
      ['--age', '5'],
      ['--pages', '1', '--forget', 'nobody'],
    ]) {
      expect([args, ticktape('prune', directory, ...args).status]).toEqual([args, 2])
    }
    expect(ticktape('prune', directory).stderr).toBe(
      'ERR_USAGE: prune takes at least one limit: --bytes 20G, --age 30d or --pages 5\n',
    )
    expect(ticktape('prune', join(directory, 'none'))).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/^ERR_JOURNAL_NOT_FOUND: /) as string,
    })
    rmSync(pageFile(directory, 10))
    expect(pagesOf(directory)).toEqual(upTo(9))
  })
})

/** Waits until retention, which runs in the event loop, has left this many pages. */
async function settled(directory: string, pages: number): Promise<void> {
  for (let i = 0; pagesOf(directory).length > pages && i < 200; i++) await sleep(10)
}

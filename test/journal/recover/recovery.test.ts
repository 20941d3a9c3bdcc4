import { channel } from 'node:diagnostics_channel'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CorruptJournalError, on, RecoveryRefusedError, type RecoveryReport, type Writer } from 'ticktape'
import { describe, expect, onTestFinished, test } from 'vitest'
import { failureOf } from '../../support/failures.ts'
import { makeFolder } from '../../support/folders.ts'
import { Count, Pair } from '../../support/frames.ts'
import { flip, moveToOtherBoot, pageFile, patch, peek, slotAt, u32 } from '../../support/journals.ts'
import {
  journalPath,
  openReader,
  openWriter,
  readAll,
  readNumbers,
  SMALL_CAPACITY,
  upTo,
  writeCounts,
} from '../../support/open.ts'

const CURSOR = 128
const SEALED = 256
const DURABLE = 384

/** Copies the files as they would be if the writer was killed now: the kernel keeps every page. */
function afterDeath(directory: string): string {
  for (;;) {
    const copy = join(makeFolder('memory'), 'journal')
    try {
      cpSync(directory, copy, { recursive: true })
      return copy
    } catch (error) {
      // The next page got its name meanwhile: copy again.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    }
  }
}

/** The same after a restart of the machine: the header of every page names another boot. */
function afterRestart(directory: string): string {
  const copy = afterDeath(directory)
  for (const name of readdirSync(copy).filter(file => file.endsWith('.page'))) moveToOtherBoot(join(copy, name))
  return copy
}

/** A live writer with `durable` durable frames, and `more` published frames after them. */
async function halfDurable(durable: number, more: number): Promise<{ directory: string; writer: Writer }> {
  const directory = journalPath()
  const writer = openWriter(directory, { durability: 'commit' })
  writeCounts(writer, 0, durable)
  await writer.flush()
  writeCounts(writer, durable, durable + more)
  return { directory, writer }
}

function wordAt(file: string, offset: number): number {
  return peek(file, offset, 4).readUInt32LE()
}

/** Every byte of every file, except the text of the lock. */
function bytesOf(directory: string): Record<string, string> {
  const names = readdirSync(directory).filter(name => name !== 'writer.lock')
  return Object.fromEntries(names.map(name => [name, readFileSync(join(directory, name), 'base64')]))
}

function recoveryOf(directory: string): RecoveryReport {
  return openWriter(directory).recovery
}

describe('after the death of the writer', () => {
  test('a missing journal is created', () => {
    expect(recoveryOf(journalPath())).toEqual({ found: 'new', kept: 0, dropped: 0, why: '', position: 0, actions: [] })
  })

  test('every published frame is kept, and unpublished bytes after them are cleared', () => {
    const directory = journalPath()
    const writer = openWriter(directory)
    writeCounts(writer, 0, 100)
    writer.begin(Pair).note = 'never committed'
    const copy = afterDeath(directory)
    const { recovery } = openWriter(copy)
    expect(recovery).toMatchObject({ found: 'same-boot', kept: 100, dropped: 0, why: '', position: 100 })
    expect(recovery.actions.join()).toMatch(/cleared \d+ bytes after slot 100 of page 0/)
    expect(readNumbers(openReader(copy))).toEqual(upTo(100))
    expect(peek(pageFile(copy, 0), slotAt(100), 64)).toEqual(Buffer.alloc(64))
  })

  test('fields that are not set are zero, not bytes of a frame that was begun before', () => {
    const directory = journalPath()
    const writer = openWriter(directory)
    writer.begin(Pair).note = 'never committed'
    const next = openWriter(afterDeath(directory))
    next.begin(Pair).n = 1
    next.commit()
    expect(readAll(openReader(next.path))[0].values).toEqual({ n: 1, note: '' })
  })

  test('a prepared page and an incomplete page are removed', async () => {
    const directory = journalPath()
    const writer = openWriter(directory)
    writeCounts(writer, 0, 3)
    await expect.poll(() => existsSync(pageFile(directory, 1))).toBe(true)
    const copy = afterDeath(directory)
    writeFileSync(`${pageFile(copy, 2)}.tmp`, 'half')
    writeFileSync(join(copy, 'schema.json.tmp'), '{')
    const { recovery } = openWriter(copy)
    expect(recovery.actions).toEqual(
      expect.arrayContaining([
        'removed the prepared page 1',
        'removed the unfinished 0000000002.page.tmp',
        'removed the unfinished schema.json.tmp',
      ]),
    )
    expect(existsSync(`${pageFile(copy, 2)}.tmp`)).toBe(false)
    expect(readNumbers(openReader(copy))).toEqual(upTo(3))
  })

  test('a sealed page without a successor gets one', () => {
    const directory = journalPath()
    const writer = openWriter(directory)
    writeCounts(writer, 0, 10)
    writer.close()
    patch(pageFile(directory, 0), SEALED, u32(1))
    const next = openWriter(directory)
    expect(next.position).toBe(SMALL_CAPACITY)
    writeCounts(next, 10, 12)
    expect(readNumbers(openReader(directory))).toEqual(upTo(12))
  })

  test('frames on the page after an unsealed one cannot come from a crash: refused, and nothing is changed', () => {
    const directory = journalPath()
    const writer = openWriter(directory)
    writeCounts(writer, 0, SMALL_CAPACITY + 10)
    writer.close()
    patch(pageFile(directory, 0), SEALED, u32(0))
    const before = bytesOf(directory)
    expect(failureOf(() => openWriter(directory))).toBeInstanceOf(CorruptJournalError)
    expect(bytesOf(directory)).toEqual(before)
  })

  test('frames that the dead writer had not synced are durable before the next writer writes', () => {
    const directory = journalPath()
    const writer = openWriter(directory, { durability: 'interval', syncInterval: 60_000 })
    writeCounts(writer, 0, SMALL_CAPACITY + 10)
    const copy = afterDeath(directory)
    // It died before the sync that its roll had requested.
    patch(pageFile(copy, 0), DURABLE, u32(0))
    openWriter(copy, { durability: 'interval', syncInterval: 60_000 })
    expect(wordAt(pageFile(copy, 0), DURABLE)).toBe(SMALL_CAPACITY)
    // Now they survive a power loss.
    const { recovery } = openWriter(afterRestart(copy), { durability: 'commit' })
    expect(recovery.position).toBeGreaterThanOrEqual(SMALL_CAPACITY)
  })

  test('a frame that is not well-formed below the cursor is damage, not a crash', () => {
    const directory = journalPath()
    const writer = openWriter(directory)
    writeCounts(writer, 0, 10)
    writer.close()
    patch(pageFile(directory, 0), slotAt(4) + 2, [0])
    const error = failureOf(() => openWriter(directory))
    expect(error).toMatchObject({ code: 'ERR_CORRUPT_JOURNAL', page: 0, slot: 4, position: 4 })
    expect(error.message).toContain('ticktape repair')
  })
})

describe('after a restart of the machine', () => {
  test('durable frames are kept, and others are dropped with a reason', async () => {
    const { directory } = await halfDurable(100, 20)
    const copy = afterRestart(directory)
    const { recovery } = openWriter(copy)
    expect(recovery).toMatchObject({ found: 'other-boot', kept: 100, dropped: 20 })
    expect(recovery.why).toMatch(/slot 100 of page 0/)
    expect(readNumbers(openReader(copy))).toEqual(upTo(100))
  })

  test('nothing is dropped when everything was durable, and writing continues in a page of this boot', async () => {
    const { directory } = await halfDurable(100, 0)
    const copy = afterRestart(directory)
    const writer = openWriter(copy)
    expect(writer.recovery).toMatchObject({ kept: 100, dropped: 0, why: '' })
    expect(writer.position).toBe(SMALL_CAPACITY)
    expect(wordAt(pageFile(copy, 0), SEALED)).toBe(1)
    writeCounts(writer, 100, 105)
    expect(readNumbers(openReader(copy))).toEqual(upTo(105))
  })

  test('a torn frame after the durable ones ends the journal, and its bytes are cleared', async () => {
    const { directory, writer } = await halfDurable(50, 0)
    writeCounts(writer, 50, 60)
    await writer.flush()
    const copy = afterRestart(directory)
    // The disk has an older header, and frame 55 lacks a block.
    patch(pageFile(copy, 0), DURABLE, u32(50))
    flip(pageFile(copy, 0), slotAt(55) + 20)
    const { recovery } = openWriter(copy)
    expect(recovery).toMatchObject({ kept: 55, dropped: 5, position: 55 })
    expect(recovery.why).toContain('crc-wrong')
    expect(peek(pageFile(copy, 0), slotAt(55), 10 * 64)).toEqual(Buffer.alloc(640))
    expect(readNumbers(openReader(copy))).toEqual(upTo(55))
  })

  test('a torn frame among the durable ones is refused, and no byte is changed', async () => {
    const { directory } = await halfDurable(100, 0)
    const copy = afterRestart(directory)
    flip(pageFile(copy, 0), slotAt(40) + 20)
    writeFileSync(join(copy, 'schema.json.tmp'), 'half')
    rmSync(join(copy, 'control'))
    const before = bytesOf(copy)
    const error = failureOf(() => openWriter(copy))
    expect(error).toBeInstanceOf(RecoveryRefusedError)
    expect(error).toMatchObject({ path: pageFile(copy, 0), position: 40 })
    expect(bytesOf(copy)).toEqual(before)
  })

  test('an earlier page is not cut if a later page has durable frames', async () => {
    const { directory } = await halfDurable(SMALL_CAPACITY + 30, 0)
    const copy = afterRestart(directory)
    patch(pageFile(copy, 0), DURABLE, u32(10))
    flip(pageFile(copy, 0), slotAt(500) + 20)
    const before = bytesOf(copy)
    expect(failureOf(() => openWriter(copy))).toBeInstanceOf(RecoveryRefusedError)
    expect(bytesOf(copy)).toEqual(before)
  })

  test('pages after the last good frame are removed when no frame on them was durable', async () => {
    const directory = journalPath()
    const writer = openWriter(directory, { durability: 'interval', syncInterval: 60_000 })
    writeCounts(writer, 0, 20)
    await writer.flush()
    writeCounts(writer, 20, 2 * SMALL_CAPACITY + 5)
    const copy = afterRestart(directory)
    // A roll requests a sync. Here that sync was never completed, and nothing after the flush reached the disk.
    for (const page of [0, 1, 2]) patch(pageFile(copy, page), DURABLE, u32(page === 0 ? 20 : 0))
    patch(pageFile(copy, 0), slotAt(20), Buffer.alloc(64 * (SMALL_CAPACITY - 20)))
    const { recovery } = openWriter(copy)
    expect(recovery).toMatchObject({ kept: 20, position: 20 })
    expect(recovery.actions).toEqual(expect.arrayContaining(['removed page 1', 'removed page 2']))
    expect(readNumbers(openReader(copy))).toEqual(upTo(20))
  })

  test("a journal of 'process' keeps well-formed frames, up to the first block that did not reach the disk", () => {
    const directory = journalPath()
    writeCounts(openWriter(directory), 0, 100)
    const whole = afterRestart(directory)
    expect(openWriter(whole).recovery).toMatchObject({ found: 'other-boot', kept: 100, dropped: 0 })
    const torn = afterRestart(directory)
    patch(pageFile(torn, 0), slotAt(60), Buffer.alloc(640))
    expect(openWriter(torn).recovery).toMatchObject({ kept: 60, dropped: 40 })
    expect(readNumbers(openReader(torn))).toEqual(upTo(60))
  })

  test("a missing block in an earlier page of 'process' is found too", () => {
    const directory = journalPath()
    writeCounts(openWriter(directory), 0, SMALL_CAPACITY + 100)
    const copy = afterRestart(directory)
    patch(pageFile(copy, 0), slotAt(600), Buffer.alloc(640))
    expect(openWriter(copy).recovery).toMatchObject({ kept: 600, position: 600 })
    expect(readNumbers(openReader(copy))).toEqual(upTo(600))
  })

  test('a first page whose content did not reach the disk is created again', () => {
    for (const size of [0, 65536]) {
      const directory = journalPath()
      mkdirSync(directory, { mode: 0o700 })
      writeFileSync(pageFile(directory, 0), Buffer.alloc(size), { mode: 0o600 })
      expect(recoveryOf(directory)).toMatchObject({
        found: 'new',
        actions: ['removed page 0, which was empty'],
      })
    }
  })

  test('named readers past the end continue at the end, and are reported', async () => {
    const { directory } = await halfDurable(100, 50)
    const reader = openReader(directory, { from: { name: 'strategy' } })
    expect(
      reader.poll(
        on(Count, () => {}),
        1000,
      ),
    ).toBe(150)
    reader.close()
    const copy = afterRestart(directory)
    const moved: unknown[] = []
    const listen = (message: unknown): number => moved.push(message)
    channel('ticktape:journal.reader-moved').subscribe(listen)
    onTestFinished(() => {
      channel('ticktape:journal.reader-moved').unsubscribe(listen)
    })
    const writer = openWriter(copy)
    writeCounts(writer, 100, 103)
    expect(moved).toEqual([{ path: copy, reader: 'strategy', position: 100 }])
    expect(readNumbers(openReader(copy, { from: { name: 'strategy' } }))).toEqual([100, 101, 102])
  })

  test('times continue from the last frame, also across empty pages', () => {
    const directory = journalPath()
    const far = 4_000_000_000_000_000_000n
    openWriter(directory).write(Count, { n: 0 }, { time: far })
    let copy = afterRestart(directory)
    for (let i = 0; i < 2; i++) {
      openWriter(copy)
      copy = afterRestart(copy)
    }
    const writer = openWriter(copy)
    writeCounts(writer, 1, 2)
    expect(readAll(openReader(copy)).map(frame => frame.time)).toEqual([far, far])
  })
})

test('a second recovery gives the same result', async () => {
  const { directory } = await halfDurable(100, 20)
  const copy = afterRestart(directory)
  openWriter(copy)
  const again = openWriter(afterDeath(copy))
  expect(again.recovery).toMatchObject({ found: 'same-boot', dropped: 0, position: SMALL_CAPACITY })
  expect(readNumbers(openReader(again.path))).toEqual(upTo(100))
})

test('a journal whose first pages were removed is recovered like any other', () => {
  const directory = journalPath()
  const writer = openWriter(directory)
  writeCounts(writer, 0, 2 * SMALL_CAPACITY + 7)
  const copy = afterDeath(directory)
  rmSync(pageFile(copy, 0))
  expect(openWriter(copy).recovery).toMatchObject({ found: 'same-boot', kept: 7, position: 2 * SMALL_CAPACITY + 7 })
  expect(readNumbers(openReader(copy))[0]).toBe(SMALL_CAPACITY)
})

test('a page that is missing between two others is named, and nothing is changed', () => {
  const directory = journalPath()
  const writer = openWriter(directory)
  writeCounts(writer, 0, 2 * SMALL_CAPACITY + 7)
  writer.close()
  rmSync(pageFile(directory, 1))
  const before = bytesOf(directory)
  expect(failureOf(() => openWriter(directory))).toMatchObject({ code: 'ERR_CORRUPT_JOURNAL', page: 1 })
  expect(bytesOf(directory)).toEqual(before)
})

test('each writer has a new epoch, above all earlier ones, even when the lock file is gone', () => {
  const directory = journalPath()
  const epochs: number[] = []
  for (let i = 0; i < 4; i++) {
    const writer = openWriter(directory)
    writeCounts(writer, 0, SMALL_CAPACITY)
    epochs.push(writer.epoch)
    writer.close()
    if (i === 1) rmSync(join(directory, 'writer.lock'))
  }
  expect(epochs).toEqual([...epochs].sort((a, b) => a - b))
  expect(new Set(epochs).size).toBe(4)
})

test('the diagnostics channel reports what recovery found', () => {
  const told: unknown[] = []
  const listen = (message: unknown): number => told.push(message)
  channel('ticktape:journal.recovery').subscribe(listen)
  onTestFinished(() => {
    channel('ticktape:journal.recovery').unsubscribe(listen)
  })
  const writer = openWriter()
  expect(told).toEqual([{ path: writer.path, report: writer.recovery }])
})

test('a cursor past the page is refused with a named error', () => {
  const directory = journalPath()
  const writer = openWriter(directory)
  writeCounts(writer, 0, 3)
  writer.close()
  patch(pageFile(directory, 0), CURSOR, u32(SMALL_CAPACITY + 1))
  expect(failureOf(() => openWriter(directory))).toMatchObject({ code: 'ERR_CORRUPT_JOURNAL', page: 0 })
})

import diagnostics from 'node:diagnostics_channel'
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Reader, verify, Writer, type WriterRetention } from 'ticktape'
import { MarketJournal } from 'ticktape/runtime'
import { beforeAll, expect, onTestFinished, test } from 'vitest'
import { archiveJournal, restoreArchive } from '../../dist/data/archive/archive.js'
import { ArchiveDirectory } from '../../dist/data/archive/archive-directory.js'
import { CRASH_BUILD_MS, crashAddon } from '../faults/crash-addon.ts'
import { runProgram } from '../faults/program.ts'
import { writeEvery } from '../support/every-kind.ts'
import { makeFolder } from '../support/folders.ts'
import { Count, Huge } from '../support/frames.ts'
import { CAPACITY, flip, PAGE_SIZE, pageFile, ticktape } from '../support/journals.ts'
import { mountMemory, noMemoryMounts } from '../support/mounts.ts'

const options = { prune: false, signal: new AbortController().signal, onProgress: () => {} }

interface Pruned {
  readonly path: string
  readonly removed: readonly { readonly page: number }[]
  readonly error: (Error & { readonly code: string }) | undefined
}

/** What the retention of a journal has reported. */
function reportsOf(directory: string): Pruned[] {
  const seen: Pruned[] = []
  const listen = (message: unknown): void => {
    if ((message as Pruned).path === directory) seen.push(message as Pruned)
  }
  diagnostics.subscribe('ticktape:journal.pruned', listen)
  onTestFinished(() => void diagnostics.unsubscribe('ticktape:journal.pruned', listen))
  return seen
}

async function until(done: () => boolean): Promise<void> {
  for (let i = 0; !done() && i < 1000; i++) await sleep(10)
  expect(done()).toBe(true)
}

function pagesOf(directory: string, ending = '.page'): number[] {
  return readdirSync(directory)
    .filter(name => name.endsWith(ending))
    .map(name => Number.parseInt(name, 10))
    .sort((a, b) => a - b)
}

function places(): { directory: string; archive: string; root: string } {
  const root = makeFolder('memory')
  return { root, directory: join(root, 'j'), archive: join(root, 'archive') }
}

/** Frames of one slot whose number is their position, to the end of a page. */
async function fillPages(writer: Writer, pages: number): Promise<void> {
  for (let i = 0; i < pages; i++) {
    for (let n = 0; n < CAPACITY; n++) writer.write(Count, { n: writer.position })
    await sleep(1)
  }
}

function numbersIn(directory: string): number[] {
  const numbers: number[] = []
  using reader = Reader.open(directory)
  for (const frame of reader) numbers.push((frame as unknown as { n: number }).n)
  return numbers
}

/**
 * Expects the frames 0 to `count` in archive and journal together, without a gap; those of a page that is in both count once, and must be the
 * same. Returns how many there are.
 */
async function expectAll(directory: string, archive: string, count?: number): Promise<number> {
  const index = join(archive, 'archive.json')
  const isEmpty =
    !existsSync(index) || (JSON.parse(readFileSync(index, 'utf8')) as { pages: unknown[] }).pages.length === 0
  const restored = join(makeFolder('memory'), 'restored')
  const archived = isEmpty ? [] : await restore(archive, restored)
  for (const page of pagesOf(directory))
    if (page * CAPACITY < archived.length)
      expect(readFileSync(pageFile(directory, page)).equals(readFileSync(pageFile(restored, page)))).toBe(true)
  const all = [...archived, ...numbersIn(directory).filter(n => n >= archived.length)]
  expect(all.findIndex((n, i) => n !== i)).toBe(-1)
  if (count !== undefined) expect(all).toHaveLength(count)
  return all.length
}

async function restore(archive: string, to: string): Promise<number[]> {
  await restoreArchive(archive, to, options)
  expect(await verify(to)).toMatchObject({ sound: true })
  return numbersIn(to)
}

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i)
}

function open(directory: string, retain: WriterRetention): Writer {
  return Writer.open(directory, { pageSize: PAGE_SIZE, durability: 'process', retain })
}

test('pages go into the archive before they are removed, and journal and archive have every frame once', async () => {
  const { directory, archive } = places()
  const seen = reportsOf(directory)
  {
    using writer = open(directory, { pages: 2, archive })
    await fillPages(writer, 7)
    await until(() => pagesOf(directory)[0] === 5)
    expect(seen.flatMap(({ removed }) => removed.map(({ page }) => page))).toEqual([0, 1, 2, 3, 4])
    expect(seen.every(({ error }) => error === undefined)).toBe(true)
    expect(pagesOf(archive, '.packed')).toEqual([0, 1, 2, 3, 4])
    expect(readdirSync(archive).filter(name => name.endsWith('.tmp'))).toEqual([])
    await expectAll(directory, archive, 7 * CAPACITY)
  }
  // The rest joins it by the command; then all is restored from it.
  expect(await archiveJournal(directory, archive, options)).toMatchObject({ added: 2, pages: 7 })
  expect(await restore(archive, `${directory}-again`)).toHaveLength(7 * CAPACITY)
  expect(ticktape('tail', archive, '--json', '-n', '1').stdout).toMatch(/"n":6719/)
})

test('all kinds of fields with hostile values, instruments and a definition that came later', async () => {
  const { directory, archive } = places()
  writeEvery(directory, 2000, 3)
  const before = readFileSync(pageFile(directory, 0))
  {
    using writer = open(directory, { pages: 1, archive })
    await fillPages(writer, 2)
    await until(() => pagesOf(directory).length <= 2)
  }
  await archiveJournal(directory, archive, options)
  await restoreArchive(archive, `${directory}-again`, options)
  expect(readFileSync(pageFile(`${directory}-again`, 0)).equals(before)).toBe(true)
  expect(await verify(`${directory}-again`, { deep: true })).toMatchObject({ sound: true })
})

test('a writer that is closed while it archives leaves the rest for the next one', async () => {
  const { directory, archive } = places()
  {
    using writer = open(directory, { pages: 99, archive })
    await fillPages(writer, 6)
  }
  open(directory, { pages: 1, archive }).close()
  await expectAll(directory, archive, 6 * CAPACITY)
  using writer = open(directory, { pages: 1, archive })
  await until(() => pagesOf(directory).length <= 2)
  await expectAll(directory, archive, 6 * CAPACITY)
  expect(writer.position).toBe(6 * CAPACITY)
})

test('while the archive cannot be made, pages stay, the error is reported, and the writer goes on', async () => {
  const { directory, root } = places()
  const file = join(root, 'file')
  writeFileSync(file, '')
  const archive = join(file, 'archive')
  const seen = reportsOf(directory)
  using writer = open(directory, { pages: 1, archive })
  await until(() => seen.length > 0)
  expect(seen[0]).toMatchObject({ removed: [], error: { code: 'ERR_ARCHIVE', path: archive } })
  expect(seen[0].error?.message).toMatch(/cannot be archived in .*ENOTDIR/)
  await fillPages(writer, 4)
  expect(pagesOf(directory).slice(0, 4)).toEqual([0, 1, 2, 3])
  rmSync(file)
  await fillPages(writer, 1)
  await until(() => pagesOf(directory)[0] >= 4)
  await expectAll(directory, archive, 5 * CAPACITY)
})

test('without a subscriber the error is a warning of the process', async () => {
  const { directory, root } = places()
  writeFileSync(join(root, 'file'), '')
  const warnings: (Error & { code?: string })[] = []
  const listen = (warning: Error): void => void warnings.push(warning)
  process.on('warning', listen)
  onTestFinished(() => void process.off('warning', listen))
  using _ = open(directory, { pages: 1, archive: join(root, 'file') })
  await until(() => warnings.some(({ message }) => message.includes(directory)))
  expect(warnings.find(({ message }) => message.includes(directory))).toMatchObject({ code: 'TICKTAPE_RETENTION' })
})

test.skipIf(noMemoryMounts !== undefined)('on a full disk pages stay, and go when there is room', async () => {
  const { directory } = places()
  const disk = mountMemory(1024)
  const archive = join(disk, 'archive')
  const filler = join(disk, 'filler')
  writeFileSync(filler, new Uint8Array(864 * 1024))
  const seen = reportsOf(directory)
  using writer = open(directory, { pages: 1, archive })
  const fill = async (frames: number): Promise<void> => {
    for (let i = 0; i < frames; i++) {
      writer.write(Huge, { n: i, blob: crypto.getRandomValues(new Uint8Array(255 * 64 - 40)) })
      await sleep(1)
    }
  }
  // Three frames a page, of bytes that nothing makes smaller.
  await fill(18)
  await until(() => seen.some(({ error }) => error !== undefined))
  const failure = seen.find(({ error }) => error !== undefined)?.error
  expect([failure?.code, failure?.message]).toEqual(['ERR_ARCHIVE', expect.stringContaining('ENOSPC')])
  const kept = pagesOf(directory)[0]
  expect(kept).toBeGreaterThan(0)
  expect(pagesOf(archive, '.packed')).toEqual(upTo(kept))
  expect(readdirSync(archive).filter(name => name.endsWith('.tmp'))).toEqual([])
  rmSync(filler)
  await fill(3)
  await until(() => pagesOf(directory)[0] >= 6)
  await restoreArchive(archive, `${directory}-again`, options)
  expect(await verify(`${directory}-again`, { deep: true })).toMatchObject({ sound: true })
})

test('an archive of another journal is refused when the writer is opened, and stays as it is', async () => {
  const { directory, archive, root } = places()
  const other = join(root, 'other')
  writeEvery(other, 500)
  await archiveJournal(other, archive, options)
  const files = readdirSync(archive).map(name => [name, readFileSync(join(archive, name), 'hex')])
  const seen = reportsOf(directory)
  using writer = open(directory, { pages: 1, archive })
  await fillPages(writer, 3)
  await until(() => seen.length > 0)
  expect(seen[0]).toMatchObject({ removed: [], error: { code: 'ERR_ARCHIVE', path: archive } })
  expect(seen[0].error?.message).toMatch(/another journal: give another directory/)
  expect(pagesOf(directory)[0]).toBe(0)
  expect(readdirSync(archive).map(name => [name, readFileSync(join(archive, name), 'hex')])).toEqual(files)
  // The command refuses it too, before it changes anything.
  await expect(archiveJournal(directory, archive, options)).rejects.toMatchObject({ code: 'ERR_ARCHIVE' })
  expect(readdirSync(archive).map(name => [name, readFileSync(join(archive, name), 'hex')])).toEqual(files)
})

test('a gap is refused: pages that were pruned meanwhile are nowhere', async () => {
  const { directory, archive } = places()
  {
    using writer = open(directory, { pages: 3, archive })
    await fillPages(writer, 5)
    await until(() => pagesOf(directory)[0] === 2)
  }
  expect(ticktape('prune', directory, '--pages', '1').status).toBe(0)
  const seen = reportsOf(directory)
  using writer = open(directory, { pages: 1, archive })
  await fillPages(writer, 2)
  await until(() => seen.length > 0)
  expect(seen[0].error?.message).toMatch(/ends with page 1, and page \d+ would leave a gap/)
  expect(pagesOf(archive, '.packed')).toEqual([0, 1])
})

test('a file of the archive that was damaged is written again before its page is removed', async () => {
  const { directory, archive } = places()
  {
    using writer = open(directory, { pages: 99, archive })
    await fillPages(writer, 4)
  }
  await archiveJournal(directory, archive, options)
  flip(join(archive, '0000000001.page.packed'), 200)
  using _ = open(directory, { pages: 1, archive })
  await until(() => pagesOf(directory).length <= 2)
  await expectAll(directory, archive, 4 * CAPACITY)
})

test('a page that another process adds is waited for', async () => {
  const { directory, archive } = places()
  const lock = await ArchiveDirectory.open(archive)
  using writer = open(directory, { pages: 1, archive })
  await fillPages(writer, 3)
  await sleep(50)
  expect(pagesOf(directory)[0]).toBe(0)
  await expect(ArchiveDirectory.open(archive, 30)).rejects.toMatchObject({ code: 'ERR_ARCHIVE' })
  lock.close()
  await until(() => pagesOf(directory)[0] === 2)
  await expectAll(directory, archive, 3 * CAPACITY)
})

test('pages that a named reader needs are neither archived nor removed', async () => {
  const { directory, archive } = places()
  using writer = open(directory, { pages: 1, archive })
  writer.write(Count, { n: 0 })
  using reader = Reader.open(directory, { from: { name: 'slow' } })
  for (let n = 1; n < 4 * CAPACITY; n++) writer.write(Count, { n })
  await until(() => existsSync(join(archive, 'archive.json')))
  await sleep(50)
  expect([reader.position, pagesOf(directory)[0], pagesOf(archive, '.packed')]).toEqual([0, 0, []])
})

test.each([{ archive: 'x' }, { pages: 1, archive: '' }, { pages: 1, archive: 'a\0b' }, { pages: 1, archive: 5 }])(
  'refuses %o',
  retain => {
    const { directory } = places()
    expect(() => open(directory, retain as WriterRetention)).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_OPTION' }),
    )
    expect(existsSync(directory)).toBe(false)
  },
)

test('refuses an archive in the journal itself', () => {
  const { directory } = places()
  for (const archive of [directory, join(directory, 'archive'), join(directory, '../j/x/y')])
    expect(() => open(directory, { pages: 1, archive })).toThrow(/outside of the journal/)
  expect(existsSync(directory)).toBe(false)
})

test('a market journal archives, and record says what --retain-archive goes with', async () => {
  const { directory, archive } = places()
  const journal = MarketJournal.open(directory, { pageSize: PAGE_SIZE, retain: { pages: 1, archive } })
  const at = { symbol: 'BTCUSDT', bid: 1, ask: 2, bidSize: 1, askSize: 1 }
  for (let i = 0; i < 3 * CAPACITY; i++) journal.write({ kind: 'quote', timeMs: i, ...at })
  await until(() => pagesOf(directory)[0] === 2 || pagesOf(directory)[0] === 3)
  journal.close()
  expect(pagesOf(archive, '.packed')).toContain(1)
  const record = ['record', '--venue', 'okx', '--symbols', 'BTC-USDT', '--retain-archive', archive]
  for (const more of [
    ['--journal', directory],
    ['--to', directory, '--keep', '3'],
  ]) {
    const { status, stderr } = ticktape(...record, ...more)
    expect(status).toBe(2)
    expect(stderr).toMatch(/^ERR_USAGE: --retain-archive /)
  }
  const apply = ticktape('replicate', 'apply', directory, '--from', 'nats://127.0.0.1:1', '--retain-archive', archive)
  expect(apply.stderr).toMatch(/^ERR_USAGE: --retain-archive .* give --retain-bytes too/)
})

const FRAMES = 4 * CAPACITY + 100
/** Each point, and how often it is passed before. */
const POINTS = [
  ['archive-index-written', 3],
  ['archive-page-packed', 1],
  ['archive-page-named', 1],
  ['archive-page-named', 2],
  ['archive-page-listed', 3],
  ['retained-page-archived', 2],
  ['retained-page-removed', 1],
  ['retained-page-removed', 3],
] as const

let addon = ''
beforeAll(() => {
  addon = crashAddon()
}, CRASH_BUILD_MS)

test('killed at any point, every frame is in the journal or in the archive, and a restart goes on', {
  timeout: 120_000,
}, async () => {
  const run = async (env: Record<string, string>, ...args: string[]): Promise<string | null> => {
    const ended = await runProgram('archiving-writer.mjs', args, { TICKTAPE_ADDON: addon, ...env })
    if (ended.signal === null) expect(ended).toMatchObject({ code: 0, stderr: '' })
    return ended.signal
  }
  await Promise.all(
    [0, 1].map(async half => {
      for (const [point, turn] of POINTS.filter((_, i) => i % 2 === half)) {
        const { directory, archive } = places()
        const args = [directory, archive, String(FRAMES)]
        expect(await run({ TICKTAPE_CRASH_POINT: `${point}:${turn}` }, ...args), point).toBe('SIGKILL')
        await expectAll(directory, archive)
        expect(await run({}, ...args), point).toBe(null)
        expect(pagesOf(archive, '.packed'), point).toEqual([0, 1, 2, 3])
        expect(pagesOf(directory)[0], point).toBe(4)
        await expectAll(directory, archive, FRAMES)
      }
    }),
  )
})

import { dirname, join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { CRASH_BUILD_MS, crashAddon } from '../../faults/crash-addon.ts'
import { runProgram } from '../../faults/program.ts'
import { failureOf } from '../../support/failures.ts'
import { makeFolder } from '../../support/folders.ts'
import {
  journalPath,
  openReader,
  openWriter,
  readNumbers,
  SMALL_CAPACITY,
  upTo,
  writeCounts,
} from '../../support/open.ts'

/** The log of syncs needs /proc. */
const notLinux = process.platform === 'linux' ? undefined : 'only Linux shows which file a descriptor is'
if (notLinux !== undefined) console.log(`durability: looking from outside skipped: ${notLinux}`)

let addon: string

beforeAll(() => {
  addon = crashAddon()
}, CRASH_BUILD_MS)

/** Runs a scenario of test/faults/syncing.mjs. */
async function look(what: string): Promise<Record<string, unknown> & { directory: string }> {
  const folder = makeFolder('memory')
  const directory = join(folder, 'new', 'journal')
  const ended = await runProgram('syncing.mjs', [what, directory], {
    TICKTAPE_ADDON: addon,
    TICKTAPE_SYNC_LOG: join(folder, 'log'),
  })
  expect(ended.stderr).toBe('')
  return { ...(JSON.parse(ended.stdout) as Record<string, unknown>), directory }
}

describe('commit', () => {
  test.skipIf(notLinux)(
    'everything that a durable frame depends on is synced before it: its page, schema.json, and every name',
    async () => {
      const { seen, directory } = await look('newJournal')
      const events = seen as string[]
      const wanted = [
        'sync 0000000000.page.tmp',
        'rename 0000000000.page',
        `directory ${directory}`,
        'sync schema.json.tmp',
        'rename schema.json',
        `directory ${directory}`,
        'sync 0000000000.page',
      ]
      // The name of the directory, and that of its parent, which was new as well.
      expect(events).toEqual(
        expect.arrayContaining([`directory ${dirname(directory)}`, `directory ${dirname(dirname(directory))}`]),
      )
      let from = 0
      for (const event of wanted) {
        const at = events.indexOf(event, event.endsWith('.tmp') ? 0 : from)
        expect(at, `${event} in ${events.join(', ')}`).toBeGreaterThanOrEqual(0)
        from = at
      }
      expect(events.lastIndexOf('sync 0000000000.page')).toBeGreaterThan(events.lastIndexOf('rename schema.json'))
    },
  )

  test.skipIf(notLinux)('simultaneous flushes share syncs, and none resolves before its frame is durable', async () => {
    const { flushes, syncs, early } = await look('sharedFlushes')
    expect(flushes).toBe(100)
    expect(syncs).toBeGreaterThan(0)
    expect(syncs).toBeLessThan(20)
    expect(early).toBe(0)
  })

  test.skipIf(notLinux)(
    'after a failed sync every flush rejects, no sync is tried again, and the next writer begins with the frames that the kernel has',
    async () => {
      const seen = await look('failedSync')
      expect(seen['failed']).toEqual(['ERR_SYNC_FAILED', 'ERR_SYNC_FAILED'])
      expect(seen).toMatchObject({
        again: 'ERR_SYNC_FAILED',
        refused: 'ERR_SYNC_FAILED',
        retried: 0,
        closed: 'ERR_SYNC_FAILED',
        reopened: true,
      })
      expect(seen['after']).toBe(seen['durable'])
    },
  )

  test.skipIf(notLinux)(
    'a page that cannot be synced when it is created is an error of the append that needs it, until the sync works again',
    async () => {
      expect(await look('failedPage')).toMatchObject({ code: 'ERR_SYSTEM', frames: true })
    },
  )

  test('the durable position is never ahead of what was written, and flush brings it there', async () => {
    const writer = openWriter(journalPath(), { durability: 'commit' })
    expect(writer.durable).toBe(0)
    writeCounts(writer, 0, 5)
    expect(writer.durable).toBeLessThanOrEqual(5)
    expect(await writer.flush()).toBe(5)
    expect(writer.durable).toBe(5)
    writeCounts(writer, 5, SMALL_CAPACITY + 10)
    expect(await writer.flush()).toBe(SMALL_CAPACITY + 10)
  })
})

describe('interval', () => {
  test.skipIf(notLinux)(
    'frames become durable by themselves, and a writer with nothing new syncs nothing',
    async () => {
      expect(await look('intervalByTime')).toMatchObject({ durable: 1, idle: 0 })
    },
  )

  test.skipIf(notLinux)('many frames become durable before the interval is over', async () => {
    const { durable } = await look('intervalByFrames')
    expect(durable).toBeGreaterThan(0)
  })

  test.skipIf(notLinux)('closing makes all other frames durable', async () => {
    const { durable } = await look('closeSyncs')
    expect(durable).toBe(200)
  })
})

describe('readers of durable frames', () => {
  test('see a frame once it is durable, not before', async () => {
    const writer = openWriter(journalPath(), { durability: 'commit' })
    const reader = openReader(writer.path, { durable: true })
    const anyReader = openReader(writer.path)
    writeCounts(writer, 0, 10)
    expect(readNumbers(reader)).toEqual([])
    expect(readNumbers(anyReader)).toEqual(upTo(10))
    await writer.flush()
    expect(readNumbers(reader)).toEqual(upTo(10))
  })

  test('are woken when a frame becomes durable', async () => {
    const writer = openWriter(journalPath(), { durability: 'commit' })
    const reader = openReader(writer.path, { durable: true })
    const next = reader[Symbol.asyncIterator]().next()
    writeCounts(writer, 0, 1)
    await writer.flush()
    expect((await next).done).toBe(false)
    expect(reader.position).toBe(1)
  })

  test('continue over pages', async () => {
    const writer = openWriter(journalPath(), { durability: 'commit' })
    writeCounts(writer, 0, 2 * SMALL_CAPACITY + 5)
    await writer.flush()
    expect(readNumbers(openReader(writer.path, { durable: true }))).toHaveLength(2 * SMALL_CAPACITY + 5)
  })
})

describe('a journal that changes its durability', () => {
  test("frames written under 'process' are durable once a writer of 'commit' reports it", async () => {
    const directory = journalPath()
    const first = openWriter(directory, { durability: 'process' })
    writeCounts(first, 0, SMALL_CAPACITY + 20)
    first.close()
    expect(readNumbers(openReader(directory, { durable: true }))).toEqual([])
    const second = openWriter(directory, { durability: 'commit' })
    writeCounts(second, SMALL_CAPACITY + 20, SMALL_CAPACITY + 25)
    await second.flush()
    expect(readNumbers(openReader(directory, { durable: true }))).toEqual(upTo(SMALL_CAPACITY + 25))
  })

  test("frames durable under 'interval' stay durable under a writer of 'process'", () => {
    const directory = journalPath()
    const first = openWriter(directory, { durability: 'interval' })
    writeCounts(first, 0, 20)
    first.close()
    const second = openWriter(directory, { durability: 'process' })
    writeCounts(second, 20, 30)
    expect(readNumbers(openReader(directory, { durable: true }))).toEqual(upTo(20))
    expect(readNumbers(openReader(directory))).toEqual(upTo(30))
  })

  test("checksums under 'process' are refused: nothing would compute them", () => {
    expect(failureOf(() => openWriter(journalPath(), { durability: 'process', checksums: true }))).toMatchObject({
      code: 'ERR_INVALID_OPTION',
    })
  })
})

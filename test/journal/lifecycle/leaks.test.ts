import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { on, Reader, Writer } from 'ticktape'
import { expect, test } from 'vitest'
import { countFor } from '../../faults/program.ts'
import { failureOf } from '../../support/failures.ts'
import { Count } from '../../support/frames.ts'
import { pageFile, patch, u32 } from '../../support/journals.ts'
import { journalPath, SMALL_CAPACITY, writeCounts } from '../../support/open.ts'

const CYCLES = countFor('TICKTAPE_LEAK_CYCLES', 400)

/** The files of the journal that this process has mapped or open, and all its threads. */
function held(path: string): { maps: number; files: number; threads: number } {
  const files = readdirSync('/proc/self/fd').filter(fd => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith(path)
    } catch {
      return false // The thread that lists them has ended.
    }
  })
  return {
    maps: readFileSync('/proc/self/maps', 'utf8')
      .split('\n')
      .filter(line => line.includes(path)).length,
    files: files.length,
    threads: readdirSync('/proc/self/task').length,
  }
}

const noProc = process.platform === 'linux' ? undefined : 'only Linux shows what a process holds'
if (noProc !== undefined) console.log(`leaks: skipped: ${noProc}`)

test.skipIf(noProc).each(['process', 'commit'] as const)(
  `${CYCLES} times opened, used and closed (%s), a journal leaves no mapping, no file and no thread`,
  { timeout: 600_000 },
  async durability => {
    const path = journalPath()
    const cycle = async (i: number): Promise<void> => {
      const writer = Writer.open(path, { pageSize: 65536, durability })
      writeCounts(writer, 0, i % 50 === 0 ? SMALL_CAPACITY : 3)
      if (i % 10 === 0) await writer.flush()
      const reader = Reader.open(path, { from: i % 7 === 0 ? { name: 'strategy', start: 'end' } : 'end' })
      writeCounts(writer, 0, 3)
      expect(reader.poll(on(Count, () => {}))).toBeGreaterThan(0)
      reader.close()
      writer.close()
    }
    for (let i = 0; i < 50; i++) await cycle(i)
    const before = held(path)
    for (let i = 0; i < CYCLES; i++) await cycle(i)
    expect(held(path)).toEqual({ maps: 0, files: 0, threads: before.threads })
  },
)

test.skipIf(noProc)('failed attempts to open a journal leave no file open', () => {
  const path = journalPath()
  const writer = Writer.open(path, { pageSize: 65536 })
  writeCounts(writer, 0, 2 * SMALL_CAPACITY)
  writer.close()
  patch(pageFile(path, 1), 128, u32(2 ** 31))
  for (let i = 0; i < 200; i++) {
    failureOf(() => Reader.open(path, { from: 'end' }))
    failureOf(() => Reader.open(path, { from: { position: 5 } }))
    failureOf(() => Reader.open(path, { from: { time: 5n } }))
    failureOf(() => Reader.open(path, { from: { name: 'strategy' } }))
    failureOf(() => Writer.open(path))
  }
  expect(held(path)).toMatchObject({ maps: 0, files: 0 })
})

import { cpSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { on, type Reader, type TicktapeError } from 'ticktape'
import { expect, it } from 'vitest'
import { removeLive } from '../../support/folders.ts'
import { Count } from '../../support/frames.ts'
import { moveToOtherBoot } from '../../support/journals.ts'
import { journalPath, openReader, openWriter, writeCounts } from '../../support/open.ts'

const handlers = on(Count, () => {})

/** The code of the error that polling throws. Waits much longer than the interval in which a reader checks that its page still exists. */
async function codeInTime(reader: Reader): Promise<string> {
  for (const end = performance.now() + 5000; performance.now() < end; ) {
    try {
      for (let i = 0; i < 1000; i++) reader.poll(handlers)
    } catch (error) {
      return (error as TicktapeError).code
    }
    await new Promise(resolve => setTimeout(resolve, 20))
  }
  return 'none'
}

it('a reader of a journal that was removed and created again throws instead of waiting forever', async () => {
  const path = journalPath()
  const first = openWriter(path)
  writeCounts(first, 0, 5)
  const reader = openReader(path)
  expect(reader.poll(handlers)).toBe(5)
  first.close()
  removeLive(path)
  writeCounts(openWriter(path), 0, 5)
  expect(await codeInTime(reader)).toBe('ERR_JOURNAL_REPLACED')
})

it('before a writer has recovered a journal, a reader reads only frames that survived the power loss', async () => {
  const path = journalPath('disk')
  const writer = openWriter(path, { durability: 'commit' })
  writeCounts(writer, 0, 5)
  await writer.flush()
  writeCounts(writer, 5, 10)
  const copy = journalPath('disk')
  copyJournal(path, copy)

  const reader = openReader(copy)
  const seen: number[] = []
  const count = on(Count, frame => seen.push(frame.n))
  reader.poll(count)
  expect(seen).toEqual([0, 1, 2, 3, 4])
  const next = openWriter(copy)
  expect(next.recovery).toMatchObject({ found: 'other-boot', kept: 5, dropped: 5 })
  writeCounts(next, 100, 102)
  while (reader.poll(count) > 0);
  expect(seen).toEqual([0, 1, 2, 3, 4, 100, 101])
})

/** The files on disk in the next boot, if the machine stopped now and all blocks had been written back. */
function copyJournal(from: string, to: string): void {
  cpSync(from, to, { recursive: true })
  for (const name of readdirSync(to)) if (name.endsWith('.page')) moveToOtherBoot(join(to, name))
}

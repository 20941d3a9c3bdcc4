/** A journal that is removed while its readers wait: each way of waiting notices. */
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { MergedReader, on, Reader, Writer } from 'ticktape'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { makeFolder, removeLive } from '../../support/folders.ts'
import { Tick } from '../../support/frames.ts'

const handlers = on(Tick, () => {})
let journal: string
let writer: Writer

beforeEach(() => {
  journal = join(makeFolder('memory'), 'journal')
  writer = Writer.open(journal, { frames: [Tick] })
})
afterEach(() => writer.close())

/** Removes the journal once its readers wait, and returns the code of what they reject with. */
async function codeAfterRemoval(waiting: Promise<unknown>): Promise<unknown> {
  const outcome = waiting.then(
    () => 'nothing',
    (error: unknown) => (error as { readonly code?: string }).code,
  )
  await sleep(100)
  removeLive(journal)
  return Promise.race([outcome, sleep(8000, 'nothing within 8 s')])
}

test.each(['spin', 'yield', 'park', 'event-loop'] as const)('run with wait: %s', async wait => {
  using reader = Reader.open(journal)
  expect(await codeAfterRemoval(reader.run(handlers, { wait }))).toBe('ERR_JOURNAL_REPLACED')
})

test('for await over follow()', async () => {
  using reader = Reader.open(journal)
  const read = async (): Promise<void> => {
    for await (const frame of reader.follow()) void frame
  }
  expect(await codeAfterRemoval(read())).toBe('ERR_JOURNAL_REPLACED')
})

test('a merged reader', async () => {
  using reader = MergedReader.open([journal])
  expect(await codeAfterRemoval(reader.run(handlers))).toBe('ERR_JOURNAL_REPLACED')
})

test('a program of its own that polls ten times a second', async () => {
  using reader = Reader.open(journal)
  const poll = async (): Promise<never> => {
    for (;;) {
      reader.poll(handlers)
      await sleep(100)
    }
  }
  expect(await codeAfterRemoval(poll())).toBe('ERR_JOURNAL_REPLACED')
})

import { renameSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { Reader, Writer } from 'ticktape'
import { expect, test } from 'vitest'
import { failureOf } from '../../support/failures.ts'
import { makeFolder } from '../../support/folders.ts'
import { makeJournal, pageFile, Quote } from '../../support/journals.ts'

/** Tests what docs/reliability.md says about symbolic links. */

test('a reader follows a symbolic link to a directory, a writer refuses it', async () => {
  const folder = makeFolder()
  const journal = join(folder, 'j')
  const link = join(folder, 'link')
  await makeJournal(journal, 3)
  symlinkSync(journal, link)
  using reader = Reader.open(link)
  expect([...reader]).toHaveLength(3)
  expect(failureOf(() => Writer.open(link)).code).toBe('ERR_UNSAFE_PATH')
})

test("a symbolic link in place of a journal's file is refused by both", async () => {
  const journal = join(makeFolder(), 'j')
  await makeJournal(journal, 3)
  const page = pageFile(journal, 0)
  renameSync(page, `${journal}.page`)
  symlinkSync(`${journal}.page`, page)
  expect(failureOf(() => Reader.open(journal)).code).toBe('ERR_UNSAFE_PATH')
  expect(failureOf(() => Writer.open(journal)).code).toBe('ERR_UNSAFE_PATH')
})

test("'durable' of a 'process' journal is the end of the published frames, and a durable reader reads none", () => {
  const journal = join(makeFolder('memory'), 'j')
  using writer = Writer.open(journal, { durability: 'process' })
  expect(writer.durable).toBe(0)
  writer.write(Quote, { symbol: 'A', price: 1, side: 'buy' })
  expect(writer.durable).toBe(1)
  writer.cork()
  writer.write(Quote, { symbol: 'A', price: 2, side: 'buy' })
  expect(writer.durable).toBe(1)
  writer.uncork()
  expect(writer.durable).toBe(2)
  using reader = Reader.open(journal, { durable: true })
  expect([...reader]).toEqual([])
})

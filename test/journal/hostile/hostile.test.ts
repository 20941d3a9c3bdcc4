import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { CorruptJournalError, Reader, Writer } from 'ticktape'
import { describe, expect, test } from 'vitest'
import { makeBase, runCase } from '../../faults/hostile.mjs'
import { plain } from '../../fixtures/plain.mjs'
import { failureOf } from '../../support/failures.ts'
import { makeFolder } from '../../support/folders.ts'
import { Tick } from '../../support/frames.ts'
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

/** Seeds of fuzz.test.ts that found a fault. */
const FOUND = [
  // close() of a reader threw when the cursor of its page was damaged, and the reader stayed open.
  1910,
]

describe('cases the fuzzer found', () => {
  test.each(FOUND)('seed %i', seed => {
    const folder = makeFolder('memory')
    const base = join(folder, 'base')
    makeBase(base, seed % 2 === 0 ? 'process' : 'commit')
    expect(() => runCase(base, join(folder, 'case'), seed)).not.toThrow()
  })
})

describe('golden journals of format version 1', () => {
  const fixtures = join(import.meta.dirname, '../../fixtures/format-1')

  /** Where 'strategy' stopped. */
  const NAMED_AT = 5

  /** Unpacks one into a new folder. */
  function golden(name: string): string {
    const directory = join(makeFolder('memory'), name)
    mkdirSync(directory, { mode: 0o700 })
    for (const file of readdirSync(join(fixtures, name))) {
      writeFileSync(join(directory, file.replace(/\.gz$/, '')), gunzipSync(readFileSync(join(fixtures, name, file))), {
        mode: 0o600,
      })
    }
    return directory
  }

  function framesOf(directory: string): unknown[] {
    const frames: unknown[] = []
    const reader = openReader(directory)
    for (const view of reader) {
      const { type, position, slots, time, cause, causeJournal, source, dest } = view as typeof view & {
        causeJournal?: number
      }
      frames.push(plain({ type, position, slots, time, cause, causeJournal, source, dest, values: view.toObject() }))
    }
    return JSON.parse(JSON.stringify(frames)) as unknown[]
  }

  test.each(['plain', 'checked'])('%s reads as it did', name => {
    expect(framesOf(golden(name))).toEqual(JSON.parse(readFileSync(join(fixtures, `${name}.json`), 'utf8')))
  })

  test.each(['plain', 'checked'])('%s is recovered whole in another boot, and takes more frames', name => {
    const directory = golden(name)
    const wanted = framesOf(directory)
    const writer = openWriter(directory, { journalId: 7 })
    expect(writer.recovery).toMatchObject({ found: 'other-boot', dropped: 0 })
    writer.write(Tick, { symbol: 'ETH-USDT', last: 1, bid: 2, ask: 3, volume: 4 })
    const frames = framesOf(directory)
    expect(frames.slice(0, -1)).toEqual(wanted)
    expect(frames.at(-1)).toMatchObject({ values: { symbol: 'ETH-USDT' } })
  })

  test('its named reader continues where it stopped', () => {
    const reader = openReader(golden('plain'), { from: { name: 'strategy' } })
    const all = readAll(openReader(golden('plain')))
    expect(readAll(reader)).toEqual(all.slice(all.findIndex(frame => frame.position === NAMED_AT)))
  })
})

describe('a page changed under a reader', () => {
  test('truncated: the lost bytes read as zeros, and the reader reports that the page is damaged', () => {
    const directory = journalPath()
    writeCounts(openWriter(directory), 0, 600)
    const reader = openReader(directory)
    const iterator = reader[Symbol.iterator]()
    for (let i = 0; i < 10; i++) iterator.next()
    truncateSync(join(directory, '0000000000.page'), 8192)
    const error = failureOf(() => readAll(reader))
    expect(error).toBeInstanceOf(CorruptJournalError)
    expect(error.path).toBe(join(directory, '0000000000.page'))
  })

  test('truncated under its writer: writer and reader report it', () => {
    const directory = journalPath()
    const writer = openWriter(directory)
    writeCounts(writer, 0, 300)
    truncateSync(join(directory, '0000000000.page'), 4096)
    expect(() => writeCounts(writer, 300, 300 + SMALL_CAPACITY)).toThrow(CorruptJournalError)
    writer.close()
  })

  test('a cursor that goes back is an error, not a repetition', () => {
    const directory = journalPath()
    writeCounts(openWriter(directory), 0, 10)
    const reader = openReader(directory)
    expect(readNumbers(reader)).toEqual(upTo(10))
    const page = join(directory, '0000000000.page')
    const bytes = readFileSync(page)
    bytes.writeUInt32LE(4, 128)
    writeFileSync(page, bytes, { flag: 'r+' })
    expect(failureOf(() => readAll(reader)).code).toBe('ERR_CORRUPT_JOURNAL')
    reader.close()
  })
})

describe('pages that cannot belong together', () => {
  test('a page of another size is refused when the reader reaches it', () => {
    const small = journalPath()
    const writer = Writer.open(small, { pageSize: 65536 })
    writeCounts(writer, 0, 1500)
    writer.close()
    const large = journalPath()
    const other = Writer.open(large, { pageSize: 131072 })
    writeCounts(other, 0, 3000)
    other.close()
    cpSync(join(large, '0000000001.page'), join(small, '0000000001.page'))
    const reader = openReader(small)
    expect(failureOf(() => readAll(reader)).code).toBe('ERR_CORRUPT_JOURNAL')
  })

  test('a page missing in the middle is named', () => {
    const directory = journalPath()
    const writer = openWriter(directory)
    writeCounts(writer, 0, 2500)
    writer.close()
    const missing = join(directory, '0000000001.page')
    expect(existsSync(missing)).toBe(true)
    cpSync(missing, `${missing}.aside`)
    truncateSync(missing, 0)
    expect(failureOf(() => readAll(openReader(directory))).path).toBe(missing)
    expect(failureOf(() => Reader.open(directory, { from: { position: 1000 } })).code).toBe('ERR_CORRUPT_JOURNAL')
  })
})

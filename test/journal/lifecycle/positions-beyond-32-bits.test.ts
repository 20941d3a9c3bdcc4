import { readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type FrameView, on } from 'ticktape'
import { describe, expect, it } from 'vitest'
import { failureOf } from '../../support/failures.ts'
import { Count, Pair } from '../../support/frames.ts'
import {
  openMerged,
  openReader,
  openWriter,
  readAll,
  readNumbers,
  SMALL_CAPACITY,
  upTo,
  writeCounts,
  writeSized,
} from '../../support/open.ts'
import { crc32c } from '../../support/plain-decoder.ts'

/** A closed journal whose only page has this number, as retention leaves it of a very long journal. */
function journalAtPage(number: number): string {
  const writer = openWriter()
  writeCounts(writer, 0, 10)
  writer.close()
  const file = join(writer.path, '0000000000.page')
  const page = readFileSync(file)
  page.writeUInt32LE(number, 20)
  page.writeBigUInt64LE(BigInt(number) * BigInt(SMALL_CAPACITY), 24)
  page.writeUInt32LE(crc32c(page.subarray(0, 120)), 120)
  writeFileSync(file, page)
  renameSync(file, join(writer.path, `${String(number).padStart(10, '0')}.page`))
  return writer.path
}

// Positions about 2^31, 2^32 and far above.
describe.each([2_236_961, 4_473_923, 5_000_000, 4_000_000_000])('a journal that has reached page %i', number => {
  const first = number * SMALL_CAPACITY

  it('can be written and read', () => {
    const path = journalAtPage(number)
    const writer = openWriter(path)
    expect(writer.position).toBe(first + 10)
    expect(writer.write(Count, { n: 10 })).toBe(first + 10)
    writeCounts(writer, 11, 3000)
    expect(readAll(openReader(path)).map(({ position }) => position)).toEqual(upTo(3000, first))
    expect(Array.from(openMerged([path]), ({ frame }) => frame.position)).toEqual(upTo(3000, first))
  })

  it('allows seeks by position and time, and reports its lag', () => {
    const path = journalAtPage(number)
    const writer = openWriter(path)
    writeCounts(writer, 10, 3000)
    const reader = openReader(path)
    expect(reader.lag).toBe(3000)
    for (const n of [0, 1, SMALL_CAPACITY - 1, SMALL_CAPACITY, 2999]) {
      reader.seek({ position: first + n })
      const [frame] = readAll(reader)
      expect(frame.position).toBe(first + n)
      reader.seek({ time: frame.time })
      expect(reader.position).toBeLessThanOrEqual(first + n)
    }
    expect(failureOf(() => reader.seek({ position: first + 3001 })).code).toBe('ERR_POSITION')
    expect(failureOf(() => reader.seek({ position: first - 1 }))).toMatchObject({ code: 'ERR_POSITION_GONE', first })
    expect(failureOf(() => reader.seek({ position: 0 }))).toMatchObject({ code: 'ERR_POSITION_GONE', first })
  })

  it('has named readers that continue where they stopped', () => {
    const path = journalAtPage(number)
    const writer = openWriter(path)
    writeCounts(writer, 10, 2000)
    for (const position of [first, first + 700, first + 960]) {
      const reader = openReader(path, { from: { name: 'far' } })
      expect(reader.position).toBe(position)
      while (reader.position < Math.min(position + 700, first + SMALL_CAPACITY)) {
        reader.poll(
          on(Count, () => {}),
          Math.min(position + 700, first + SMALL_CAPACITY) - reader.position,
        )
      }
      reader.close()
    }
  })

  it('names causes by their positions', () => {
    const path = journalAtPage(number)
    const out = openWriter()
    openReader(path).poll(on(Count, cause => out.write(Pair, { n: cause.n, note: '' }, { cause })))
    const causes: unknown[] = []
    openReader(out.path).poll(on(Pair, (pair: FrameView) => causes.push(pair.cause)))
    expect(causes).toEqual(upTo(10, first))
  })
})

it('a journal with the largest number of pages reports it, and stays readable', () => {
  const path = journalAtPage(2 ** 32 - 1)
  for (let round = 0; round < 2; round++) {
    const writer = openWriter(path)
    const { position } = writer
    while (writer.position + 255 <= 2 ** 32 * SMALL_CAPACITY) writeSized(writer, 255, -1)
    const end = writer.position
    expect(end).toBeGreaterThanOrEqual(position)
    expect(failureOf(() => writeSized(writer, 255, -1))).toMatchObject({ code: 'ERR_JOURNAL_FULL', path })
    expect(writer.position).toBe(end)
    writer.close()
  }
  expect(readdirSync(path).filter(name => name.endsWith('.page'))).toEqual(['4294967295.page'])
  expect(readNumbers(openReader(path)).slice(0, 10)).toEqual(upTo(10))
})

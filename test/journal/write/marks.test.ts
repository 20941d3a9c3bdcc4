import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Writer } from 'ticktape'
import { expect, it } from 'vitest'
import { Count } from '../../support/frames.ts'
import { journalPath, openReader, openWriter, writeCounts, writeSized } from '../../support/open.ts'
import { decodePage } from '../../support/plain-decoder.ts'

/** In pages of the smallest size the distance between marks is 256 slots. */
const STRIDE = 256

it.each([[STRIDE - 1], [STRIDE], [STRIDE + 1], [2 * STRIDE]])(
  'a writer that opens a journal of %i slots omits no mark',
  frames => {
    const first = openWriter()
    writeCounts(first, 0, frames)
    first.close()
    const second = Writer.open(first.path)
    writeCounts(second, 0, STRIDE)
    second.close()
    const page = decodePage(readFileSync(join(first.path, '0000000000.page')), [])
    const strides = Math.ceil((frames + STRIDE) / STRIDE) - 1
    expect(page.marks).toEqual(Array.from({ length: strides }, (_, i) => (i + 1) * STRIDE))
  },
)

it.each([[0], [10], [STRIDE - 1], [STRIDE], [STRIDE + 1]])(
  'frames that are discarded after slot %i leave no marks, and those that follow set theirs',
  frames => {
    const writer = openWriter()
    writeCounts(writer, 0, frames)
    writer.cork(3 * STRIDE - frames)
    writeCounts(writer, 0, 3 * STRIDE - frames - 1)
    writer.begin(Count)
    writer.discard()
    // These have two slots each, so that no frame begins where a discarded one began.
    for (let n = frames; n < 3 * STRIDE - 1; n += 2) writeSized(writer, 2, n)
    writer.close()
    const page = decodePage(readFileSync(join(writer.path, '0000000000.page')), [])
    const firstOf = (slot: number): number => (slot < frames ? slot : slot + ((slot - frames) % 2))
    expect(page.marks).toEqual([STRIDE, 2 * STRIDE].map(firstOf))
  },
)

it('a writer that continues after frames were discarded does not use their marks', () => {
  const first = openWriter()
  writeCounts(first, 0, 3)
  first.cork(300)
  writeCounts(first, 3, 303)
  first.discard()
  expect(writeSized(first, 255, 3)).toBe(3)
  first.close()
  const second = openWriter(first.path)
  writeCounts(second, 4, 8)
  second.close()
  expect(decodePage(readFileSync(join(first.path, '0000000000.page')), []).marks).toEqual([258])
})

it('discarding frames at the end of a page that has the most possible marks does not change its first frame', () => {
  const [marks, headerSize, slotSize] = [896, 4096, 64]
  const writer = openWriter(journalPath(), { pageSize: marks * STRIDE * slotSize + headerSize })
  // So many slots that the frame's first word, as a number, is larger than every slot number.
  writeSized(writer, 255, 7)
  writeCounts(writer, 0, writer.pageSlots - 255 - 2)
  const body = (): void => {
    writeCounts(writer, 0, 2)
    throw new Error('refused')
  }
  expect(() => writer.atomic(2, body)).toThrow('refused')
  const reader = openReader(writer.path)
  expect(reader[Symbol.iterator]().next().value?.toObject()).toMatchObject({ n: 7 })
})

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Writer } from 'ticktape'
import { expect, it } from 'vitest'
import { openWriter, writeCounts } from './support/open.ts'
import { decodePage } from './support/plain-decoder.ts'

/** Marks in pages of the smallest size lie 256 slots apart. */
const STRIDE = 256

it.each([[STRIDE - 1], [STRIDE], [STRIDE + 1], [2 * STRIDE]])('a writer that goes on after %i slots leaves no mark out', frames => {
  const first = openWriter()
  writeCounts(first, 0, frames)
  first.close()
  const second = Writer.open(first.path)
  writeCounts(second, 0, STRIDE)
  second.close()
  const page = decodePage(readFileSync(join(first.path, '0000000000.page')), [])
  const strides = Math.ceil((frames + STRIDE) / STRIDE) - 1
  expect(page.marks).toEqual(Array.from({ length: strides }, (_, i) => (i + 1) * STRIDE))
})

import { describe, expect, it } from 'vitest'
import { journalPath, openReader, openWriter, writeSized } from '../../support/open.ts'
import { skipUnless } from '../../support/skips.ts'
import { noTracing, traceCode } from '../../support/trace.ts'

/** A journal of pages with three frames each, the last of which has one. */
function journalOf(pages: number): { path: string; end: number } {
  const writer = openWriter(journalPath())
  for (let n = 0; n < (pages - 1) * 3 + 1; n++) writeSized(writer, 255, n)
  const { path, position } = writer
  writer.close()
  return { path, end: position }
}

/** The page files that a program opens, in order. */
function pagesOpened(code: string, path: string): string[] {
  const calls = traceCode(`mark('begin')\n${code}\nmark('end')\nprocess.exit()`, [path])
  return calls.flatMap(call => /^openat\(.*"(?:[^"]*\/)?(\d{10}\.page)"/.exec(call)?.[1] ?? [])
}

describe.skipIf(skipUnless(noTracing === undefined, 'how many files opening a journal opens', String(noTracing)))(
  'opening a journal of 1,000 pages',
  () => {
    const opens: Record<string, string> = {
      'to write': 'Writer.open(dir)',
      'at the start': 'Reader.open(dir)',
      'at the end': "Reader.open(dir, { from: 'end' })",
      'at a position': 'Reader.open(dir, { from: { position: 960 } })',
      'by name': "Reader.open(dir, { from: { name: 'x' } })",
    }
    const few = journalOf.bind(undefined, 10)
    const many = journalOf.bind(undefined, 1000)

    it('opens as many pages as for a journal of 10, wherever the reader begins', () => {
      const small = few().path
      const large = many().path
      for (const [what, code] of Object.entries(opens)) {
        const count = pagesOpened(code, small).length
        expect(count, what).toBeGreaterThan(0)
        expect(pagesOpened(code, large).length, what).toBe(count)
        expect(count, what).toBeLessThan(12)
      }
    }, 60_000)

    it('by time opens as many pages as a binary search needs', () => {
      const { path } = many()
      const { length } = pagesOpened('Reader.open(dir, { from: { time: BigInt(Date.now()) * 1_000_000n } })', path)
      expect(length).toBeGreaterThan(0)
      expect(length).toBeLessThan(10 + 12)
    }, 60_000)
  },
)

it('a journal of 1,000 pages is read to its end', () => {
  const { path, end } = journalOf(1000)
  const reader = openReader(path)
  let count = 0
  for (const frame of reader) {
    if ((frame.toObject() as { n: number }).n !== count++) expect.unreachable(`frame ${count - 1}`)
  }
  expect(count).toBe(2998)
  expect(reader.position).toBe(end)
  expect(openReader(path, { from: 'end' }).position).toBe(end)
})

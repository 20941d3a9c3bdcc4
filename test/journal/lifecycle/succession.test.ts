import { on, type WriterOptions } from 'ticktape'
import { describe, expect, it } from 'vitest'
import { startChild } from '../../support/child.ts'
import { Count } from '../../support/frames.ts'
import {
  journalPath,
  openReader,
  openWriter,
  readNumbers,
  SMALL_CAPACITY,
  upTo,
  writeCounts,
} from '../../support/open.ts'

/** Writes numbers from `from` to below `to`, then waits to be killed. */
const WRITER = `
const [, from, to] = args.map(Number)
const writer = Writer.open(dir, { pageSize: 65536 })
for (let n = from; n < to; n++) writer.write(Count, { n })
say('written'); await line()
`

describe('a writer follows another', () => {
  it('after kills at any slot of a page, while one reader continues', async () => {
    const path = journalPath()
    let reader: ReturnType<typeof openReader> | undefined
    const seen: number[] = []
    const handlers = on(Count, count => seen.push(count.n))
    // In the first half of a page, in the second half (by then the reader has mapped the next page), at the last slot, at the end, and
    // after it.
    let from = 0
    for (const to of [
      10,
      700,
      SMALL_CAPACITY - 1,
      SMALL_CAPACITY,
      SMALL_CAPACITY + 1,
      1700,
      2 * SMALL_CAPACITY,
      4000,
    ]) {
      const child = startChild(WRITER, [path, from, to])
      await child.hear()
      reader ??= openReader(path)
      while (reader.poll(handlers) > 0);
      expect(seen).toEqual(upTo(to))
      await child.kill()
      while (reader.poll(handlers) > 0);
      from = to
    }
    const writer = openWriter(path)
    expect(writer).toMatchObject({ epoch: 9, position: 4000, recovery: { found: 'same-boot', dropped: 0 } })
    writeCounts(writer, 4000, 6000)
    while (reader !== undefined && reader.poll(handlers) > 0);
    expect(seen).toEqual(upTo(6000))
    expect(readNumbers(openReader(path))).toEqual(upTo(6000))
  })

  const kinds: WriterOptions[] = [
    {},
    { journalId: 5 },
    { checksums: true },
    { durability: 'commit' },
    { durability: 'interval' },
    { durability: 'commit', checksums: false },
    {},
    { durability: 'process' },
    { timestamps: false },
  ]
  it('with other options: the journal continues, in order and without a gap', async () => {
    const path = journalPath('disk')
    const reader = openReader((openWriter(path).close(), path))
    const seen: number[] = []
    let from = 0
    for (const options of [...kinds, ...kinds]) {
      const writer = openWriter(path, options)
      writeCounts(writer, from, (from += 123))
      await writer.flush()
      writeCounts(writer, from, (from += 45))
      seen.push(...readNumbers(reader))
      writer.close()
    }
    expect(seen).toEqual(upTo(from))
    const positions = readNumbers(openReader(path))
    expect(positions).toEqual(seen)
  })

  it('and wakes a follower that sleeps meanwhile', async () => {
    const path = journalPath()
    const first = openWriter(path)
    const reader = openReader(path)
    const numbers: number[] = []
    const following = (async () => {
      for await (const frame of reader) {
        numbers.push((frame.toObject() as { n: number }).n)
        if (numbers.length === 30) break
      }
    })()
    writeCounts(first, 0, 10)
    await new Promise(resolve => setTimeout(resolve, 30))
    first.close()
    await new Promise(resolve => setTimeout(resolve, 30))
    const second = openWriter(path)
    writeCounts(second, 10, 30)
    await following
    expect(numbers).toEqual(upTo(30))
  })
})

it('many writers, one after the other, leave nothing behind', () => {
  const path = journalPath()
  for (let i = 0; i < 200; i++) {
    const writer = openWriter(path)
    writeCounts(writer, i * 10, i * 10 + 10)
    writer.close()
  }
  expect(readNumbers(openReader(path))).toEqual(upTo(2000))
})

import { Writer } from 'ticktape'
import { expect, it } from 'vitest'
import { Pair } from '../../support/frames.ts'
import { openReader, openWriter } from '../../support/open.ts'

it('an option is read once: a getter cannot have one value checked and another stored', () => {
  const writer = openWriter()
  writer.write(Pair, { n: 0, note: '' }, { time: 1000n })
  const reads = { time: 0, source: 0, position: 0 }
  const options = {
    get time() {
      return reads.time++ === 0 ? 2000n : 5n
    },
    get source() {
      return reads.source++ === 0 ? 7 : 70_000
    },
    cause: {
      journal: 3,
      get position() {
        return reads.position++ === 0 ? 11 : -1
      },
    },
  }
  writer.write(Pair, { n: 1, note: '' }, options)
  const reader = openReader(writer.path, { from: { position: 2 } })
  for (const frame of reader)
    expect([frame.time, frame.source, frame.causeJournal, frame.cause]).toEqual([2000n, 7, 3, 11])
  expect(reader.position).toBe(4)
  expect(reads).toEqual({ time: 1, source: 1, position: 1 })
  writer.close()
  Writer.open(writer.path).close()
})

import { on, prune } from 'ticktape'
import { describe, expect, it } from 'vitest'
import { Count } from '../../support/frames.ts'
import { journalPath, openReader, openWriter } from '../../support/open.ts'

/** A journal in which each writer begins a new page, because each has another boot id: with frames of these times, or none. */
function journal(pages: readonly (readonly number[])[]): string {
  const path = journalPath()
  pages.forEach((times, journalId) => {
    const writer = openWriter(path, { journalId })
    for (const time of times) writer.write(Count, { n: time }, { time: BigInt(time) })
    writer.close()
  })
  return path
}

const SHAPES: readonly (readonly (readonly number[])[])[] = [
  [[10], [], [20, 25, 30]],
  [[10], [], [], [], [20, 25, 30]],
  [[], [10, 20], [], [30]],
  [[], [], [10, 20, 20], []],
  [[10, 20], [20, 20], [], [20, 40], [], []],
  [[], []],
]

describe.each(SHAPES)('pages without frames: %j', (...pages) => {
  const shape = pages.filter(Array.isArray) as number[][]
  const path = () => journal(shape)

  it('a seek by time finds the first frame at or after it', () => {
    const directory = path()
    for (let time = 0; time <= 45; time += 5) {
      const seen: number[] = []
      const reader = openReader(directory, { from: { time: BigInt(time) } })
      while (reader.poll(on(Count, frame => seen.push(frame.n))) > 0);
      expect(seen).toEqual(shape.flat().filter(n => n >= time))
    }
  })

  it('retention keeps the last page that has a frame', async () => {
    const directory = path()
    await prune(directory, { pages: 1 })
    const seen: number[] = []
    const reader = openReader(directory)
    while (reader.poll(on(Count, frame => seen.push(frame.n))) > 0);
    expect(seen.at(-1)).toBe(shape.flat().at(-1))
  })
})

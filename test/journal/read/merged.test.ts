import { setTimeout as sleep } from 'node:timers/promises'
import { type FrameView, f64, frame, on, u8 } from 'ticktape'
import { describe, expect, it } from 'vitest'
import { failureOf } from '../../support/failures.ts'
import { Count, Pair } from '../../support/frames.ts'
import {
  journalPath,
  openMerged,
  openReader,
  openWriter,
  readAll,
  SMALL_CAPACITY,
  upTo,
  writeCounts,
} from '../../support/open.ts'

type Entry = readonly [source: number, n: number]

/** Creates journals whose frames have these times. The frames of each journal are numbered from 0. */
function journalsWith(...times: readonly (readonly number[])[]): string[] {
  return times.map(ofOne => {
    const writer = openWriter()
    ofOne.forEach((time, n) => writer.write(Count, { n }, { time: BigInt(time) }))
    return writer.path
  })
}

function polled(paths: readonly string[], limit?: number): Entry[] {
  const merged = openMerged(paths)
  const entries: Entry[] = []
  const handlers = on(Count, (count, source) => entries.push([source, count.n]))
  while (merged.poll(handlers, limit) > 0);
  return entries
}

function numberOf(view: FrameView): number {
  return (view.toObject() as { n: number }).n
}

function iterated(paths: readonly string[]): Entry[] {
  return Array.from(openMerged(paths), ({ frame: view, source }) => [source, numberOf(view)] as const)
}

describe('order', () => {
  it('is by time', () => {
    const paths = journalsWith([1, 4, 7], [2, 5, 8], [3, 6, 9])
    const expected = [
      [0, 0],
      [1, 0],
      [2, 0],
      [0, 1],
      [1, 1],
      [2, 1],
      [0, 2],
      [1, 2],
      [2, 2],
    ]
    expect(polled(paths)).toEqual(expected)
    expect(iterated(paths)).toEqual(expected)
  })

  it('of frames with the same time is the order of the journals', () => {
    const paths = journalsWith([5, 5], [5], [4, 5])
    expect(polled(paths)).toEqual([
      [2, 0],
      [0, 0],
      [0, 1],
      [1, 0],
      [2, 1],
    ])
    expect(polled(paths.toReversed())).toEqual([
      [0, 0],
      [0, 1],
      [1, 0],
      [2, 0],
      [2, 1],
    ])
  })

  it('compares times beyond 32 bits', () => {
    expect(polled(journalsWith([2 ** 32, 2 ** 33], [2 ** 32 - 1, 2 ** 32 + 1]))).toEqual([
      [1, 0],
      [0, 0],
      [1, 1],
      [0, 1],
    ])
  })

  it('is the same whatever the limit', () => {
    const paths = journalsWith(
      upTo(300),
      upTo(300).map(n => n * 2),
      upTo(50).map(n => n * 7),
    )
    const whole = polled(paths)
    for (const limit of [1, 2, 7, 256]) expect(polled(paths, limit)).toEqual(whole)
  })

  it('is that of a plain sort of all frames of 50 journals', () => {
    let state = 7
    const random = (below: number) => (state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0) % below
    const times = upTo(50).map(() => {
      let time = random(100)
      return upTo(random(200)).map(() => (time += random(4)))
    })
    const paths = journalsWith(...times)
    const expected = times
      .flatMap((ofOne, source) => ofOne.map((time, n) => ({ source, n, time })))
      .sort((a, b) => a.time - b.time || a.source - b.source || a.n - b.n)
      .map(({ source, n }) => [source, n])
    expect(expected.length).toBeGreaterThan(3000)
    expect(polled(paths)).toEqual(expected)
    expect(iterated(paths)).toEqual(expected)
  })
})

describe('sources', () => {
  it('may begin at different positions', () => {
    const paths = journalsWith([1, 4, 7], [2, 5, 8], [3, 6, 9])
    const merged = openMerged([
      { path: paths[0], from: { position: 1 } },
      { path: paths[1], from: 'end' },
      { path: paths[2], from: { time: 9n } },
    ])
    expect(merged.positions).toEqual([1, 3, 2])
    expect(merged.lag).toBe(3)
    expect(Array.from(merged, ({ frame: view, source }) => [source, numberOf(view)])).toEqual([
      [0, 1],
      [0, 2],
      [2, 2],
    ])
    expect(merged.lag).toBe(0)
  })

  it('may be one journal, or none', () => {
    expect(polled(journalsWith([1, 2]))).toEqual([
      [0, 0],
      [0, 1],
    ])
    expect(polled([])).toEqual([])
    expect(iterated([])).toEqual([])
  })

  it('may be one journal twice', () => {
    const [path] = journalsWith([1, 2])
    expect(polled([path, path])).toEqual([
      [0, 0],
      [1, 0],
      [0, 1],
      [1, 1],
    ])
  })

  it('may have names, each its own position', () => {
    const paths = journalsWith([1, 3], [2, 4])
    const named = () => openMerged(paths.map(path => ({ path, from: { name: 'gateway' } })))
    const first = named()
    expect(
      first.poll(
        on(Count, () => {}),
        3,
      ),
    ).toBe(3)
    first.close()
    expect(named().positions).toEqual([2, 1])
  })

  it('that cannot all be opened leave none open', () => {
    const paths = journalsWith([1], [2])
    const sources = [...paths.map(path => ({ path, from: { name: 'gateway' } })), { path: journalPath() }]
    expect(failureOf(() => openMerged(sources)).code).toBe('ERR_JOURNAL_NOT_FOUND')
    openMerged(paths.map(path => ({ path, from: { name: 'gateway' } })))
  })

  it.each([undefined, null, 'dir', {}, [undefined], [null], [5], [{}], [{ path: 5 }], [{ path: '/x', form: 'start' }]])(
    'are not %o',
    sources => {
      expect(failureOf(() => openMerged(sources as never)).code).toBe('ERR_INVALID_OPTION')
    },
  )
})

describe('journals that grow', () => {
  it('are read further, over pages', () => {
    const writers = [openWriter(), openWriter(), openWriter()]
    const merged = openMerged(writers.map(writer => writer.path))
    const counts = [0, 0, 0]
    const handlers = on(Count, (count, source) => expect(count.n).toBe(counts[source]++))
    for (let round = 0; round < 30; round++) {
      writers.forEach((writer, i) => writeCounts(writer, round * 100 * (i + 1), (round + 1) * 100 * (i + 1)))
      while (merged.poll(handlers, 64) > 0);
    }
    expect(counts).toEqual([3000, 6000, 9000])
    expect(merged.positions).toEqual(counts)
  })

  it('wake a follower', async () => {
    const writers = [openWriter(), openWriter()]
    const merged = openMerged(writers.map(writer => writer.path))
    const feeding = (async () => {
      for (let n = 0; n < 20; n++) {
        writeCounts(writers[n % 2], n, n + 1)
        await sleep(3)
      }
    })()
    const seen: number[] = []
    for await (const { frame: view } of merged) {
      seen.push(numberOf(view))
      if (seen.length === 20) break
    }
    await feeding
    expect(seen).toEqual(upTo(20))
  })

  it.each(['spin', 'yield', 'park', 'event-loop'] as const)('wake run, waiting by %s', async wait => {
    const writers = [openWriter(), openWriter(), openWriter()]
    const merged = openMerged(writers.map(writer => writer.path))
    const controller = new AbortController()
    let seen = 0
    const running = merged.run(
      on(Count, () => {
        if (++seen === 30) controller.abort()
      }),
      { wait, signal: controller.signal },
    )
    for (let n = 0; n < 30; n++) {
      await sleep(1)
      writeCounts(writers[n % 3], n, n + 1)
    }
    expect(await running).toBe(30)
  })
})

describe('a handler of a merged reader', () => {
  it('that throws: its frame counts as read', () => {
    const merged = openMerged(journalsWith([1, 3], [2, 4]))
    const seen: number[] = []
    const handlers = on(Count, (count, source) => {
      seen.push(source * 10 + count.n)
      if (seen.length === 2) throw new Error('of the handler')
    })
    expect(() => merged.poll(handlers)).toThrow('of the handler')
    merged.poll(handlers)
    expect(seen).toEqual([0, 10, 1, 11])
  })

  it('may close it', () => {
    const merged = openMerged(journalsWith([1, 3], [2, 4]))
    let seen = 0
    expect(
      merged.poll(
        on(Count, () => {
          if (++seen === 3) merged.close()
        }),
      ),
    ).toBe(3)
    expect(failureOf(() => merged.positions).code).toBe('ERR_CLOSED')
  })

  it('gets frames of all journals after one of them has refused other handlers', () => {
    const good = openWriter()
    const bad = openWriter()
    writeCounts(good, 0, 2000)
    bad.write(frame('Count', 2, { n: u8 }), { n: 1 }, { time: 2n ** 62n })
    const merged = openMerged([good.path, bad.path])
    const seen: number[] = []
    const pairs = on(Pair, () => {}).otherwise(view => seen.push(view.position))
    expect(merged.poll(pairs, 10)).toBe(10)
    expect(failureOf(() => merged.poll(on(Count, () => {}))).code).toBe('ERR_SCHEMA_MISMATCH')
    while (merged.poll(pairs, 500) > 0);
    expect(seen).toEqual([...upTo(2000), 0])
  })
})

it('iterating and polling can alternate, over pages', () => {
  const writers = [openWriter(), openWriter()]
  for (const writer of writers) writeCounts(writer, 0, 2 * SMALL_CAPACITY)
  const merged = openMerged(writers.map(writer => writer.path))
  const counts = [0, 0]
  const take = (source: number, n: number) => expect(n).toBe(counts[source]++)
  const handlers = on(Count, (count, source) => take(source, count.n))
  let more = true
  while (more) {
    more = merged.poll(handlers, 100) > 0
    let few = 0
    for (const { frame: view, source } of merged) {
      take(source, numberOf(view))
      if (++few === 50) break
    }
  }
  expect(counts).toEqual([2 * SMALL_CAPACITY, 2 * SMALL_CAPACITY])
})

it('gives views by the definitions of each journal', () => {
  const a = openWriter()
  const b = openWriter()
  a.write(frame('Same', 9, { x: f64 }), { x: 1 }, { time: 1n })
  b.write(frame('Other', 9, { y: u8 }), { y: 2 }, { time: 2n })
  expect(Array.from(openMerged([a.path, b.path]), ({ frame: view }) => view.toObject())).toEqual([{ x: 1 }, { y: 2 }])
  expect(readAll(openReader(b.path))).toHaveLength(1)
})

import { now, type Writer } from 'ticktape'
import { describe, expect, it } from 'vitest'
import { failureOf } from '../../support/failures.ts'
import { Count } from '../../support/frames.ts'
import {
  journalPath,
  openReader,
  openWriter,
  readAll,
  readNumbers,
  SMALL_CAPACITY,
  upTo,
  writeCounts,
  writeSized,
} from '../../support/open.ts'

/** A seeded generator of numbers below 1. */
function seeded(seed: number): () => number {
  let state = seed
  return () => (state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0) / 2 ** 32
}

/** Writes frames of all sizes over several pages. Returns their positions. */
function writeMixed(writer: Writer, frames: number, times?: (n: number) => bigint): number[] {
  const random = seeded(20_261_120)
  const positions: number[] = []
  for (let n = 0; n < frames; n++) {
    const pick = random()
    if (times !== undefined) positions.push(writer.write(Count, { n }, { time: times(n) }))
    else positions.push(writeSized(writer, pick < 0.02 ? 255 : pick < 0.5 ? 2 : 1, n))
  }
  return positions
}

describe('a reader begins', () => {
  it('at the start by default', () => {
    const writer = openWriter()
    writeCounts(writer, 0, 2000)
    expect(readNumbers(openReader(writer.path))).toEqual(upTo(2000))
    expect(readNumbers(openReader(writer.path, { from: 'start' }))).toEqual(upTo(2000))
  })

  it('at the end', () => {
    const writer = openWriter()
    for (const count of [0, 1, SMALL_CAPACITY - 1, SMALL_CAPACITY, SMALL_CAPACITY + 1]) {
      writeCounts(writer, 0, count)
      const reader = openReader(writer.path, { from: 'end' })
      expect(reader.lag).toBe(0)
      expect(readNumbers(reader)).toEqual([])
      writeCounts(writer, 7, 8)
      expect(readNumbers(reader)).toEqual([7])
    }
  })

  it('at any frame of a journal with frames of all sizes', () => {
    const writer = openWriter()
    const positions = writeMixed(writer, 3000)
    expect(writer.position).toBeGreaterThan(10 * SMALL_CAPACITY)
    const reader = openReader(writer.path)
    positions.forEach((position, n) => {
      reader.seek({ position })
      expect(reader.position).toBe(position)
      const [frame] = reader
      expect(frame).toBeDefined()
      if (n % 50 === 0) {
        reader.seek({ position })
        expect(readNumbers(reader)[0]).toBe(n)
      }
    })
  })

  it('at any frame of pages whose marks are far apart', () => {
    const writer = openWriter(journalPath(), { pageSize: 64 * 1024 * 1024 })
    const positions = writeMixed(writer, 60_000)
    const reader = openReader(writer.path)
    for (let n = 0; n < positions.length; n += 97) {
      reader.seek({ position: positions[n] })
      for (const frame of reader) {
        expect(frame.position).toBe(positions[n])
        break
      }
    }
  })

  it('not inside a frame', () => {
    const writer = openWriter()
    const starts = new Set(writeMixed(writer, 600))
    const reader = openReader(writer.path)
    let refused = 0
    for (let position = 0; position < writer.position; position++) {
      if (starts.has(position)) continue
      // The slots left in a page into which the next frame did not fit are unused: the next frame is on the next page.
      const rest = [...starts].find(start => start > position) as number
      const before = [...starts].filter(start => start < position).at(-1) as number
      const inside = Math.floor(before / SMALL_CAPACITY) === Math.floor(rest / SMALL_CAPACITY)
      if (!inside) continue
      expect(
        failureOf(() => reader.seek({ position })),
        String(position),
      ).toMatchObject({ code: 'ERR_POSITION', position })
      if (++refused > 500) break
    }
    expect(refused).toBeGreaterThan(400)
  })

  it('at the next page if the position is in the unused rest of a page', () => {
    const writer = openWriter()
    writeCounts(writer, 0, SMALL_CAPACITY - 10)
    writeSized(writer, 255, -1)
    for (let position = SMALL_CAPACITY - 10; position <= SMALL_CAPACITY; position++) {
      expect(readNumbers(openReader(writer.path, { from: { position } }))).toEqual([-1])
    }
  })

  it('at the end, but not beyond it', () => {
    const writer = openWriter()
    writeCounts(writer, 0, 10)
    const reader = openReader(writer.path, { from: { position: 10 } })
    expect(readNumbers(reader)).toEqual([])
    for (const position of [11, SMALL_CAPACITY, 10 * SMALL_CAPACITY, Number.MAX_SAFE_INTEGER]) {
      const failure = failureOf(() => reader.seek({ position }))
      expect(failure).toMatchObject({ code: 'ERR_POSITION', position, path: writer.path })
      expect(failure.message).toContain('ends at 10')
    }
    writeCounts(writer, 10, 11)
    expect(readNumbers(reader)).toEqual([10])
  })

  it('at the end of a full page that is not sealed yet', () => {
    const writer = openWriter()
    writeCounts(writer, 0, SMALL_CAPACITY)
    const reader = openReader(writer.path, { from: { position: SMALL_CAPACITY } })
    expect(failureOf(() => reader.seek({ position: SMALL_CAPACITY + 1 })).code).toBe('ERR_POSITION')
    writeCounts(writer, 1, 3)
    expect(readNumbers(reader)).toEqual([1, 2])
  })

  it.each([
    undefined,
    5,
    '',
    'begin',
    [],
    {},
    { position: -1 },
    { position: 0.5 },
    { position: '1' },
    { position: 5n },
    { position: 2 ** 53 },
    { time: 5 },
    { time: '2026' },
    { time: new Date(Number.NaN) },
    { position: 0, time: 0n },
    { name: 'x' },
    null,
    Object.create(null),
    Symbol('x'),
  ])('%o is not a valid target of a seek', to => {
    const writer = openWriter()
    writeCounts(writer, 0, 3)
    const reader = openReader(writer.path)
    expect(failureOf(() => reader.seek(to as never)).code).toBe('ERR_INVALID_OPTION')
    expect(readNumbers(reader)).toEqual([0, 1, 2])
  })

  it.each([
    { from: 'begin' },
    { from: 5 },
    { from: { name: '' } },
    { from: { name: 5 } },
    { from: { name: 'x', start: 'begin' } },
    { from: { name: 'x', start: { name: 'y' } } },
    { from: { name: 'x', begin: 'end' } },
    { from: {} },
    { signal: 5 },
    { signal: {} },
    { durable: 1 },
    { form: 'start' },
    { from: null },
    { from: { name: 'x', start: null } },
    null,
    'start',
    5,
  ])('%o is not a valid set of options', options => {
    const writer = openWriter()
    expect(failureOf(() => openReader(writer.path, options as never)).code).toBe('ERR_INVALID_OPTION')
  })

  it('the message shows the wrong value', () => {
    const { path } = openWriter()
    const message = (from: unknown): string => failureOf(() => openReader(path, { from } as never)).message
    expect(message({ postion: 5, time: 7n })).toMatch(/, not {"postion":5,"time":"7n"}$/)
    expect(message({ position: Number.NaN })).toMatch(/, not {"position":"NaN"}$/)
    expect(message({ position: { of: 'the end' } })).toMatch(/, not {"position":{"of":"the end"}}$/)
    const circle: Record<string, unknown> = {}
    circle['circle'] = circle
    expect(message(circle)).toMatch(/, not an object$/)
  })
})

describe('a reader begins at a time', () => {
  const T = 1_000_000_000_000n

  it('with the first frame at that time or after it', () => {
    const writer = openWriter()
    writeMixed(writer, 5000, n => T + BigInt(n) * 10n)
    const reader = openReader(writer.path)
    for (const n of [0, 1, 255, 256, 257, 959, 960, 961, 1919, 1920, 2500, 4998, 4999]) {
      for (const early of [0n, 1n, 9n]) {
        reader.seek({ time: T + BigInt(n) * 10n - early })
        expect(reader.position, `${n} - ${early}`).toBe(n)
      }
    }
  })

  it('before all frames, and after all', () => {
    const writer = openWriter()
    writeMixed(writer, 2000, n => T + BigInt(n))
    for (const time of [0n, -5n, T - 1n]) expect(readNumbers(openReader(writer.path, { from: { time } }))[0]).toBe(0)
    const late = openReader(writer.path, { from: { time: T + 2000n } })
    expect(readNumbers(late)).toEqual([])
    writer.write(Count, { n: 2000 }, { time: T + 2000n })
    expect(readNumbers(late)).toEqual([2000])
  })

  it('with the first frame of that time, even if they fill several pages', () => {
    const writer = openWriter()
    // 500 earlier frames, 4000 with the same time, 500 later ones.
    writeMixed(writer, 5000, n => (n < 500 ? T : n < 4500 ? T + 1n : T + 2n))
    expect(readNumbers(openReader(writer.path, { from: { time: T } }))[0]).toBe(0)
    expect(readNumbers(openReader(writer.path, { from: { time: T + 1n } }))[0]).toBe(500)
    expect(readNumbers(openReader(writer.path, { from: { time: T + 2n } }))[0]).toBe(4500)
  })

  it('that begins a page', () => {
    const writer = openWriter()
    writeMixed(writer, 3 * SMALL_CAPACITY, n => T + BigInt(Math.floor(n / SMALL_CAPACITY)))
    for (const page of [0, 1, 2])
      expect(openReader(writer.path, { from: { time: T + BigInt(page) } }).position % SMALL_CAPACITY).toBe(0)
  })

  it('in a journal without frames', () => {
    const writer = openWriter()
    const reader = openReader(writer.path, { from: { time: now() } })
    writeCounts(writer, 0, 1)
    expect(readNumbers(reader)).toEqual([0])
  })

  it('given as a Date', () => {
    const writer = openWriter()
    writeMixed(writer, 100, n => BigInt(n) * 1_000_000n)
    expect(openReader(writer.path, { from: { time: new Date(42) } }).position).toBe(42)
  })

  it('among frames of all sizes, as a linear search finds it', () => {
    const writer = openWriter(journalPath(), { pageSize: 256 * 1024 })
    writeMixed(writer, 8000)
    const frames = readAll(openReader(writer.path))
    const reader = openReader(writer.path)
    for (let i = 0; i < frames.length; i += 61) {
      const { time } = frames[i]
      reader.seek({ time })
      expect(reader.position).toBe(frames.find(frame => frame.time >= time)?.position)
    }
  })
})

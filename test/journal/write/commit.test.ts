import { type FrameView, MergedReader, now, on, type Writer } from 'ticktape'
import { describe, expect, it } from 'vitest'
import { failureOf } from '../../support/failures.ts'
import { Count, Pair } from '../../support/frames.ts'
import {
  journalPath,
  openMerged,
  openReader,
  openWriter,
  readAll,
  upTo,
  writeCounts,
  writeSized,
} from '../../support/open.ts'

/** The headers of all frames. */
function headers(path: string): Pick<FrameView, 'cause' | 'causeJournal' | 'source' | 'dest' | 'sinceRoot'>[] {
  return Array.from(openReader(path), ({ cause, causeJournal, source, dest, sinceRoot }) => ({
    cause,
    causeJournal,
    source,
    dest,
    sinceRoot,
  }))
}

describe('times', () => {
  it('are read from the clock', () => {
    const writer = openWriter()
    const before = now()
    writeCounts(writer, 0, 1)
    const after = now()
    const [{ time }] = readAll(openReader(writer.path))
    expect(time >= before && time <= after).toBe(true)
  })

  it('are those passed to commit', () => {
    const writer = openWriter()
    for (const time of [0n, 5n, 5n, 2n ** 32n - 1n, 2n ** 32n, 2n ** 62n, 2n ** 63n - 1n])
      writer.write(Count, { n: 0 }, { time })
    expect(readAll(openReader(writer.path)).map(frame => frame.time)).toEqual([
      0n,
      5n,
      5n,
      2n ** 32n - 1n,
      2n ** 32n,
      2n ** 62n,
      2n ** 63n - 1n,
    ])
  })

  it.each([-1n, 2n ** 63n, 5, '5', null, new Date()])('%s is not a valid time', time => {
    const writer = openWriter()
    expect(failureOf(() => writer.write(Count, { n: 0 }, { time: time as bigint })).code).toBe('ERR_INVALID_OPTION')
    expect(writer.position).toBe(0)
  })

  it('before the last frame are refused', () => {
    const writer = openWriter()
    writer.write(Count, { n: 0 }, { time: 2n ** 40n })
    expect(failureOf(() => writer.write(Count, { n: 0 }, { time: 2n ** 40n - 1n })).code).toBe('ERR_INVALID_OPTION')
    expect(failureOf(() => writer.write(Count, { n: 0 }, { time: 1n })).message).toContain('never decrease')
    expect(writer.position).toBe(1)
  })

  it('never decrease when the clock is behind the last frame, also across pages and writers', () => {
    const path = journalPath()
    const ahead = now() + 3_600_000_000_000n
    const first = openWriter(path)
    first.write(Count, { n: 0 }, { time: ahead })
    writeCounts(first, 0, 2000)
    first.close()
    writeCounts(openWriter(path), 0, 10)
    expect(new Set(readAll(openReader(path)).map(({ time }) => time))).toEqual(new Set([ahead]))
  })

  it('stay the last given time when the writer does not read the clock', () => {
    const writer = openWriter(journalPath(), { timestamps: false })
    writeCounts(writer, 0, 1)
    writer.write(Count, { n: 1 }, { time: 7n })
    writeCounts(writer, 2, 3)
    writeSized(writer, 2, 3)
    expect(readAll(openReader(writer.path)).map(({ time }) => time)).toEqual([0n, 7n, 7n, 7n])
  })
})

describe('cause, source and dest', () => {
  it('are read as they were written', () => {
    const writer = openWriter()
    writer.write(Pair, { n: 0, note: '' }, { cause: 2 ** 40 + 3, source: 65_535, dest: 0 })
    writer.write(Pair, { n: 0, note: '' }, { cause: { journal: 65_535, position: 2 ** 48 - 1 }, dest: 65_535 })
    writer.write(Pair, { n: 0, note: '' }, { cause: 0 })
    writer.write(Pair, { n: 0, note: '' })
    expect(headers(writer.path)).toEqual([
      { cause: 2 ** 40 + 3, causeJournal: 0, source: 65_535, dest: 0, sinceRoot: 0 },
      { cause: 2 ** 48 - 1, causeJournal: 65_535, source: 0, dest: 65_535, sinceRoot: 0 },
      { cause: 0, causeJournal: 0, source: 0, dest: 0, sinceRoot: 0 },
      { cause: undefined, causeJournal: undefined, source: 0, dest: 0, sinceRoot: 0 },
    ])
  })

  it('are undefined in frames of 64 bytes, and commit refuses them', () => {
    const writer = openWriter()
    for (const options of [{ cause: 1 }, { source: 1 }, { dest: 1 }]) {
      expect(failureOf(() => writer.write(Count, { n: 0 }, options)).code).toBe('ERR_INVALID_OPTION')
    }
    writeCounts(writer, 0, 1)
    expect(headers(writer.path)).toEqual([
      { cause: undefined, causeJournal: undefined, source: undefined, dest: undefined, sinceRoot: undefined },
    ])
  })

  it.each([
    { cause: -1 },
    { cause: 2 ** 48 },
    { cause: 0.5 },
    { cause: Number.NaN },
    { cause: '1' },
    { cause: null },
    { cause: {} },
    { cause: 1n },
    { cause: { journal: 65_536, position: 0 } },
    { cause: { journal: 0 } },
    { cause: { position: 1 } },
    { cause: Object.create(null) as object },
    { source: -1 },
    { source: 65_536 },
    { source: 1.5 },
    { source: '1' },
    { source: null },
    { dest: -1 },
    { dest: 65_536 },
    { dest: 1n },
    { sauce: 1 },
    { cause: Symbol('x') },
  ])('%o is refused, and the frame can be committed without', options => {
    const writer = openWriter()
    writer.begin(Pair)
    expect(failureOf(() => writer.commit(options as never)).code).toBe('ERR_INVALID_OPTION')
    writer.commit()
    expect(headers(writer.path)).toEqual([
      { cause: undefined, causeJournal: undefined, source: 0, dest: 0, sinceRoot: 0 },
    ])
  })

  it.each([null, 5, 'time', true])('commit(%s) is refused', options => {
    const writer = openWriter()
    writer.begin(Pair)
    expect(failureOf(() => writer.commit(options as never)).code).toBe('ERR_INVALID_OPTION')
    writer.abort()
  })

  it('a frame is named by its journal and position, and sinceRoot counts from the first of the chain', () => {
    const market = openWriter(journalPath(), { journalId: 7, timestamps: false })
    const orders = openWriter(journalPath(), { journalId: 8, timestamps: false })
    const reports = openWriter(journalPath(), { journalId: 9, timestamps: false })
    market.write(Count, { n: 0 }, { time: 1000n })
    market.write(Count, { n: 1 }, { time: 2000n })
    openReader(market.path).poll(
      on(Count, cause => orders.write(Pair, { n: cause.n, note: '' }, { cause, time: cause.time + 50n })),
    )
    openReader(orders.path).poll(
      on(Pair, cause => reports.write(Pair, { n: cause.n, note: '' }, { cause, time: cause.time + 7n })),
    )
    expect(headers(orders.path)).toMatchObject([
      { cause: 0, causeJournal: 7, sinceRoot: 50 },
      { cause: 1, causeJournal: 7, sinceRoot: 50 },
    ])
    expect(headers(reports.path)).toMatchObject([
      { cause: 0, causeJournal: 8, sinceRoot: 57 },
      { cause: 2, causeJournal: 8, sinceRoot: 57 },
    ])
  })

  it('sinceRoot is limited to its range, 0 and 2^32 - 1', () => {
    const market = openWriter(journalPath(), { timestamps: false })
    const late = openWriter(journalPath(), { timestamps: false })
    const early = openWriter(journalPath(), { timestamps: false })
    market.write(Count, { n: 0 }, { time: 2n ** 40n })
    openReader(market.path).poll(
      on(Count, cause => {
        early.write(Pair, { n: 0, note: '' }, { cause, time: 5n })
        late.write(Pair, { n: 0, note: '' }, { cause, time: 2n ** 40n + 2n ** 32n - 1n })
        late.write(Pair, { n: 0, note: '' }, { cause, time: 2n ** 41n })
      }),
    )
    expect(headers(early.path)).toMatchObject([{ sinceRoot: 0 }])
    expect(headers(late.path)).toMatchObject([{ sinceRoot: 2 ** 32 - 1 }, { sinceRoot: 2 ** 32 - 1 }])
  })

  it('a frame whose handler has returned is refused as a cause', () => {
    const writer = openWriter()
    writeCounts(writer, 0, 1)
    let kept: FrameView | undefined
    openReader(writer.path).poll(on(Count, frame => (kept = frame)))
    expect(failureOf(() => writer.write(Pair, { n: 0, note: '' }, { cause: kept as FrameView })).code).toBe(
      'ERR_INVALID_OPTION',
    )
  })

  it('frames of a merged reader are named by the journal that they come from', () => {
    const sources = [3, 4].map(journalId => openWriter(journalPath(), { journalId }))
    for (const source of sources) writeCounts(source, 0, 2)
    const out = openWriter()
    const merged: MergedReader = openMerged(sources.map(source => source.path))
    merged.poll(on(Count, cause => out.write(Pair, { n: 0, note: '' }, { cause })))
    expect(headers(out.path).filter(({ causeJournal }) => causeJournal === 3)).toHaveLength(2)
  })
})

describe('options that change while they are read', () => {
  const meddling = (writer: Writer, what: () => void) => {
    let once = true
    const meddle = () => {
      if (once) what()
      once = false
      return undefined
    }
    return [
      {
        get time() {
          return meddle()
        },
      },
      {
        get source() {
          return meddle()
        },
      },
      {
        cause: {
          get journal() {
            meddle()
            return 0
          },
          position: 5,
        },
      },
      {
        source: 1,
        get dest() {
          return meddle()
        },
      },
    ]
  }

  it.each<[string, (writer: Writer) => void]>([
    ['abort', writer => writer.abort()],
    ['commit', writer => writer.commit()],
    ['abort and write', writer => (writer.abort(), writer.write(Pair, { n: -1, note: '' }))],
    ['commit and begin', writer => (writer.commit(), writer.begin(Pair))],
    ['abort and roll', writer => (writer.abort(), writeCounts(writer, 0, 1000))],
    ['close', writer => writer.close()],
  ])('by a getter that calls %s end in an error, and no frame is lost or damaged', (_, what) => {
    for (let i = 0; i < 4; i++) {
      const writer = openWriter()
      writeCounts(writer, 0, 10)
      const options = meddling(writer, () => what(writer))[i]
      writer.begin(Pair).n = 10
      expect(failureOf(() => writer.commit(options as never)).code).toMatch(/^ERR_(INVALID_STATE|CLOSED)$/)
      writer.close()
      writeCounts(openWriter(writer.path), 0, 10)
      const numbers = readAll(openReader(writer.path)).map(({ values }) => values['n'] as number)
      expect(numbers.slice(0, 10)).toEqual(upTo(10))
      expect(numbers.slice(-10)).toEqual(upTo(10))
    }
  })
})

/** `writer.atomic(slots, body)`: all frames that body writes become visible in one store, or none of them. */
import * as fc from 'fast-check'
import { FieldValueError, on, type Writer } from 'ticktape'
import { describe, expect, it } from 'vitest'
import { runChild, startChild } from '../../support/child.ts'
import { failureOf } from '../../support/failures.ts'
import { Count, Huge, Pair } from '../../support/frames.ts'
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

describe('the frames of body', () => {
  it('appear together, and atomic returns what body returns', () => {
    const writer = openWriter()
    const reader = openReader(writer.path)
    const result = writer.atomic(5, () => {
      writeSized(writer, 2, 0)
      writer.begin(Count).n = 1
      writer.commit()
      writer.write(Pair, { n: 2, note: 'x' })
      expect(readNumbers(reader)).toEqual([])
      return 'done'
    })
    expect(result).toBe('done')
    expect(readNumbers(reader)).toEqual([0, 1, 2])
    expect(writer.position).toBe(5)
  })

  it('are on one page, for up to as many slots as a page has', () => {
    const writer = openWriter()
    writeCounts(writer, 0, 1)
    const last = writer.atomic(SMALL_CAPACITY, () => {
      writeCounts(writer, 1, SMALL_CAPACITY)
      return writer.write(Count, { n: SMALL_CAPACITY })
    })
    expect(last).toBe(2 * SMALL_CAPACITY - 1)
    expect(readNumbers(openReader(writer.path))).toEqual(upTo(SMALL_CAPACITY + 1))
  })

  it('leave no gap if they take fewer slots than were given', () => {
    const writer = openWriter()
    for (let n = 0; n < 700; n++) writer.atomic(100, () => writer.write(Count, { n }))
    expect(readAll(openReader(writer.path)).map(({ position }) => position)).toEqual(upTo(700))
  })

  it('may be none, of no slots', () => {
    const writer = openWriter()
    expect(writer.atomic(0, () => 7)).toBe(7)
    writeCounts(writer, 0, 1)
    expect(readNumbers(openReader(writer.path))).toEqual([0])
  })

  it('do not include a frame whose field refused its value, if body handles the error', () => {
    const writer = openWriter()
    writer.atomic(4, () => {
      failureOf(() => (writer.begin(Pair).note = 'é'))
      writer.write(Pair, { n: 1, note: '' })
    })
    expect(readNumbers(openReader(writer.path))).toEqual([1])
  })
})

const THEN = String('then')

/** After each of these no frame of body may be left. */
const FAILURES: readonly (readonly [string, string, (writer: Writer) => unknown])[] = [
  [
    'throws',
    'ERR_FIELD_VALUE',
    () => {
      throw new FieldValueError('of the body')
    },
  ],
  ['writes more slots than it asked for', 'ERR_INVALID_STATE', writer => writeCounts(writer, 0, 11)],
  ['writes a frame of more slots', 'ERR_INVALID_STATE', writer => writeSized(writer, 255, 0)],
  [
    'writes too many slots and catches the error',
    'ERR_INVALID_STATE',
    writer => {
      failureOf(() => writeSized(writer, 255, 0))
      expect(failureOf(() => writeCounts(writer, 0, 1)).message).toContain('more slots')
    },
  ],
  ['leaves a frame begun', 'ERR_INVALID_STATE', writer => void (writer.begin(Count).n = 1)],
  ['has a value refused', 'ERR_FIELD_VALUE', writer => writer.write(Count, { n: 'x' as never })],
  ['has options refused', 'ERR_INVALID_OPTION', writer => writer.write(Count, { n: 1 }, { source: 1 })],
  ['returns a promise', 'ERR_INVALID_OPTION', () => Promise.reject(new Error('nobody hears this'))],
  ['returns something with a then', 'ERR_INVALID_OPTION', () => ({ [THEN]: () => {} })],
  ['begins another atomic', 'ERR_INVALID_STATE', writer => writer.atomic(1, () => {})],
  ['corks', 'ERR_INVALID_STATE', writer => writer.cork()],
  ['uncorks', 'ERR_INVALID_STATE', writer => writer.uncork()],
  ['discards', 'ERR_INVALID_STATE', writer => writer.discard()],
  ['begins a batch', 'ERR_INVALID_STATE', writer => writer.batch(() => {})],
]

describe('a body that', () => {
  it.each(FAILURES)('%s is discarded, and the next frame gets its position', (_, code, fail) => {
    const writer = openWriter()
    const reader = openReader(writer.path)
    writeCounts(writer, 0, 3)
    const failure = failureOf(() =>
      writer.atomic(20, () => {
        for (let n = 0; n < 5; n++) writeSized(writer, 2, 99)
        return fail(writer)
      }),
    )
    expect(failure.code).toBe(code)
    expect(writer.position).toBe(3)
    const pair = writer.begin(Pair)
    expect([pair.n, pair.note]).toEqual([0, ''])
    pair.n = 3
    writer.commit()
    writer.atomic(2, () => writeCounts(writer, 4, 6))
    expect(readNumbers(reader)).toEqual(upTo(6))
  })

  it('is discarded after a roll leaves the new page empty and sound', () => {
    const writer = openWriter()
    writeCounts(writer, 0, SMALL_CAPACITY - 1)
    failureOf(() =>
      writer.atomic(300, () => {
        writeCounts(writer, 0, 300)
        throw new FieldValueError('of the body')
      }),
    )
    expect(writer.position).toBe(SMALL_CAPACITY)
    writeCounts(writer, SMALL_CAPACITY - 1, SMALL_CAPACITY + 600)
    expect(readNumbers(openReader(writer.path))).toEqual(upTo(SMALL_CAPACITY + 600))
  })

  it('is async is refused before it runs', () => {
    const writer = openWriter()
    let ran = false
    const failure = failureOf(
      () =>
        // @ts-expect-error -- the types refuse it too
        void writer.atomic(1, async () => {
          ran = true
          await Promise.resolve()
        }),
    )
    expect([failure.code, ran]).toEqual(['ERR_INVALID_OPTION', false])
    writer.cork()
    writer.uncork()
  })

  it('closes the writer has no effect except that the writer is closed', () => {
    const path = journalPath()
    const writer = openWriter(path)
    writeCounts(writer, 0, 3)
    const failure = failureOf(() =>
      writer.atomic(20, () => {
        writeCounts(writer, 3, 6)
        writer.begin(Count).n = 6
        writer.close()
      }),
    )
    expect(failure.code).toBe('ERR_CLOSED')
    const next = openWriter(path)
    expect(next.position).toBe(3)
    expect(readNumbers(openReader(path))).toEqual([0, 1, 2])
  })
})

describe('atomic is refused', () => {
  it.each([-1, 1.5, Number.NaN, Infinity, SMALL_CAPACITY + 1, '5', 5n, null, undefined, {}])(
    'for %s slots, and body does not run',
    slots => {
      const writer = openWriter()
      const failure = failureOf(() => writer.atomic(slots as number, () => writeCounts(writer, 0, 1)))
      expect(failure.code).toBe('ERR_INVALID_OPTION')
      expect(failure.message).toContain(String(SMALL_CAPACITY))
      expect(writer.position).toBe(0)
    },
  )

  it('without a function', () => {
    const writer = openWriter()
    for (const body of [undefined, null, 5, {}, 'x'])
      expect(failureOf(() => writer.atomic(1, body as never)).code).toBe('ERR_INVALID_OPTION')
  })

  it('with a named error inside a cork, which stays corked, and while a frame is begun, which stays begun', () => {
    const writer = openWriter()
    writer.cork()
    writeCounts(writer, 0, 1)
    expect(failureOf(() => writer.atomic(1, () => {})).message).toContain('atomic() inside cork()')
    writeCounts(writer, 1, 2)
    writer.uncork()
    writer.begin(Count).n = 2
    expect(failureOf(() => writer.atomic(1, () => {})).message).toContain('atomic() after begin()')
    writer.commit()
    expect(readNumbers(openReader(writer.path))).toEqual([0, 1, 2])
  })

  it('with a named error inside another atomic, as are cork and batch', () => {
    const writer = openWriter()
    const within = (what: () => unknown) => failureOf(() => writer.atomic(1, what)).message
    expect(within(() => writer.atomic(1, () => {}))).toContain('atomic() inside atomic()')
    expect(within(() => writer.cork())).toContain('cork() inside atomic()')
    expect(within(() => writer.batch(() => {}))).toContain('batch() inside atomic()')
    expect(within(() => writer.uncork())).toContain('uncork() inside atomic()')
    expect(within(() => writer.discard())).toContain('discard() inside atomic()')
  })

  it('when the writer is closed', () => {
    const writer = openWriter()
    writer.close()
    expect(failureOf(() => writer.atomic(1, () => {})).code).toBe('ERR_CLOSED')
  })
})

describe('in another process', () => {
  it('a reader never sees a part of an event', async () => {
    const path = journalPath()
    const EVENTS = 4000
    const writer = openWriter(path)
    writer.atomic(1, () => writer.write(Count, { n: -1 }))
    const child = startChild(
      `
      const reader = Reader.open(dir)
      const seen = []
      let polls = 0, parts = 0, events = 0, inEvent = 0
      // Event e is: Pair(e) and e % 7 Counts of e, then a Count(-1 - e). A poll may end between events and nowhere else.
      const handlers = on(Pair, f => { if (inEvent !== 0 || f.n !== events) parts++; inEvent = 1 + f.n % 7 + 1; inEvent-- })
        .on(Count, f => { if (f.n === -1 && inEvent === 0 && events === 0 && polls === 0) return
          inEvent--; if (inEvent === 0) { if (f.n !== -1 - events) parts++; events++ } else if (f.n !== events) parts++ })
      say('ready')
      while (events < Number(args[1])) {
        if (reader.poll(handlers, 1e6) > 0) { polls++; if (inEvent !== 0 && reader.lag === 0) parts++ }
        else if (inEvent !== 0) parts++
      }
      say({ events, parts, sawBetween: polls > 1 })
      process.exit()`,
      [path, EVENTS],
    )
    expect(await child.hear()).toBe('ready')
    for (let e = 0; e < EVENTS; e++) {
      const write = () => {
        writer.write(Pair, { n: e, note: '' })
        for (let i = 0; i < e % 7; i++) writer.write(Count, { n: e })
        writer.write(Count, { n: -1 - e })
      }
      if (e % 3 === 0) {
        failureOf(() =>
          writer.atomic(9, () => {
            write()
            throw new FieldValueError('never mind')
          }),
        )
      }
      writer.atomic(2 + (e % 7) + 1, write)
    }
    expect(await child.hear()).toMatchObject({ events: EVENTS, parts: 0 })
  }, 60_000)

  it('a writer that is killed inside leaves no frame of it, and the next writer continues at that position', async () => {
    const path = journalPath()
    const { signal } = await runChild(
      `
      const writer = Writer.open(dir, { pageSize: 65536 })
      for (let n = 0; n < 5; n++) writer.write(Count, { n })
      writer.atomic(700, () => {
        for (let n = 0; n < 600; n++) writer.write(Count, { n: 99 })
        writer.begin(Pair).n = 99
        process.kill(process.pid, 'SIGKILL')
      })`,
      [path],
    )
    expect(signal).toBe('SIGKILL')
    const writer = openWriter(path)
    expect(writer.position).toBe(5)
    writeCounts(writer, 5, 800)
    expect(readNumbers(openReader(path))).toEqual(upTo(800))
    expect(readNumbers(openReader(path, { from: { position: 700 } }))[0]).toBe(700)
  })
})

/** The expected content of a journal after a list of events: each event is complete and on one page, or missing. */
const event = fc.record({
  sizes: fc.array(fc.constantFrom<1 | 2 | 255>(1, 1, 1, 2, 2, 255), { maxLength: 12 }),
  /** The slots that are asked for, minus those that are needed; below 0: too few. */
  spare: fc.constantFrom(-1, 0, 0, 0, 1, 50, 400),
  end: fc.constantFrom('return', 'return', 'return', 'throw', 'leave begun', 'promise'),
  alone: fc.integer({ min: 0, max: 300 }),
})

it('for any frames in any order, each event is complete and on one page, or missing', () => {
  const property = fc.property(fc.array(event, { minLength: 5, maxLength: 40 }), events => {
    const writer = openWriter()
    const reader = openReader(writer.path)
    const handlers = on(Count, f => seen.push([f.n, f.position]))
      .on(Pair, f => seen.push([f.n, f.position]))
      .on(Huge, f => seen.push([f.n, f.position]))
    const seen: [number, number][] = []
    const expected: number[] = []
    let next = 0
    for (const { sizes, spare, end, alone } of events) {
      for (let i = 0; i < alone; i++) {
        expected.push(next)
        writeSized(writer, 1, next++)
      }
      const needed = sizes.reduce((sum, size) => sum + size, 0)
      const slots = needed + spare
      const fits = slots >= 0 && slots <= SMALL_CAPACITY
      const works = fits && spare >= 0 && end === 'return'
      const before = expected.length
      const write = (): unknown => {
        for (const size of sizes) writeSized(writer, size, next++)
        if (end === 'throw') throw new FieldValueError('of the body')
        if (end === 'leave begun') writer.begin(Count)
        return end === 'promise' ? Promise.resolve() : undefined
      }
      const from = next
      if (works) {
        void writer.atomic(slots, write)
        for (let n = from; n < next; n++) expected.push(n)
      } else {
        failureOf(() => writer.atomic(slots, write))
        next = from
      }
      while (reader.poll(handlers) > 0);
      if (seen.length !== expected.length) throw new Error(`${seen.length} frames seen, ${expected.length} written`)
      const pages = new Set(seen.slice(before).map(([, position]) => Math.floor(position / SMALL_CAPACITY)))
      if (works && pages.size > 1) throw new Error('an event on two pages')
    }
    expect(seen.map(([n]) => n)).toEqual(expected)
    for (let i = 1; i < seen.length; i++) if (seen[i][1] <= seen[i - 1][1]) throw new Error('positions not in order')
    reader.close()
    writer.close()
  })
  fc.assert(property, { numRuns: 40, seed: 20_261_127 })
}, 60_000)

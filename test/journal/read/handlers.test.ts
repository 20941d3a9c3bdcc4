import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ageOf, type FrameView, f64, frame, Handlers, on, u8 } from 'ticktape'
import { describe, expect, it } from 'vitest'
import { failureOf } from '../../support/failures.ts'
import { Count, Pair, Tick } from '../../support/frames.ts'
import {
  openMerged,
  openReader,
  openWriter,
  SMALL_CAPACITY,
  upTo,
  writeCounts,
  writeSized,
} from '../../support/open.ts'

describe('poll', () => {
  it('handles the frames that exist, and returns how many', () => {
    const writer = openWriter()
    const reader = openReader(writer.path)
    const seen: number[] = []
    const handlers = on(Count, count => seen.push(count.n))
    expect(reader.poll(handlers)).toBe(0)
    writeCounts(writer, 0, 10)
    expect(reader.poll(handlers)).toBe(10)
    expect(reader.poll(handlers)).toBe(0)
    expect(seen).toEqual(upTo(10))
  })

  it('handles no more than its limit', () => {
    const writer = openWriter()
    writeCounts(writer, 0, 300)
    const reader = openReader(writer.path)
    expect(
      [1, 7, 100].map(limit =>
        reader.poll(
          on(Count, () => {}),
          limit,
        ),
      ),
    ).toEqual([1, 7, 100])
    expect(reader.position).toBe(108)
    expect(reader.poll(on(Count, () => {}))).toBe(192)
  })

  it.each([0, -1, Number.NaN, '', null, {}])('refuses %o as a limit', limit => {
    const writer = openWriter()
    expect(
      failureOf(() =>
        openReader(writer.path).poll(
          on(Count, () => {}),
          limit as number,
        ),
      ).code,
    ).toBe('ERR_INVALID_OPTION')
  })

  it('passes each frame to the handler of its type', () => {
    const writer = openWriter()
    const seen: unknown[] = []
    writeSized(writer, 1, 1)
    writeSized(writer, 2, 2)
    writer.write(Tick, { symbol: 'BTC', last: 3, bid: 0, ask: 0, volume: 0 })
    const handlers = on(Count, f => seen.push(['Count', f.n]))
      .on(Tick, f => seen.push(['Tick', f.symbol, f.last]))
      .otherwise(f => seen.push([f.definition.name, f.type, f.slots]))
    openReader(writer.path).poll(handlers)
    expect(seen).toEqual([
      ['Count', 1],
      ['Pair', 3, 2],
      ['Tick', 'BTC', 3],
    ])
  })

  it('skips frames without a handler, and counts them', () => {
    const writer = openWriter()
    for (let n = 0; n < 9; n++) writeSized(writer, n % 3 === 0 ? 1 : 2, n)
    const seen: number[] = []
    expect(openReader(writer.path).poll(on(Count, f => seen.push(f.n)))).toBe(9)
    expect(seen).toEqual([0, 3, 6])
  })

  it('finds handlers by type, from 1 to 65,535', () => {
    const writer = openWriter()
    const kinds = [1, 1023, 1024, 1025, 65_535].map(id => frame(`Kind${id}`, id, { n: f64 }))
    const handlers = new Handlers()
    const seen: number[] = []
    for (const kind of kinds) handlers.on(kind, f => seen.push(f.n))
    for (let round = 0; round < 3; round++) for (const kind of kinds) writer.write(kind, { n: kind.id })
    openReader(writer.path).poll(handlers)
    expect(seen).toEqual([...kinds, ...kinds, ...kinds].map(kind => kind.id))
  })

  it('has views with all properties of the header', () => {
    const writer = openWriter()
    writeSized(writer, 1, 1)
    writeSized(writer, 2, 5)
    const said: unknown[] = []
    const say = (f: FrameView) =>
      said.push([f.type, f.position, f.slots, f.is(Count), f.is(Pair), f.definition.name, f.toObject()])
    openReader(writer.path).poll(on(Count, say).on(Pair, say))
    expect(said).toEqual([
      [2, 0, 1, true, false, 'Count', { n: 1 }],
      [3, 1, 2, false, true, 'Pair', { n: 5, note: '' }],
    ])
  })

  it('gives the header of frames whose type is missing in schema.json', () => {
    const writer = openWriter()
    writer.write(Count, { n: 1 }, { time: 5n })
    writer.write(Pair, { n: 2, note: 'x' }, { time: 6n, cause: 7, source: 8, dest: 9 })
    writer.close()
    writeFileSync(join(writer.path, 'schema.json'), '{"format":1,"frames":[]}')
    const said = Array.from(
      openReader(writer.path),
      ({ type, position, time, slots, cause, source, dest, sinceRoot, ...rest }) => ({
        type,
        position,
        time,
        slots,
        cause,
        source,
        dest,
        sinceRoot,
        rest,
      }),
    )
    expect(said).toEqual([
      {
        type: 2,
        position: 0,
        time: 5n,
        slots: 1,
        cause: undefined,
        source: undefined,
        dest: undefined,
        sinceRoot: undefined,
        rest: {},
      },
      { type: 3, position: 1, time: 6n, slots: 2, cause: 7, source: 8, dest: 9, sinceRoot: 0, rest: {} },
    ])
    const seen: number[] = []
    openReader(writer.path).poll(on(Count, f => seen.push(f.n)).on(Pair, f => seen.push(f.n)))
    expect(seen).toEqual([1, 2])
  })

  it('gives the age of a frame', () => {
    const writer = openWriter()
    writer.write(Count, { n: 0 }, { time: 0n })
    writeCounts(writer, 1, 2)
    const ages: number[] = []
    let kept: FrameView | undefined
    openReader(writer.path).poll(on(Count, f => (ages.push(ageOf(f)), (kept = f))))
    expect(ages[0]).toBeGreaterThan(1.7e18)
    expect(ages[1]).toBeGreaterThanOrEqual(0)
    expect(ages[1]).toBeLessThan(60e9)
    expect(failureOf(() => ageOf(kept as FrameView)).code).toBe('ERR_VIEW_EXPIRED')
    expect(failureOf(() => ageOf({} as FrameView)).code).toBe('ERR_VIEW_EXPIRED')
  })
})

describe('a handler', () => {
  it('that throws: its frame counts as read, and the next poll continues after it', () => {
    const writer = openWriter()
    writeCounts(writer, 0, 2000)
    const reader = openReader(writer.path)
    const seen: number[] = []
    const handlers = on(Count, f => {
      seen.push(f.n)
      if (f.n % 100 === 50 || f.n === SMALL_CAPACITY - 1 || f.n === SMALL_CAPACITY) throw new Error(`at ${f.n}`)
    })
    let thrown = 0
    for (;;) {
      try {
        if (reader.poll(handlers) === 0) break
      } catch (error) {
        expect((error as Error).message).toBe(`at ${seen.at(-1)}`)
        thrown++
      }
    }
    expect(thrown).toBe(22)
    expect(seen).toEqual(upTo(2000))
  })

  it('may not poll or iterate its own reader', () => {
    const writer = openWriter()
    writeCounts(writer, 0, 3)
    const reader = openReader(writer.path)
    const codes: unknown[] = []
    const handlers: Handlers = on(Count, () =>
      codes.push(failureOf(() => reader.poll(handlers)).code, failureOf(() => [...reader]).code),
    )
    reader.poll(handlers)
    expect(codes).toEqual(Array.from({ length: 6 }, () => 'ERR_INVALID_STATE'))
  })

  it('may not do so with a merged reader either', () => {
    const writer = openWriter()
    writeCounts(writer, 0, 3)
    const reader = openMerged([writer.path])
    const codes: unknown[] = []
    const handlers: Handlers = on(Count, () =>
      codes.push(failureOf(() => reader.poll(handlers)).code, failureOf(() => [...reader]).code),
    )
    reader.poll(handlers)
    expect(codes).toEqual(Array.from({ length: 6 }, () => 'ERR_INVALID_STATE'))
  })

  it('may poll another reader of the same journal', () => {
    const writer = openWriter()
    writeCounts(writer, 0, 3)
    const seen: number[] = []
    openReader(writer.path).poll(
      on(Count, outer => {
        openReader(writer.path).poll(on(Count, inner => seen.push(outer.n * 10 + inner.n)))
      }),
    )
    expect(seen).toEqual([0, 1, 2, 10, 11, 12, 20, 21, 22])
  })

  it('may seek: the next frame is the one at that position', () => {
    const writer = openWriter()
    writeCounts(writer, 0, 3000)
    const reader = openReader(writer.path)
    const seen: number[] = []
    const handlers = on(Count, f => {
      const { n } = f
      seen.push(n)
      if (n === 3) reader.seek({ position: 2500 })
      if (n === 2502) reader.seek('end')
    })
    while (reader.poll(handlers) > 0);
    expect(seen).toEqual([0, 1, 2, 3, 2500, 2501, 2502])
  })

  it('may close its reader: no frame follows', () => {
    const writer = openWriter()
    writeCounts(writer, 0, 10)
    const reader = openReader(writer.path)
    const seen: number[] = []
    const handlers = on(Count, f => {
      seen.push(f.n)
      if (f.n !== 3) return
      reader.close()
      expect(failureOf(() => f.n).code).toBe('ERR_VIEW_EXPIRED')
    })
    expect(reader.poll(handlers)).toBe(4)
    expect(seen).toEqual([0, 1, 2, 3])
    expect(failureOf(() => reader.poll(handlers)).code).toBe('ERR_CLOSED')
  })

  it('that is added later is used from the next poll on', () => {
    const writer = openWriter()
    const reader = openReader(writer.path)
    const seen: string[] = []
    const handlers = on(Count, () => seen.push('Count'))
    for (let round = 0; round < 2; round++) {
      writeSized(writer, 1, 0)
      writeSized(writer, 2, 0)
      reader.poll(handlers)
      if (round === 0) handlers.on(Pair, () => seen.push('Pair'))
    }
    expect(seen).toEqual(['Count', 'Count', 'Pair'])
  })

  it('for a definition that differs from that of the journal is refused, with the fields that differ', () => {
    const writer = openWriter()
    writeCounts(writer, 0, 3)
    const reader = openReader(writer.path)
    const other = frame('Count', 2, { n: u8 })
    const failure = failureOf(() => reader.poll(on(other, () => {})))
    expect(failure).toMatchObject({ code: 'ERR_SCHEMA_MISMATCH', differences: [{ field: 'n' }] })
    expect(failureOf(() => reader.poll(on(frame('Count', 7, { n: f64 }), () => {}))).code).toBe('ERR_SCHEMA_MISMATCH')
    expect(reader.poll(on(Count, () => {}))).toBe(3)
  })

  it('for a definition that differs from one added later is refused at the first such frame', () => {
    const writer = openWriter()
    const reader = openReader(writer.path)
    const handlers = on(frame('Count', 2, { n: u8 }), () => {})
    expect(reader.poll(handlers)).toBe(0)
    writeCounts(writer, 0, 3)
    expect(failureOf(() => reader.poll(handlers)).code).toBe('ERR_SCHEMA_MISMATCH')
    expect(reader.position).toBe(0)
    expect(reader.poll(on(Count, () => {}))).toBe(3)
  })
})

describe('handlers are refused', () => {
  it.each([undefined, null, {}, [], () => {}, 'x', Symbol('x'), Object.create(null)])('as %o', handlers => {
    const writer = openWriter()
    expect(failureOf(() => openReader(writer.path).poll(handlers as never)).code).toBe('ERR_INVALID_OPTION')
    expect(failureOf(() => openMerged([writer.path]).poll(handlers as never)).code).toBe('ERR_INVALID_OPTION')
    expect(failureOf(() => openMerged([]).poll(handlers as never)).code).toBe('ERR_INVALID_OPTION')
  })

  it('without a definition, and without a function', () => {
    expect(failureOf(() => on({} as never, () => {})).code).toBe('ERR_INVALID_OPTION')
    expect(failureOf(() => on(undefined as never, () => {})).code).toBe('ERR_INVALID_OPTION')
    expect(failureOf(() => on(Count, undefined as never)).code).toBe('ERR_INVALID_OPTION')
    expect(failureOf(() => on(Count, () => {}).otherwise(Object.create(null) as never)).code).toBe('ERR_INVALID_OPTION')
  })

  it('when one id is handled twice', () => {
    const failure = failureOf(() => on(Count, () => {}).on(frame('Other', 2, {}), () => {}))
    expect(failure.code).toBe('ERR_FRAME_DEFINITION')
    expect(failure.message).toContain("'Count' and 'Other'")
  })
})

describe('a view that is kept', () => {
  it('has expired when poll has returned', () => {
    const writer = openWriter()
    writeCounts(writer, 0, 3)
    const kept: FrameView<{ n: typeof f64 }>[] = []
    openReader(writer.path).poll(on(Count, f => kept.push(f)))
    for (const property of ['n', 'type', 'position', 'time', 'slots'] as const) {
      expect(failureOf(() => kept[0][property]).code, property).toBe('ERR_VIEW_EXPIRED')
    }
    expect(failureOf(() => kept[0].toObject()).code).toBe('ERR_VIEW_EXPIRED')
    expect(kept[0].definition).toBe(Count)
  })

  it('has expired after a roll, a seek and a close', () => {
    const writer = openWriter()
    writeCounts(writer, 0, 2000)
    for (const end of [
      (reader: ReturnType<typeof openReader>) => reader.seek({ position: 1500 }),
      (reader: ReturnType<typeof openReader>) => reader.close(),
      (reader: ReturnType<typeof openReader>) => {
        while (reader.poll(on(Count, () => {})) > 0);
      },
    ]) {
      const reader = openReader(writer.path)
      const [kept] = reader
      end(reader)
      expect(failureOf(() => kept.position).code).toBe('ERR_VIEW_EXPIRED')
      expect(failureOf(() => kept.toObject()).code).toBe('ERR_VIEW_EXPIRED')
    }
  })

  it('is read-only', () => {
    const writer = openWriter()
    writeCounts(writer, 0, 1)
    openReader(writer.path).poll(
      on(Count, f => {
        expect(() => Object.assign(f, { n: 5 })).toThrow(TypeError)
        expect(() => Object.assign(f, { extra: 5 })).toThrow(TypeError)
        expect(f.n).toBe(0)
      }),
    )
  })
})

describe('async handlers', () => {
  it('are refused: their view would expire at the first await, and the frame would count as read', () => {
    const late = async (): Promise<void> => {}
    for (const make of [() => on(Count, late as never), () => new Handlers().otherwise(late as never)]) {
      expect(failureOf(make)).toMatchObject({ code: 'ERR_INVALID_OPTION' })
      expect(failureOf(make).message).toContain('for await')
    }
  })
})

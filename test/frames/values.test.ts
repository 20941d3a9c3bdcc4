import { type Fields, type FrameDefinition, f64, frame, u8, Writer } from 'ticktape'
import { describe, expect, it } from 'vitest'
import { failureOf } from '../support/failures.ts'
import { Count, Kinds, Tick } from '../support/frames.ts'
import { openReader, openWriter, readAll } from '../support/open.ts'

const SOUND = {
  u8: 1,
  i8: -1,
  u16: 2,
  i16: -2,
  u32: 3,
  i32: -3,
  f32: 0.5,
  f64: -0.1,
  u64: 4n,
  i64: -4n,
  bool: true,
  text: 'abcde',
  raw: new Uint8Array([1, 2, 3, 4]),
  side: 'sell' as const,
}

/** The value that is read after `value` was written to one field of an otherwise valid frame. */
function through(field: keyof typeof SOUND, value: unknown): unknown {
  const writer = openWriter()
  writer.write(Kinds, { ...SOUND, [field]: value })
  const [seen] = readAll(openReader(writer.path))
  expect(seen.values).toMatchObject({ ...SOUND, [field]: seen.values[field] })
  return seen.values[field]
}

describe('values that a field can hold', () => {
  it.each([
    ['u8', 0],
    ['u8', 255],
    ['i8', -128],
    ['i8', 127],
    ['u16', 0],
    ['u16', 65_535],
    ['i16', -32_768],
    ['i16', 32_767],
    ['u32', 0],
    ['u32', 4_294_967_295],
    ['i32', -2_147_483_648],
    ['i32', 2_147_483_647],
    ['f32', 0.5],
    ['f32', Number.NaN],
    ['f32', Number.NEGATIVE_INFINITY],
    ['f32', 3.4028234663852886e38],
    ['f64', -0],
    ['f64', Number.NaN],
    ['f64', Number.POSITIVE_INFINITY],
    ['f64', Number.MIN_VALUE],
    ['f64', Number.MAX_VALUE],
    ['u64', 0n],
    ['u64', 2n ** 64n - 1n],
    ['i64', -(2n ** 63n)],
    ['i64', 2n ** 63n - 1n],
    ['bool', false],
    ['text', ''],
    ['text', 'abcde'],
    ['text', '~ \t\u007f'],
    ['side', 'buy'],
    ['raw', new Uint8Array([9, 8, 7, 6])],
  ] as const)('%s: %s', (field, value) => {
    expect(through(field, value)).toEqual(value)
  })

  it('f32: the nearest value, if it cannot hold a number exactly', () => {
    expect(through('f32', 0.1)).toBe(Math.fround(0.1))
  })

  it('bytes: fewer than its size, filled with zeros', () => {
    expect(through('raw', new Uint8Array([7]))).toEqual(new Uint8Array([7, 0, 0, 0]))
  })
})

describe('values that a field refuses', () => {
  const everyKind = [undefined, null, {}, [], Object.create(null), Symbol('x'), () => 1] as const
  const wrong: Record<keyof typeof SOUND, readonly unknown[]> = {
    u8: [-1, 256, 0.5, Number.NaN, Infinity, '1', 1n, true],
    i8: [-129, 128, 0.5, Number.NaN, '1', 1n],
    u16: [-1, 65_536, 0.5, Number.NaN, '1', 1n],
    i16: [-32_769, 32_768, 0.5, Number.NaN, '1', 1n],
    u32: [-1, 2 ** 32, 0.5, Number.NaN, '1', 1n],
    i32: [-(2 ** 31) - 1, 2 ** 31, 0.5, Number.NaN, '1', 1n],
    f32: [3.5e38, '1', 1n],
    f64: ['1', 1n, new Date()],
    u64: [-1n, 2n ** 64n, 1, '1'],
    i64: [-(2n ** 63n) - 1n, 2n ** 63n, 1],
    bool: [0, 1, 'true'],
    text: ['abcdef', 'é', 'a\0b', '€', '\u{1f600}', 5],
    raw: [new Uint8Array(5), [1, 2], 'abcd', new Uint16Array(2), new ArrayBuffer(4)],
    side: ['hold', '', 0, 'BUY'],
  }

  for (const [field, values] of Object.entries(wrong)) {
    it(`in ${field}`, () => {
      const writer = openWriter()
      for (const value of [...values, ...everyKind]) {
        const failure = failureOf(() => writer.write(Kinds, { ...SOUND, [field]: value as never }))
        expect(failure.code, String(field)).toBe('ERR_FIELD_VALUE')
        expect(failure.message).toContain(`'${field}' of a Kinds`)
      }
      expect(writer.position).toBe(0)
    })
  }

  it('a field that the frame does not have is named', () => {
    const writer = openWriter()
    const failure = failureOf(() => writer.write(Count, { n: 1, m: 2 } as never))
    expect(failure).toMatchObject({ code: 'ERR_FIELD_VALUE' })
    expect(failure.message).toContain("no field 'm'")
  })

  it('values that are not an object', () => {
    const writer = openWriter()
    for (const values of [undefined, null, 5, 'n', Symbol('n')]) {
      expect(failureOf(() => writer.write(Count, values as never)).code).toBe('ERR_FIELD_VALUE')
    }
  })
})

describe('a write that fails', () => {
  it('changes nothing: neither the position nor a byte', () => {
    const writer = openWriter()
    failureOf(() => writer.write(Tick, { symbol: 'BTC-USDT', last: 1, bid: 2, ask: 3, volume: 'x' as never }))
    expect(writer.position).toBe(0)
    const next = writer.begin(Tick)
    expect({
      ...next,
      symbol: next.symbol,
      last: next.last,
      bid: next.bid,
      ask: next.ask,
      volume: next.volume,
    }).toEqual({ symbol: '', last: 0, bid: 0, ask: 0, volume: 0 })
    writer.commit()
    expect(readAll(openReader(writer.path)).map(seen => seen.values)).toEqual([
      { symbol: '', last: 0, bid: 0, ask: 0, volume: 0 },
    ])
  })

  it('leaves no part of a refused text in the frame', () => {
    const writer = openWriter()
    const tick = writer.begin(Tick)
    failureOf(() => (tick.symbol = 'BTCé'))
    expect(writer.begin(Tick).symbol).toBe('')
    writer.abort()
  })

  it('can be followed by one that works', () => {
    const writer = openWriter()
    for (const n of [1, 'x', 2, Symbol('y'), 3]) {
      try {
        writer.write(Count, { n: n as number })
      } catch {
        // The other values are refused, which the tests above check.
      }
    }
    expect(readAll(openReader(writer.path)).map(seen => seen.values['n'])).toEqual([1, 2, 3])
  })
})

describe('a view to write', () => {
  it('has only its fields and its position as properties', () => {
    const writer = openWriter()
    const count = writer.begin(Count) as unknown as Record<string, unknown>
    expect(() => (count['m'] = 1)).toThrow(TypeError)
    expect(() => (count['position'] = 1)).toThrow(TypeError)
    expect(count['position']).toBe(0)
    writer.abort()
  })

  it('has expired after commit and abort', () => {
    const writer = openWriter()
    for (const end of ['commit', 'abort'] as const) {
      const count = writer.begin(Count)
      writer[end]()
      expect(failureOf(() => count.n).code).toBe('ERR_VIEW_EXPIRED')
      expect(failureOf(() => (count.n = 1))).toMatchObject({
        code: 'ERR_VIEW_EXPIRED',
        message: expect.stringContaining('set fields before commit()') as string,
      })
      expect(failureOf(() => count.position).code).toBe('ERR_VIEW_EXPIRED')
    }
  })
})

it('refuses definitions that frame() did not make', () => {
  const writer: Writer = openWriter()
  const real = frame('Real', 9, { n: f64, b: u8 })
  const copy = Object.assign({}, real) as FrameDefinition<Fields>
  for (const definition of [copy, Object.create(real), {}, null, undefined, 5, 'Real', Object.create(null)]) {
    expect(failureOf(() => writer.begin(definition as never)).code).toBe('ERR_INVALID_OPTION')
    expect(failureOf(() => writer.write(definition as never, {})).code).toBe('ERR_INVALID_OPTION')
  }
  expect(writer.position).toBe(0)
})

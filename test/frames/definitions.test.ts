import {
  ascii,
  bool,
  bytes,
  enumOf,
  type Field,
  FrameDefinition,
  type FrameView,
  f32,
  f64,
  frame,
  i8,
  i16,
  i64,
  u8,
  u16,
  u32,
  u64,
  type Values,
} from 'ticktape'
import { describe, expect, expectTypeOf, it } from 'vitest'
import { failureOf } from '../support/failures.ts'
import { Huge, Kinds, Tick } from '../support/frames.ts'

function offsets(definition: FrameDefinition): Record<string, number> {
  return Object.fromEntries(definition.fields.map(({ name, offset }) => [name, offset]))
}

describe('the layout of fields', () => {
  it('begins after 16 bytes in a frame of 64', () => {
    expect(offsets(Tick)).toEqual({ symbol: 16, last: 32, bid: 40, ask: 48, volume: 56 })
    expect(Tick).toMatchObject({ name: 'Tick', id: 1, slots: 1, size: 64 })
  })

  it('begins after 32 bytes in a larger one', () => {
    expect(offsets(frame('Large', 1, { a: u8, b: f64 }, { slots: 2 }))).toEqual({ a: 32, b: 40 })
  })

  it('aligns every number to its size, and does not align text and bytes', () => {
    const mixed = frame('Mixed', 1, {
      a: u8,
      b: u16,
      c: u8,
      d: u32,
      e: i8,
      f: f64,
      g: ascii(3),
      h: i16,
      i: bytes(1),
      j: f32,
      k: bool,
    })
    expect(offsets(mixed)).toEqual({ a: 16, b: 18, c: 20, d: 24, e: 28, f: 32, g: 40, h: 44, i: 46, j: 48, k: 52 })
  })

  it('gives fields of all kinds places that do not overlap', () => {
    let end = 0
    for (const field of Kinds.fields) {
      expect(field.offset).toBeGreaterThanOrEqual(end)
      end = field.offset + field.size
    }
    expect(end).toBeLessThanOrEqual(Kinds.size)
  })

  it.each([
    [1, 1],
    [48, 1],
    [49, 2],
    [96, 2],
    [97, 3],
    [255 * 64 - 32, 255],
  ])('puts %i bytes of payload into %i slots', (size, slots) => {
    expect(frame('Blob', 1, { blob: bytes(size) }).slots).toBe(slots)
  })

  it('has as many slots as requested, or more if the fields need them', () => {
    expect(frame('Roomy', 1, { n: u8 }, { slots: 9 }).slots).toBe(9)
    expect(frame('Tight', 1, { blob: bytes(500) }, { slots: 2 }).slots).toBe(9)
    expect(frame('Empty', 1, {}).slots).toBe(1)
  })

  it('allows 255 slots', () => {
    expect(Huge).toMatchObject({ slots: 255, size: 16_320 })
  })

  it('cannot be changed afterwards', () => {
    expect(Object.isFrozen(Tick)).toBe(true)
    expect(() => Object.assign(Tick.fields[0], { offset: 8 })).toThrow(TypeError)
  })
})

describe('an invalid definition', () => {
  const any = (value: unknown): never => value as never

  it.each([
    ['an empty name', () => frame('', 1, {})],
    ['a name that starts with a digit', () => frame('1st', 1, {})],
    ['a name with a space', () => frame('a b', 1, {})],
    ['a name with a path in it', () => frame('../x', 1, {})],
    ['a name of 65 letters', () => frame('x'.repeat(65), 1, {})],
    ['a name that is a number', () => frame(any(5n), 1, {})],
    ['a name that cannot be shown', () => frame(any(Object.create(null)), 1, {})],
    ['id 0', () => frame('A', 0, {})],
    ['id 65,536', () => frame('A', 65_536, {})],
    ['id 1.5', () => frame('A', 1.5, {})],
    ['id NaN', () => frame('A', Number.NaN, {})],
    ['an id in a string', () => frame('A', any('1'), {})],
    ['no fields', () => frame('A', 1, any(undefined))],
    ['null for fields', () => frame('A', 1, any(null))],
    ['a field name with a dash', () => frame('A', 1, { 'a-b': u8 })],
    ['a list of fields', () => frame('A', 1, any([u8]))],
    ['a field without a kind', () => frame('A', 1, { a: any(undefined) })],
    ['a field that is a function', () => frame('A', 1, { a: any(ascii) })],
    ['a field that claims another size', () => frame('A', 1, { a: { kind: 'f64', size: 1, align: 1 } })],
    ['a field of no known kind', () => frame('A', 1, { a: any({ kind: 'u128', size: 16, align: 16 }) })],
    ['more than 255 slots of fields', () => frame('A', 1, { a: bytes(255 * 64 - 32), b: u8 })],
    ['0 slots', () => frame('A', 1, {}, { slots: 0 })],
    ['256 slots', () => frame('A', 1, {}, { slots: 256 })],
    ['a misspelt option', () => frame('A', 1, {}, any({ slot: 2 }))],
    ['null for options', () => frame('A', 1, {}, any(null))],
    ['ascii(0)', () => ascii(0)],
    ['ascii(1.5)', () => ascii(1.5)],
    ['ascii() without a size', () => ascii(any(undefined))],
    ['bytes(-1)', () => bytes(-1)],
    ['bytes(16321)', () => bytes(16_321)],
    ['enumOf() without names', () => enumOf()],
    ['enumOf of 257 names', () => enumOf(Array.from({ length: 257 }, (_, i) => `n${i}`))],
    ['enumOf with a name twice', () => enumOf('buy', 'buy')],
    ['enumOf with an empty name', () => enumOf('')],
    ['enumOf with a number', () => enumOf(any(1))],
  ])('refuses %s', (_, define) => {
    expect(failureOf(define).code).toBe('ERR_FRAME_DEFINITION')
  })

  it.each([
    'type',
    'position',
    'time',
    'slots',
    'cause',
    'causeJournal',
    'source',
    'dest',
    'sinceRoot',
    'definition',
    'is',
    'toObject',
    'constructor',
    'toString',
    'valueOf',
    'hasOwnProperty',
    'then',
  ])('refuses a field called %s, which every frame has', name => {
    const failure = failureOf(() => frame('A', 1, { [name]: u8 }))
    expect(failure).toMatchObject({ code: 'ERR_FRAME_DEFINITION' })
    expect(failure.message).toContain(name)
  })

  it('refuses __proto__ as a field', () => {
    const fields = JSON.parse('{"__proto__": 1}') as Record<string, Field>
    expect(failureOf(() => frame('A', 1, fields)).code).toBe('ERR_FRAME_DEFINITION')
  })

  it('allows 256 names in an enum, and a list of them', () => {
    const names = Array.from({ length: 256 }, (_, i) => `n${i}`)
    expect(enumOf(names).values).toEqual(names)
    expect(enumOf(...names).values).toEqual(names)
  })
})

describe('the types of a definition', () => {
  it('follow from its fields', () => {
    type V = Values<typeof Kinds>
    expectTypeOf<V['u8']>().toEqualTypeOf<number>()
    expectTypeOf<V['f64']>().toEqualTypeOf<number>()
    expectTypeOf<V['u64']>().toEqualTypeOf<bigint>()
    expectTypeOf<V['i64']>().toEqualTypeOf<bigint>()
    expectTypeOf<V['bool']>().toEqualTypeOf<boolean>()
    expectTypeOf<V['text']>().toEqualTypeOf<string>()
    expectTypeOf<V['raw']>().toEqualTypeOf<Uint8Array>()
    expectTypeOf<V['side']>().toEqualTypeOf<'buy' | 'sell'>()
    expectTypeOf(Object.keys(Kinds.fields)).toEqualTypeOf<string[]>()
  })

  it('are also those of its views, which are read-only', () => {
    expectTypeOf<FrameView<{ last: typeof f64 }>['last']>().toEqualTypeOf<number>()
    expectTypeOf<FrameView<{ id: typeof u64 }>['id']>().toEqualTypeOf<bigint>()
    expectTypeOf<FrameView<{ id: typeof i64 }>['time']>().toEqualTypeOf<bigint>()
    const change = (view: FrameView<{ n: typeof u16 }>): void => {
      // @ts-expect-error a frame that was read cannot be changed
      view.n = 1
    }
    expect(change).toBeTypeOf('function')
  })
})

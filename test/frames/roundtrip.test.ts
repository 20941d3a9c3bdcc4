import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as fc from 'fast-check'
import {
  ascii,
  bool,
  bytes,
  enumOf,
  type Field,
  type FrameDefinition,
  f32,
  f64,
  frame,
  i8,
  i16,
  i32,
  i64,
  instrument,
  text,
  u8,
  u16,
  u32,
  u64,
} from 'ticktape'
import { expect, it } from 'vitest'
import { openReader, openWriter } from '../support/open.ts'
import { decodePage, decodeSchema } from '../support/plain-decoder.ts'

/** A kind of field, and the values that it can hold. */
interface Column {
  readonly field: Field
  readonly value: fc.Arbitrary<unknown>
}

const whole = (field: Field, min: number, max: number): fc.Arbitrary<Column> =>
  fc.constant({ field, value: fc.integer({ min, max }) })
const asciiText = fc.string({
  unit: fc.integer({ min: 1, max: 127 }).map(code => String.fromCharCode(code)),
  maxLength: 24,
})

/** Any text that UTF-8 can hold, without NUL. */
const unicode = fc.string({ unit: 'binary', maxLength: 24 }).map(value => value.replaceAll('\0', ''))

/** As many of its first characters as fit into so many bytes. */
function fitting(value: string, size: number): string {
  let fits = ''
  for (const character of value) {
    if (Buffer.byteLength(fits + character) > size) break
    fits += character
  }
  return fits
}

const columns: fc.Arbitrary<Column> = fc.oneof(
  whole(u8, 0, 255),
  whole(i8, -128, 127),
  whole(u16, 0, 65_535),
  whole(i16, -32_768, 32_767),
  whole(u32, 0, 2 ** 32 - 1),
  whole(i32, -(2 ** 31), 2 ** 31 - 1),
  fc.constant({ field: f32, value: fc.float() }),
  fc.constant({ field: f64, value: fc.double() }),
  fc.constant({ field: u64, value: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }) }),
  fc.constant({ field: i64, value: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }) }),
  fc.constant({ field: bool, value: fc.boolean() }),
  fc
    .integer({ min: 1, max: 24 })
    .map(size => ({ field: ascii(size), value: asciiText.map(value => value.slice(0, size)) })),
  fc
    .integer({ min: 1, max: 40 })
    .map(size => ({ field: text(size), value: unicode.map(value => fitting(value, size)) })),
  whole(instrument, 0, 2 ** 32 - 1),
  fc
    .integer({ min: 1, max: 300 })
    .map(size => ({ field: bytes(size), value: fc.uint8Array({ minLength: size, maxLength: size }) })),
  fc
    .uniqueArray(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 256 })
    .map(names => ({ field: enumOf(names), value: fc.constantFrom(...names) })),
)

/** A random definition, and some frames of it. */
const sets = fc
  .tuple(fc.array(columns, { maxLength: 12 }), fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 65_535 }))
  .chain(([chosen, slots, id]) => {
    const named = chosen.map((column, i) => [`f${i}`, column] as const)
    const definition = frame('Any', id, Object.fromEntries(named.map(([name, { field }]) => [name, field])), { slots })
    const frames = fc.array(fc.record(Object.fromEntries(named.map(([name, { value }]) => [name, value]))), {
      minLength: 1,
      maxLength: 5,
    })
    return fc.tuple(fc.constant(definition), frames)
  }) as fc.Arbitrary<[FrameDefinition, Record<string, unknown>[]]>

it('all values of any definition are read as they were written, by a reader and by an independent decoder', () => {
  const property = fc.property(sets, ([definition, frames]) => {
    const writer = openWriter()
    for (const values of frames) writer.write(definition, values)
    const read = Array.from(openReader(writer.path), view => view.toObject())
    writer.close()
    const schema = decodeSchema(readFileSync(join(writer.path, 'schema.json'), 'utf8'))
    const plain = decodePage(readFileSync(join(writer.path, '0000000000.page')), schema).frames.map(
      ({ values }) => values,
    )
    expect(plain).toEqual(frames)
    expect(read).toEqual(frames)
  })
  fc.assert(property, { numRuns: 150, seed: 20_261_120 })
})

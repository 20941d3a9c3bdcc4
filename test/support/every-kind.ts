/** A frame with every kind of field, and hostile values of each. */
import * as fc from 'fast-check'
import {
  ascii,
  bool,
  bytes,
  type CommitOptions,
  enumOf,
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
  type Values,
  Writer,
} from 'ticktape'
import { PAGE_SIZE } from './journals.ts'

export const Every = frame('EveryKind', 7, {
  aU8: u8,
  bI8: i8,
  cU16: u16,
  dI16: i16,
  eU32: u32,
  fI32: i32,
  gF32: f32,
  hF64: f64,
  iU64: u64,
  jI64: i64,
  kBool: bool,
  lEnum: enumOf('one', 'a name, with "quotes" and more than 12 bytes'),
  mAscii: ascii(19),
  nText: text(23),
  oBytes: bytes(14),
  instrument,
})

export type EveryValues = Values<typeof Every>

/** Floats that a decimal text or a sum may not give back. */
const HOSTILE = [
  -0,
  0,
  Number.NaN,
  Infinity,
  -Infinity,
  5e-324,
  -5e-324,
  2.2250738585072014e-308,
  1.7976931348623157e308,
  0.1 + 0.2,
  1e21,
  1e-7,
  2 ** 53 + 2,
]
const SYMBOLS = ['BTCUSDT', 'a symbol, "quoted", of more than 12 bytes', 'グラフ-PERP']

const anyF64 = fc.oneof(fc.constantFrom(...HOSTILE), fc.double())
const someAscii = fc.string({
  unit: fc.integer({ min: 1, max: 127 }).map(code => String.fromCharCode(code)),
  maxLength: 19,
})

export const everyValues: fc.Arbitrary<EveryValues> = fc.record({
  aU8: fc.nat(255),
  bI8: fc.integer({ min: -128, max: 127 }),
  cU16: fc.nat(65_535),
  dI16: fc.integer({ min: -32_768, max: 32_767 }),
  eU32: fc.nat(2 ** 31 - 1).map(n => n * 2 + 1),
  fI32: fc.integer(),
  gF32: fc.oneof(fc.constantFrom(-0, Number.NaN, Infinity, Math.fround(1e-45), Math.fround(0.1)), fc.float()),
  hF64: anyF64,
  iU64: fc.oneof(fc.constantFrom(0n, 2n ** 64n - 1n, 2n ** 63n), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })),
  jI64: fc.oneof(fc.constantFrom(-(2n ** 63n), 2n ** 63n - 1n), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
  kBool: fc.boolean(),
  lEnum: fc.constantFrom('one' as const, 'a name, with "quotes" and more than 12 bytes' as const),
  mAscii: fc.oneof(fc.constantFrom('', ',', '"', '\r\n', '=1+1', ' x '), someAscii),
  nText: fc.string({ unit: fc.constantFrom('é', 'x', '漢', '\n', '"', ',', '\u2028', '😀'), maxLength: 5 }),
  oBytes: fc.uint8Array({ minLength: 14, maxLength: 14 }),
  instrument: fc.nat(4),
})

const someHeader: fc.Arbitrary<CommitOptions> = fc.record(
  { cause: fc.nat(2 ** 40), source: fc.nat(65_535), dest: fc.nat(65_535) },
  { requiredKeys: [] },
)

/** Writes so many frames, and returns them. Instruments 1 to 3 have symbols. */
export function writeEvery(
  directory: string,
  count: number,
  seed = 1,
): { values: EveryValues; options: CommitOptions }[] {
  const written = fc.sample(fc.record({ values: everyValues, options: someHeader }), { numRuns: count, seed })
  using writer = Writer.open(directory, { pageSize: PAGE_SIZE })
  writer.addInstruments(SYMBOLS.map((symbol, i) => ({ number: i + 1, venue: 'test', symbol })))
  for (const { values, options } of written) writer.write(Every, values, options)
  return written
}

/** The symbol of an instrument, as views have it. */
export function symbolOf(number: number): string {
  return number === 0 ? '' : (SYMBOLS[number - 1] ?? `#${number}`)
}

import { ascii, bool, bytes, enumOf, f32, f64, frame, i8, i16, i32, i64, u8, u16, u32, u64 } from './library.mjs'

export const Count = frame('Count', 1, { n: f64, text: ascii(16) })

/** A field of every kind. */
export const Everything = frame(
  'Everything',
  2,
  {
    f64,
    f32,
    i64,
    u64,
    i32,
    u32,
    i16,
    u16,
    i8,
    u8,
    bool,
    ascii: ascii(10),
    bytes: bytes(6),
    side: enumOf('buy', 'sell'),
  },
  { slots: 2 },
)

export const EXTREMES = [
  {
    f64: -0.1,
    f32: 1.5,
    i64: -(2n ** 63n),
    u64: 2n ** 64n - 1n,
    i32: -(2 ** 31),
    u32: 2 ** 32 - 1,
    i16: -32768,
    u16: 65535,
    i8: -128,
    u8: 255,
    bool: true,
    ascii: 'BTC-USDT',
    side: 'sell',
    bytes: Uint8Array.of(1, 2, 3, 0, 0, 0),
  },
  {
    f64: Number.MAX_VALUE,
    f32: -0.25,
    i64: 2n ** 63n - 1n,
    u64: 0n,
    i32: 2 ** 31 - 1,
    u32: 0,
    i16: 32767,
    u16: 0,
    i8: 127,
    u8: 0,
    bool: false,
    ascii: '',
    side: 'buy',
    bytes: new Uint8Array(6),
  },
]

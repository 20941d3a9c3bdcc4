/** Definitions that the journal's tests write: one for each size that matters. */
import { ascii, bool, bytes, enumOf, f32, f64, frame, i8, i16, i32, i64, u8, u16, u32, u64 } from 'ticktape'

/** 64 bytes, full. */
export const Tick = frame('Tick', 1, { symbol: ascii(16), last: f64, bid: f64, ask: f64, volume: f64 })

/** 64 bytes: the number of the frame. */
export const Count = frame('Count', 2, { n: f64 })

/** 128 bytes: with cause, source, dest. */
export const Pair = frame('Pair', 3, { n: f64, note: ascii(40) }, { slots: 2 })

/** The largest possible frame: 255 slots. */
export const Huge = frame('Huge', 4, { n: f64, blob: bytes(255 * 64 - 32 - 8) })

/** Every kind of field. */
export const Kinds = frame('Kinds', 5, {
  u8,
  i8,
  u16,
  i16,
  u32,
  i32,
  f32,
  f64,
  u64,
  i64,
  bool,
  text: ascii(5),
  raw: bytes(4),
  side: enumOf('buy', 'sell'),
})

/** The frames of cpp/tests/frames.h. */
import {
  ascii,
  bool,
  bytes,
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
} from 'ticktape'

export const Small = frame('Small', 1, { n: u64 })
export const Large = frame('Large', 2, { n: u64 }, { slots: 2 })
export const Numbers = frame('Numbers', 11, { a: u8, b: i8, c: u16, d: i16, e: u32, f: i32, g: f32, h: f64, i: bool })
export const Wide = frame(
  'Wide',
  12,
  {
    instrument,
    legInstrument: instrument,
    venueTime: i64,
    orderId: u64,
    side: enumOf('buy', 'sell', 'é'),
    label: text(9),
    code: ascii(5),
    raw: bytes(3),
    from: u8,
  },
  { slots: 2 },
)
export const CPP_FRAMES = [Small, Large, Numbers, Wide]

import { f64, frame } from 'ticktape'

/** 64 bytes, four fields. bench/baseline/main.cpp has the same. */
export const Small = frame('Small', 1, { seq: f64, bid: f64, ask: f64, volume: f64 })

/** 128 bytes, eight fields. */
export const Large = frame('Large', 2, {
  seq: f64,
  price: f64,
  quantity: f64,
  filled: f64,
  average: f64,
  bid: f64,
  ask: f64,
  volume: f64,
})

// The message that every peer sends: 64 bytes, a sequence number, three prices and a symbol, as bytes or as an object.

export const SIZE = 64

export function encode(seq) {
  const bytes = Buffer.allocUnsafe(SIZE)
  write(bytes, 0, seq)
  return bytes
}

export function write(bytes, at, seq) {
  bytes.writeDoubleLE(seq, at)
  bytes.writeDoubleLE(seq + 0.5, at + 8)
  bytes.writeDoubleLE(seq + 1, at + 16)
  bytes.writeDoubleLE(seq + 1.5, at + 24)
}

/** The sequence number, or NaN when the other fields do not match it. */
export function decode(bytes, at = 0) {
  const seq = bytes.readDoubleLE(at)
  const sum = bytes.readDoubleLE(at + 8) + bytes.readDoubleLE(at + 16) + bytes.readDoubleLE(at + 24)
  return sum === 3 * seq + 3 ? seq : Number.NaN
}

export function toObject(seq) {
  return { seq, bid: seq + 0.5, ask: seq + 1, volume: seq + 1.5, symbol: 'BTC-USDT' }
}

export function fromObject({ seq, bid, ask, volume }) {
  return bid + ask + volume === 3 * seq + 3 ? seq : Number.NaN
}

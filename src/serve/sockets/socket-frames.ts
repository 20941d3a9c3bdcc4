/** Opcodes of RFC 6455. */
export const TEXT = 1
export const BINARY = 2
const FIN = 0x80

/**
 * A complete message of a server as it is on the wire (RFC 6455, 5.2): made once, and written to any number of sockets. Frames of
 * a server have no mask, so they are the same for all clients.
 */
export function socketFrame(payload: string | Uint8Array, opcode: typeof TEXT | typeof BINARY): Buffer {
  const size = typeof payload === 'string' ? Buffer.byteLength(payload) : payload.length
  const head = size < 126 ? 2 : size < 65_536 ? 4 : 10
  const frame = Buffer.allocUnsafe(head + size)
  frame[0] = FIN | opcode
  if (head === 2) frame[1] = size
  else if (head === 4) {
    frame[1] = 126
    frame.writeUInt16BE(size, 2)
  } else {
    frame[1] = 127
    frame.writeBigUInt64BE(BigInt(size), 2)
  }
  if (typeof payload === 'string') frame.write(payload, head)
  else frame.set(payload, head)
  return frame
}

import type { Item } from './feed.js'

/** The binary form of frames: docs/serve.md. All integers are little-endian, and every frame begins at a multiple of 8. */
const Head = {
  /** u32: the kind of message. */
  KIND: 0,
  /** u32: the journal's number on this server. */
  JOURNAL: 4,
  /** u32: how many frames follow. */
  COUNT: 8,
  /** u64: the position after the last frame that was read for the message. */
  NEXT: 16,
  SIZE: 24,
} as const
const FRAMES = 1
/** u64 before each frame: its position. */
const POSITION_SIZE = 8

/** A message with frames as they are in the journal, each after its position. */
export function binaryFrames(journal: number, items: readonly Item[], next: number): Buffer {
  const size = items.reduce<number>((sum, { data }) => sum + POSITION_SIZE + data.length, Head.SIZE)
  const message = Buffer.alloc(size)
  message.writeUInt32LE(FRAMES, Head.KIND)
  message.writeUInt32LE(journal, Head.JOURNAL)
  message.writeUInt32LE(items.length, Head.COUNT)
  message.writeBigUInt64LE(BigInt(next), Head.NEXT)
  let at = Head.SIZE
  for (const { position, data } of items) {
    message.writeBigUInt64LE(BigInt(position), at)
    message.set(data as Buffer, at + POSITION_SIZE)
    at += POSITION_SIZE + data.length
  }
  return message
}

import type { Writer } from '../../journal/write/writer.js'
import { SnapshotEnd, SnapshotPart } from '../sequence/frames.js'
import { type HomeIdentity, writeIdentity } from '../sequence/home.js'
import { PART_BYTES } from './find.js'

/** Writes one snapshot into a sequence, some parts at a time: other frames may come between them. */
export class SnapshotWriter {
  private part = 0
  private size = 0
  private readonly begin: number

  /** @param number of the snapshot, one more than that of the last. */
  constructor(
    private readonly writer: Writer,
    private readonly number: number,
    identity: HomeIdentity,
  ) {
    // A sequence whose first pages are gone says at each snapshot to which home it belongs.
    this.begin = writeIdentity(writer, identity)
  }

  /** Writes the next bytes. All but the last ones are a multiple of `PART_BYTES`. */
  add(bytes: Uint8Array): void {
    const { writer, number } = this
    writer.batch(() => {
      for (let from = 0; from < bytes.length; from += PART_BYTES) {
        const part = bytes.subarray(from, Math.min(bytes.length, from + PART_BYTES))
        const frame = writer.begin(SnapshotPart)
        frame.snapshot = number
        frame.part = this.part++
        frame.size = part.length
        frame.bytes = part
        writer.commit()
      }
    })
    this.size += bytes.length
  }

  /** @param at what it says is true before this position. */
  end(at: number, sha256: string): void {
    const { number, part, size, begin } = this
    this.writer.write(SnapshotEnd, { snapshot: number, parts: part, size, at, begin, sha256 })
  }
}

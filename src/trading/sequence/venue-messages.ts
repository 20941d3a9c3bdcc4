import type { Writer } from '../../journal/write/writer.js'
import { VenueMessage } from './frames.js'

/** Bytes of a message in one frame. */
const PART = 440

/** Writes a message of a venue as it was received. */
export function writeVenueMessage(writer: Writer, account: number, message: string): void {
  const bytes = Buffer.from(message)
  const parts = Math.max(1, Math.ceil(bytes.length / PART))
  for (let part = 0; part < parts; part++) {
    const text = bytes.subarray(part * PART, (part + 1) * PART)
    writer.write(VenueMessage, { account, size: text.length, first: part === 0, last: part === parts - 1, text })
  }
}

interface VenueMessagePart {
  readonly size: number
  readonly first: boolean
  readonly last: boolean
  readonly text: Uint8Array
}

/** Puts messages together from their frames. One whose end was never written, because the process was killed, is left out. */
export class VenueMessages {
  private parts: Uint8Array[] = []

  /** @returns the message, when this is its last frame. */
  add({ size, first, last, text }: VenueMessagePart): string | undefined {
    if (first) this.parts = []
    this.parts.push(text.slice(0, size))
    if (!last) return undefined
    const message = Buffer.concat(this.parts).toString()
    this.parts = []
    return message
  }
}

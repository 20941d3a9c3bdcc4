import { CorruptJournalError } from './errors.js'

/**
 * Reads NUL-padded ASCII without allocating for texts that were read recently. Texts such as symbols repeat, so each field has a small cache
 * of decoded texts, found by their bytes. The cache is direct-mapped: a new text replaces the one in its entry.
 */
export class TextCache {
  private readonly keys: Uint8Array
  private readonly texts: (string | undefined)[] = new Array<string | undefined>(TEXTS).fill(undefined)

  constructor(private readonly size: number) {
    this.keys = new Uint8Array(TEXTS * size)
  }

  /** The text in `size` bytes at `at`. `path` and `position` are for the error when those bytes are not ASCII. */
  read(bytes: Uint8Array, at: number, path: string, position: number): string {
    const size = this.size
    let hash = 0
    for (let i = 0; i < size; i++) {
      const byte = bytes[at + i]
      if (byte === 0) break
      hash = (Math.imul(hash, 31) + byte) | 0
    }
    const index = hash & (TEXTS - 1)
    const known = this.texts[index]
    if (known !== undefined && this.matches(index * size, bytes, at)) return known
    return this.decode(index, bytes, at, path, position)
  }

  private matches(key: number, bytes: Uint8Array, at: number): boolean {
    const keys = this.keys
    for (let i = 0; i < this.size; i++) {
      const byte = keys[key + i]
      if (byte !== bytes[at + i]) return false
      if (byte === 0) return true
    }
    return true
  }

  private decode(index: number, bytes: Uint8Array, at: number, path: string, position: number): string {
    const size = this.size
    let text = ''
    let length = 0
    for (; length < size; length++) {
      const byte = bytes[at + length]
      if (byte === 0) break
      if (byte >= 0x80) {
        throw new CorruptJournalError(
          `a text in the frame at position ${position} of ${path} has a byte that is not ASCII (0x${byte.toString(16)}); run 'ticktape verify'`,
          { path, position },
        )
      }
      text += String.fromCharCode(byte)
    }
    this.keys.fill(0, index * size, (index + 1) * size)
    this.keys.set(bytes.subarray(at, at + length), index * size)
    this.texts[index] = text
    return text
  }
}

/** A power of two. */
const TEXTS = 64

/** Stores `text` NUL-padded into `size` bytes. Returns false when it is too long or not ASCII; some characters may be stored then. */
export function storeText(bytes: Uint8Array, at: number, size: number, text: string): boolean {
  const length = text.length
  if (length > size) return false
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i)
    if (code === 0 || code > 0x7f) return false
    bytes[at + i] = code
  }
  for (let i = length; i < size; i++) bytes[at + i] = 0
  return true
}

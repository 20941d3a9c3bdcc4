import { isUtf8 } from 'node:buffer'
import { CorruptJournalError } from './errors.js'

/** What a field's bytes say, or what is wrong with them. */
type Decoded = { readonly text: string } | { readonly wrong: string }

/** Decodes the bytes of a text without its padding. */
type Decode = (bytes: Uint8Array, at: number, length: number) => Decoded

/**
 * Reads NUL-padded text without allocating for texts that were read recently. Texts such as symbols repeat, so each field has a small cache
 * of decoded texts, found by their bytes. The cache is direct-mapped: a new text replaces the one in its entry.
 */
export class TextCache {
  private readonly keys: Uint8Array
  private readonly texts: (string | undefined)[] = new Array<string | undefined>(TEXTS).fill(undefined)

  constructor(
    private readonly size: number,
    private readonly decode: Decode,
  ) {
    this.keys = new Uint8Array(TEXTS * size)
  }

  /** The text in `size` bytes at `at`. `path` and `position` are for the error when those bytes are not text of the field's kind. */
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
    return this.learn(index, bytes, at, path, position)
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

  private learn(index: number, bytes: Uint8Array, at: number, path: string, position: number): string {
    const size = this.size
    let length = 0
    while (length < size && bytes[at + length] !== 0) length++
    const decoded = this.decode(bytes, at, length)
    if ('wrong' in decoded) {
      throw new CorruptJournalError(
        `a text in the frame at position ${position} of ${path} ${decoded.wrong}; run 'ticktape verify'`,
        { path, position },
      )
    }
    this.keys.fill(0, index * size, (index + 1) * size)
    this.keys.set(bytes.subarray(at, at + length), index * size)
    this.texts[index] = decoded.text
    return decoded.text
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

/** The text of ASCII bytes. */
export function decodeAscii(bytes: Uint8Array, at: number, length: number): Decoded {
  let text = ''
  for (let i = at; i < at + length; i++) {
    const byte = bytes[i]
    if (byte >= 0x80) return { wrong: `has a byte that is not ASCII (0x${byte.toString(16)})` }
    text += String.fromCharCode(byte)
  }
  return { text }
}

/** The text of UTF-8 bytes. Everything that is not the one right form is refused: overlong forms, surrogates, cut characters. */
export function decodeUtf8(bytes: Uint8Array, at: number, length: number): Decoded {
  const encoded = Buffer.from(bytes.buffer, bytes.byteOffset + at, length)
  return isUtf8(encoded) ? { text: encoded.toString('utf8') } : { wrong: 'is not UTF-8' }
}

/**
 * Stores `text` as UTF-8, NUL-padded, into `size` bytes. Returns false when it is too long, or has a NUL or half of a
 * surrogate pair; some characters may be stored then.
 */
export function storeUtf8(bytes: Uint8Array, at: number, size: number, text: string): boolean {
  const end = at + size
  let to = at
  for (let i = 0; i < text.length; i++) {
    let code = text.charCodeAt(i)
    if (code < 0x80) {
      if (code === 0 || to >= end) return false
      bytes[to++] = code
      continue
    }
    if (code < 0x800) {
      if (to + 2 > end) return false
      bytes[to++] = 0xc0 | (code >> 6)
      bytes[to++] = 0x80 | (code & 0x3f)
      continue
    }
    if (code >= 0xd800 && code < 0xe000) {
      const low = i + 1 < text.length ? text.charCodeAt(++i) : 0
      if (code >= 0xdc00 || low < 0xdc00 || low >= 0xe000 || to + 4 > end) return false
      code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00)
      bytes[to++] = 0xf0 | (code >> 18)
      bytes[to++] = 0x80 | ((code >> 12) & 0x3f)
    } else {
      if (to + 3 > end) return false
      bytes[to++] = 0xe0 | (code >> 12)
    }
    bytes[to++] = 0x80 | ((code >> 6) & 0x3f)
    bytes[to++] = 0x80 | (code & 0x3f)
  }
  while (to < end) bytes[to++] = 0
  return true
}

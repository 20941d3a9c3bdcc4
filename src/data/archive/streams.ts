import { brotliCompressSync, brotliDecompressSync, constants } from 'node:zlib'
import { ArchiveError } from '../../journal/errors.js'

/** Collects compressed streams. What each one is stands in the block's description, in the same order. */
export class StreamWriter {
  private readonly parts: Buffer[] = []

  /** Returns the compressed size in bytes. */
  add(stream: Buffer): number {
    this.parts.push(stream)
    return stream.length
  }

  get bytes(): Buffer {
    return Buffer.concat(this.parts)
  }
}

export class StreamReader {
  private at = 0

  constructor(private readonly bytes: Uint8Array) {}

  /** The next stream. @param size its bytes. @param length its bytes before it was compressed. */
  next(size: number, length: number): Uint8Array {
    const part = this.bytes.subarray(this.at, this.at + size)
    this.at += size
    try {
      const bytes = brotliDecompressSync(part, { maxOutputLength: Math.max(1, length) })
      if (bytes.length === length) return bytes
    } catch (error) {
      throw new ArchiveError('a compressed part of the archive is damaged', { cause: error })
    }
    throw new ArchiveError('a compressed part of the archive has another length than its description')
  }
}

/** Brotli, which every supported Node has: smaller than gzip, and as fast at this quality. */
export function compressed(bytes: Uint8Array): Buffer {
  return brotliCompressSync(bytes, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: QUALITY,
      [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
    },
  })
}

const QUALITY = 5

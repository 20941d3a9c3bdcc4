import { isUtf8 } from 'node:buffer'
import * as fs from 'node:fs'
import { pipeline, type Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { ImportError } from '../errors.js'

/** Characters in one record: a file that is no text must not take all memory. */
export const MOST_CHARACTERS = 1024 * 1024

/**
 * The text of a file in parts, unpacked when its name ends in `.gz`, without a byte order mark.
 *
 * @throws {ImportError} with the line, for bytes that are not UTF-8 and for a line without an end.
 */
export async function* textOf(file: string): AsyncGenerator<string, void, undefined> {
  const bytes = fs.createReadStream(file, { highWaterMark: 1024 * 1024 })
  // `pipeline` closes the file when either end fails; the error comes out of the loop.
  const plain: Readable = file.endsWith('.gz') ? pipeline(bytes, createGunzip(), () => {}) : bytes
  const lines = new Lines(file)
  try {
    for await (const part of plain) yield lines.add(part as Buffer)
    yield lines.end()
  } catch (error) {
    if (error instanceof ImportError) throw error
    throw new ImportError(`${file} cannot be read: ${(error as Error).message}`, { path: file, cause: error })
  } finally {
    plain.destroy()
    bytes.destroy()
  }
}

const LINE_FEED = 0x0a
const CARRIAGE_RETURN = 0x0d

/** Decodes bytes as far as lines are complete, so that it can say which one is not UTF-8. */
class Lines {
  /** The beginning of a line of which the end is not there yet. */
  private rest: Buffer = Buffer.alloc(0)
  private line = 1
  private isBegun = false

  constructor(private readonly file: string) {}

  add(part: Buffer): string {
    const end = Math.max(part.lastIndexOf(LINE_FEED), part.lastIndexOf(CARRIAGE_RETURN)) + 1
    const whole = Buffer.concat([this.rest, part.subarray(0, end)])
    this.rest = end === 0 ? Buffer.concat([whole, part]) : part.subarray(end)
    // A character has at most 4 bytes.
    if (this.rest.length > 4 * MOST_CHARACTERS)
      throw new ImportError(`line ${this.line} of ${this.file} has more than ${MOST_CHARACTERS} characters`, {
        path: this.file,
      })
    return end === 0 ? '' : this.decode(whole)
  }

  end(): string {
    return this.decode(this.rest)
  }

  private decode(bytes: Buffer): string {
    if (!isUtf8(bytes)) throw this.notUtf8(bytes)
    const text = bytes.toString('utf8')
    const isFirst = !this.isBegun && text !== ''
    this.isBegun ||= isFirst
    this.line += lineEnds(bytes)
    return isFirst && text.startsWith('\ufeff') ? text.slice(1) : text
  }

  private notUtf8(bytes: Buffer): ImportError {
    let { line } = this
    for (let at = 0; at < bytes.length; line++) {
      const end = bytes.indexOf(LINE_FEED, at) + 1 || bytes.length
      if (!isUtf8(bytes.subarray(at, end))) break
      at = end
    }
    return new ImportError(`line ${line} of ${this.file} is not UTF-8`, { path: this.file })
  }
}

/** How many lines end. */
function lineEnds(bytes: Buffer): number {
  let count = 0
  for (let at = bytes.indexOf(LINE_FEED); at >= 0; at = bytes.indexOf(LINE_FEED, at + 1)) count++
  return count
}

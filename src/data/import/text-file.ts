import * as fs from 'node:fs'
import { pipeline, type Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { ImportError } from '../errors.js'

/** The text of a file in parts, unpacked when its name ends in `.gz`. @throws {ImportError} for bytes that are not UTF-8. */
export async function* textOf(file: string): AsyncGenerator<string, void, undefined> {
  const bytes = fs.createReadStream(file, { highWaterMark: 1024 * 1024 })
  // `pipeline` closes the file when either end fails; the error comes out of the loop.
  const plain: Readable = file.endsWith('.gz') ? pipeline(bytes, createGunzip(), () => {}) : bytes
  const decoder = new TextDecoder('utf-8', { fatal: true })
  try {
    for await (const part of plain) yield decoder.decode(part as Buffer, { stream: true })
    yield decoder.decode()
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA')
      throw new ImportError(`${file} is not UTF-8`, { path: file, cause: error })
    throw new ImportError(`${file} cannot be read: ${(error as Error).message}`, { path: file, cause: error })
  } finally {
    plain.destroy()
    bytes.destroy()
  }
}

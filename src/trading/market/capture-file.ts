import * as fs from 'node:fs'
import * as path from 'node:path'
import { pipeline, type Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { InvalidOptionError } from '../../base/errors.js'
import { formatValue } from '../../base/format-value.js'

/** In characters, more than any message has: a file without line ends is not a capture. */
const LONGEST_LINE = 16 * 1024 * 1024

/**
 * The file of a capture, as an absolute path.
 *
 * @throws {InvalidOptionError} when there is no such file.
 */
export function captureFile(file: string): string {
  if (typeof file !== 'string' || file === '')
    throw new InvalidOptionError(`a capture is a file's path, not ${formatValue(file)}`)
  if (!fs.statSync(file, { throwIfNoEntry: false })?.isFile())
    throw new InvalidOptionError(`there is no capture ${file}`, { path: file })
  return path.resolve(file)
}

/**
 * The lines of a file, gzip or plain, in batches: the lines of one read at a time.
 *
 * @param onRead is called with the number of the file's bytes that were read so far.
 * @throws {InvalidOptionError} when a line is too long for a capture.
 */
export async function* linesOf(
  file: string,
  onRead?: (bytes: number) => void,
): AsyncGenerator<readonly string[], void, undefined> {
  let rest = ''
  for await (const chunk of textOf(file, onRead)) {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop() ?? ''
    if (rest.length > LONGEST_LINE) {
      throw new InvalidOptionError(`${file} has a line of more than ${LONGEST_LINE} characters: it is not a capture`, {
        path: file,
      })
    }
    yield lines
  }
  if (rest !== '') yield [rest]
}

/** Whether reading failed because compressed data is cut off or damaged. */
export function isDamagedGzip(error: unknown): boolean {
  const { code } = error as { readonly code?: unknown }
  return typeof code === 'string' && code.startsWith('Z_')
}

async function* textOf(file: string, onRead?: (bytes: number) => void): AsyncGenerator<string, void, undefined> {
  const source = fs.createReadStream(file)
  const stream: Readable = isGzip(file) ? pipeline(source, createGunzip(), () => {}) : source
  stream.setEncoding('utf8')
  try {
    for await (const chunk of stream) {
      onRead?.(source.bytesRead)
      yield chunk as string
    }
  } finally {
    source.destroy()
    stream.destroy()
  }
}

function isGzip(file: string): boolean {
  const fd = fs.openSync(file, 'r')
  try {
    const magic = Buffer.alloc(2)
    return fs.readSync(fd, magic, 0, 2, 0) === 2 && magic[0] === 0x1f && magic[1] === 0x8b
  } finally {
    fs.closeSync(fd)
  }
}

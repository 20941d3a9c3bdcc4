import { createHash } from 'node:crypto'
import * as fs from 'node:fs'
import * as path from 'node:path'
import { pipeline, type Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { InvalidOptionError, TicktapeError } from '../../base/errors.js'
import { formatValue } from '../../base/format-value.js'
import { fromSystemError } from '../../base/system-error.js'
import { parseCaptureLine } from './dialects.js'
import type { Feed, MarketEvent } from './feed.js'
import { LeftOut } from './left-out.js'

/**
 * Plays a capture of a venue's market data, gzip or plain: one message per line, `<local receive time, ns since 1970> <JSON>`, in one of the
 * dialects of `dialects.ts`. Messages that are neither quotes nor trades of the market are skipped. Lines that are not valid are left
 * out: `onProblem` gets one report for each of the first ones, and one for all others at the end.
 */
export class CaptureFeed implements Feed {
  onProblem: ((problem: TicktapeError) => void) | undefined = undefined
  readonly file: string
  /** The file's name and its first bytes: a capture that grows stays the same feed. */
  readonly identity: string
  private leftOut: LeftOut

  /** @throws {InvalidOptionError} when there is no such file. */
  constructor(file: string) {
    if (typeof file !== 'string' || file === '')
      throw new InvalidOptionError(`a capture is a file's path, not ${formatValue(file)}`)
    if (!fs.statSync(file, { throwIfNoEntry: false })?.isFile())
      throw new InvalidOptionError(`there is no capture ${file}`, { path: file })
    this.file = path.resolve(file)
    this.identity = identityOf(this.file)
    this.leftOut = this.newCount()
  }

  /** The number of lines read so far that were left out: they were not valid, or their symbol does not fit into frames. */
  get badLines(): number {
    return this.leftOut.bad
  }

  /** The messages read so far that are neither quotes nor trades of the market, counted by kind, such as 'depthUpdate' and 'trade of ADL'. */
  get passedOver(): ReadonlyMap<string, number> {
    return this.leftOut.passedOver
  }

  /** The lines read so far whose symbol does not fit into frames, counted by symbol. They count as bad lines too. */
  get unfitSymbols(): ReadonlyMap<string, number> {
    return this.leftOut.unfitSymbols
  }

  /**
   * Batches may be empty.
   *
   * @throws {CaptureError} when no event in the file is understood.
   */
  async *events(skip: number): AsyncGenerator<readonly MarketEvent[], void, undefined> {
    const leftOut = this.newCount()
    this.leftOut = leftOut
    let line = 0
    let left = skip
    try {
      for await (const lines of linesOf(this.file)) {
        const batch: MarketEvent[] = []
        for (const text of lines) {
          line++
          if (text === '') continue
          const parsed = parseCaptureLine(text)
          if (parsed.kind !== 'quote' && parsed.kind !== 'trade') {
            leftOut.add(parsed, line)
            continue
          }
          leftOut.eventFound()
          if (left > 0) left--
          else batch.push(parsed)
        }
        yield batch
      }
      leftOut.checkAny(line)
    } catch (error) {
      // A recorder that was killed leaves its last block incomplete: everything before it is good.
      if (error instanceof TicktapeError) throw error
      if (!isDamagedGzip(error)) throw fromSystemError(error, 'reading', this.file)
      leftOut.addBad('compressed data that is cut off or damaged', line + 1, 'the rest', error)
      leftOut.checkAny(line)
    } finally {
      leftOut.end()
    }
  }

  private newCount(): LeftOut {
    return new LeftOut(this.file, problem => this.onProblem?.(problem))
  }
}

/** Of the name and of the hash, in characters: together they fit a feed's identity. */
const NAME_LENGTH = 64
const HASH_LENGTH = 16
const FIRST_BYTES = 4096

function identityOf(file: string): string {
  const name = path
    .basename(file)
    .replaceAll(/[^\x21-\x7e]/g, '?')
    .slice(-NAME_LENGTH)
  const hash = createHash('sha256').update(firstBytesOf(file)).digest('hex')
  return `capture ${name} ${hash.slice(0, HASH_LENGTH)}`
}

function firstBytesOf(file: string): Uint8Array {
  const bytes = Buffer.alloc(FIRST_BYTES)
  let fd: number | undefined
  try {
    fd = fs.openSync(file, 'r')
    return bytes.subarray(0, fs.readSync(fd, bytes, 0, FIRST_BYTES, 0))
  } catch (error) {
    throw fromSystemError(error, 'reading', file)
  } finally {
    if (fd !== undefined) fs.closeSync(fd)
  }
}

/** In characters, more than any message has: a file without line ends is not a capture. */
const LONGEST_LINE = 16 * 1024 * 1024

function isDamagedGzip(error: unknown): boolean {
  const { code } = error as { readonly code?: unknown }
  return typeof code === 'string' && code.startsWith('Z_')
}

/** A file's lines, in batches: the lines of one read at a time. */
async function* linesOf(file: string): AsyncGenerator<readonly string[], void, undefined> {
  let rest = ''
  for await (const chunk of textOf(file)) {
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

async function* textOf(file: string): AsyncGenerator<string, void, undefined> {
  const source = fs.createReadStream(file)
  const stream: Readable = isGzip(file) ? pipeline(source, createGunzip(), () => {}) : source
  stream.setEncoding('utf8')
  try {
    for await (const chunk of stream) yield chunk as string
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

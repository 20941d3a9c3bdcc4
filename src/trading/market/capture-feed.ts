import * as fs from 'node:fs'
import * as path from 'node:path'
import { pipeline, type Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { InvalidOptionError, TicktapeError } from '../../base/errors.js'
import { formatValue } from '../../base/format-value.js'
import { fromSystemError } from '../../base/system-error.js'
import { CaptureLineError } from '../errors.js'
import { parseCaptureLine } from './capture-line.js'
import type { Feed, MarketEvent } from './feed.js'

/**
 * Plays a capture of a combined WebSocket stream, gzip or plain: one message a line, `<local receive time, ns since 1970> <JSON>`. Quotes are
 * its bookTicker messages, trades its trade messages; all other kinds are passed over. Lines that are not valid are counted and told
 * to `onProblem`, and left out.
 */
export class CaptureFeed implements Feed {
  onProblem: ((problem: TicktapeError) => void) | undefined = undefined
  /** Lines read so far that were not valid. */
  badLines = 0
  readonly file: string

  /** @throws {InvalidOptionError} when there is no such file. */
  constructor(file: string) {
    if (typeof file !== 'string' || file === '')
      throw new InvalidOptionError(`a capture is a file's path, not ${formatValue(file)}`)
    if (!fs.statSync(file, { throwIfNoEntry: false })?.isFile())
      throw new InvalidOptionError(`there is no capture ${file}`, { path: file })
    this.file = path.resolve(file)
  }

  async *events(skip: number): AsyncGenerator<readonly MarketEvent[], void, undefined> {
    this.badLines = 0
    let line = 0
    let left = skip
    try {
      for await (const lines of linesOf(this.file)) {
        const batch: MarketEvent[] = []
        for (const text of lines) {
          line++
          const event = this.parse(text, line)
          if (event === undefined) continue
          if (left > 0) left--
          else batch.push(event)
        }
        if (batch.length > 0) yield batch
      }
    } catch (error) {
      // A recorder that was killed leaves its last block half written: what came before is good.
      if (error instanceof TicktapeError) throw error
      if (!isDamagedGzip(error)) throw fromSystemError(error, 'reading', this.file)
      this.reportBadLine(line + 1, 'is where its compression is cut off or damaged; the rest', error)
    }
  }

  private parse(text: string, line: number): MarketEvent | undefined {
    if (text === '') return undefined
    const parsed = parseCaptureLine(text)
    if (typeof parsed !== 'string') return parsed
    this.reportBadLine(line, `${parsed}; it`)
    return undefined
  }

  private reportBadLine(line: number, what: string, cause?: unknown): void {
    this.badLines++
    this.onProblem?.(
      new CaptureLineError(`line ${line} of ${this.file} ${what} was left out`, line, { path: this.file, cause }),
    )
  }
}

/** More than any message has; a file without line ends is no capture. */
const LONGEST_LINE = 16 * 1024 * 1024

function isDamagedGzip(error: unknown): boolean {
  const { code } = error as { readonly code?: unknown }
  return typeof code === 'string' && code.startsWith('Z_')
}

/** A file's lines, as many at a time as were read at once. */
async function* linesOf(file: string): AsyncGenerator<readonly string[], void, undefined> {
  let rest = ''
  for await (const chunk of textOf(file)) {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop() ?? ''
    if (rest.length > LONGEST_LINE) {
      throw new InvalidOptionError(`${file} has a line of more than ${LONGEST_LINE} characters: it is no capture`, {
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
  stream.setEncoding('latin1')
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

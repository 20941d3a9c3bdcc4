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
 * Plays a capture of a venue's market data, gzip or plain: one message a line, `<local receive time, ns since 1970> <JSON>`, in one of the
 * dialects of `dialects.ts`. Messages that are neither quotes nor trades of the market are passed over. Lines that are not valid are left
 * out: the first ones are told to `onProblem`, the rest in one message at the end.
 */
export class CaptureFeed implements Feed {
  onProblem: ((problem: TicktapeError) => void) | undefined = undefined
  readonly file: string
  private leftOut: LeftOut

  /** @throws {InvalidOptionError} when there is no such file. */
  constructor(file: string) {
    if (typeof file !== 'string' || file === '')
      throw new InvalidOptionError(`a capture is a file's path, not ${formatValue(file)}`)
    if (!fs.statSync(file, { throwIfNoEntry: false })?.isFile())
      throw new InvalidOptionError(`there is no capture ${file}`, { path: file })
    this.file = path.resolve(file)
    this.leftOut = this.newCount()
  }

  /** Lines read so far that were left out: they were not valid, or of a symbol that frames cannot hold. */
  get badLines(): number {
    return this.leftOut.bad
  }

  /** Messages read so far that are neither quotes nor trades of the market, by kind, such as 'depthUpdate' and 'trade of ADL'. */
  get passedOver(): ReadonlyMap<string, number> {
    return this.leftOut.passedOver
  }

  /** Lines read so far of symbols that frames cannot hold, by symbol. They count as bad lines too. */
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
            leftOut.see(parsed, line)
            continue
          }
          leftOut.understood()
          if (left > 0) left--
          else batch.push(parsed)
        }
        yield batch
      }
      leftOut.checkAny(line)
    } catch (error) {
      // A recorder that was killed leaves its last block half written: what came before is good.
      if (error instanceof TicktapeError) throw error
      if (!isDamagedGzip(error)) throw fromSystemError(error, 'reading', this.file)
      leftOut.seeBad('its compression cut off or damaged', line + 1, 'the rest', error)
      leftOut.checkAny(line)
    } finally {
      leftOut.end()
    }
  }

  private newCount(): LeftOut {
    return new LeftOut(this.file, problem => this.onProblem?.(problem))
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

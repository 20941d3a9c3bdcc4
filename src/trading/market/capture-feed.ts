import { TicktapeError } from '../../base/errors.js'
import { fromSystemError } from '../../base/system-error.js'
import type { MarketEvent } from '../messages/market-event.js'
import { captureFile, isDamagedGzip, linesOf } from './capture-file.js'
import { identityOf } from './capture-identity.js'
import { CaptureReader } from './capture-reader.js'
import type { Parsed } from './dialects/dialect.js'
import type { Feed } from './feed.js'
import { LeftOut } from './left-out.js'

/**
 * Plays a capture of a venue's market data, gzip or plain: one message per line behind its receive time (`capture-line.ts`), in the
 * dialects of `dialects/dialects.ts`. Messages that are neither quotes nor trades of the market are skipped. Lines that are not valid are left
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
    this.file = captureFile(file)
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
    const reader = new CaptureReader()
    let line = 0
    let left = skip
    const take = (parsed: Parsed, batch: MarketEvent[]): void => {
      if (parsed.kind !== 'quote' && parsed.kind !== 'trade') return leftOut.add(parsed, line)
      leftOut.eventFound()
      if (left > 0) left--
      else batch.push(parsed)
    }
    try {
      for await (const lines of linesOf(this.file)) {
        const batch: MarketEvent[] = []
        for (const text of lines) {
          line++
          if (text === '') continue
          const parsed = reader.read(text)
          if ('kind' in parsed) take(parsed, batch)
          else for (const part of parsed) take(part, batch)
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

import { ClosedError, InvalidOptionError, InvalidStateError } from '../../base/errors.js'
import { formatValue } from '../../base/format-value.js'
import { checkOptions, kinds } from '../../base/options.js'
import type { Dispatch } from '../../frames/dispatch.js'
import { Handlers, isHandlers } from '../../frames/handlers.js'
import type { FrameView } from '../../frames/view.js'
import { type Followed, follow } from '../../wait/follow.js'
import { runLoop, WAITS } from '../../wait/run-loop.js'
import type { ReaderOptions, RunOptions } from './options.js'
import { Reader } from './reader.js'
import { Tournament } from './tournament.js'

/** One journal to merge: its directory, and how to read it. */
export interface MergeSource extends Pick<ReaderOptions, 'from' | 'durable'> {
  readonly path: string
}

/** A frame and the journal it comes from. */
export interface MergedFrame {
  readonly frame: FrameView
  /** The index of its journal in the list given to `open`. */
  readonly source: number
}

const DEFAULT_LIMIT = 256
/** The initial handlers of a merged reader. No caller can pass them, so the first poll always compiles the caller's. */
const NO_HANDLERS = new Handlers()

/**
 * Reads several journals as one sequence, ordered by time. Frames with the same time are in the order in which their journals were given.
 *
 * Only published frames can be ordered: while journals are being written, a frame may appear after a later frame of another journal was
 * returned. A program that acts on a live merge must record the order it saw (each output frame has its cause), and replay that order.
 */
export class MergedReader implements Disposable {
  private readonly readers: Reader[] = []
  private readonly everything: Dispatch[]
  /** The times of the journals' next frames, as far as they were read. */
  private readonly tournament: Tournament
  /** A journal was read, and its next frame is not in the tournament yet. */
  private moved = -1
  private handlers = NO_HANDLERS
  private version = -1
  private dispatches: Dispatch[] = []
  private polling = false
  private isClosed = false
  /** Wakes the code that sleeps on this reader. */
  private readonly closing = new AbortController()

  /**
   * Opens all journals, or none if one fails.
   *
   * @throws what `Reader.open` throws.
   */
  static open(
    sources: readonly (string | MergeSource)[],
    options: { readonly signal?: AbortSignal } = {},
  ): MergedReader {
    if (!Array.isArray(sources)) throw new InvalidOptionError('MergedReader.open takes a list of journals')
    checkOptions('MergedReader.open', options, { signal: kinds.signal })
    return new MergedReader(sources, options.signal)
  }

  private constructor(
    sources: readonly (string | MergeSource)[],
    private readonly signal: AbortSignal | undefined,
  ) {
    try {
      for (const source of sources) {
        if (typeof source !== 'string' && (typeof source !== 'object' || source === null)) {
          throw new InvalidOptionError(
            `MergedReader.open takes paths and { path, from, durable }, not ${formatValue(source)}`,
          )
        }
        const { path, ...options } = typeof source === 'string' ? { path: source } : source
        this.readers.push(Reader.open(path, options))
      }
    } catch (error) {
      for (const reader of this.readers) reader.close()
      throw error
    }
    this.everything = this.readers.map(reader => reader.iteration)
    this.tournament = new Tournament(this.readers.length)
  }

  /**
   * Handles the frames that exist now, at most `limit`, in order of time. A handler's second argument is the index of the frame's
   * journal. Returns how many were read; 0 when there are none. An error of a handler is thrown to the caller.
   */
  poll(handlers: Handlers, limit: number = DEFAULT_LIMIT): number {
    this.throwIfClosed()
    if (this.polling) throw new InvalidStateError('poll() from inside a handler of the same merged reader')
    if (typeof limit !== 'number' || !(limit >= 1))
      throw new InvalidOptionError(`poll() takes a limit of at least 1 frame, not ${formatValue(limit)}`)
    if (this.handlers !== handlers || this.version !== handlers.version) this.compile(handlers)
    this.polling = true
    let count = 0
    try {
      this.findFrames()
      while (count < limit && !this.isClosed) {
        const index = this.tournament.first
        if (index < 0) break
        const { frames } = this.readers[index]
        this.moved = index
        const route = frames.step(this.dispatches[index])
        if (route !== undefined) {
          count++
          route.handle(route.view, index)
        }
        if (!this.isClosed) this.findFrame(index)
      }
      return count
    } finally {
      this.polling = false
      if (!this.isClosed) {
        for (const dispatch of this.dispatches) dispatch.expire()
        for (const reader of this.readers) reader.checkpoint()
      }
    }
  }

  /** The frames that exist now, one by one; the object and its frame are valid until the next one is requested. */
  *[Symbol.iterator](): Generator<MergedFrame, void, undefined> {
    for (;;) {
      const next = this.next()
      if (next === undefined) return
      yield next
    }
  }

  /** Follows all journals until the signal given to `open` aborts, the reader is closed, or the loop ends with `break`. */
  [Symbol.asyncIterator](): AsyncIterableIterator<MergedFrame> {
    this.throwIfClosed()
    return follow(this.followed(), this.signal)
  }

  /** Like `Reader.run`, for all journals. */
  async run(handlers: Handlers, options: RunOptions = {}): Promise<number> {
    checkOptions('run', options, {
      wait: kinds.oneOf(...WAITS),
      signal: kinds.signal,
      limit: kinds.integer(1, 2 ** 31),
    })
    this.throwIfClosed()
    const pollable = Object.assign(this.followed(), { poll: (limit: number) => this.poll(handlers, limit) })
    return runLoop(
      pollable,
      options.wait ?? 'event-loop',
      options.signal ?? this.signal,
      options.limit ?? DEFAULT_LIMIT,
    )
  }

  /** The position of the next frame of each journal, in the order of the list given to `open`. */
  get positions(): number[] {
    this.throwIfClosed()
    return this.readers.map(reader => reader.position)
  }

  /** The number of slots that are published and not yet read, in all journals together. */
  get lag(): number {
    this.throwIfClosed()
    return this.readers.reduce((sum, reader) => sum + reader.lag, 0)
  }

  close(): void {
    this.isClosed = true
    this.closing.abort()
    for (const reader of this.readers) reader.close()
  }

  [Symbol.dispose](): void {
    this.close()
  }

  private get controls() {
    return this.readers.map(reader => reader.sleepOn)
  }

  private hasNews(): boolean {
    return this.readers.some(reader => reader.frames.availableBeforeSleep() > reader.frames.slot)
  }

  private followed(): Followed<MergedFrame> {
    const merged = this
    return {
      next: () => merged.next(),
      hasNews: () => merged.hasNews(),
      controls: this.controls,
      closing: this.closing.signal,
      get closed() {
        return merged.isClosed
      },
    }
  }

  private next(): MergedFrame | undefined {
    this.throwIfClosed()
    if (this.polling)
      throw new InvalidStateError('the next frame was requested inside a handler of the same merged reader')
    for (const reader of this.readers) reader.checkpoint()
    for (const dispatch of this.everything) dispatch.expire()
    this.findFrames()
    const source = this.tournament.first
    if (source < 0) return undefined
    this.moved = source
    const route = this.readers[source].frames.step(this.everything[source])
    return route === undefined ? undefined : { frame: route.view, source }
  }

  private compile(handlers: Handlers): void {
    if (!isHandlers(handlers))
      throw new InvalidOptionError(`handlers are made by on(Definition, frame => ...), not ${formatValue(handlers)}`)
    // If one of the journals refuses the handlers, the others have already released the previous ones.
    this.handlers = NO_HANDLERS
    this.dispatches = this.readers.map(reader => reader.compile(handlers))
    this.handlers = handlers
    this.version = handlers.version
  }

  /** Looks at the journals that had no next frame, and at the one that was read last. */
  private findFrames(): void {
    if (this.moved >= 0) this.findFrame(this.moved)
    const { tournament, readers } = this
    for (let i = 0; i < readers.length; i++) if (!tournament.has(i)) this.findFrame(i)
  }

  /** Enters the next frame of a journal into the tournament. */
  private findFrame(index: number): void {
    const { frames } = this.readers[index]
    if (frames.available() > frames.slot) this.tournament.set(index, frames.timeHigh(), frames.timeLow())
    else this.tournament.remove(index)
    this.moved = -1
  }

  private throwIfClosed(): void {
    if (this.isClosed) throw new ClosedError('the merged reader is closed; open another')
  }
}

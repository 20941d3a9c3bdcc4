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
  /** The indexes of the journals that have a frame, as a binary heap with the earliest frame first. */
  private readonly heap: number[] = []
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
      this.fillHeap()
      while (count < limit && this.heap.length > 0 && !this.isClosed) {
        const index = this.heap[0]
        const { frames } = this.readers[index]
        const route = frames.step(this.dispatches[index])
        if (route !== undefined) {
          count++
          route.handle(route.view, index)
        }
        if (!this.isClosed) this.refreshTop(index)
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
    return this.readers.some(reader => reader.frames.available() > reader.frames.slot)
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
    this.fillHeap()
    if (this.heap.length === 0) return undefined
    const source = this.heap[0]
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

  private fillHeap(): void {
    const { heap, readers } = this
    heap.length = 0
    for (let i = 0; i < readers.length; i++) {
      const { frames } = readers[i]
      if (frames.available() <= frames.slot) continue
      heap.push(i)
      this.siftUp(heap.length - 1)
    }
  }

  /** The frame at the top of the heap was read: moves its journal's next frame, if there is one, to its position in the heap. */
  private refreshTop(index: number): void {
    const { heap } = this
    const { frames } = this.readers[index]
    if (frames.available() <= frames.slot) {
      const last = heap.pop() as number
      if (heap.length === 0) return
      heap[0] = last
    }
    this.siftDown(0)
  }

  private siftUp(start: number): void {
    const { heap } = this
    let child = start
    while (child > 0) {
      const parent = (child - 1) >> 1
      if (!this.before(heap[child], heap[parent])) return
      this.swap(child, parent)
      child = parent
    }
  }

  private siftDown(start: number): void {
    const { heap } = this
    let parent = start
    for (;;) {
      const left = 2 * parent + 1
      if (left >= heap.length) return
      const right = left + 1
      const child = right < heap.length && this.before(heap[right], heap[left]) ? right : left
      if (!this.before(heap[child], heap[parent])) return
      this.swap(child, parent)
      parent = child
    }
  }

  private swap(a: number, b: number): void {
    const { heap } = this
    const kept = heap[a]
    heap[a] = heap[b]
    heap[b] = kept
  }

  /** Whether journal a's next frame comes before journal b's. */
  private before(a: number, b: number): boolean {
    const first = this.readers[a].frames
    const second = this.readers[b].frames
    const high = first.timeHigh() - second.timeHigh()
    if (high !== 0) return high < 0
    const low = first.timeLow() - second.timeLow()
    return low === 0 ? a < b : low < 0
  }

  private throwIfClosed(): void {
    if (this.isClosed) throw new ClosedError('the merged reader is closed; open another')
  }
}

import * as paths from 'node:path'
import { ClosedError, InvalidOptionError, InvalidStateError } from '../../base/errors.js'
import { formatValue } from '../../base/format-value.js'
import { checkOptions, kinds } from '../../base/options.js'
import { Dispatch } from '../../frames/dispatch.js'
import { Handlers, isHandlers } from '../../frames/handlers.js'
import type { InstrumentEntry } from '../../frames/instruments.js'
import type { FrameView } from '../../frames/view.js'
import type { Directory } from '../../native/addon.js'
import { type Followed, follow } from '../../wait/follow.js'
import { runLoop, WAITS } from '../../wait/run-loop.js'
import { Control } from '../control/control.js'
import { ReaderRegistration } from '../control/reader-registry.js'
import { JournalNotFoundError } from '../errors.js'
import { openToRead } from '../files/directory.js'
import { InstrumentCache } from '../files/instrument-cache.js'
import { SchemaCache } from '../files/schema-cache.js'
import { orClose } from '../pages/page.js'
import { lastPage, type SeekResult, seekEnd, seekPosition, seekStart, seekTime } from '../seek/seek.js'
import { FrameSource } from './frame-source.js'
import { checkReaderOptions, checkStart, isNamed, type ReaderOptions, type RunOptions, type Start } from './options.js'

/** The default limit of `poll`, in frames. */
const DEFAULT_LIMIT = 256

/**
 * Reads a journal forward, frame by frame, from any process. It never delays the writer or other readers, and needs only read permission.
 * With permission to write the file `control` it can have a name, and the writer can wake it; otherwise it checks for frames every few ms.
 *
 *     const reader = Reader.open('/dev/shm/quotes')
 *     reader.poll(on(Ticker, t => console.log(t.symbol, t.last)))
 */
export class Reader implements Disposable {
  /** The journal's directory. */
  readonly path: string

  /** Held open, so that all reads are from this journal, even if another one is created at its path. */
  private readonly directory: Directory
  private readonly control: Control | undefined
  private readonly registration: ReaderRegistration | undefined
  private readonly source: FrameSource
  private readonly schema: SchemaCache
  private readonly instrumentCache: InstrumentCache
  private readonly options: ReaderOptions
  private readonly everything: Dispatch
  private dispatch: Dispatch
  private checkpointed = -1
  private isClosed = false
  /** Wakes the code that sleeps on this reader. */
  private readonly closing = new AbortController()

  /**
   * Opens a journal for reading.
   *
   * @throws {JournalNotFoundError} when it does not exist yet (see `whenReady`), {NotAJournalError}, {FormatVersionError},
   * {CorruptJournalError}, {PositionError}, {PositionGoneError}, {ReaderBusyError}, {ReaderNameError}, {InvalidOptionError}.
   */
  static open(directory: string, options: ReaderOptions = {}): Reader {
    return new Reader(directory, options)
  }

  /**
   * Opens a journal for reading as soon as its writer has created it.
   *
   * @throws as `open`, and the signal's reason when it aborts first.
   */
  static async whenReady(directory: string, options: ReaderOptions = {}): Promise<Reader> {
    checkReaderOptions(directory, options)
    const { signal } = options
    for (let nap = 1; ; nap = Math.min(nap * 2, LONGEST_NAP_MS)) {
      signal?.throwIfAborted()
      try {
        return new Reader(directory, options)
      } catch (error) {
        if (!(error instanceof JournalNotFoundError)) throw error
      }
      await new Promise(resolve => setTimeout(resolve, nap))
    }
  }

  private constructor(where: string, options: ReaderOptions) {
    checkReaderOptions(where, options)
    const path = paths.resolve(where)
    this.path = path
    this.options = options
    const directory = openToRead(path)
    this.directory = directory
    this.instrumentCache = new InstrumentCache(directory)
    this.schema = new SchemaCache(directory, this.instrumentCache.names)
    let control: Control | undefined
    let registration: ReaderRegistration | undefined
    try {
      control = Control.openForReader(directory)
      this.control = control
      const from = options.from ?? 'start'
      if (isNamed(from)) {
        // Check the journal first: a name is registered only if there is a journal to read.
        lastPage(directory, control).mapping.close()
        if (control === undefined)
          throw new JournalNotFoundError(`${path} has no control file to keep a reader's position in`, { path })
        registration = ReaderRegistration.acquire(control, from.name)
      }
      this.registration = registration
      const found = this.find(
        isNamed(from)
          ? registration?.resumeAt === undefined
            ? (from.start ?? 'start')
            : { position: registration.resumeAt }
          : from,
      )
      this.source = new FrameSource(directory, found, options.durable ?? false)
    } catch (error) {
      registration?.release()
      control?.close()
      directory.close()
      throw error
    }
    this.everything = new Dispatch(
      new Handlers().otherwise(() => {}),
      0,
      this.schema,
      this.source.page.memory,
    )
    this.dispatch = this.everything
    this.source.addDispatch(this.everything)
    this.checkpoint()
  }

  /**
   * Handles the frames that exist now, at most `limit`, without waiting. Returns how many were read, including those without a handler;
   * 0 when there are none.
   *
   * A frame counts as read before its handler runs. An error of a handler is thrown to the caller, and the next call continues after
   * that frame. A named reader's position is stored when `poll` returns.
   *
   * @throws {SchemaMismatchError} when a handler's definition is not the journal's, {CorruptJournalError}, {PositionGoneError}.
   */
  poll(handlers: Handlers, limit: number = DEFAULT_LIMIT): number {
    return this.pollOnce(handlers, limit, false)
  }

  /** The frames that exist now, one by one. A frame is valid until the next one is requested. */
  *[Symbol.iterator](): Generator<FrameView, void, undefined> {
    for (;;) {
      const frame = this.next()
      if (frame === undefined) return
      yield frame
    }
  }

  /** Follows the journal until the signal given to `open` aborts, the reader is closed, or the loop ends with `break`. */
  [Symbol.asyncIterator](): AsyncIterableIterator<FrameView> {
    return this.follow()
  }

  /** Follows the journal until the signal aborts or the reader is closed. A frame is valid until the next one is requested. */
  follow(options: { readonly signal?: AbortSignal } = {}): AsyncIterableIterator<FrameView> {
    this.throwIfClosed()
    checkOptions('follow', options, { signal: kinds.signal })
    return follow(this.followed(), options.signal ?? this.options.signal)
  }

  /**
   * Polls until the signal aborts or the reader is closed. When there is no frame it waits in the way that `wait` selects. Resolves to the
   * number of frames read; rejects with the error of a handler.
   */
  async run(handlers: Handlers, options: RunOptions = {}): Promise<number> {
    checkOptions('run', options, {
      wait: kinds.oneOf(...WAITS),
      signal: kinds.signal,
      limit: kinds.integer(1, 2 ** 31),
    })
    this.throwIfClosed()
    const pollable = Object.assign(this.followed(), {
      poll: (limit: number, flowing: boolean) => this.pollOnce(handlers, limit, flowing),
    })
    return runLoop(
      pollable,
      options.wait ?? 'event-loop',
      options.signal ?? this.options.signal,
      options.limit ?? DEFAULT_LIMIT,
    )
  }

  /** The position of the next frame. */
  get position(): number {
    this.throwIfClosed()
    return this.source.position
  }

  /** The number of slots that are published and not yet read. */
  get lag(): number {
    this.throwIfClosed()
    const { page } = this.source
    if (!page.sealed) return page.cursor - this.source.slot
    const last = lastPage(this.directory, this.control)
    const end = orClose(last, () => last.firstPosition + last.cursor)
    last.mapping.close()
    return Math.max(0, end - this.source.position)
  }

  /**
   * The journal's entry for the number of an instrument, as its writer added it; undefined for a number that has none, and for 0. A
   * view's `symbol` comes from the same entries, but never throws.
   *
   * @throws {CorruptJournalError} when instruments.json is damaged.
   */
  instrument(number: number): InstrumentEntry | undefined {
    this.throwIfClosed()
    return this.instrumentCache.get(number)
  }

  /** All entries that the journal has now, in the order in which they were added. @throws as `instrument`. */
  instruments(): InstrumentEntry[] {
    this.throwIfClosed()
    return this.instrumentCache.all
  }

  /**
   * Continues at another position or time.
   *
   * @throws {PositionError}, {PositionGoneError}; then the position does not change.
   */
  seek(to: Start): void {
    this.throwIfClosed()
    checkStart('seek', to)
    this.source.moveTo(this.find(to))
    this.checkpoint()
  }

  /** Unmaps everything and ends the views of its frames. The position of a named reader stays stored. May be called more than once. */
  close(): void {
    if (this.isClosed) return
    this.checkpoint()
    this.isClosed = true
    this.closing.abort()
    this.registration?.release()
    this.source.close()
    this.control?.close()
    this.directory.close()
  }

  [Symbol.dispose](): void {
    this.close()
  }

  /** @internal For iteration: views of every type, made from the journal's schema. */
  get iteration(): Dispatch {
    return this.everything
  }

  /** @internal For merging. */
  get frames(): FrameSource {
    return this.source
  }

  /** @internal */
  get sleepOn(): Control | undefined {
    return this.control
  }

  /** @internal */
  get closed(): boolean {
    return this.isClosed
  }

  /** @internal Compiles handlers for this journal. */
  compile(handlers: Handlers): Dispatch {
    if (!isHandlers(handlers))
      throw new InvalidOptionError(`handlers are made by on(Definition, frame => ...), not ${formatValue(handlers)}`)
    const dispatch = new Dispatch(handlers, handlers.version, this.schema, this.source.page.memory)
    if (this.dispatch !== this.everything) this.source.removeDispatch(this.dispatch)
    this.source.addDispatch(dispatch)
    this.dispatch = dispatch
    return dispatch
  }

  /** @internal Stores a named reader's position. @param clockIsRead whether the clock was read for the frame at hand. */
  checkpoint(clockIsRead = false): void {
    if (this.registration === undefined || this.isClosed) return
    const position = this.source.position
    if (position === this.checkpointed) return
    this.checkpointed = position
    this.registration.checkpoint(position, clockIsRead)
  }

  /** @param behind let the writer advance between finding frames and reading them. */
  private pollOnce(handlers: Handlers, limit: number, behind: boolean): number {
    const { source } = this
    if (this.isClosed || source.polling || typeof limit !== 'number' || !(limit >= 1)) this.refusePoll(limit)
    let { dispatch } = this
    if (dispatch.handlers !== handlers || dispatch.version !== handlers.version) dispatch = this.compile(handlers)
    if (this.registration === undefined) return source.poll(dispatch, limit, behind)
    // When a handler throws, its frame already counts as read.
    let count = 1
    try {
      count = source.poll(dispatch, limit, behind)
      return count
    } finally {
      if (count > 0) this.checkpoint()
    }
  }

  private refusePoll(limit: number): never {
    this.throwIfClosed()
    if (this.source.polling)
      throw new InvalidStateError(`${this.path}: poll() from inside a handler of the same reader`)
    throw new InvalidOptionError(`poll() takes a limit of at least 1 frame, not ${formatValue(limit)}`)
  }

  private next(): FrameView | undefined {
    this.throwIfClosed()
    if (this.source.polling)
      throw new InvalidStateError(`${this.path}: the next frame was requested inside a handler of the same reader`)
    // The frame returned before has been handled now, so a named reader's position is stored here.
    this.checkpoint()
    this.everything.expire()
    return this.source.step(this.everything)?.view
  }

  private hasNews(): boolean {
    return this.source.availableBeforeSleep() > this.source.slot
  }

  private followed(): Followed<FrameView> {
    const reader = this
    return {
      next: () => reader.next(),
      hasNews: () => reader.hasNews(),
      controls: [reader.control],
      closing: reader.closing.signal,
      get closed() {
        return reader.isClosed
      },
    }
  }

  private find(from: Start): SeekResult {
    if (from === 'start') return seekStart(this.directory)
    if (from === 'end') return seekEnd(this.directory, this.control)
    if ('position' in from) return seekPosition(this.directory, from.position, this.control)
    const { time } = from
    return seekTime(this.directory, typeof time === 'bigint' ? time : BigInt(time.getTime()) * 1_000_000n, this.control)
  }

  private throwIfClosed(): void {
    if (this.isClosed) this.throwClosed()
  }

  private throwClosed(): never {
    throw new ClosedError(`the reader of ${this.path} is closed; open another`, { path: this.path })
  }
}

/** The longest sleep between two checks for a journal that does not exist yet. */
const LONGEST_NAP_MS = 20

import type { NatsConnection } from '@nats-io/transport-node'
import { ClosedError, InvalidOptionError, TicktapeError } from '../../base/errors.js'
import { formatValue } from '../../base/format-value.js'
import { checkOptions, kinds } from '../../base/options.js'
import { Dispatch } from '../../frames/dispatch.js'
import { Handlers, isHandlers } from '../../frames/handlers.js'
import type { InstrumentEntry } from '../../frames/instruments.js'
import type { FrameView } from '../../frames/view.js'
import { nap } from '../../wait/nap.js'
import { StreamBehindError, StreamError } from '../errors.js'
import type { ReplicationEvent } from '../events.js'
import { connect, type ServerOptions } from './connect.js'
import { Consumption } from './consumption.js'
import { checkReaderName, KeptPosition } from './kept-position.js'
import { endOf, readEnvelope } from './message.js'
import { loadNats } from './packages.js'
import { RETRY_MS, untilItWorks } from './patience.js'
import { RunFrames } from './run-frames.js'
import { Stream, type StreamMessage } from './stream.js'
import { findPlace } from './stream-place.js'
import { StreamSchema } from './stream-schema.js'
import { watchStream } from './watch-stream.js'

/** Where a reader of a stream begins: at the first frame that the stream still has, behind the last one, or at a position. */
export type StreamStart = 'start' | 'end' | { readonly position: number }

export interface StreamReaderOptions extends Omit<ServerOptions, 'server'> {
  /** Default 'start'. With a name it continues where the last reader of this name was, and begins at `start` the first time. */
  readonly from?: StreamStart | { readonly name: string; readonly start?: StreamStart }
  /** Ends the wait for a server or a stream, and reading. */
  readonly signal?: AbortSignal
  readonly onEvent?: (event: ReplicationEvent) => void
}

/** What a reader of a stream is made of. */
interface Opened {
  readonly connection: NatsConnection
  readonly stream: Stream
  readonly source: string
  readonly journalId: number
  readonly schema: StreamSchema
  readonly next: number
  readonly isAtStart: boolean
  readonly kept: KeptPosition | undefined
  readonly consumption: Consumption
}

/**
 * Reads the frames of a journal from a stream, on a machine that keeps no copy of it.
 *
 * A frame of a reader with a name counts as handled when the next one is asked for. Its position is stored at the server every 100 ms and
 * when the reader is closed: after a crash, the frames of the last moments come again.
 */
export class StreamReader {
  private readonly connection: NatsConnection
  private readonly from: Stream
  private readonly source: string
  private readonly schema: StreamSchema
  private readonly kept: KeptPosition | undefined
  private readonly consumption: Consumption
  private readonly frames: RunFrames
  /** The position of the next frame. */
  private next: number
  /** It begins where the stream begins, which may move until the first frame is read. */
  private isAtStart: boolean
  private readonly closing = new AbortController()
  /** Ends the loop that reads. */
  private ending = this.closing.signal
  private isReading = false
  private handled = -1
  private failure: unknown = undefined
  private readonly watching: Promise<unknown>
  private closed: Promise<void> | undefined = undefined

  private constructor(
    opened: Opened,
    private readonly options: StreamReaderOptions,
  ) {
    const { connection, stream, source, journalId, schema, next, isAtStart, kept, consumption } = opened
    this.connection = connection
    this.from = stream
    this.source = source
    this.schema = schema
    this.kept = kept
    this.consumption = consumption
    this.next = next
    this.isAtStart = isAtStart
    this.frames = new RunFrames(schema, `stream ${stream.name}`, journalId)
    // A failure ends the iteration.
    const fail = (error: unknown): void => {
      this.failure ??= error
      consumption.interrupt()
    }
    const watches = [this.watchConnection(), watchStream(stream, connection, this.closing.signal)]
    this.watching = Promise.all(watches.map(watch => watch.catch(fail)))
    // A name has a position from now on, also while there is no frame.
    kept?.store(next)
  }

  /**
   * Connects as soon as there is a server, and waits until there is a stream with a message.
   *
   * @param server 'nats://HOST:PORT' or 'tls://HOST:PORT'.
   * @param stream its name. Default: the server's only stream of ticktape.
   * @throws {PackageMissingError}, {StreamServerError}, {StreamError}, {StreamBehindError} when the stream's limits have removed the position,
   * {ReaderBusyError} when a live reader has the name, {InvalidOptionError}; the signal's reason when it aborts first.
   */
  static async open(server: string, stream?: string, options: StreamReaderOptions = {}): Promise<StreamReader> {
    checkReaderOptions(server, options)
    const { signal = new AbortController().signal, onEvent } = options
    const nats = await loadNats()
    const wait = (text: string): void => onEvent?.({ kind: 'waiting', text })
    const name = stream === undefined ? 'ticktape follow' : `ticktape follow ${stream}`
    const connection = await connect(nats, { ...options, server }, name, signal, wait)
    try {
      const opened = await untilItWorks(
        async () => {
          const found = connection && (await Stream.openExisting(nats, connection, stream))
          if (connection === undefined || found === undefined) throw new Error('there is no such stream yet')
          const [first, last] = [await found.first(), await found.last()]
          if (first === undefined || last === undefined) throw new Error(`stream ${found.name} has no message yet`)
          const schema = new StreamSchema(`stream ${found.name}`)
          await schema.load(found)
          const { from = 'start' } = options
          const named = typeof from === 'object' && 'name' in from ? from : undefined
          const begin = (start: StreamStart): number =>
            start === 'start' ? first.after : start === 'end' ? endOf(last) : start.position
          const { source, journalId } = first
          const opening = named && (await KeptPosition.open(nats, connection, found, named.name, source))
          const start = named === undefined ? (from as StreamStart) : (named.start ?? 'start')
          return new StreamReader(
            {
              connection,
              stream: found,
              source,
              journalId,
              schema,
              next: opening?.resumeAt ?? begin(start),
              isAtStart: opening?.resumeAt === undefined && start === 'start',
              kept: opening?.kept,
              consumption: new Consumption(nats, found),
            },
            options,
          )
        },
        signal,
        wait,
      )
      signal.throwIfAborted()
      const reader = opened as StreamReader
      onEvent?.({ kind: 'started', stream: reader.stream, position: reader.position })
      return reader
    } catch (error) {
      await connection?.close()
      throw error
    }
  }

  /** The stream's name. */
  get stream(): string {
    return this.from.name
  }

  /** The position of the next frame. */
  get position(): number {
    return this.next
  }

  /** The entry for the number of an instrument; undefined for one that the stream has not named. */
  instrument(number: number): InstrumentEntry | undefined {
    return this.schema.instrument(number)
  }

  /** All instruments that the stream has named so far. */
  instruments(): InstrumentEntry[] {
    return this.schema.allInstruments
  }

  /** Follows the stream until the signal given to `open` aborts, the reader is closed, or the loop ends with `break`. */
  [Symbol.asyncIterator](): AsyncGenerator<FrameView, void, undefined> {
    return this.follow()
  }

  /**
   * Follows the stream, over lost connections and servers that are started again. A frame is valid until the next one is requested.
   *
   * @throws {StreamBehindError} when the stream's limits have removed frames that were not read, {StreamError}, {StreamServerError},
   * {CorruptJournalError}, {ClosedError}.
   */
  async *follow(options: { readonly signal?: AbortSignal } = {}): AsyncGenerator<FrameView, void, undefined> {
    checkOptions('follow', options, { signal: kinds.signal })
    let everything = this.compile(new Handlers().otherwise(() => {}))
    let { version } = this.schema
    for await (const _ of this.runs(options.signal)) {
      if (version !== this.schema.version) {
        version = this.schema.version
        everything = this.compile(everything.handlers)
      }
      for (let route = this.frames.step(everything); route !== undefined; route = this.frames.step(everything)) {
        yield route.view
        // The next one was asked for: this one is handled, also when there is no next one.
        everything.expire()
        this.advance()
        if (this.ending.aborted) return
      }
    }
  }

  /**
   * Handles each frame until the signal aborts or the reader is closed. Resolves to the number of frames read; rejects with the error of a
   * handler, whose frame counts as read.
   *
   * @throws as `follow`, and {SchemaMismatchError} when a handler's definition is not the stream's.
   */
  async run(handlers: Handlers, options: { readonly signal?: AbortSignal } = {}): Promise<number> {
    if (!isHandlers(handlers))
      throw new InvalidOptionError(`handlers are made by on(Definition, frame => ...), not ${formatValue(handlers)}`)
    checkOptions('run', options, { signal: kinds.signal })
    let dispatch = this.compile(handlers)
    let { version } = this.schema
    let count = 0
    for await (const _ of this.runs(options.signal)) {
      if (version !== this.schema.version || dispatch.version !== handlers.version) {
        version = this.schema.version
        dispatch = this.compile(handlers)
      }
      try {
        for (let route = this.frames.step(dispatch); route !== undefined; route = this.frames.step(dispatch)) {
          count++
          route.handle(route.view, 0)
          if (this.ending.aborted) return count
        }
      } finally {
        dispatch.expire()
        this.advance()
      }
    }
    return count
  }

  /** Ends reading, stores the position of a reader with a name, and disconnects. May be called more than once. */
  close(): Promise<void> {
    this.closed ??= this.closeOnce()
    return this.closed
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  private async closeOnce(): Promise<void> {
    this.closing.abort()
    this.consumption.interrupt()
    await this.kept?.close()
    await this.connection.close()
    await this.watching
  }

  private compile(handlers: Handlers): Dispatch {
    return new Dispatch(handlers, handlers.version, this.schema, this.frames.memory)
  }

  /** All frames before the next one are handled. */
  private advance(): void {
    this.next = Math.max(this.next, this.frames.position)
    if (this.kept === undefined || this.next === this.handled) return
    this.handled = this.next
    this.kept.store(this.next)
  }

  /** Loads one run after the other. */
  private async *runs(own: AbortSignal | undefined): AsyncGenerator<void, void, undefined> {
    if (this.closing.signal.aborted)
      throw new ClosedError(`the reader of stream ${this.stream} is closed; open another`, { path: this.stream })
    if (this.isReading) throw new InvalidOptionError(`stream ${this.stream} is read by another loop of this reader`)
    this.isReading = true
    const signals = [own, this.options.signal, this.closing.signal].filter(one => one !== undefined)
    const signal = AbortSignal.any(signals)
    this.ending = signal
    const stop = (): void => this.consumption.interrupt()
    signal.addEventListener('abort', stop)
    try {
      while (!signal.aborted) {
        if (this.failure !== undefined) throw this.failure
        const place = await this.findPlace(signal)
        if (signal.aborted) return
        if (place === undefined) await nap(RETRY_MS, signal)
        else yield* this.runsFrom(place.sequence)
      }
    } finally {
      signal.removeEventListener('abort', stop)
      this.isReading = false
    }
  }

  private async findPlace(signal: AbortSignal): Promise<StreamMessage | undefined> {
    for (;;) {
      try {
        return await untilItWorks(() => findPlace(this.from, this.next, 'reader'), signal)
      } catch (error) {
        // Closing closes the connection too.
        if (signal.aborted) return undefined
        if (!(error instanceof StreamBehindError) || !this.isAtStart || error.first <= this.next) throw error
        // What was the first message when it was opened is gone by now.
        this.next = error.first
      }
    }
  }

  private async *runsFrom(sequence: number): AsyncGenerator<void, void, undefined> {
    try {
      for await (const message of this.consumption.from(sequence)) {
        const { subject, headers, data, seq } = message
        const { kind, source, after, run } = readEnvelope(this.stream, { subject, headers, data, sequence: seq })
        if (source !== this.source)
          throw new StreamError(
            `stream ${this.stream} was deleted and created again while it was read; open another reader`,
          )
        if (kind !== 'run') this.schema.take(this.stream, { kind, data, sequence: seq })
        if (run === undefined || run.position + run.slots <= this.next) continue
        if (after > this.next && this.isAtStart) this.next = after
        if (after > this.next)
          throw new StreamBehindError(
            `stream ${this.stream} continues after position ${after}, but the reader is at ${this.next}: the stream's limits have removed what is between`,
            after,
            { position: this.next },
          )
        this.frames.load(run.position, data, this.next)
        this.isAtStart = false
        yield
      }
    } catch (error) {
      if (error instanceof TicktapeError || error instanceof TypeError || error instanceof RangeError) throw error
      // What the client says of a lost connection: the place is searched again.
      await nap(RETRY_MS, this.ending)
    }
  }

  private async watchConnection(): Promise<void> {
    for await (const { type } of this.connection.status()) {
      if (type === 'disconnect') this.options.onEvent?.({ kind: 'disconnected' })
      if (type !== 'reconnect') continue
      this.options.onEvent?.({ kind: 'reconnected', position: this.next })
      this.consumption.interrupt()
    }
    this.consumption.interrupt()
  }
}

/**
 * Follows a journal's stream: each of its frames, then new ones, until the signal aborts or the loop ends. A frame is valid until the next one
 * is requested.
 *
 *     for await (const frame of follow('nats://nats.example.com:4222', 'quotes')) console.log(frame.position, frame.toObject())
 *
 * @throws as `StreamReader.open` and `StreamReader.follow`.
 */
export async function* follow(
  server: string,
  stream?: string,
  options: StreamReaderOptions = {},
): AsyncGenerator<FrameView, void, undefined> {
  let reader: StreamReader
  try {
    reader = await StreamReader.open(server, stream, options)
  } catch (error) {
    if (options.signal?.aborted === true && error === options.signal.reason) return
    throw error
  }
  try {
    yield* reader
  } finally {
    await reader.close()
  }
}

function checkReaderOptions(server: string, options: StreamReaderOptions): void {
  if (typeof server !== 'string')
    throw new InvalidOptionError(`StreamReader.open takes the address of a NATS server, not ${formatValue(server)}`)
  const text = kinds.string
  checkOptions('StreamReader.open', options, {
    from: () => undefined,
    signal: kinds.signal,
    onEvent: () => undefined,
    creds: text,
    nkey: text,
    tokenFile: text,
    user: text,
    passwordFile: text,
    tlsCa: text,
    tlsCert: text,
    tlsKey: text,
  })
  const { from = 'start' } = options
  const isNamed = typeof from === 'object' && from !== null && 'name' in from
  if (isNamed) checkReaderName(from.name)
  const start = isNamed ? from.start : from
  if (start === undefined || start === 'start' || start === 'end') return
  if (typeof start === 'object' && Number.isSafeInteger(start?.position) && start.position >= 0) return
  throw new InvalidOptionError(
    `a reader of a stream begins at 'start', 'end' or { position }, not ${formatValue(start)}`,
  )
}

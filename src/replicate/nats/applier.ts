import { existsSync } from 'node:fs'
import type { JsMsg } from '@nats-io/jetstream'
import type { NatsConnection } from '@nats-io/transport-node'
import { SLOT_SIZE } from '../../frames/format.js'
import { ReplicaMismatchError } from '../../journal/errors.js'
import { listDirectory } from '../../journal/files/directory.js'
import { slotsOf } from '../../journal/pages/header.js'
import { type ReplicaOptions, ReplicaWriter } from '../../journal/replicate/replica-writer.js'
import { nap } from '../../wait/nap.js'
import { StreamError } from '../errors.js'
import type { ReplicationEvent, ReplicationProgress } from '../events.js'
import { connect, type ServerOptions } from './connect.js'
import { Consumption } from './consumption.js'
import { parseDefinitions, parseInstruments } from './descriptions.js'
import { type Envelope, endOf, readEnvelope } from './message.js'
import { loadNats, type NatsPackages } from './packages.js'
import { RETRY_MS, untilItWorks } from './patience.js'
import { Stream, type StreamMessage } from './stream.js'
import { findPlace } from './stream-place.js'
import { watchStream } from './watch-stream.js'

export interface ApplyOptions extends ServerOptions, ReplicaOptions {
  /** The stream's name. Default: the server's only stream of ticktape. */
  readonly stream?: string
  readonly onEvent?: (event: ReplicationEvent) => void
}

/** Applies a stream to a replica, until it is stopped. */
export class Applier {
  /** The sequence number of the last message that was applied, and when the server stored it: ms since 1970. */
  private applied = { sequence: 0, storedMs: 0 }
  private readonly consumption: Consumption
  /** The stream's last message, as far as it was not applied when the server was asked last. */
  private ahead: StreamMessage | undefined = undefined
  /** What ends `run`, found beside it. */
  private failure: unknown = undefined
  /** When `run` has ended. */
  private lastProgress: ReplicationProgress | undefined = undefined
  private frames = 0
  private bytes = 0

  private constructor(
    nats: NatsPackages,
    private readonly connection: NatsConnection,
    private readonly from: Stream,
    private readonly source: string,
    private readonly writer: ReplicaWriter,
    private readonly options: ApplyOptions,
  ) {
    this.consumption = new Consumption(nats, from)
  }

  /**
   * Connects, waits until there is a stream with a message, and opens the replica, which is created if there is none. Undefined when the
   * signal aborts before that.
   *
   * @throws {PackageMissingError}, {StreamServerError}, {StreamError} when the server has several streams and none was named,
   * {StreamBehindError}; as `ReplicaWriter.open`.
   */
  static async open(directory: string, options: ApplyOptions, signal: AbortSignal): Promise<Applier | undefined> {
    const nats = await loadNats()
    const wait = (text: string): void => options.onEvent?.({ kind: 'waiting', text })
    const connection = await connect(nats, options, 'ticktape apply', signal, wait)
    if (connection === undefined) return undefined
    try {
      const begun = await waitForBegin(nats, connection, options.stream, hasPages(directory), signal, wait)
      if (begun === undefined) {
        await connection.close()
        return undefined
      }
      const [stream, { source, pageSize, journalId, after }] = begun
      const { durability, syncInterval, mode, retain, adopt } = options
      const writer = ReplicaWriter.open(
        directory,
        // Used where there is no frame yet: also of a replica whose process died before its first one.
        { source, pageSize, journalId, firstPosition: after - (after % slotsOf(pageSize)) },
        { durability, syncInterval, mode, retain, adopt },
      )
      return new Applier(nats, connection, stream, source, writer, options)
    } catch (error) {
      await connection.close()
      throw error
    }
  }

  get stream(): string {
    return this.from.name
  }

  /**
   * Applies messages until the signal aborts, and closes the replica.
   *
   * @throws {ReplicaMismatchError}, {StreamBehindError}, {StreamError}, and as `ReplicaWriter.append`.
   */
  async run(signal: AbortSignal): Promise<void> {
    const { connection, options, writer } = this
    const watching = [this.watchConnection(), watchStream(this.from, connection, signal, state => this.see(state))].map(
      watch => watch.catch((error: unknown) => this.fail(error)),
    )
    const stop = (): void => this.consumption.interrupt()
    signal.addEventListener('abort', stop)
    try {
      options.onEvent?.({ kind: 'started', stream: this.stream, position: writer.position })
      while (!signal.aborted && this.failure === undefined) {
        await untilItWorks(async () => {
          const place = await findPlace(this.from, writer.lastEnd, 'replica')
          if (signal.aborted || this.failure !== undefined) return
          if (place === undefined) await nap(RETRY_MS, signal)
          else for await (const message of this.consumption.from(place.sequence)) this.apply(message)
        }, signal)
      }
    } finally {
      signal.removeEventListener('abort', stop)
      try {
        this.lastProgress = this.currentProgress()
        writer.close()
      } finally {
        await connection.close()
        await Promise.all(watching)
      }
    }
    if (this.failure !== undefined) throw this.failure
  }

  /** How far the replica is. Its lag is that of the last second. */
  get progress(): ReplicationProgress {
    return this.lastProgress ?? this.currentProgress()
  }

  /** Ends `run` with an error that was found beside it. */
  private fail(error: unknown): void {
    this.failure ??= error
    this.consumption.interrupt()
  }

  private currentProgress(): ReplicationProgress {
    const { writer, ahead, applied } = this
    const lag = ahead === undefined ? 0 : Math.max(0, endOf(ahead) - writer.position)
    return {
      stream: this.stream,
      position: writer.position,
      frames: this.frames,
      bytes: this.bytes,
      lag,
      lagBytes: lag * SLOT_SIZE,
      lagMs: ahead === undefined || lag === 0 ? 0 : Math.max(0, ahead.storedMs - applied.storedMs),
    }
  }

  private apply(message: JsMsg): void {
    const { subject, headers, data, seq: sequence } = message
    const envelope = readEnvelope(this.stream, { subject, headers, data, sequence })
    this.checkSource(envelope)
    const { writer } = this
    const where = `message ${sequence} of stream ${this.stream}`
    const { kind, after, run } = envelope
    if (kind === 'schema') writer.addDefinitions(parseDefinitions(data, where))
    if (kind === 'instruments') writer.addInstruments(parseInstruments(data, where))
    if (run !== undefined) {
      const { appended, appendedFrames } = writer.append({ after, position: run.position, bytes: data })
      this.frames += appendedFrames
      this.bytes += appended * SLOT_SIZE
    }
    this.applied = { sequence, storedMs: Math.floor(message.info.timestampNanos / 1e6) }
  }

  private checkSource({ source, sequence }: Envelope): void {
    if (source === this.source) return
    throw new ReplicaMismatchError(
      `message ${sequence} of stream ${this.stream} is of another journal than ${this.writer.path}: its source is ${source}, not ${this.source}. Begin a new replica`,
      { path: this.writer.path },
    )
  }

  private async watchConnection(): Promise<void> {
    for await (const { type } of this.connection.status()) {
      if (type === 'disconnect') this.options.onEvent?.({ kind: 'disconnected' })
      if (type !== 'reconnect') continue
      this.options.onEvent?.({ kind: 'reconnected', position: this.progress.position })
      // A server that was started again may have lost messages, and it does not know our consumer.
      this.consumption.interrupt()
    }
    // Closed for good: the next question to the server says why.
    this.consumption.interrupt()
  }

  /** How far the stream is, as far as it was not applied. */
  private async see({
    messages,
    last_seq: last,
  }: {
    readonly messages: number
    readonly last_seq: number
  }): Promise<void> {
    this.ahead = messages === 0 || last <= this.applied.sequence ? undefined : await this.lookAhead(last)
  }

  /** A message that has not been applied. A foreign one is an error only when its turn comes: what is before it can be applied. */
  private async lookAhead(sequence: number): Promise<StreamMessage | undefined> {
    try {
      return await this.from.message(sequence)
    } catch (error) {
      if (error instanceof StreamError) return undefined
      throw error
    }
  }
}

/**
 * Waits until there is a stream, and a message in it that says whose runs it has: the first one that it still has. For a new replica that must
 * be the first one of all.
 */
async function waitForBegin(
  nats: NatsPackages,
  connection: NatsConnection,
  name: string | undefined,
  exists: boolean,
  signal: AbortSignal,
  onWait: (text: string) => void,
): Promise<[Stream, StreamMessage] | undefined> {
  const begin = async (): Promise<[Stream, StreamMessage]> => {
    const stream = await Stream.openExisting(nats, connection, name)
    if (stream === undefined) throw new Error(`there is no stream ${name ?? 'of ticktape'} yet`)
    const message = await (exists ? stream.first() : findPlace(stream, undefined, 'replica'))
    if (message === undefined) throw new Error(`stream ${stream.name} has no message yet`)
    return [stream, message]
  }
  return untilItWorks(begin, signal, onWait)
}

function hasPages(directory: string): boolean {
  return existsSync(directory) && listDirectory(directory).pages.length > 0
}

import { randomBytes } from 'node:crypto'
import { resolve } from 'node:path'
import type { MsgHdrs, NatsConnection } from '@nats-io/transport-node'
import { SLOT_SIZE } from '../../frames/format.js'
import { slotsOfRun } from '../../journal/replicate/run.js'
import type { RunReader, SourceRun } from '../../journal/replicate/run-reader.js'
import { nap } from '../../wait/nap.js'
import { StreamError, StreamServerError } from '../errors.js'
import type { ReplicationEvent, ReplicationProgress } from '../events.js'
import { connect, type ServerOptions } from './connect.js'
import { DescriptionReader, instrumentPayloads, schemaPayloads } from './descriptions.js'
import type { HomeJournal } from './home-streams.js'
import { InFlight, type SentRun } from './in-flight.js'
import { type Kind, type Origin, subjectOf, writeHeaders } from './message.js'
import { anotherPublisher, answerOthers, openReader, refuseSecond } from './one-publisher.js'
import { loadNats, type NatsPackages } from './packages.js'
import { RETRY_MS, untilItWorks } from './patience.js'
import { findSource, type SourcePlace } from './source-place.js'
import { isTooLarge, Stream, type StreamLimits } from './stream.js'
import { checkStreamName, streamNameOf } from './stream-name.js'

export interface PublishOptions extends ServerOptions {
  /** The stream's name. Default: the name of the journal's directory. */
  readonly stream?: string
  /** The home that the journal is one of. */
  readonly of?: HomeJournal
  /** ms that a frame waits at most for others that leave with it. Default 5. */
  readonly maxDelayMs?: number
  /** Bytes of frames that leave together at most. Default 256 KiB. */
  readonly maxBytes?: number
  /** Publish frames only once they survive power loss. Default false. */
  readonly durable?: boolean
  /** The limits of the stream, when it is created. Default: it keeps everything. */
  readonly limits?: StreamLimits
  readonly onEvent?: (event: ReplicationEvent) => void
}

const DEFAULT_DELAY_MS = 5
const DEFAULT_BYTES = 256 * 1024
/** Bytes of a message beside the frames: its subject and headers. */
const MESSAGE_OVERHEAD = 4096
/** The part of the stream's limits after which frames are described again. */
const DESCRIBED_AGAIN = 0.25
/** ms that messages on their way may still take at the end. */
const END_MS = 2000
/** ms that the answer to a message may take before it is sent again. */
const ANSWER_MS = 5000
/** ms between two attempts at most, while the server refuses what it is sent. */
const MOST_RETRY_MS = 5000

/**
 * Publishes the runs of a journal into a stream, until it is stopped. The stream numbers its messages, and each one says which number it must
 * get: so none is stored twice, none is missing, and none is of a second publisher.
 */
export class Publisher {
  readonly stream: string
  private readonly origin: { source: string } & Origin
  private readonly inFlight: InFlight
  private readonly mostBytes: number
  /** The sequence number of the last message that was sent. */
  private sequence = 0
  /** The sequence number of the stream's last message when this publisher began. */
  private sequenceBefore = 0
  /** What the stream keeps: what describes the frames is sent again before it goes. */
  private limits = { bytes: Number.POSITIVE_INFINITY, ms: Number.POSITIVE_INFINITY }
  private described = { bytes: 0, atMs: 0 }
  /** Where the publisher continued last after messages had not arrived, and how often that was the same place. */
  private resumed = { at: -1, times: 0 }
  /** What ends `run`, found beside it. */
  private failure: unknown = undefined
  private frames = 0
  private bytes = 0
  /** When `run` has ended. */
  private lastProgress: ReplicationProgress | undefined = undefined

  private constructor(
    private readonly directory: string,
    private readonly nats: NatsPackages,
    private readonly connection: NatsConnection,
    private readonly target: Stream,
    private readonly reader: RunReader,
    private readonly descriptions: DescriptionReader,
    private readonly options: PublishOptions,
  ) {
    this.stream = target.name
    this.origin = { source: '', ...reader.kind, publisher: randomBytes(8).toString('hex') }
    this.inFlight = new InFlight(begin => this.reader.confirm(begin))
    const most = (connection.info?.max_payload ?? 2 ** 20) - MESSAGE_OVERHEAD
    this.mostBytes = Math.min(options.maxBytes ?? DEFAULT_BYTES, most)
  }

  /**
   * Connects as soon as there is a server, and finds its place in the stream, which is created if there is none. Undefined when the signal
   * aborts first.
   *
   * @throws {PackageMissingError}, {StreamServerError}, {StreamError}, {StreamPublisherError} when another process publishes to the stream,
   * {SourceChangedError} when the stream has the runs of another journal; as `Reader.open`.
   */
  static async open(directory: string, options: PublishOptions, signal: AbortSignal): Promise<Publisher | undefined> {
    const name = options.stream ?? streamNameOf(resolve(directory))
    checkStreamName(name)
    const close: (() => unknown)[] = []
    const wait = (text: string): void => options.onEvent?.({ kind: 'waiting', text })
    let publisher: Publisher | undefined
    try {
      const reader = openReader(directory, name, options.durable ?? false)
      close.push(() => reader.close())
      const descriptions = new DescriptionReader(directory)
      close.push(() => descriptions.close())
      const nats = await loadNats()
      const connection = await connect(nats, options, `ticktape publish ${name}`, signal, wait)
      if (connection !== undefined) {
        close.push(() => connection.close())
        publisher = await untilItWorks(
          async () => {
            const stream = await Stream.openOrCreate(nats, connection, name, options.limits ?? {}, options.of)
            const made = new Publisher(directory, nats, connection, stream, reader, descriptions, options)
            await made.begin()
            return made
          },
          signal,
          why => wait(`the server is not ready (${why})`),
        )
      }
      return publisher
    } finally {
      if (publisher === undefined) for (const step of close.reverse()) await step()
    }
  }

  /**
   * Publishes until the signal aborts. Then what the journal has is sent, and the stream's answers are awaited.
   *
   * @throws {StreamPublisherError}, {SourceChangedError}, {StreamError}, and as reading the journal.
   */
  async run(signal: AbortSignal): Promise<void> {
    const { inFlight, options } = this
    const watching = this.watchConnection().catch((error: unknown) => {
      this.failure = error
      inFlight.fail(error)
    })
    try {
      options.onEvent?.({ kind: 'started', stream: this.stream, position: this.reader.position })
      while (!signal.aborted && this.failure === undefined) {
        if (inFlight.failure !== undefined) await this.resume(signal)
        else if (this.sendNext()) await inFlight.room()
        else await nap(options.maxDelayMs ?? DEFAULT_DELAY_MS, signal)
      }
      const end = performance.now() + END_MS
      while (inFlight.failure === undefined && performance.now() < end && this.sendNext()) await inFlight.room()
      await inFlight.empty(END_MS)
    } finally {
      this.lastProgress = this.progressWith(inFlight.slots)
      inFlight.clear()
      this.reader.close()
      this.descriptions.close()
      await this.connection.close()
      await watching
    }
    if (this.failure !== undefined) throw this.failure
  }

  get progress(): ReplicationProgress {
    return this.lastProgress ?? this.progressWith(this.reader.lag + this.inFlight.slots)
  }

  private progressWith(lag: number): ReplicationProgress {
    const { reader, inFlight } = this
    return {
      stream: this.stream,
      position: reader.position,
      frames: this.frames,
      bytes: this.bytes,
      lag,
      lagBytes: lag * SLOT_SIZE,
      lagMs: inFlight.ageMs,
    }
  }

  /** Finds the place in the stream for the first time. */
  private async begin(): Promise<void> {
    const { connection, reader, origin, stream, target, directory } = this
    await refuseSecond(connection, stream)
    const { max_bytes: bytes, max_age: ageNs } = (await target.info()).config
    const no = Number.POSITIVE_INFINITY
    this.limits = { bytes: bytes > 0 ? bytes : no, ms: ageNs > 0 ? ageNs / 1e6 : no }
    const place = await findSource(target, directory, reader.kind)
    if (place !== undefined) {
      origin.source = place.source
      this.sequenceBefore = place.sequence
      this.continueAt(place)
      return answerOthers(connection, stream)
    }
    origin.source = randomBytes(16).toString('hex')
    // Awaited alone: a server may not check the number that the first message of a stream expects, but it refuses a second one with this id.
    const { seq, duplicate } = await target.client.publish(
      subjectOf(stream, 'journal'),
      JSON.stringify({ name: stream }),
      { headers: this.headers(reader.position), msgID: 'begin', expect: { lastSequence: 0 }, timeout: ANSWER_MS },
    )
    if (seq !== 1 || duplicate) throw anotherPublisher(stream, 'its first message is of another one')
    this.continueAt({ ...origin, sequence: seq, begin: reader.position, end: reader.position })
    answerOthers(connection, stream)
  }

  /** Finds the place in the stream again, after a message may not have arrived. */
  private async resume(signal: AbortSignal): Promise<void> {
    const { inFlight, origin, options, target, directory, reader, stream } = this
    const { failure } = inFlight
    if (isTooLarge(failure)) {
      throw new StreamServerError(
        `the server does not take a message of this size into stream ${stream}: ${(failure as Error).message}; raise the stream's max_msg_size, or give a smaller --max-bytes`,
        { cause: failure },
      )
    }
    const forgotten: SentRun[] = []
    const find = async (): Promise<SourcePlace | undefined> => {
      forgotten.push(...inFlight.clear())
      return findSource(target, directory, reader.kind)
    }
    const place = await untilItWorks(find, signal)
    if (signal.aborted) return
    if (place === undefined || place.source !== origin.source)
      throw new StreamError(
        `stream ${stream} was deleted and created again while this process published to it; publish again, and begin new replicas`,
      )
    if (place.publisher !== origin.publisher && place.sequence > this.sequenceBefore)
      throw anotherPublisher(stream, `message ${place.sequence} is of another one`)
    for (const { end, frames, bytes } of forgotten) {
      if (end <= place.end) continue
      this.frames -= frames
      this.bytes -= frames === 0 ? 0 : bytes
    }
    await this.waitIfRefused(place.end, failure, signal)
    this.continueAt(place)
    options.onEvent?.({ kind: 'reconnected', position: reader.position })
  }

  /** Waits, longer each time, when nothing has arrived since the last attempt: the server refuses what it is sent, such as when its disk is full. */
  private async waitIfRefused(at: number, failure: unknown, signal: AbortSignal): Promise<void> {
    const { resumed, options } = this
    const times = resumed.at === at ? resumed.times + 1 : 0
    this.resumed = { at, times }
    // Once is a connection that was lost.
    if (times === 1) {
      const why = failure instanceof Error ? failure.message : String(failure)
      options.onEvent?.({ kind: 'waiting', text: `the server does not take what comes at position ${at} (${why})` })
    }
    if (times > 0) await nap(Math.min(MOST_RETRY_MS, RETRY_MS * 2 ** Math.min(times - 1, 8)), signal)
  }

  private continueAt({ sequence, begin, end }: SourcePlace): void {
    const { reader, descriptions } = this
    this.sequence = sequence
    reader.seek(end)
    reader.confirm(begin)
    // Descriptions may have been on their way too.
    descriptions.forget()
    this.sendDescriptions(end)
  }

  /** Sends a run, if there is one. */
  private sendNext(): boolean {
    const run = this.reader.next(this.mostBytes)
    if (run === undefined) return false
    if (this.areDescriptionsOld()) this.descriptions.forget()
    // Read after the run's frames, these files have all the definitions and instruments of the run.
    this.sendDescriptions(run.after)
    this.send('run', run.bytes, run.after, run)
    this.frames += run.frames
    this.bytes += run.bytes.length
    return true
  }

  /** Whether the stream's limits will remove the descriptions while frames that need them stay: a new reader has only what the stream has. */
  private areDescriptionsOld(): boolean {
    const { limits, described } = this
    return (
      this.bytes - described.bytes > limits.bytes * DESCRIBED_AGAIN ||
      performance.now() - described.atMs > limits.ms * DESCRIBED_AGAIN
    )
  }

  private sendDescriptions(after: number): void {
    const news = this.descriptions.read()
    if (news === undefined) return
    this.described = { bytes: this.bytes, atMs: performance.now() }
    for (const payload of schemaPayloads(news.definitions, this.mostBytes)) this.send('schema', payload, after)
    for (const payload of instrumentPayloads(news.instruments, this.mostBytes)) this.send('instruments', payload, after)
  }

  private send(kind: Kind, payload: Uint8Array, after: number, run?: SourceRun): void {
    const before = this.sequence++
    const answer = this.target.client.publish(subjectOf(this.stream, kind), payload, {
      headers: this.headers(after, run),
      expect: { lastSequence: before, streamName: this.stream },
      timeout: ANSWER_MS,
    })
    const begin = run?.position ?? after
    this.inFlight.add(answer, {
      sequence: this.sequence,
      begin,
      end: run === undefined ? after : begin + slotsOfRun(run),
      bytes: payload.length,
      frames: run?.frames ?? 0,
    })
  }

  private headers(after: number, run?: SourceRun): MsgHdrs {
    return writeHeaders(this.nats.transport.headers(), this.origin, after, run)
  }

  private async watchConnection(): Promise<void> {
    for await (const { type } of this.connection.status()) {
      if (type === 'disconnect') this.options.onEvent?.({ kind: 'disconnected' })
      // What was on its way to the server that is gone is not answered.
      if (type === 'reconnect') this.inFlight.fail(new Error('the connection was lost'))
    }
    // Closed for good: the next question to the server says why.
    this.inFlight.fail(new Error('the connection was closed'))
  }
}

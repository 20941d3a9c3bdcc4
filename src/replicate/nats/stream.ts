import type { JetStreamClient, JetStreamManager, StoredMsg, StreamInfo } from '@nats-io/jetstream'
import type { NatsConnection } from '@nats-io/transport-node'
import { formatValue } from '../../base/format-value.js'
import { StreamError, StreamServerError } from '../errors.js'
import { finalIfClosed } from './connect.js'
import { describeStream, type HomeJournal, type ListedStream, readDescription } from './home-streams.js'
import { type Envelope, type Kind, PREFIX, readEnvelope, subjectOf } from './message.js'
import type { NatsPackages } from './packages.js'
import { checkStreamName } from './stream-name.js'

/** How much a stream keeps. What exceeds a limit goes, the oldest first; without limits all stays. */
export interface StreamLimits {
  /** Bytes of all messages. */
  readonly bytes?: number
  /** ms since a message was stored. */
  readonly age?: number
  /** On how many servers of a cluster the stream is stored. Default 1. */
  readonly replicas?: number
}

/** A message of a stream, with its envelope read. */
export interface StreamMessage extends Envelope {
  readonly data: Uint8Array
  /** ms since 1970, by the server's clock: when it was stored. */
  readonly storedMs: number
}

/** The numbers by which a server names errors of JetStream. */
const ErrorCode = {
  STREAM_NOT_FOUND: 10059,
  NO_MESSAGE: 10037,
  NOT_ENABLED: 10039,
  UNAVAILABLE: 10008,
  MESSAGE_TOO_LARGE: 10054,
} as const
/** ms that a request may take. A server that was killed does not answer, and the request is made again. */
export const REQUEST_MS = 2000

/** One stream of a server, which has the runs of one journal. */
export class Stream {
  private constructor(
    readonly name: string,
    readonly connection: NatsConnection,
    readonly manager: JetStreamManager,
    readonly client: JetStreamClient,
  ) {}

  /** The stream of that name, which is created if there is none. @throws {StreamError}, {StreamServerError} */
  static async openOrCreate(
    nats: NatsPackages,
    connection: NatsConnection,
    name: string,
    limits: StreamLimits,
    of?: HomeJournal,
  ): Promise<Stream> {
    checkStreamName(name)
    const stream = await Stream.of(nats, connection, name)
    const { bytes, age, replicas } = limits
    try {
      const existing = await stream.find()
      if (existing !== undefined && of !== undefined && existing.config.description !== describeStream(of))
        throw new StreamError(
          `stream ${name} is there already, and not of ${of.path} of the home ${of.home}: give the home another name with --stream`,
        )
      if (existing === undefined)
        await stream.manager.streams.add({
          name,
          subjects: [subjectOf(name, '*')],
          description: describeStream(of),
          storage: nats.jetstream.StorageType.File,
          retention: nats.jetstream.RetentionPolicy.Limits,
          discard: nats.jetstream.DiscardPolicy.Old,
          num_replicas: replicas ?? 1,
          max_bytes: bytes ?? -1,
          max_age: age === undefined ? 0 : age * 1_000_000,
        })
    } catch (error) {
      throw refusedToCreate(error, name)
    }
    return stream
  }

  /** An existing stream: that of a name, or the server's only one of ticktape; undefined while there is none. @throws {StreamError} for several. */
  static async openExisting(
    nats: NatsPackages,
    connection: NatsConnection,
    name: string | undefined,
  ): Promise<Stream | undefined> {
    if (name !== undefined) {
      checkStreamName(name)
      const stream = await Stream.of(nats, connection, name)
      return (await stream.find()) === undefined ? undefined : stream
    }
    const names = (await listStreams(nats, connection)).map(one => one.name)
    if (names.length > 1)
      throw new StreamError(
        `the server has ${names.length} streams of ticktape: ${names.sort().join(', ')}; choose one with --stream NAME`,
      )
    return names.length === 0 ? undefined : Stream.of(nats, connection, names[0])
  }

  private static async of(nats: NatsPackages, connection: NatsConnection, name: string): Promise<Stream> {
    const manager = await managerOf(nats, connection)
    return new Stream(name, connection, manager, nats.jetstream.jetstream(connection, { timeout: REQUEST_MS }))
  }

  /** @throws {StreamError} when it is gone. */
  async info(): Promise<StreamInfo> {
    const info = await this.find()
    if (info === undefined)
      throw new StreamError(
        `there is no stream ${this.name} on the server any more: someone has deleted it, and the runs in it. Publish again, and begin new replicas`,
      )
    return info
  }

  /** The first message that the stream still has; undefined when it is empty, or when the limits remove it meanwhile. */
  async first(): Promise<StreamMessage | undefined> {
    const { state } = await this.info()
    return state.messages === 0 ? undefined : this.message(state.first_seq)
  }

  /** The last message of the stream; undefined when it is empty. */
  async last(): Promise<StreamMessage | undefined> {
    const { state } = await this.info()
    if (state.messages > 0) return this.message(state.last_seq)
    if (state.last_seq === 0) return undefined
    throw new StreamError(
      `stream ${this.name} has no message left of ${state.last_seq}: it was purged, so nothing says where it ended. Delete it, publish again, and begin new replicas`,
    )
  }

  /** The last run; undefined when there is none, or the limits have removed it. */
  async lastRun(): Promise<StreamMessage | undefined> {
    return this.get({ last_by_subj: subjectOf(this.name, 'run') })
  }

  /** The message of a sequence number; undefined when it was removed. */
  async message(sequence: number): Promise<StreamMessage | undefined> {
    return this.get({ seq: sequence })
  }

  /** The last message of a subject of another stream, which is created if there is none, with one message for each subject. */
  async lastInTable(
    nats: NatsPackages,
    table: { readonly name: string; readonly subjects: string; readonly description: string },
    subject: string,
  ): Promise<Uint8Array | undefined> {
    const { name, subjects, description } = table
    const { streams } = this.manager
    try {
      const storage = nats.jetstream.StorageType.File
      await streams.add({ name, subjects: [subjects], description, storage, max_msgs_per_subject: 1 })
    } catch (error) {
      throw refusedToCreate(error, name)
    }
    try {
      return (await streams.getMessage(name, { last_by_subj: subject }))?.data
    } catch (error) {
      if (codeOf(error) === ErrorCode.NO_MESSAGE) return undefined
      throw error
    }
  }

  /** The first message of a kind from a sequence number on; undefined when there is none. */
  async nextOf(kind: Kind, from: number): Promise<StreamMessage | undefined> {
    return this.get({ seq: from, next_by_subj: subjectOf(this.name, kind) })
  }

  private async get(
    query: { seq: number; next_by_subj?: string } | { last_by_subj: string },
  ): Promise<StreamMessage | undefined> {
    let stored: StoredMsg | null
    try {
      stored = await this.manager.streams.getMessage(this.name, query)
    } catch (error) {
      if (codeOf(error) === ErrorCode.NO_MESSAGE) return undefined
      throw error
    }
    if (stored === null) return undefined
    const { subject, header: headers, data, seq: sequence } = stored
    return { ...readEnvelope(this.name, { subject, headers, data, sequence }), data, storedMs: stored.time.getTime() }
  }

  /** @throws {StreamServerError} when the connection was closed for good: no attempt would succeed any more. */
  private async find(): Promise<StreamInfo | undefined> {
    let info: StreamInfo
    try {
      info = await this.manager.streams.info(this.name)
    } catch (error) {
      if (codeOf(error) === ErrorCode.STREAM_NOT_FOUND) return undefined
      throw await finalIfClosed(this.connection, error)
    }
    if (!isOurs(this.name, info.config.subjects))
      throw new StreamError(
        `stream ${this.name} is not one of ticktape: its subjects are ${formatValue(info.config.subjects)}; choose another name with --stream`,
      )
    return info
  }
}

/** The streams of ticktape that the server has. */
export async function listStreams(nats: NatsPackages, connection: NatsConnection): Promise<ListedStream[]> {
  const manager = await managerOf(nats, connection)
  const found: ListedStream[] = []
  for await (const { config } of manager.streams.list()) {
    if (isOurs(config.name, config.subjects)) found.push(readDescription(config.name, config.description))
  }
  return found
}

/** A number of JetStream's own is a refusal, such as of limits; without one the server has not answered. */
function refusedToCreate(error: unknown, name: string): unknown {
  if (typeof codeOf(error) !== 'number' || codeOf(error) === ErrorCode.UNAVAILABLE) return error
  return new StreamServerError(`the server does not create the stream ${name}: ${(error as Error).message}`, {
    cause: error,
  })
}

/** Whether the server does not take a message because of its size: it never will. */
export function isTooLarge(error: unknown): boolean {
  return codeOf(error) === ErrorCode.MESSAGE_TOO_LARGE
}

function codeOf(error: unknown): unknown {
  return (error as { readonly code?: unknown } | undefined)?.code
}

function isOurs(name: string, subjects: readonly string[] | undefined): boolean {
  return subjects?.length === 1 && subjects[0] === subjectOf(name, '*')
}

async function managerOf(nats: NatsPackages, connection: NatsConnection): Promise<JetStreamManager> {
  try {
    return await nats.jetstream.jetstreamManager(connection, { timeout: REQUEST_MS })
  } catch (error) {
    const { name } = error as Error
    if (name !== 'JetStreamNotEnabled' && codeOf(error) !== ErrorCode.NOT_ENABLED) throw error
    throw new StreamServerError(
      `the server at ${connection.getServer()} has no JetStream for this user (${(error as Error).message}); start nats-server with -js`,
      { cause: error },
    )
  }
}

/** The subject on which the publisher of a stream answers, so that a second one learns of it. */
export function publisherSubject(stream: string): string {
  return `_${PREFIX}.publisher.${stream}`
}

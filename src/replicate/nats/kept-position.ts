import type { NatsConnection } from '@nats-io/transport-node'
import { InvalidOptionError } from '../../base/errors.js'
import { formatValue } from '../../base/format-value.js'
import { ReaderBusyError } from '../../journal/errors.js'
import { StreamError } from '../errors.js'
import { PREFIX } from './message.js'
import type { NatsPackages } from './packages.js'
import { answerOn, whoAnswers } from './presence.js'
import type { Stream } from './stream.js'

/** ms between two times that the position is stored. */
const STORE_MS = 100
/** ms that storing may take. */
const ANSWER_MS = 2000
const NAME = /^[A-Za-z0-9_-]{1,48}$/

interface Kept {
  readonly source: string
  readonly position: number
}

/**
 * Where a named reader of a stream continues: the last message of a subject of its own, in a small stream beside, `STREAM-readers`, which has
 * one message for each name.
 */
export class KeptPosition {
  private stored = -1
  private position = -1
  private storing: Promise<void> | undefined
  private timer: NodeJS.Timeout | undefined
  private isClosed = false

  private constructor(
    private readonly stream: Stream,
    private readonly subject: string,
    private readonly source: string,
  ) {}

  /**
   * Gets the position of a name, undefined when it has none yet, and stores it from now on.
   *
   * @throws {ReaderBusyError} when a live reader has the name, {StreamError} when it has read another journal, {InvalidOptionError}.
   */
  static async open(
    nats: NatsPackages,
    connection: NatsConnection,
    stream: Stream,
    name: string,
    source: string,
  ): Promise<{ readonly kept: KeptPosition; readonly resumeAt: number | undefined }> {
    checkReaderName(name)
    const presence = `_${PREFIX}.reader.${stream.name}.${name}`
    const other = await whoAnswers(connection, presence)
    if (other !== undefined)
      throw new ReaderBusyError(
        `a live reader of stream ${stream.name} has the name '${name}': it answers ${other}. Close it first, or choose another name`,
      )
    const subject = `${PREFIX}-readers.${stream.name}.${name}`
    const of = `${stream.name}-readers`
    const subjects = `${PREFIX}-readers.${stream.name}.*`
    const table = { name: of, subjects, description: 'positions of readers of a ticktape stream' }
    const last = await stream.lastInTable(nats, table, subject)
    answerOn(connection, presence)
    const kept = new KeptPosition(stream, subject, source)
    if (last === undefined) return { kept, resumeAt: undefined }
    const { source: was, position } = parse(last, of, subject)
    if (was !== source)
      throw new StreamError(
        `reader '${name}' has read another journal from stream ${stream.name}, up to position ${position}: the stream was deleted and created again. Choose another name`,
      )
    return { kept, resumeAt: position }
  }

  /** The reader has handled all frames before a position. It is stored soon. */
  store(position: number): void {
    this.position = position
    this.timer ??= setTimeout(() => {
      this.timer = undefined
      this.storing ??= this.storeNow()
    }, STORE_MS)
  }

  /** Stores the position a last time. Without a server it stays as it was stored last, and frames come again. */
  async close(): Promise<void> {
    this.isClosed = true
    clearTimeout(this.timer)
    this.timer = undefined
    await this.storing
    await this.storeNow()
  }

  private async storeNow(): Promise<void> {
    const { position, subject, source, stream } = this
    try {
      if (position === this.stored) return
      await stream.client.publish(subject, JSON.stringify({ source, position } satisfies Kept), { timeout: ANSWER_MS })
      this.stored = position
    } catch {
      // The server is away: it is tried again.
    } finally {
      this.storing = undefined
      if (this.position !== this.stored && !this.isClosed) this.store(this.position)
    }
  }
}

/** @throws {InvalidOptionError} */
export function checkReaderName(name: string): void {
  if (typeof name === 'string' && NAME.test(name)) return
  throw new InvalidOptionError(
    `a reader of a stream has a name of 1 to 48 letters, digits, '-' and '_', not ${formatValue(name)}`,
  )
}

function parse(data: Uint8Array, stream: string, subject: string): Kept {
  try {
    const { source, position } = JSON.parse(Buffer.from(data).toString()) as Partial<Kept>
    if (typeof source === 'string' && Number.isSafeInteger(position) && (position as number) >= 0)
      return { source, position: position as number }
  } catch {
    // Below.
  }
  throw new StreamError(
    `the last message of ${subject} in stream ${stream} is not a position that ticktape has stored; delete it, or choose another name`,
  )
}

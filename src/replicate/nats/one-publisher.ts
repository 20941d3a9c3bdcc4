import type { NatsConnection } from '@nats-io/transport-node'
import { ReaderBusyError } from '../../journal/errors.js'
import { RunReader } from '../../journal/replicate/run-reader.js'
import { StreamPublisherError } from '../errors.js'
import { answerOn, whoAnswers } from './presence.js'
import { publisherSubject } from './stream.js'

/**
 * A stream has one publisher. On one machine the name of a reader says that there is one already; elsewhere it answers questions. Where both
 * fail, the numbers of messages let only one of the two continue.
 */

/** @throws {StreamPublisherError} when another process of this machine publishes the journal to this stream; as `Reader.open`. */
export function openReader(directory: string, stream: string, durable: boolean): RunReader {
  try {
    return RunReader.open(directory, { from: 'start', name: `replicate-${stream}`, durable })
  } catch (error) {
    if (!(error instanceof ReaderBusyError)) throw error
    throw new StreamPublisherError(`${directory} is published to stream ${stream} already: ${error.message}`, {
      path: directory,
      cause: error,
    })
  }
}

/** Asks whether another process publishes to the stream. @throws {StreamPublisherError} */
export async function refuseSecond(connection: NatsConnection, stream: string): Promise<void> {
  const answer = await whoAnswers(connection, publisherSubject(stream))
  if (answer !== undefined) throw anotherPublisher(stream, `it answers ${answer}`)
}

export function anotherPublisher(stream: string, how: string): StreamPublisherError {
  return new StreamPublisherError(
    `another process publishes to stream ${stream}: ${how}. A stream has one publisher: stop one of the two, or use another stream with --stream`,
  )
}

/** From now on another publisher learns of this one. */
export function answerOthers(connection: NatsConnection, stream: string): void {
  answerOn(connection, publisherSubject(stream))
}

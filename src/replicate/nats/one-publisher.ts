import { hostname } from 'node:os'
import type { Msg, NatsConnection } from '@nats-io/transport-node'
import { ReaderBusyError } from '../../journal/errors.js'
import { RunReader } from '../../journal/replicate/run-reader.js'
import { StreamPublisherError } from '../errors.js'
import { publisherSubject } from './stream.js'

/**
 * A stream has one publisher. On one machine the name of a reader says that there is one already; elsewhere it answers questions. Where both
 * fail, the numbers of messages let only one of the two continue.
 */

/** ms that another publisher has to say that it is there. */
const HELLO_MS = 500

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
  let answer: string
  try {
    answer = (await connection.request(publisherSubject(stream), '', { timeout: HELLO_MS })).string()
  } catch {
    // No process answers. If there is one nevertheless, the numbers of messages show it.
    return
  }
  throw anotherPublisher(stream, `it answers ${answer.slice(0, 200)}`)
}

export function anotherPublisher(stream: string, how: string): StreamPublisherError {
  return new StreamPublisherError(
    `another process publishes to stream ${stream}: ${how}. A stream has one publisher: stop one of the two, or use another stream with --stream`,
  )
}

/** Answers a question. The client also calls with an error, and without a message: a user who may not listen here is not told of. */
export function answerTo(error: Error | null, message: Msg, answer: string): void {
  if (error === null) message.respond(answer)
}

/** From now on another publisher learns of this one. */
export function answerOthers(connection: NatsConnection, stream: string): void {
  const answer = JSON.stringify({ pid: process.pid, host: hostname() })
  connection.subscribe(publisherSubject(stream), { callback: (error, message) => answerTo(error, message, answer) })
}

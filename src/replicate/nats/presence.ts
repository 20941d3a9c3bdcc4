import { hostname } from 'node:os'
import type { NatsConnection } from '@nats-io/transport-node'

/** ms that another process has to say that it is there. */
const HELLO_MS = 500

/** Who answers on a subject, as it says itself; undefined when no process does. A process that is blocked does not answer. */
export async function whoAnswers(connection: NatsConnection, subject: string): Promise<string | undefined> {
  try {
    return (await connection.request(subject, '', { timeout: HELLO_MS })).string().slice(0, 200)
  } catch {
    return undefined
  }
}

/** From now on this process answers on a subject. */
export function answerOn(connection: NatsConnection, subject: string): void {
  const answer = JSON.stringify({ pid: process.pid, host: hostname() })
  // The client also calls with an error and without a message: for a user who may not listen here.
  connection.subscribe(subject, { callback: (error, message) => void (error === null && message.respond(answer)) })
}

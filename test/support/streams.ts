import { join } from 'node:path'
import { jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { Writer } from 'ticktape'
import { onTestFinished } from 'vitest'
import type { ReplicationProgress } from '../../dist/replicate/events.js'
import { Applier, type ApplyOptions } from '../../dist/replicate/nats/applier.js'
import { Publisher, type PublishOptions } from '../../dist/replicate/nats/publisher.js'
import { makeFolder } from './folders.ts'
import { Count } from './frames.ts'
import { PAGE_SIZE } from './journals.ts'
import type { NatsServer } from './nats.ts'

/** Publishers and appliers in the test's own process. */

/** A publisher or an applier in this process. */
export interface Running {
  /** Ends it in order. */
  readonly stop: () => Promise<void>
  /** How it ends, when it ends by itself. */
  readonly ended: Promise<unknown>
  /** How far it is, or was at its end. */
  readonly progress: () => ReplicationProgress | undefined
}

function running(
  run: (signal: AbortSignal) => Promise<void>,
  progress: () => ReplicationProgress | undefined,
): Running {
  const abort = new AbortController()
  const ended = run(abort.signal).catch((error: unknown) => error)
  const stop = async (): Promise<void> => {
    abort.abort()
    const error = await ended
    if (error instanceof Error) throw error
  }
  onTestFinished(async () => {
    abort.abort()
    await ended
  })
  return { stop, ended, progress }
}

export async function publish(
  directory: string,
  server: NatsServer,
  options: Partial<PublishOptions> = {},
): Promise<Running> {
  const never = new AbortController().signal
  const publisher = await Publisher.open(directory, { server: server.url, ...options }, never)
  return running(
    async signal => publisher?.run(signal),
    () => publisher?.progress,
  )
}

export function apply(directory: string, server: NatsServer, options: Partial<ApplyOptions> = {}): Running {
  let applier: Applier | undefined
  return running(
    async signal => {
      applier = await Applier.open(directory, { server: server.url, durability: 'process', ...options }, signal)
      await applier?.run(signal)
    },
    () => applier?.progress,
  )
}

export function append(directory: string, from: number, to: number): number {
  using writer = Writer.open(directory, { pageSize: PAGE_SIZE, durability: 'process', journalId: 5 })
  for (let i = from; i < to; i++) writer.write(Count, { n: i })
  return writer.position
}

export interface Place {
  readonly folder: string
  readonly source: string
  readonly replica: string
}

export function place(): Place {
  const folder = makeFolder('memory')
  return { folder, source: join(folder, 'quotes'), replica: join(folder, 'replica') }
}

export async function withManager(
  server: NatsServer,
  use: (manager: Awaited<ReturnType<typeof jetstreamManager>>) => Promise<void>,
): Promise<void> {
  const connection = await connect({ servers: server.url })
  try {
    await use(await jetstreamManager(connection))
  } finally {
    await connection.close()
  }
}

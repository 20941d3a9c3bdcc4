import { join } from 'node:path'
import { nap } from '../../wait/nap.js'
import type { ReplicationProgress } from '../events.js'
import { Applier, type ApplyOptions } from './applier.js'
import { connect, finalIfClosed } from './connect.js'
import { type Choice, chooseOf, type HomeJournal, homeStreamName, type ListedStream } from './home-streams.js'
import { loadNats } from './packages.js'
import { untilItWorks } from './patience.js'
import { Publisher, type PublishOptions } from './publisher.js'
import { listStreams } from './stream.js'

/** ms between two looks for journals, or streams, that are new. */
const LOOK_MS = 1000

/** Replication of several journals, which begin and end together. */
export class Together {
  /** When each has ended. */
  private readonly running = new Map<string, Promise<void>>()
  private readonly stop = new AbortController()
  private failure: unknown = undefined
  private readonly parts = new Map<string, { readonly progress: ReplicationProgress }>()

  /** How far each is. */
  get progress(): ReplicationProgress[] {
    return [...this.parts.values()].map(({ progress }) => progress)
  }

  /**
   * Looks for new names now and then, and begins what is to run for each, until the signal aborts or one of them fails.
   *
   * @throws what the first one of them throws.
   */
  async run(
    names: (signal: AbortSignal) => Promise<readonly string[]>,
    begin: (name: string, signal: AbortSignal) => Promise<Runnable | undefined>,
    signal: AbortSignal,
  ): Promise<void> {
    const both = AbortSignal.any([signal, this.stop.signal])
    try {
      while (!both.aborted) {
        for (const name of await names(both)) if (!this.running.has(name)) this.begin(name, begin, both)
        await nap(LOOK_MS, both)
      }
    } catch (error) {
      this.fail(error)
    }
    await Promise.all(this.running.values())
    if (this.failure !== undefined) throw this.failure
  }

  private begin(
    name: string,
    begin: (name: string, signal: AbortSignal) => Promise<Runnable | undefined>,
    signal: AbortSignal,
  ): void {
    const run = async (): Promise<void> => {
      try {
        const part = await begin(name, signal)
        if (part === undefined) return
        this.parts.set(name, part)
        await part.run(signal)
      } catch (error) {
        this.fail(error)
      }
    }
    this.running.set(name, run())
  }

  private fail(error: unknown): void {
    this.failure ??= error
    this.stop.abort()
  }
}

/** A publisher or an applier. */
export interface Runnable {
  readonly progress: ReplicationProgress
  run(signal: AbortSignal): Promise<void>
}

/**
 * Publishes the journals of a home, each into a stream of its own, also those that it gets later.
 *
 * @param paths the directories of its journals, below the home's: those that there are now.
 * @throws as `Publisher.open` and `Publisher.run`.
 */
export async function publishHome(
  together: Together,
  directory: string,
  home: string,
  paths: () => readonly string[],
  options: PublishOptions,
  signal: AbortSignal,
): Promise<void> {
  const begin = (path: string, ending: AbortSignal): Promise<Publisher | undefined> => {
    const of: HomeJournal = { home, path }
    return Publisher.open(join(directory, path), { ...options, of, stream: homeStreamName(of) }, ending)
  }
  await together.run(async () => paths(), begin, signal)
}

/** Applies all streams of a home to the replica of the home, also those that it gets later. @throws as `Applier.open` and `Applier.run`. */
export async function applyHome(
  together: Together,
  directory: string,
  home: string,
  options: ApplyOptions,
  signal: AbortSignal,
): Promise<void> {
  const streams = new Map<string, string>()
  const begin = (path: string, ending: AbortSignal): Promise<Applier | undefined> =>
    Applier.open(join(directory, path), { ...options, stream: streams.get(path) }, ending)
  await withList(options, signal, async list => {
    const look = async (ending: AbortSignal): Promise<string[]> => {
      const listed = (await untilItWorks(list, ending)) ?? []
      for (const { name, of } of listed) if (of?.home === home) streams.set(of.path, name)
      return [...streams.keys()]
    }
    await together.run(look, begin, signal)
  })
}

/**
 * Waits until the server has the stream of a name, or a home of this name; without a name, any. Undefined when the signal aborts first.
 *
 * @throws {StreamError} when there are several and none was named; as `connect`.
 */
export async function choose(options: ApplyOptions, signal: AbortSignal): Promise<Choice | undefined> {
  const { stream, onEvent } = options
  return withList(options, signal, list => {
    const find = async (): Promise<Choice> => {
      const found = chooseOf(await list(), stream)
      if (found === undefined) throw new Error(`there is no stream ${stream ?? 'of ticktape'} yet`)
      return found
    }
    return untilItWorks(find, signal, text => onEvent?.({ kind: 'waiting', text }))
  })
}

/** Uses the list of the streams of a server. Undefined when the signal aborts before there is a server. */
async function withList<T>(
  options: ApplyOptions,
  signal: AbortSignal,
  use: (list: () => Promise<ListedStream[]>) => Promise<T>,
): Promise<T | undefined> {
  const nats = await loadNats()
  const wait = (text: string): void => options.onEvent?.({ kind: 'waiting', text })
  const connection = await connect(nats, options, 'ticktape apply', signal, wait)
  if (connection === undefined) return undefined
  try {
    return await use(async () => {
      try {
        return await listStreams(nats, connection)
      } catch (error) {
        throw await finalIfClosed(connection, error)
      }
    })
  } finally {
    await connection.close()
  }
}

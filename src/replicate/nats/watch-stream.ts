import type { StreamInfo } from '@nats-io/jetstream'
import type { NatsConnection } from '@nats-io/transport-node'
import { TicktapeError } from '../../base/errors.js'
import { nap } from '../../wait/nap.js'
import { StreamError } from '../errors.js'
import type { Stream } from './stream.js'

/** ms between two questions to the server how far the stream is, and whether it is still the same one. */
const WATCH_MS = 1000

/**
 * Asks now and then about a stream, until the signal aborts or the connection is closed. A stream that was deleted, or created again, sends
 * nothing any more: nothing else would show it.
 *
 * @param onState gets what the server says.
 * @throws {StreamError} when the stream is another one.
 */
export async function watchStream(
  stream: Stream,
  connection: NatsConnection,
  signal: AbortSignal,
  onState: (state: StreamInfo['state']) => Promise<void> = async () => {},
): Promise<void> {
  let created: string | undefined
  while (!signal.aborted && !connection.isClosed()) {
    try {
      const info = await stream.info()
      if (info.created !== (created ??= info.created))
        throw new StreamError(
          `stream ${stream.name} was deleted and created again while it was read; begin a new replica, or open another reader`,
        )
      await onState(info.state)
    } catch (error) {
      if (signal.aborted) return
      // Others are those of a server that is not there, or not yet.
      if (error instanceof TicktapeError) throw error
    }
    await nap(WATCH_MS, signal)
  }
}

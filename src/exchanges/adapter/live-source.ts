import { offAbort, onAbort } from '../../wait/abort.js'
import type { MarketHandlers } from './live-feed.js'

/** The public messages of a venue as they come from its sockets, for recordings. */
export class LiveSource {
  /** @param follow connects, and returns what closes the connections. @param onGap what was not received, for people. */
  constructor(
    private readonly follow: (handlers: MarketHandlers) => Promise<() => void>,
    private readonly onGap: (what: string) => void,
  ) {}

  /** Receives until the signal aborts. @throws as `follow`. */
  async receive(take: (message: string, receivedNs: bigint) => void, signal: AbortSignal): Promise<void> {
    const close = await this.follow({
      onText: text => take(text, receivedAt()),
      onEvent: () => {},
      onGap: this.onGap,
    })
    try {
      if (!signal.aborted)
        await new Promise<void>(resolve => {
          const stop = (): void => {
            offAbort(signal, stop)
            resolve()
          }
          onAbort(signal, stop)
        })
    } finally {
      close()
    }
  }
}

/** ns since 1970, as fine as the clock of the event loop. */
function receivedAt(): bigint {
  return BigInt(Math.round((performance.timeOrigin + performance.now()) * 1000)) * 1000n
}

import { offAbort, onAbort } from '../../wait/abort.js'
import { followMarket, type OkxMarketOptions } from './public-market.js'

/** The public messages of OKX as they come from its sockets, for recordings: best prices, trades and the whole book. */
export class OkxSource {
  /** @param onGap what was not received, for people. */
  constructor(
    private readonly options: OkxMarketOptions,
    private readonly onGap: (what: string) => void,
  ) {}

  /** Receives until the signal aborts. @throws as `followMarket`. */
  async receive(take: (message: string, receivedNs: bigint) => void, signal: AbortSignal): Promise<void> {
    const { onGap, options } = this
    const close = await followMarket(
      // The book is followed too: one with a gap is asked for again.
      { ...options, quotes: 'book' },
      {
        alsoChannels: ['bbo-tbt'],
        onText: text => take(text, receivedAt()),
        onEvent: () => {},
        onGap,
      },
    )
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

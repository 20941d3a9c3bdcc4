import type { TicktapeError } from '../../base/errors.js'
import type { InstrumentSpec } from '../../trading/instruments/instrument.js'
import type { Feed } from '../../trading/market/feed.js'
import type { MarketEvent } from '../../trading/messages/market-event.js'
import { offAbort, onAbort } from '../../wait/abort.js'
import { MarketDataGapError } from '../errors.js'
import { okxEndpoint } from './endpoints.js'
import { OKX_VENUE } from './instruments.js'
import { followMarket, type OkxMarketOptions } from './public-market.js'

const NOTHING = (): void => {}

/** Live quotes and trades of OKX. No credentials are needed. */
export class OkxFeed implements Feed {
  onProblem: ((problem: TicktapeError) => void) | undefined = undefined
  /** Each start is another feed: what happened before it is gone. */
  readonly identity: string
  instruments: readonly InstrumentSpec[] = []
  private chosen: readonly string[] | undefined

  constructor(private readonly options: OkxMarketOptions = {}) {
    const { name } = okxEndpoint(options.endpoint)
    this.identity = `okx ${name.slice(0, 48)} ${new Date().toISOString()}`
    this.chosen = options.symbols
  }

  /** What the strategies ask for; undefined when one of them wants everything. The option `symbols` comes before it. */
  choose(symbols: readonly string[] | undefined): void {
    this.chosen ??= symbols?.map(symbol =>
      symbol.endsWith(`.${OKX_VENUE}`) ? symbol.slice(0, -OKX_VENUE.length - 1) : symbol,
    )
  }

  /** @throws as `followMarket`. */
  async *events(
    _skip: number,
    { signal }: { readonly signal: AbortSignal } = { signal: new AbortController().signal },
  ): AsyncGenerator<readonly MarketEvent[], void, undefined> {
    let pending: MarketEvent[] = []
    let wake = NOTHING
    const stop = (): void => wake()
    const close = await followMarket(
      { ...this.options, symbols: this.chosen },
      {
        onInstruments: specs => {
          this.instruments = specs
        },
        onEvent: event => {
          pending.push(event)
          wake()
        },
        onGap: what => this.onProblem?.(new MarketDataGapError(`market data of OKX: ${what}`)),
      },
    )
    onAbort(signal, stop)
    try {
      while (!signal.aborted) {
        if (pending.length === 0)
          await new Promise<void>(resolve => {
            wake = resolve
          })
        const batch = pending
        pending = []
        if (batch.length > 0) yield batch
      }
    } finally {
      offAbort(signal, stop)
      close()
    }
  }
}

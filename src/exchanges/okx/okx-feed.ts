import { InvalidOptionError, type TicktapeError } from '../../base/errors.js'
import type { Feed } from '../../trading/market/feed.js'
import type { MarketEvent } from '../../trading/messages/market-event.js'
import { offAbort, onAbort } from '../../wait/abort.js'
import { loadWs } from '../connection/ws-package.js'
import { MarketDataGapError } from '../errors.js'
import { okxEndpoint } from './endpoints.js'
import { OKX_VENUE, type OkxInstrument, type OkxType } from './instruments.js'
import { OkxRest } from './okx-rest.js'
import { DEFAULT_TYPES } from './options.js'
import { PublicConnection, type QuoteSource } from './public-connection.js'

export interface OkxFeedOptions {
  /** As of the venue. Default 'live'. */
  readonly endpoint?: string
  /** Default: what the strategies ask for. */
  readonly symbols?: readonly string[]
  readonly types?: readonly OkxType[]
  /** Default 'best'. */
  readonly quotes?: QuoteSource
}

const NOTHING = (): void => {}
/** Instruments of one socket. */
const PER_SOCKET = 100
/** The most instruments that are followed without being named. */
const MOST_UNNAMED = 300

/** Live quotes and trades of OKX. No credentials are needed. */
export class OkxFeed implements Feed {
  onProblem: ((problem: TicktapeError) => void) | undefined = undefined
  /** Each start is another feed: what happened before it is gone. */
  readonly identity: string
  private chosen: readonly string[] | undefined

  constructor(private readonly options: OkxFeedOptions = {}) {
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

  /** @throws {InvalidOptionError} for symbols that OKX does not have; {VenueRequestError}, {PackageMissingError}. */
  async *events(
    _skip: number,
    { signal }: { readonly signal: AbortSignal } = { signal: new AbortController().signal },
  ): AsyncGenerator<readonly MarketEvent[], void, undefined> {
    const endpoint = okxEndpoint(this.options.endpoint)
    const ws = await loadWs()
    const symbols = await this.symbolsAt(new OkxRest(endpoint))
    let pending: MarketEvent[] = []
    let wake = NOTHING
    const connections: PublicConnection[] = []
    const stop = (): void => wake()
    onAbort(signal, stop)
    try {
      for (let i = 0; i < symbols.length; i += PER_SOCKET)
        connections.push(
          new PublicConnection({
            ws,
            url: endpoint.publicSocket,
            symbols: symbols.slice(i, i + PER_SOCKET),
            quotes: this.options.quotes ?? 'best',
            onEvent: event => {
              pending.push(event)
              wake()
            },
            onGap: what => this.onProblem?.(new MarketDataGapError(`market data of OKX: ${what}`)),
          }),
        )
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
      for (const connection of connections) connection.close()
    }
  }

  private async symbolsAt(rest: OkxRest): Promise<readonly string[]> {
    let all: readonly OkxInstrument[]
    try {
      all = (await rest.instruments(this.options.types ?? DEFAULT_TYPES)).filter(({ isLive }) => isLive)
    } finally {
      rest.close()
    }
    const known = new Set(all.map(({ spec }) => spec.symbol))
    const { chosen } = this
    if (chosen === undefined) {
      if (known.size <= MOST_UNNAMED) return [...known]
      throw new InvalidOptionError(
        `OKX has ${known.size} instruments, and a strategy asks for all of them: give it 'symbols', or name them with --symbols`,
      )
    }
    const found = chosen.filter(symbol => known.has(symbol))
    if (found.length > 0) return found
    throw new InvalidOptionError(
      `OKX has none of the symbols ${chosen.join(', ')}; it writes them as ${[...known].slice(0, 3).join(', ')}`,
    )
  }
}

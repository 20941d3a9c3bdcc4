import type { TicktapeError } from '../../base/errors.js'
import type { InstrumentSpec } from '../../trading/instruments/instrument.js'
import type { Feed } from '../../trading/market/feed.js'
import type { MarketEvent } from '../../trading/messages/market-event.js'
import { offAbort, onAbort } from '../../wait/abort.js'
import { MarketDataGapError } from '../errors.js'

const NOTHING = (): void => {}

/** Who hears of market data. */
export interface MarketHandlers {
  /** Once, before anything else: the terms of what is followed. */
  readonly onInstruments?: ((specs: readonly InstrumentSpec[]) => void) | undefined
  readonly onEvent: (event: MarketEvent) => void
  /** What was not received, or not understood, for people; and for how many ms until now, if that is known. */
  readonly onGap: (what: string, missingMs?: number) => void
  /** Each message, as it was received. */
  readonly onText?: ((text: string) => void) | undefined
}

/** Connects to the public market data of some symbols; undefined: all. Returns what closes the connections. */
export type FollowMarket = (symbols: readonly string[] | undefined, handlers: MarketHandlers) => Promise<() => void>

export interface LiveFeedOptions {
  /** The venue's name in instruments. */
  readonly venue: string
  /** Its name for people. */
  readonly title: string
  /** Where it is, as it was given. */
  readonly endpoint: string
  readonly symbols: readonly string[] | undefined
  readonly follow: FollowMarket
}

/** What is missing, behind so many of the events that wait to be taken. */
interface Gap {
  readonly at: number
  readonly problem: MarketDataGapError
}

/** Live quotes and trades of a venue, and what is missing of them, in the order in which it was received. No credentials are needed. */
export class LiveFeed implements Feed {
  onProblem: ((problem: TicktapeError) => void) | undefined = undefined
  /** Each start is another feed: what happened before it is gone. */
  readonly identity: string
  instruments: readonly InstrumentSpec[] = []
  private chosen: readonly string[] | undefined

  constructor(private readonly options: LiveFeedOptions) {
    const { venue, endpoint, symbols } = options
    this.identity = `${venue} ${endpoint.slice(0, 48)} ${new Date().toISOString()}`
    this.chosen = symbols
  }

  /** What the strategies ask for; undefined when one of them wants everything. The option `symbols` comes before it. */
  choose(symbols: readonly string[] | undefined): void {
    const { venue } = this.options
    this.chosen ??= symbols?.map(symbol => (symbol.endsWith(`.${venue}`) ? symbol.slice(0, -venue.length - 1) : symbol))
  }

  /** @throws as the venue's `follow`. */
  async *events(
    _skip: number,
    { signal }: { readonly signal: AbortSignal } = { signal: new AbortController().signal },
  ): AsyncGenerator<readonly MarketEvent[], void, undefined> {
    const { follow, title } = this.options
    let pending: MarketEvent[] = []
    let gaps: Gap[] = []
    let wake = NOTHING
    const stop = (): void => wake()
    const close = await follow(this.chosen, {
      onInstruments: specs => {
        this.instruments = specs
      },
      onEvent: event => {
        pending.push(event)
        wake()
      },
      onGap: (what, missingMs) => {
        gaps.push({
          at: pending.length,
          problem: new MarketDataGapError(`market data of ${title}: ${what}`, missingMs),
        })
        wake()
      },
    })
    onAbort(signal, stop)
    try {
      while (!signal.aborted) {
        if (pending.length === 0 && gaps.length === 0)
          await new Promise<void>(resolve => {
            wake = resolve
          })
        const [batch, holes] = [pending, gaps]
        pending = []
        if (holes.length > 0) gaps = []
        let from = 0
        for (const { at, problem } of holes) {
          if (at > from) yield batch.slice(from, at)
          from = at
          this.onProblem?.(problem)
        }
        if (batch.length > from) yield from === 0 ? batch : batch.slice(from)
      }
    } finally {
      offAbort(signal, stop)
      close()
    }
  }
}

import type { TicktapeError } from '../../base/errors.js'
import type { InstrumentSpec } from '../instruments/instrument.js'
import type { MarketEvent } from '../messages/market-event.js'

/** The source of a gateway's market data. */
export interface Feed {
  /**
   * The events after the first `skip`, in batches. Each call gives the same events, so that a gateway which was killed continues where
   * its journal ends.
   *
   * @param options.signal aborts when the gateway stops. A generator that waits for something must end then; its `finally` runs.
   */
  events(skip: number, options?: { readonly signal: AbortSignal }): AsyncIterable<readonly MarketEvent[]>
  /**
   * What makes its events these events: a file's name and size, a seed. At most 96 ASCII characters. A gateway that gets a feed of another
   * identity than before takes it from its beginning. Default: '', always the same feed.
   */
  readonly identity?: string
  /** The terms of the instruments that it follows: a feed that asks its venue knows them when its first events come. */
  readonly instruments?: readonly InstrumentSpec[]
  /** All symbols that the feed has events of, if known. A strategy that asks for another symbol is reported at the start. */
  readonly symbols?: readonly string[]
  /**
   * Called before `events` with the symbols that strategies ask for, with or without their venue; undefined when one of them wants
   * all. For a feed that must ask for each symbol.
   */
  choose?(symbols: readonly string[] | undefined): void
  /** Called with each problem in the source because of which something was left out. */
  onProblem?: ((problem: TicktapeError) => void) | undefined
}

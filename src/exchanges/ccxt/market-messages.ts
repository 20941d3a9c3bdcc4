import type { InstrumentSpec } from '../../trading/instruments/instrument.js'
import type { MarketEvent } from '../../trading/messages/market-event.js'
import type { CcxtMarketOptions } from './options.js'

/** What the process of market data is started with, as JSON in its only argument. */
export interface CcxtMarketConfig extends CcxtMarketOptions {
  /** Undefined: all. */
  readonly symbols?: readonly string[]
}

/** What that process says to its parent. */
export type CcxtMarketMessage =
  | { readonly kind: 'instruments'; readonly specs: readonly InstrumentSpec[] }
  | { readonly kind: 'events'; readonly events: readonly MarketEvent[] }
  | { readonly kind: 'gap'; readonly what: string }
  /** It cannot begin. `code` is that of the error. */
  | { readonly kind: 'failed'; readonly code: string; readonly message: string }

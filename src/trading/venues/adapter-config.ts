import type { WriterOptions } from '../../journal/write/options.js'
import type { Wait } from '../../wait/run-loop.js'
import type { InstrumentSpec } from '../instruments/instrument.js'
import type { RequestLimits } from './request-limits.js'

/** A venue that runs in a process of its own: a module whose default export is a venue, or a function that makes one. */
export interface VenueModule {
  /** The absolute path of the module. */
  readonly module: string
  /** What the function is called with. It is recorded in the home's sequence: it has no secrets. */
  readonly options?: unknown
}

/** The configuration of the process of one venue adapter. The gateway passes it as JSON in the only argument. */
export interface AdapterConfig {
  readonly file: string
  readonly options?: unknown
  /** The venue's number among the venues. */
  readonly number: number
  /** The home's 40 random bits, as text. */
  readonly home: string
  /** ns since 1970, as text: the origin of the runtime's times. */
  readonly origin: string
  /** The sequence and the adapter's journal. */
  readonly input: string
  readonly inputIdentity: string
  readonly output: string
  readonly writer: WriterOptions
  readonly wait: Wait
}

/** What a process that loads the module of a venue says about it. */
export interface VenueInfo {
  readonly name: string
  readonly file: string
  readonly accounts: readonly string[]
  readonly canAmend: boolean
  readonly instruments: readonly InstrumentSpec[]
  readonly requestLimits?: RequestLimits | undefined
}

export type VenueInspectAnswer =
  | { readonly kind: 'venue'; readonly venue: VenueInfo }
  | { readonly kind: 'failed'; readonly message: string }

import { InvalidOptionError, type TicktapeError } from '../../base/errors.js'
import { formatValue } from '../../base/format-value.js'
import { checkOptions, kinds } from '../../base/options.js'
import { Page } from '../../frames/format.js'
import type { SimulatedExchangeOptions } from '../exchange/options/options.js'
import { SimulatedExchange } from '../exchange/simulated-exchange.js'
import type { InstrumentSpec } from '../instruments/instrument.js'
import type { Feed } from '../market/feed.js'
import type { RiskOptions } from '../risk/limits.js'
import type { StrategyDefinition } from '../strategies/strategy.js'
import type { AsyncVenue } from '../venues/async-venue.js'

export interface BacktestOptions {
  /** Modules whose default export is a strategy or a list of them, or strategies. */
  readonly strategies: readonly (string | StrategyDefinition)[]
  /** Market data: the file of a capture, the directory of a journal with BookTop and Trade frames, or a home. */
  readonly capture?: string
  /** Market data of any other kind, instead of `capture`. */
  readonly feed?: Feed
  /**
   * The exchange, or its options. Default: an exchange for each venue that the instruments name, else one, without fees,
   * latency and limits.
   */
  readonly exchange?: SimulatedExchange | SimulatedExchangeOptions
  /** Several exchanges, instead of `exchange`. All must be deterministic. */
  readonly venues?: readonly AsyncVenue[]
  /** Terms of instruments that neither the exchange nor the journal knows. */
  readonly instruments?: readonly InstrumentSpec[]
  readonly risk?: RiskOptions
  /** How long a request may act at the exchange, in ms of the market's time. Default 0: without a limit. */
  readonly requestExpiryMs?: number
  /** Of the home's identity and of `context.random`. 0 to 2^32 - 1. Default 1. */
  readonly seed?: number
  /** Keeps all journals in this directory, which must be new: `ticktape replay` and `tail` read them. Default: not kept. */
  readonly home?: string
  /** Bytes of a page of the sequence. Default 16 MiB. */
  readonly pageSize?: number
  readonly signal?: AbortSignal
  /** Called from time to time. `part` is 0 to 1, or undefined when the total is not known. */
  readonly onProgress?: (progress: { readonly events: number; readonly part: number | undefined }) => void
  /** What strategies log. Default: nothing is done with it. */
  readonly onLog?: (strategy: string, text: string) => void
  /** Parts of the capture that are not valid and were left out. */
  readonly onProblem?: (problem: TicktapeError) => void
}

/** @throws {InvalidOptionError} */
export function checkBacktestOptions(options: BacktestOptions): void {
  checkOptions('backtest', options, {
    strategies: kinds.array,
    capture: kinds.string,
    feed: kinds.object,
    exchange: kinds.object,
    venues: kinds.array,
    instruments: kinds.array,
    risk: kinds.object,
    requestExpiryMs: kinds.integer(0, 3_600_000),
    seed: kinds.integer(0, 2 ** 32 - 1),
    home: kinds.string,
    pageSize: kinds.integer(Page.MIN_SIZE, Page.MAX_SIZE),
    signal: kinds.signal,
    onProgress: kinds.function,
    onLog: kinds.function,
    onProblem: kinds.function,
  })
  const { strategies, capture, feed, exchange, venues } = options
  if (strategies === undefined || strategies.length === 0)
    throw new InvalidOptionError("backtest needs 'strategies': at least one")
  if ((capture === undefined) === (feed === undefined))
    throw new InvalidOptionError("backtest needs market data: give 'capture' or 'feed', and not both")
  if (exchange !== undefined && venues !== undefined)
    throw new InvalidOptionError("backtest takes 'exchange' or 'venues', not both")
  const live = venues?.find(({ deterministic }) => !deterministic)
  if (live !== undefined)
    throw new InvalidOptionError(
      `the venue ${formatValue(live.name)} is not deterministic: its answers come at the machine's times, and a backtest has its own`,
    )
}

/** The exchanges of a backtest. @param known terms of instruments that the journal has. */
export function exchangesOf(
  { exchange, venues, instruments = [] }: BacktestOptions,
  known: readonly InstrumentSpec[],
): readonly AsyncVenue[] {
  if (venues !== undefined) return venues
  if (exchange instanceof SimulatedExchange) return [exchange]
  const given = exchange?.instruments ?? []
  const names = [...new Set([...given, ...instruments, ...known].map(({ venue }) => venue))]
  if (exchange?.name !== undefined || names.length <= 1)
    return [new SimulatedExchange({ ...(names.length === 1 ? { name: names[0] } : {}), ...exchange })]
  return names.map(name => {
    const own = given.filter(({ venue }) => venue === name)
    return new SimulatedExchange({ ...exchange, name, instruments: own })
  })
}

import * as fs from 'node:fs'
import * as path from 'node:path'
import { fromSystemError } from '../base/system-error.js'
import type { BinanceMarketOptions, BinanceOptions } from '../exchanges/binance/options.js'
import type { BybitOptions } from '../exchanges/bybit/options.js'
import type { BybitMarketOptions } from '../exchanges/bybit/public-market.js'
import type { CcxtMarketOptions, CcxtOptions } from '../exchanges/ccxt/options.js'
import type { OkxOptions } from '../exchanges/okx/options.js'
import type { OkxMarketOptions } from '../exchanges/okx/public-market.js'
import type { Durability } from '../journal/write/options.js'
import type { RestartLimits } from '../runtime/supervision/restart-count.js'
import { DeskFileError } from '../trading/errors.js'
import type { SimulatedExchangeOptions } from '../trading/exchange/options/options.js'
import type { InstrumentSpec } from '../trading/instruments/instrument.js'
import type { CalendarSpec } from '../trading/instruments/session-calendar.js'
import type { Speed } from '../trading/market/pace.js'
import type { SyntheticFeedOptions } from '../trading/market/synthetic-feed.js'
import type { RiskOptions } from '../trading/risk/limits.js'
import type { GivenModule } from '../trading/strategies/given-module.js'
import type { Wait } from '../wait/run-loop.js'
import { checkValue } from './check.js'
import { DESK_SCHEMA } from './schema.js'

/** What a desk.json says. All paths are absolute: they were relative to the file. */
export interface DeskDescription {
  readonly strategies: readonly GivenModule[]
  readonly venues?: readonly (
    | string
    | { readonly simulated: SimulatedExchangeOptions }
    | { readonly okx: OkxOptions }
    | { readonly binance: BinanceOptions }
    | { readonly bybit: BybitOptions }
    | { readonly ccxt: CcxtOptions }
  )[]
  readonly instruments?: readonly InstrumentSpec[]
  readonly calendars?: Readonly<Record<string, CalendarSpec>>
  readonly risk?: RiskOptions
  readonly feed?:
    | { readonly capture: string }
    | { readonly synthetic: SyntheticFeedOptions }
    | { readonly okx: OkxMarketOptions }
    | { readonly binance: BinanceMarketOptions }
    | { readonly bybit: BybitMarketOptions }
    | { readonly ccxt: CcxtMarketOptions }
  readonly speed?: Speed
  readonly maxGapMs?: number
  readonly wait?: Wait
  readonly requestExpiryMs?: number
  readonly durability?: Exclude<Durability, 'commit'>
  readonly pageSize?: number
  readonly snapshotBytes?: number
  readonly retain?: { readonly snapshots?: number; readonly bytes?: number; readonly age?: number }
  readonly strategyPageSize?: number
  readonly backOffMs?: number
  readonly stopMs?: number
  readonly progressMs?: number
  readonly restarts?: RestartLimits
  readonly hangMs?: number
  readonly startMs?: number
  readonly deadManMs?: number
  readonly strategyMemoryMb?: number
}

/**
 * Reads a desk.json: checks it by its schema, and makes its paths absolute.
 *
 * @throws {DeskFileError} for a file that is not JSON or has what it may not have; what is wrong is named, with the nearest known
 * name for a misspelt one. {NotFoundError}.
 */
export function readDeskFile(file: string): DeskDescription {
  const absolute = path.resolve(file)
  const fail = (what: string): DeskFileError => new DeskFileError(`${file}: ${what}`, { path: absolute })
  let text: string
  try {
    text = fs.readFileSync(absolute, 'utf8')
  } catch (error) {
    throw fromSystemError(error, 'reading', absolute)
  }
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw fail(`it is not JSON: ${(error as Error).message}`)
  }
  const misfit = checkValue(value, DESK_SCHEMA)
  if (misfit !== undefined) throw fail(misfit.where === '' ? `it ${misfit.what}` : `'${misfit.where}' ${misfit.what}`)
  return withAbsolutePaths(value as DeskDescription & { readonly $schema?: string }, path.dirname(absolute))
}

/** `$schema` is for editors: it is left out. */
function withAbsolutePaths(
  { $schema: _schema, ...described }: DeskDescription & { readonly $schema?: string },
  folder: string,
): DeskDescription {
  const { strategies, venues, feed } = described
  const absolute = (file: string): string => path.resolve(folder, file)
  return {
    ...described,
    strategies: strategies.map(one =>
      typeof one === 'string' ? absolute(one) : { ...one, module: absolute(one.module) },
    ),
    ...(venues === undefined ? {} : { venues: venues.map(venue => withAbsolutePath(venue, absolute)) }),
    ...(feed !== undefined && 'capture' in feed ? { feed: { capture: absolute(feed.capture) } } : {}),
    ...(feed !== undefined && 'ccxt' in feed ? { feed: { ccxt: withAbsolutePackage(feed.ccxt, absolute) } } : {}),
  }
}

type DescribedVenue = NonNullable<DeskDescription['venues']>[number]

function withAbsolutePath(venue: DescribedVenue, absolute: (file: string) => string): DescribedVenue {
  if (typeof venue === 'string') return absolute(venue)
  if ('okx' in venue) return { okx: withAbsoluteCredentials(venue.okx, absolute) }
  if ('binance' in venue) return { binance: withAbsoluteCredentials(venue.binance, absolute) }
  if ('bybit' in venue) return { bybit: withAbsoluteCredentials(venue.bybit, absolute) }
  if ('ccxt' in venue) return { ccxt: withAbsolutePackage(withAbsoluteCredentials(venue.ccxt, absolute), absolute) }
  return venue
}

function withAbsoluteCredentials<Options extends { readonly credentials?: string }>(
  options: Options,
  absolute: (file: string) => string,
): Options {
  const { credentials } = options
  return credentials === undefined ? options : { ...options, credentials: absolute(credentials) }
}

function withAbsolutePackage<Options extends { readonly package?: string }>(
  options: Options,
  absolute: (file: string) => string,
): Options {
  const { package: folder } = options
  return folder === undefined ? options : { ...options, package: absolute(folder) }
}

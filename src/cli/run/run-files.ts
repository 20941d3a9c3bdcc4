import * as fs from 'node:fs'
import * as path from 'node:path'
import type { DeskDescription } from '../../desk-file/read.js'
import type { InstrumentSpec } from '../../trading/instruments/instrument.js'
import type { RiskOptions } from '../../trading/risk/limits.js'
import { UsageError } from '../output/failure.js'

/** The options of `run` that name files for the gateway. */
export interface RunFiles {
  readonly venue?: string
  readonly endpoint?: string
  readonly credentials?: string
  readonly symbols?: readonly string[]
  readonly risk?: string
  readonly instruments?: string
}

/** What the files give: options of `Gateway.start`, which checks their contents. @throws {UsageError} */
export function readRunFiles({ venue, risk, instruments, ...live }: RunFiles): {
  readonly venue?: NonNullable<DeskDescription['venues']>[number]
  readonly risk?: RiskOptions
  readonly instruments?: readonly InstrumentSpec[]
} {
  return {
    ...venueOf(venue, live),
    ...(risk === undefined ? {} : { risk: objectIn(risk, '--risk') }),
    ...(instruments === undefined ? {} : { instruments: listIn(instruments, '--instruments') }),
  }
}

type Venue = NonNullable<DeskDescription['venues']>[number]

/** What the options say of an account at a real venue. */
interface LiveOptions {
  readonly endpoint?: string
  readonly credentials?: string
  readonly symbols?: readonly string[]
}

/** The real venues, by their names on the command line. */
const REAL_VENUES: Readonly<Record<string, (options: LiveOptions) => Venue>> = {
  okx: options => ({ okx: options }),
  binance: options => ({ binance: options }),
  'binance-usd-m': options => ({ binance: { ...options, market: 'usd-m' } }),
  'binance-coin-m': options => ({ binance: { ...options, market: 'coin-m' } }),
  bybit: options => ({ bybit: options }),
  'bybit-spot': options => ({ bybit: { ...options, category: 'spot' } }),
}

/** Exchanges by ccxt: 'ccxt:kraken'. */
const BY_CCXT = /^ccxt:([a-z0-9]{1,32})$/

function realVenue(name: string): ((options: LiveOptions) => Venue) | undefined {
  if (Object.hasOwn(REAL_VENUES, name)) return REAL_VENUES[name]
  const exchange = BY_CCXT.exec(name)?.[1]
  return exchange === undefined ? undefined : options => ({ ccxt: { exchange, ...options } })
}

/** A venue by its name, or by the file of its module. */
function venueOf(venue: string | undefined, { endpoint, credentials, symbols }: RunFiles): { readonly venue?: Venue } {
  const real = venue === undefined ? undefined : realVenue(venue)
  if (real === undefined) {
    const given = [endpoint, credentials, symbols].findIndex(value => value !== undefined)
    const names = [...Object.keys(REAL_VENUES), 'ccxt:NAME'].join(', ')
    if (given >= 0)
      throw new UsageError(`${['--endpoint', '--credentials', '--symbols'][given]} goes with --venue ${names}`)
    if (venue === 'sim') return { venue: { simulated: {} } }
    return venue === undefined ? {} : { venue: existing(venue, '--venue') }
  }
  return {
    venue: real({
      ...(endpoint === undefined ? {} : { endpoint }),
      ...(credentials === undefined ? {} : { credentials: existing(credentials, '--credentials') }),
      ...(symbols === undefined ? {} : { symbols }),
    }),
  }
}

function existing(file: string, option: string): string {
  if (!fs.existsSync(file)) throw new UsageError(`${option}: there is no file ${file}`)
  return path.resolve(file)
}

/** An object from a JSON file. @throws {UsageError} */
export function objectIn(file: string, option: string): object {
  const value = jsonIn(file, option)
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
  throw new UsageError(`${option}: ${file} must have an object`)
}

function listIn(file: string, option: string): readonly InstrumentSpec[] {
  const value = jsonIn(file, option)
  if (Array.isArray(value)) return value as InstrumentSpec[]
  throw new UsageError(`${option}: ${file} must have a list`)
}

function jsonIn(file: string, option: string): unknown {
  const text = fs.readFileSync(existing(file, option), 'utf8')
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new UsageError(`${option}: ${file} is not JSON: ${(error as Error).message}`)
  }
}

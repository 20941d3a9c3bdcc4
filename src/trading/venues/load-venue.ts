import * as fs from 'node:fs'
import { pathToFileURL } from 'node:url'
import { TicktapeError } from '../../base/errors.js'
import { formatValue } from '../../base/format-value.js'
import { VenueError } from '../errors.js'
import { isVenueName } from '../instruments/instrument.js'
import type { AsyncVenue } from './async-venue.js'
import { checkRequestLimits } from './request-limits.js'

const FUNCTIONS = ['start', 'submit', 'amend', 'cancel', 'reconcile', 'query', 'close'] as const

/**
 * Loads the venue of a module: its default export, which is a venue or a function that makes one.
 *
 * @param options what the function is called with.
 * @throws {VenueError}
 */
export async function loadVenue(file: string, options?: unknown): Promise<AsyncVenue> {
  const fail = (what: string, cause?: unknown): VenueError => new VenueError(`${file} ${what}`, { path: file, cause })
  if (!fs.existsSync(file)) throw fail('does not exist')
  let made: unknown
  try {
    const module = (await import(pathToFileURL(file).href)) as { readonly default?: unknown }
    made =
      typeof module.default === 'function'
        ? await (module.default as (options?: unknown) => unknown)(options)
        : module.default
  } catch (error) {
    // What a venue says of itself needs no file: that OKX cannot be reached, that credentials are missing.
    if (error instanceof TicktapeError) throw error
    throw fail(`cannot be loaded: ${error instanceof Error ? error.message : String(error)}`, error)
  }
  return checkVenue(made, file)
}

/** @throws {VenueError} when a value is no venue. */
export function checkVenue(value: unknown, what: string): AsyncVenue {
  const fail = (why: string): VenueError => new VenueError(`${what} ${why}`)
  if (typeof value !== 'object' || value === null) throw fail(`has no venue, but ${formatValue(value)}`)
  const venue = value as Partial<AsyncVenue>
  const missing = FUNCTIONS.find(name => typeof venue[name] !== 'function')
  if (missing !== undefined) throw fail(`is no venue: it has no function '${missing}'`)
  if (!isVenueName(venue.name))
    throw fail(`has a venue with the name ${formatValue(venue.name)}; a name is 1 to 16 letters, digits, '_' and '-'`)
  const { accounts, instruments } = venue
  if (!Array.isArray(accounts) || accounts.length === 0 || !accounts.every(name => typeof name === 'string'))
    throw fail(`has a venue without a list of 'accounts'; there is at least one`)
  if (new Set(accounts).size !== accounts.length) throw fail('has a venue with two accounts of one name')
  if (!Array.isArray(instruments)) throw fail(`has a venue without a list of 'instruments'; it may be empty`)
  checkBatch(venue, fail)
  return value as AsyncVenue
}

function checkBatch(
  { name, requestLimits, maxBatch, submitBatch }: Partial<AsyncVenue>,
  fail: (why: string) => VenueError,
): void {
  if (submitBatch !== undefined && typeof submitBatch !== 'function')
    throw fail("has a 'submitBatch' that is no function")
  if (maxBatch !== undefined && !(Number.isInteger(maxBatch) && maxBatch >= 1))
    throw fail(`has a 'maxBatch' of ${formatValue(maxBatch)}; it is a whole number from 1`)
  if (requestLimits === undefined) return
  try {
    checkRequestLimits(requestLimits, `the venue '${name ?? ''}'`)
  } catch (error) {
    throw fail(`has bad request limits: ${error instanceof Error ? error.message : String(error)}`)
  }
}

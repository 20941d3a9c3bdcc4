/** The venues and the configuration that a gateway's options describe, checked. */
import * as path from 'node:path'
import { InvalidOptionError } from '../../base/errors.js'
import { formatValue } from '../../base/format-value.js'
import { nearestName } from '../../base/nearest.js'
import { inspectVenue } from '../adapter/inspect.js'
import { type PlacedVenue } from '../desk/make-desk.js'
import { HomeError } from '../errors.js'
import { SimulatedExchange } from '../exchange/simulated-exchange.js'
import { checkRisk, type RiskOptions } from '../risk/limits.js'
import { type DeskConfig } from '../sequence/config.js'
import { HomeDirectory } from '../sequence/home.js'
import type { VenueModule } from '../venues/adapter-config.js'
import { checkVenue } from '../venues/load-venue.js'
import { RecordedVenue } from '../venues/recorded-venue.js'
import type { GatewayOptions } from './options.js'

/** How long a strategy may be gone before its open orders are cancelled, in ms. */
const DEAD_MAN_MS = 30_000

/** What a desk needs to know of a gateway's options: all but its feed, its strategies and its loop. */
export type OpenDeskOptions = Omit<GatewayOptions, 'feed' | 'strategies'>

/** A venue of the options; one that runs in a process of its own has a module. */
export interface OpenVenue extends PlacedVenue {
  readonly file: VenueModule | undefined
}

/** The venues of the options, in their order: it gives them their numbers. */
export async function venuesOf(options: OpenDeskOptions): Promise<readonly OpenVenue[]> {
  const given = options.venues ?? [options.venue ?? new SimulatedExchange()]
  const venues: OpenVenue[] = []
  for (const one of given) {
    const module = typeof one === 'string' ? { module: path.resolve(one) } : 'module' in one ? one : undefined
    if (module !== undefined) {
      const { name, accounts, canAmend, instruments, requestLimits } = await inspectVenue(module)
      const venue = new RecordedVenue(name, accounts, canAmend, instruments, requestLimits)
      venues.push({ venue, isRemote: true, file: module })
    } else venues.push({ venue: checkVenue(one, "option 'venue' of Gateway.start"), isRemote: false, file: undefined })
  }
  const names = venues.map(({ venue }) => venue.name)
  const twice = names.find((name, n) => names.indexOf(name) !== n)
  if (venues.length === 0) throw new InvalidOptionError("option 'venues' of Gateway.start takes at least one venue")
  if (twice === undefined) return venues
  throw new InvalidOptionError(`two venues have the name '${twice}'; each needs a name of its own`)
}

/** An instrument whose calendar is not described would always be open. @throws {InvalidOptionError} */
export function checkCalendarOf(instrument: string, calendar: string | undefined, calendars: object = {}): void {
  if (calendar === undefined || Object.hasOwn(calendars, calendar)) return
  const near = nearestName(calendar, Object.keys(calendars))
  throw new InvalidOptionError(
    `instrument ${instrument} has the calendar ${formatValue(calendar)}, which option 'calendars' does not have${near === undefined ? '' : `; did you mean '${near}'?`}`,
  )
}

/** Limits of an account that does not exist limit nothing. */
export function checkAccounts({ risk }: OpenDeskOptions, venues: readonly OpenVenue[]): void {
  const known = new Set(venues.flatMap(({ venue }) => venue.accounts))
  for (const name of Object.keys(risk?.accounts ?? {}))
    if (!known.has(name))
      throw new InvalidOptionError(
        `option 'risk' has limits of the account ${formatValue(name)}, which no venue has; there are: ${[...known].join(', ')}`,
      )
}

/**
 * Limits of a strategy that does not exist limit nothing.
 *
 * @param known the strategies of the options, and those that the home had before.
 */
export function checkStrategies(risk: RiskOptions | undefined, known: Iterable<{ readonly id: string }>): void {
  // What is wrong with the limits themselves comes first.
  checkRisk(risk ?? {})
  const ids = [...new Set([...known].map(({ id }) => id))]
  for (const name of Object.keys(risk?.strategies ?? {})) {
    if (ids.includes(name)) continue
    const near = nearestName(name, ids)
    const hint = near === undefined ? `there are: ${ids.join(', ') || 'none'}.` : `did you mean '${near}'?`
    throw new InvalidOptionError(
      `option 'risk' has limits of the strategy ${formatValue(name)}, which is none of this desk; ${hint} Limits of one that is added later are given first: ticktape limits HOME 'strategies.ID.NAME=VALUE'`,
    )
  }
}

/** How long a request may act at a venue that is no simulated one, unless an option says otherwise, in ms. */
const LIVE_EXPIRY_MS = 5_000

export function configOf(
  { risk = {}, requestExpiryMs, calendars, deadManMs = DEAD_MAN_MS, description }: OpenDeskOptions,
  venues: readonly OpenVenue[],
): DeskConfig {
  return {
    // As it will be read back. JSON has no Infinity: such a limit is none, and is left out.
    risk: JSON.parse(
      JSON.stringify(risk, (_, value: unknown) => (value === Infinity ? undefined : value)),
    ) as RiskOptions,
    venues: venues.map(
      ({ venue: { name, accounts, canAmend, deterministic, configuration, requestLimits }, isRemote }) => ({
        name,
        accounts,
        canAmend,
        deterministic,
        isRemote,
        configuration,
        requestLimits,
      }),
    ),
    // An unanswered request to a venue that never forgets could not be proven lost.
    expiryMs: requestExpiryMs ?? (venues.every(({ venue }) => venue.deterministic) ? 0 : LIVE_EXPIRY_MS),
    deadManMs,
    ...(calendars === undefined ? {} : { calendars }),
    ...(description === undefined ? {} : { description }),
  }
}

/**
 * The venues and their order are part of the home: orders name them by number, and a simulated exchange with other options
 * would have decided otherwise.
 */
export function checkSameVenues(home: HomeDirectory, recorded: DeskConfig, config: DeskConfig): void {
  const refuse = (what: string): HomeError =>
    new HomeError(`${home.path} ${what}; use the venues that it was made with, or begin another home`, {
      path: home.path,
    })
  if (recorded.expiryMs !== config.expiryMs)
    throw refuse(`was made with 'requestExpiryMs' ${recorded.expiryMs}, not ${config.expiryMs}`)
  for (const [n, venue] of recorded.venues.entries()) {
    const now = config.venues[n]
    if (now?.name !== venue.name)
      throw refuse(`has '${venue.name}' as its venue number ${n + 1}, not ${formatValue(now?.name)}`)
    // As JSON would return it, without undefined values.
    if (JSON.stringify({ ...venue, requestLimits: 0 }) !== JSON.stringify({ ...now, requestLimits: 0 }))
      throw refuse(`has other options of the venue '${venue.name}'`)
  }
}

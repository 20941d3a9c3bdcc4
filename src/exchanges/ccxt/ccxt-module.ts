import { InvalidOptionError } from '../../base/errors.js'
import { formatValue } from '../../base/format-value.js'
import { VenueRequestError } from '../errors.js'
import type { VenueInstruments } from '../venue-instruments.js'
import { Abilities } from './abilities.js'
import { ccxtCredentials, useCredentials } from './ccxt-credentials.js'
import { ccxtEndpoint, useEndpoint } from './ccxt-endpoint.js'
import { loadCcxt, makeExchange } from './ccxt-package.js'
import { CcxtSession } from './ccxt-session.js'
import type { CcxtMarket } from './ccxt-types.js'
import { CcxtVenue } from './ccxt-venue.js'
import { clientIdForm } from './client-ids.js'
import { ccxtInstruments } from './instruments.js'
import { ccxtVenueName, checkCcxtOptions } from './options.js'

const POLL_MS = { withStream: 5000, withoutStream: 1000 }
/** More is not needed where an exchange takes many requests. */
const MOST_PER_SECOND = 20

/**
 * Makes the venue of an account at an exchange that ccxt knows: the module that the adapter's process loads.
 *
 * @throws {InvalidOptionError} also for an exchange that cannot be traded at, {CredentialsError}, {PackageMissingError},
 *   {VenueRequestError} when the exchange cannot be reached, or refuses the credentials.
 */
export default async function ccxt(given: unknown): Promise<CcxtVenue> {
  const options = checkCcxtOptions(given ?? {})
  const { symbols, requestsPerSecond, clientIds, pollMs } = options
  const endpoint = ccxtEndpoint(options.endpoint)
  const exchange = makeExchange(await loadCcxt(options.package), options.exchange)
  const abilities = new Abilities(exchange)
  const credentials = ccxtCredentials(exchange, options.credentials, endpoint.fakeHost !== undefined)
  const name = ccxtVenueName(exchange.id)
  const onTrouble = (why: string): void => void process.stderr.write(`venue ${name}: ${why}\n`)
  const session = new CcxtSession(exchange, credentials, onTrouble)
  await useEndpoint(exchange, endpoint)
  useCredentials(exchange, credentials)
  await session.ask(one => one.loadMarkets())
  const instruments = wantedOf(ccxtInstruments(exchange, name), symbols, exchange.id)
  const markets = marketsOf(exchange.markets ?? {}, instruments)
  abilities.checkSymbols([...markets.values()], symbols)
  await checkPositionMode(session, abilities, markets)
  return new CcxtVenue({
    name,
    session,
    abilities,
    instruments,
    markets,
    clientIds: clientIds ?? clientIdForm(exchange.id),
    requestsPerSecond: requestsPerSecond ?? Math.min(MOST_PER_SECOND, 500 / Math.max(exchange.rateLimit, 1)),
    pollMs: pollMs ?? (abilities.hasStream ? POLL_MS.withStream : POLL_MS.withoutStream),
    onTrouble,
  })
}

function marketsOf(
  all: Readonly<Record<string, CcxtMarket>>,
  { specs }: VenueInstruments,
): ReadonlyMap<string, CcxtMarket> {
  return new Map(specs.map(({ symbol }) => [symbol, all[symbol]]))
}

/** @throws {InvalidOptionError} for a symbol that the exchange does not have, or that cannot be traded. */
function wantedOf(all: VenueInstruments, symbols: readonly string[] | undefined, id: string): VenueInstruments {
  if (symbols === undefined) return all
  const bySymbol = new Map(all.specs.map(spec => [spec.symbol, spec]))
  const specs = symbols.map(symbol => {
    const found = bySymbol.get(symbol)
    if (found !== undefined) return found
    const why = all.passedOver.get(symbol)
    if (why !== undefined) throw new InvalidOptionError(`${symbol} of ${id} cannot be traded: ${why}`)
    const some = [...bySymbol.keys()].slice(0, 3).join(', ')
    throw new InvalidOptionError(`${id} has no instrument ${formatValue(symbol)}; ccxt writes them as ${some}`)
  })
  return { ...all, specs }
}

/** @throws {VenueRequestError} for an account that keeps long and short positions apart. */
async function checkPositionMode(
  session: CcxtSession,
  abilities: Abilities,
  markets: ReadonlyMap<string, CcxtMarket>,
): Promise<void> {
  const contract = [...markets.values()].find(market => market.contract === true)
  if (contract === undefined || !abilities.can('fetchPositionMode')) return
  const { hedged } = await session.ask(exchange => exchange.fetchPositionMode(contract.symbol))
  if (hedged !== true) return
  throw new VenueRequestError(
    `the account keeps long and short positions of ${contract.symbol} apart: set it to one-way mode at ${session.exchange.id}, so that an order that sells makes a long position smaller`,
  )
}

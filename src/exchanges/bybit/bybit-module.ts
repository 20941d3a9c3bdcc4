import { InvalidOptionError } from '../../base/errors.js'
import { formatValue } from '../../base/format-value.js'
import { loadWs } from '../connection/ws-package.js'
import { CredentialsError, VenueRequestError } from '../errors.js'
import { isFields, listField } from '../fields.js'
import type { VenueInstruments } from '../venue-instruments.js'
import { BybitRest } from './bybit-rest.js'
import { BybitVenue } from './bybit-venue.js'
import { type BybitEndpoint, bybitEndpoint } from './endpoints.js'
import { resultOf } from './instruments.js'
import { type BybitOptions, checkBybitOptions } from './options.js'
import { type BybitCredentials, bybitCredentials, FAKE_CREDENTIALS } from './signing.js'

/** Half of what Bybit takes in a second: a burst and a second after it are never more. */
const REQUESTS_PER_SECOND = { linear: 5, spot: 10 } as const
/** The first number of `unifiedMarginStatus` that is a unified account. */
const UNIFIED = 3

/**
 * Makes the venue of a Bybit account: the module that the adapter's process loads.
 *
 * @throws {InvalidOptionError}, {CredentialsError}, {PackageMissingError}, {VenueRequestError} when Bybit cannot be reached, or refuses
 *   the credentials.
 */
export default async function bybit(given: unknown): Promise<BybitVenue> {
  const options = checkBybitOptions(given ?? {})
  const { category = 'linear', orders = 'socket', requestsPerSecond, cancelAllAfter = 0 } = options
  const endpoint = bybitEndpoint(category, options.endpoint)
  const credentials = credentialsOf(options, endpoint)
  const ws = await loadWs()
  const rest = new BybitRest(endpoint, category, credentials)
  try {
    await rest.time()
    const instruments = wantedOf(await rest.instruments(), options.symbols)
    await checkAccount(rest, instruments)
    return new BybitVenue({
      ws,
      endpoint,
      credentials,
      rest,
      instruments,
      isBySocket: orders === 'socket' && endpoint.tradeSocket !== undefined,
      requestsPerSecond: requestsPerSecond ?? REQUESTS_PER_SECOND[category],
      cancelAllAfter,
      onTrouble: why => void process.stderr.write(`venue ${category === 'spot' ? 'bybit-spot' : 'bybit'}: ${why}\n`),
    })
  } catch (error) {
    rest.close()
    throw error
  }
}

/** Against a fake Bybit on this machine the real credentials of the environment are not used: they would be sent without encryption. */
function credentialsOf({ credentials: file }: BybitOptions, endpoint: BybitEndpoint): BybitCredentials {
  if (endpoint.isFake && file === undefined) return FAKE_CREDENTIALS
  const found = bybitCredentials(file)
  if (found !== undefined) return found
  throw new CredentialsError(
    'Bybit needs credentials: set BYBIT_KEY and BYBIT_SECRET, or name a file of mode 0600 with {"key","secret"} as the option credentials',
  )
}

async function checkAccount(rest: BybitRest, { specs }: VenueInstruments): Promise<void> {
  const { result } = await rest.get('/v5/account/info')
  const status = isFields(result) ? result['unifiedMarginStatus'] : undefined
  if (typeof status !== 'number' || status < UNIFIED)
    throw new VenueRequestError('the account is no unified trading account: upgrade it at Bybit, or use another one')
  const [first] = specs
  if (rest.category === 'spot' || first === undefined) return
  const answer = await rest.get('/v5/position/list', { category: rest.category, symbol: first.symbol })
  if (listField(resultOf(answer), 'list').every(({ positionIdx }) => positionIdx === 0)) return
  throw new VenueRequestError(
    `the account keeps long and short positions of ${first.symbol} apart: set it to one-way mode at Bybit, so that an order that sells makes a long position smaller`,
  )
}

/** @throws {InvalidOptionError} for a symbol that Bybit does not have. */
function wantedOf(all: VenueInstruments, symbols: readonly string[] | undefined): VenueInstruments {
  if (symbols === undefined) return all
  const bySymbol = new Map(all.specs.map(spec => [spec.symbol, spec]))
  const specs = symbols.map(symbol => {
    const found = bySymbol.get(symbol)
    if (found !== undefined) return found
    throw new InvalidOptionError(`Bybit has no instrument ${formatValue(symbol)} in the category that is asked for`)
  })
  return { ...all, specs }
}

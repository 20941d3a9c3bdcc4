import { InvalidOptionError } from '../../base/errors.js'
import { formatValue } from '../../base/format-value.js'
import { loadWs } from '../connection/ws-package.js'
import { CredentialsError, VenueRequestError } from '../errors.js'
import { optionalField } from '../fields.js'
import { type OkxEndpoint, okxEndpoint } from './endpoints.js'
import type { OkxInstrument } from './instruments.js'
import { OkxRest } from './okx-rest.js'
import { OkxVenue } from './okx-venue.js'
import { checkOkxOptions, DEFAULT_TYPES, type OkxOptions } from './options.js'
import { FAKE_CREDENTIALS, type OkxCredentials, okxCredentials } from './signing.js'

const CANCEL_ALL_AFTER_S = 60
/** OKX allows 60 requests of a kind in 2 s for each instrument: a burst and two seconds after it are never more. */
const REQUESTS_PER_SECOND = 20

/**
 * Makes the venue of an OKX account: the module that the adapter's process loads.
 *
 * @throws {InvalidOptionError}, {CredentialsError}, {PackageMissingError}, {VenueRequestError} when OKX cannot be reached, or refuses
 *   the credentials.
 */
export default async function okx(given: unknown): Promise<OkxVenue> {
  const options = checkOkxOptions(given ?? {})
  const endpoint = okxEndpoint(options.endpoint)
  const credentials = credentialsOf(options, endpoint)
  const ws = await loadWs()
  const rest = new OkxRest(endpoint, credentials)
  try {
    await rest.time()
    await checkAccount(rest)
    const all = await rest.instruments(options.types ?? DEFAULT_TYPES)
    return new OkxVenue({
      ws,
      endpoint,
      credentials,
      rest,
      instruments: wantedOf(all, options.symbols),
      marginMode: options.marginMode ?? 'cross',
      requestsPerSecond: options.requestsPerSecond ?? REQUESTS_PER_SECOND,
      cancelAllAfter: options.cancelAllAfter ?? CANCEL_ALL_AFTER_S,
      onTrouble: why => void process.stderr.write(`venue okx: ${why}\n`),
    })
  } catch (error) {
    rest.close()
    throw error
  }
}

/** Against a fake OKX on this machine the real credentials of the environment are not used: they would be sent without encryption. */
function credentialsOf({ credentials: file }: OkxOptions, endpoint: OkxEndpoint): OkxCredentials {
  if (endpoint.isFake && file === undefined) return FAKE_CREDENTIALS
  const found = okxCredentials(file)
  if (found !== undefined) return found
  throw new CredentialsError(
    'OKX needs credentials: set OKX_KEY, OKX_SECRET and OKX_PASSPHRASE, or name a file of mode 0600 with {"key","secret","passphrase"} as the option credentials',
  )
}

async function checkAccount(rest: OkxRest): Promise<void> {
  const [config] = await rest.get('/api/v5/account/config')
  const mode = optionalField(config ?? {}, 'posMode')
  if (mode === 'net_mode') return
  throw new VenueRequestError(
    `the account keeps positions in the mode ${formatValue(mode)}: set it to net mode at OKX, so that an order that sells makes a long position smaller`,
  )
}

/** @throws {InvalidOptionError} for a symbol that OKX does not have. */
export function wantedOf(
  all: readonly OkxInstrument[],
  symbols: readonly string[] | undefined,
): readonly OkxInstrument[] {
  if (symbols === undefined) return all
  const bySymbol = new Map(all.map(one => [one.spec.symbol, one]))
  return symbols.map(symbol => {
    const found = bySymbol.get(symbol)
    if (found !== undefined) return found
    throw new InvalidOptionError(`OKX has no instrument ${formatValue(symbol)} among the types that are asked for`)
  })
}

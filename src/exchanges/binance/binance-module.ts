import { InvalidOptionError } from '../../base/errors.js'
import { formatValue } from '../../base/format-value.js'
import { loadWs } from '../connection/ws-package.js'
import { CredentialsError, VenueRequestError } from '../errors.js'
import { isFields } from '../fields.js'
import type { VenueInstruments } from '../venue-instruments.js'
import { BinanceRest, FUTURES_PATHS } from './binance-rest.js'
import { BinanceVenue } from './binance-venue.js'
import { type BinanceEndpoint, binanceEndpoint, type TradedMarket } from './endpoints.js'
import { type BinanceOptions, checkBinanceOptions, venueName } from './options.js'
import { type BinanceCredentials, binanceCredentials, FAKE_CREDENTIALS } from './signing.js'

const CANCEL_ALL_AFTER_S = 60
/** Spot allows 100 orders in 10 s, USD-M 300, and 1200 in a minute, COIN-M 1200 in a minute: a burst and the time after it are never more. */
const REQUESTS_PER_SECOND: Readonly<Record<TradedMarket, number>> = { spot: 8, 'usd-m': 18, 'coin-m': 18 }
const SPOT_ACCOUNT = ['/api/v3/account', 20] as const

/**
 * Makes the venue of a Binance account: the module that the adapter's process loads.
 *
 * @throws {InvalidOptionError}, {CredentialsError}, {PackageMissingError}, {VenueRequestError} when Binance cannot be reached, or
 *   refuses the credentials.
 */
export default async function binance(given: unknown): Promise<BinanceVenue> {
  const options = checkBinanceOptions(given ?? {})
  const { market = 'spot', requestsPerSecond, cancelAllAfter } = options
  if (market === 'spot' && cancelAllAfter !== undefined && cancelAllAfter !== 0)
    throw new InvalidOptionError("Binance's spot market has no cancelAllAfter: leave it out, or set it to 0")
  const endpoint = binanceEndpoint(options.endpoint, market)
  const credentials = credentialsOf(options, endpoint)
  const ws = await loadWs()
  const rest = new BinanceRest(endpoint, credentials)
  try {
    await rest.time()
    await checkAccount(rest)
    return new BinanceVenue({
      ws,
      credentials,
      rest,
      instruments: wantedOf(await rest.instruments(), options.symbols),
      requestsPerSecond: requestsPerSecond ?? REQUESTS_PER_SECOND[market],
      cancelAllAfter: market === 'spot' ? 0 : (cancelAllAfter ?? CANCEL_ALL_AFTER_S),
      onTrouble: why => void process.stderr.write(`venue ${venueName(market)}: ${why}\n`),
    })
  } catch (error) {
    rest.close()
    throw error
  }
}

/** Against a fake on this machine the real credentials of the environment are not used: they would be sent without encryption. */
function credentialsOf({ credentials: file }: BinanceOptions, endpoint: BinanceEndpoint): BinanceCredentials {
  if (endpoint.isFake && file === undefined) return FAKE_CREDENTIALS
  const found = binanceCredentials(file)
  if (found !== undefined) return found
  throw new CredentialsError(
    'Binance needs credentials: set BINANCE_KEY and BINANCE_SECRET, or name a file of mode 0600 with {"key","secret"} as the option credentials',
  )
}

async function checkAccount(rest: BinanceRest): Promise<void> {
  const { market } = rest.endpoint
  if (market === 'spot') {
    const account = await rest.ask(SPOT_ACCOUNT)
    if (isFields(account) && account['canTrade'] === true) return
    throw new VenueRequestError('the account may not trade at Binance: look at it there')
  }
  const mode = await rest.ask(FUTURES_PATHS[market].positionMode)
  if (isFields(mode) && mode['dualSidePosition'] === false) return
  throw new VenueRequestError(
    'the account keeps long and short positions apart: set it to one-way mode at Binance, so that an order that sells makes a long position smaller',
  )
}

/** @throws {InvalidOptionError} for a symbol that Binance does not have. */
export function wantedOf(all: VenueInstruments, symbols: readonly string[] | undefined): VenueInstruments {
  if (symbols === undefined) return all
  const bySymbol = new Map(all.specs.map(spec => [spec.symbol, spec]))
  return {
    ...all,
    specs: symbols.map(symbol => {
      const found = bySymbol.get(symbol)
      if (found !== undefined) return found
      const why = all.passedOver.get(symbol)
      throw new InvalidOptionError(
        `Binance has no instrument ${formatValue(symbol)} that can be traded${why === undefined ? '' : `: ${why}`}`,
      )
    }),
  }
}

import { TicktapeError } from '../../base/errors.js'
import type { InstrumentKind, InstrumentSpec } from '../../trading/instruments/instrument.js'
import { VenueMessageError } from '../errors.js'
import { limitedSpec, type VenueInstruments } from '../venue-instruments.js'
import type { CcxtExchange, CcxtMarket, CcxtNumber } from './ccxt-types.js'

/** ccxt's numbers for how a precision is written. */
const DECIMAL_PLACES = 2
const TICK_SIZE = 4

const KINDS: Readonly<Record<string, InstrumentKind>> = {
  spot: 'spot',
  swap: 'perpetual',
  future: 'future',
  option: 'option',
}

/**
 * The instruments of an exchange whose markets are loaded. One whose terms are missing or cannot be traded is passed over, with the reason.
 *
 * @param venue the name of the venue in instruments.
 */
export function ccxtInstruments(exchange: CcxtExchange, venue: string): VenueInstruments {
  const specs: InstrumentSpec[] = []
  const suspended: string[] = []
  const passedOver = new Map<string, string>()
  for (const market of Object.values(exchange.markets ?? {})) {
    const { symbol } = market
    try {
      specs.push(specOf(market, exchange, venue))
      if (market.active === false) suspended.push(symbol)
    } catch (error) {
      if (!(error instanceof TicktapeError)) throw error
      passedOver.set(symbol, error.message)
    }
  }
  return { specs, suspended, passedOver }
}

function specOf(market: CcxtMarket, exchange: CcxtExchange, venue: string): InstrumentSpec {
  const { symbol, type, base, quote, settle, contract, precision, limits } = market
  const text = (value: CcxtNumber): string => exchange.numberToString(value) ?? ''
  const kind = KINDS[type] as InstrumentKind | undefined
  if (kind === undefined) throw new VenueMessageError(`${symbol} is of type '${type}', which is not known`)
  const inverse = contract === true && market.inverse === true
  const multiplier = contract === true ? text(market.contractSize) : ''
  return limitedSpec(
    {
      venue,
      symbol,
      kind,
      base,
      quote,
      ...(settle === undefined ? {} : { settlement: settle }),
      priceTick: stepOf(text(precision.price), exchange, symbol),
      quantityStep: stepOf(text(precision.amount), exchange, symbol),
      ...(multiplier === '' || multiplier === '1' ? {} : { multiplier }),
      ...(inverse ? { inverse } : {}),
    },
    {
      minQuantity: text(limits.amount?.min),
      maxQuantity: text(limits.amount?.max),
      // Of inverse contracts it would be in another currency.
      minNotional: inverse ? '' : text(limits.cost?.min),
      maxNotional: inverse ? '' : text(limits.cost?.max),
    },
  )
}

/** A step as a decimal. @throws {VenueMessageError} when the precision is none. */
function stepOf(precision: string, { precisionMode }: CcxtExchange, symbol: string): string {
  if (precisionMode === TICK_SIZE && precision !== '') return precision
  if (precisionMode === DECIMAL_PLACES && /^\d{1,2}$/.test(precision))
    return precision === '0' ? '1' : `0.${'0'.repeat(Number(precision) - 1)}1`
  throw new VenueMessageError(`ccxt does not say the steps of ${symbol}`)
}

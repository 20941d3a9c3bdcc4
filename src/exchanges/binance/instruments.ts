import { TicktapeError } from '../../base/errors.js'
import type { InstrumentSpec } from '../../trading/instruments/instrument.js'
import { type Fields, filledField, listField, optionalField, textField } from '../fields.js'
import { limitedSpec, type VenueInstruments } from '../venue-instruments.js'

/** The parts of Binance: each has hosts, symbols and rules of its own. */
export const BINANCE_MARKETS = ['spot', 'usd-m', 'coin-m'] as const

export type BinanceMarket = (typeof BINANCE_MARKETS)[number]

/**
 * The instruments of an answer to `exchangeInfo`. One whose terms are missing or cannot be traded is passed over, with the
 * reason.
 *
 * @param venue the name of the venue in instruments.
 * @throws {VenueMessageError} for what is no such answer.
 */
export function binanceInstruments(answer: Fields, market: BinanceMarket, venue: string): VenueInstruments {
  const specs: InstrumentSpec[] = []
  const suspended: string[] = []
  const passedOver = new Map<string, string>()
  for (const fields of listField(answer, 'symbols')) {
    const symbol = filledField(fields, 'symbol')
    try {
      const spec = specOf(symbol, fields, market, venue)
      if (typeof spec === 'string') passedOver.set(symbol, spec)
      else {
        specs.push(spec)
        // COIN-M has another name for the same.
        if ((optionalField(fields, 'status') || optionalField(fields, 'contractStatus')) !== 'TRADING')
          suspended.push(symbol)
      }
    } catch (error) {
      if (!(error instanceof TicktapeError)) throw error
      passedOver.set(symbol, error.message)
    }
  }
  return { specs, suspended, passedOver }
}

/** An instrument, or why it is none. */
function specOf(symbol: string, fields: Fields, market: BinanceMarket, venue: string): InstrumentSpec | string {
  const filters = new Map(listField(fields, 'filters').map(filter => [textField(filter, 'filterType'), filter]))
  const [price, lot] = [filters.get('PRICE_FILTER'), filters.get('LOT_SIZE')]
  if (price === undefined || lot === undefined) return 'it has no PRICE_FILTER or no LOT_SIZE'
  const notional = filters.get('NOTIONAL') ?? filters.get('MIN_NOTIONAL')
  const quote = filledField(fields, 'quoteAsset')
  const kind = market === 'spot' ? 'spot' : kindOf(textField(fields, 'contractType'))
  if (kind === undefined) return `contracts of type '${textField(fields, 'contractType')}' are not known`
  const settlement = market === 'spot' ? quote : filledField(fields, 'marginAsset')
  const inverse = market === 'coin-m'
  if (inverse && settlement !== fields['baseAsset']) return `an inverse contract is settled in ${settlement}`
  return limitedSpec(
    {
      venue,
      symbol,
      kind,
      base: filledField(fields, 'baseAsset'),
      quote,
      settlement,
      priceTick: filledField(price, 'tickSize'),
      quantityStep: filledField(lot, 'stepSize'),
      inverse,
      ...(inverse ? { multiplier: contractValue(fields) } : {}),
    },
    {
      minQuantity: optionalField(lot, 'minQty'),
      maxQuantity: optionalField(lot, 'maxQty'),
      // Spot: `minNotional`; USD-M: `notional`.
      minNotional:
        notional === undefined ? '' : optionalField(notional, 'minNotional') || optionalField(notional, 'notional'),
      maxNotional: notional === undefined ? '' : optionalField(notional, 'maxNotional'),
    },
  )
}

/** USD in one contract: a number, 100 or 10. */
function contractValue(fields: Fields): string {
  return String(fields['contractSize'])
}

function kindOf(contract: string): 'perpetual' | 'future' | undefined {
  if (contract === 'PERPETUAL') return 'perpetual'
  return /^(CURRENT|NEXT)_(MONTH|QUARTER)( DELIVERING)?$/.test(contract) ? 'future' : undefined
}

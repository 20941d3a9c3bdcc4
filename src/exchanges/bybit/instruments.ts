import { TicktapeError } from '../../base/errors.js'
import type { InstrumentKind, InstrumentSpec } from '../../trading/instruments/instrument.js'
import { VenueMessageError } from '../errors.js'
import { type Fields, filledField, isFields, listField, optionalField, textField } from '../fields.js'
import { limitedSpec, type VenueInstruments } from '../venue-instruments.js'

/** The parts of Bybit: spot and linear have instruments of the same names. */
export const BYBIT_CATEGORIES = ['spot', 'linear', 'inverse', 'option'] as const

export type BybitCategory = (typeof BYBIT_CATEGORIES)[number]

/**
 * The instruments of an answer to `/v5/market/instruments-info`. One whose terms are missing or cannot be traded is passed over,
 * with the reason.
 *
 * @param venue the name of the venue in instruments.
 * @throws {VenueMessageError} for what is no such answer.
 */
export function bybitInstruments(answer: Fields, category: BybitCategory, venue: string): VenueInstruments {
  const specs: InstrumentSpec[] = []
  const suspended: string[] = []
  const passedOver = new Map<string, string>()
  for (const fields of listField(resultOf(answer), 'list')) {
    const symbol = filledField(fields, 'symbol')
    try {
      const spec = specOf(symbol, fields, category, venue)
      if (typeof spec === 'string') passedOver.set(symbol, spec)
      else {
        specs.push(spec)
        if (textField(fields, 'status') !== 'Trading') suspended.push(symbol)
      }
    } catch (error) {
      if (!(error instanceof TicktapeError)) throw error
      passedOver.set(symbol, error.message)
    }
  }
  return { specs, suspended, passedOver }
}

/** What an answer of Bybit has. @throws {VenueMessageError} for a refusal, and for what is no answer. */
export function resultOf(answer: unknown): Fields {
  const { retCode, retMsg, result } = isFields(answer) ? answer : ({} as Fields)
  if (typeof retCode !== 'number') throw new VenueMessageError('an answer of Bybit has no retCode')
  if (retCode !== 0) throw new VenueMessageError(`Bybit refuses the request, ${retCode}: ${String(retMsg)}`)
  if (isFields(result)) return result
  throw new VenueMessageError('an answer of Bybit has no result')
}

/** An instrument, or why it is none. */
function specOf(symbol: string, fields: Fields, category: BybitCategory, venue: string): InstrumentSpec | string {
  const [price, lot] = [fields['priceFilter'], fields['lotSizeFilter']]
  if (!isFields(price) || !isFields(lot)) return 'it has no priceFilter or no lotSizeFilter'
  const [base, quote] = [filledField(fields, 'baseCoin'), filledField(fields, 'quoteCoin')]
  const kind = kindOf(category, optionalField(fields, 'contractType'))
  if (kind === undefined) return `contracts of type '${optionalField(fields, 'contractType')}' are not known`
  const settlement = category === 'spot' ? quote : filledField(fields, 'settleCoin')
  const inverse = category === 'inverse'
  if (inverse && settlement !== base) return `an inverse contract is settled in ${settlement}`
  return limitedSpec(
    {
      venue,
      symbol,
      kind,
      base,
      // The premium of an option is in the currency of its settlement.
      quote: category === 'option' ? settlement : quote,
      settlement,
      priceTick: filledField(price, 'tickSize'),
      quantityStep: filledField(lot, category === 'spot' ? 'basePrecision' : 'qtyStep'),
      inverse,
    },
    {
      minQuantity: optionalField(lot, 'minOrderQty'),
      maxQuantity: optionalField(lot, 'maxOrderQty'),
      minNotional: optionalField(lot, category === 'spot' ? 'minOrderAmt' : 'minNotionalValue'),
      maxNotional: category === 'spot' ? optionalField(lot, 'maxOrderAmt') : '',
    },
  )
}

function kindOf(category: BybitCategory, contract: string): InstrumentKind | undefined {
  if (category === 'spot' || category === 'option') return category
  if (contract === 'LinearPerpetual' || contract === 'InversePerpetual') return 'perpetual'
  return contract === 'LinearFutures' || contract === 'InverseFutures' ? 'future' : undefined
}

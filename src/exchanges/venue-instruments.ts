import { Instrument, type InstrumentSpec } from '../trading/instruments/instrument.js'
import { unitsIn } from './decimals.js'

/** What an answer about instruments has. */
export interface VenueInstruments {
  readonly specs: readonly InstrumentSpec[]
  /** Symbols of them that take no orders now. */
  readonly suspended: readonly string[]
  /** What was passed over, and why: by the symbol. */
  readonly passedOver: ReadonlyMap<string, string>
}

/** Limits as a venue writes them; '' when it has none. */
export interface LimitTexts {
  readonly minQuantity: string
  readonly maxQuantity: string
  readonly minNotional: string
  readonly maxNotional: string
}

/**
 * Terms with those of the limits that limit something: 0, what is no whole number of steps, and what is more than can be
 * counted do not.
 *
 * @throws {InvalidOptionError} for terms that no instrument can have.
 */
export function limitedSpec(terms: InstrumentSpec, limits: LimitTexts): InstrumentSpec {
  const spec = { ...terms, priceTick: shortest(terms.priceTick), quantityStep: shortest(terms.quantityStep) }
  const { quantity } = new Instrument(1, spec)
  const quantities = (['minQuantity', 'maxQuantity'] as const).map(name => [name, shortest(limits[name])] as const)
  const notionals = (['minNotional', 'maxNotional'] as const).map(name => [name, shortest(limits[name])] as const)
  const limited: InstrumentSpec = {
    ...spec,
    ...Object.fromEntries(
      quantities.filter(([, text]) => unitsIn(quantity, text) > 0 && quantity.unitsOf(Number(text)) > 0),
    ),
    ...Object.fromEntries(
      notionals.filter(([, text]) => text !== '0' && /^\d+(\.\d+)?$/.test(text) && text.length <= 24),
    ),
  }
  // Checks the limits too.
  return new Instrument(1, limited).spec
}

/** A decimal without zeros at its end: '0.00100000' is '0.001', so that the same terms are always written the same. */
function shortest(text: string): string {
  return /^\d+\.\d+$/.test(text) ? text.replace(/\.?0+$/, '') : text
}

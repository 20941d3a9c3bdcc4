import { TicktapeError } from '../../base/errors.js'
import type { InstrumentKind, InstrumentSpec } from '../../trading/instruments/instrument.js'
import { productOf } from '../decimals.js'
import { type Fields, filledField, listField, optionalField, textField } from '../fields.js'
import { limitedSpec } from '../venue-instruments.js'

export const OKX_VENUE = 'okx'

/** The kinds of instruments that OKX asks to be named in requests. */
export type OkxType = 'SPOT' | 'SWAP' | 'FUTURES' | 'OPTION'

/** An instrument of OKX: its terms, and what requests about it need. */
export interface OkxInstrument {
  readonly spec: InstrumentSpec
  readonly type: OkxType
  /** A number that requests over the socket may name it by; undefined when OKX does not say. */
  readonly code: number | undefined
  /** Whether it takes orders now. */
  readonly isLive: boolean
}

export interface OkxInstruments {
  readonly instruments: readonly OkxInstrument[]
  /** What was passed over, and why: by the symbol. */
  readonly passedOver: ReadonlyMap<string, string>
}

const KINDS: Readonly<Record<OkxType, InstrumentKind>> = {
  SPOT: 'spot',
  SWAP: 'perpetual',
  FUTURES: 'future',
  OPTION: 'option',
}

/**
 * The instruments of an answer to `GET /api/v5/public/instruments`. One that cannot be traded by its terms is passed over, with
 * the reason.
 *
 * @throws {VenueMessageError} for what is no such answer.
 */
export function okxInstruments(answer: Fields): OkxInstruments {
  const instruments: OkxInstrument[] = []
  const passedOver = new Map<string, string>()
  for (const fields of listField(answer, 'data')) {
    const symbol = filledField(fields, 'instId')
    const made = instrumentOf(symbol, fields)
    if (typeof made === 'string') passedOver.set(symbol, made)
    else instruments.push(made)
  }
  return { instruments, passedOver }
}

/** An instrument, or why it is none. */
function instrumentOf(symbol: string, fields: Fields): OkxInstrument | string {
  const type = textField(fields, 'instType')
  if (type === 'MARGIN') return 'MARGIN is a way to trade the SPOT instrument of the same name'
  if (!Object.hasOwn(KINDS, type)) return `instruments of type '${type}' are not known`
  const [tick, lot] = [textField(fields, 'tickSz'), textField(fields, 'lotSz')]
  if (tick === '' || lot === '') return 'it has no tick or lot size (yet)'
  const pair = currenciesOf(type as OkxType, fields)
  if (typeof pair === 'string') return pair
  try {
    return {
      spec: specOf(symbol, type as OkxType, pair, tick, lot, fields),
      type: type as OkxType,
      code: typeof fields['instIdCode'] === 'number' ? fields['instIdCode'] : undefined,
      isLive: textField(fields, 'state') === 'live',
    }
  } catch (error) {
    if (!(error instanceof TicktapeError)) throw error
    return error.message
  }
}

interface Currencies {
  readonly base: string
  readonly quote: string
  readonly settlement: string
  readonly inverse: boolean
}

function currenciesOf(type: OkxType, fields: Fields): Currencies | string {
  if (type === 'SPOT') {
    const quote = filledField(fields, 'quoteCcy')
    return { base: filledField(fields, 'baseCcy'), quote, settlement: quote, inverse: false }
  }
  // 'BTC-USD': the underlying. Older answers have no family.
  const [base, quote] = (optionalField(fields, 'instFamily') || filledField(fields, 'uly')).split('-')
  const settlement = filledField(fields, 'settleCcy')
  if (base === '' || quote === undefined || quote === '') return 'its underlying is no pair of currencies'
  // The premium of an option is quoted and paid in the currency of its settlement.
  if (type === 'OPTION') return { base, quote: settlement, settlement, inverse: false }
  const contract = textField(fields, 'ctType')
  if (contract !== 'linear' && contract !== 'inverse') return `contracts of type '${contract}' are not known`
  const inverse = contract === 'inverse'
  const valued = textField(fields, 'ctValCcy')
  // Profit is computed in the quote currency of a linear contract: one that is settled in another would need a rate.
  if (valued !== (inverse ? quote : base)) return `the value of a contract is in ${valued}, which does not fit its type`
  if (settlement !== (inverse ? base : quote) && inverse) return `an inverse contract is settled in ${settlement}`
  return { base, quote: inverse ? quote : settlement, settlement, inverse }
}

function specOf(
  symbol: string,
  type: OkxType,
  { base, quote, settlement, inverse }: Currencies,
  priceTick: string,
  quantityStep: string,
  fields: Fields,
): InstrumentSpec {
  const multiplier = type === 'SPOT' ? '1' : productOf(textField(fields, 'ctVal'), textField(fields, 'ctMult') || '1')
  return limitedSpec(
    {
      venue: OKX_VENUE,
      symbol,
      kind: KINDS[type],
      base,
      quote,
      settlement,
      priceTick,
      quantityStep,
      inverse,
      ...(multiplier === undefined ? {} : { multiplier }),
    },
    {
      minQuantity: optionalField(fields, 'minSz'),
      maxQuantity: optionalField(fields, 'maxLmtSz'),
      minNotional: '',
      maxNotional: '',
    },
  )
}

import { InvalidOptionError } from '../../base/errors.js'
import { formatValue } from '../../base/format-value.js'
import { checkOptions, kinds } from '../../base/options.js'
import { Grid } from '../exact/grid.js'

export type InstrumentKind = 'spot' | 'perpetual' | 'future' | 'option' | 'index'

export const INSTRUMENT_KINDS: readonly InstrumentKind[] = ['spot', 'perpetual', 'future', 'option', 'index']

/** The terms of an instrument, as a venue publishes them. Decimals are text, so that they are exact. */
export interface InstrumentSpec {
  /** The venue's name, 1 to 16 letters, digits, '_' and '-': 'binance'. */
  readonly venue: string
  /** The venue's name of the instrument, 1 to 48 bytes of UTF-8 without spaces: 'BTCUSDT', 'BTC-USD-261225-120000-C'. */
  readonly symbol: string
  readonly kind: InstrumentKind
  /** What is bought and sold: 'BTC'. */
  readonly base: string
  /** What its price is in: 'USDT'. */
  readonly quote: string
  /** The currency of profit, loss and margin. Default: `base` of an inverse contract, else `quote`. */
  readonly settlement?: string
  /** The price is a multiple of it: '0.1'. */
  readonly priceTick: string
  /** The quantity is a multiple of it: '0.001'. */
  readonly quantityStep: string
  /** Units of `base` (of `quote`, if inverse) in a quantity of 1. Default '1'. */
  readonly multiplier?: string
  /** Whether a quantity of 1 is a fixed amount of `quote`, and profit is paid in `base`. Default false. */
  readonly inverse?: boolean
  /** Default: one step. */
  readonly minQuantity?: string
  readonly maxQuantity?: string
  /** Quantity times price times multiplier, in `quote`. */
  readonly minNotional?: string
  readonly maxNotional?: string
  /** The name of the calendar of its trading days. Default: '', always open. */
  readonly calendar?: string
}

/**
 * An instrument with its number and its grids. It never changes: a venue that changes its terms, such as the price tick,
 * makes a new instrument with a new number.
 */
export class Instrument {
  /** 1 to 2^32 - 1, unique within a home. */
  readonly number: number
  readonly venue: string
  readonly symbol: string
  /** The symbol with its venue: 'BTCUSDT.binance'. */
  readonly name: string
  readonly spec: InstrumentSpec
  readonly base: string
  readonly quote: string
  readonly settlement: string
  readonly inverse: boolean
  /** Prices in ticks. */
  readonly price: Grid
  /** Quantities in steps. */
  readonly quantity: Grid
  readonly multiplier: Grid
  /** Steps. */
  readonly minSteps: number
  /** Steps; Infinity without a limit. */
  readonly maxSteps: number

  /** @throws {InvalidOptionError} */
  constructor(number: number, spec: InstrumentSpec) {
    checkSpec(spec)
    const what = `of instrument ${spec.symbol}`
    this.number = number
    this.venue = spec.venue
    this.symbol = spec.symbol
    this.name = `${spec.symbol}.${spec.venue}`
    this.spec = Object.freeze({ ...spec })
    this.base = spec.base
    this.quote = spec.quote
    this.inverse = spec.inverse ?? false
    this.settlement = spec.settlement ?? (this.inverse ? spec.base : spec.quote)
    this.price = new Grid(spec.priceTick, `'priceTick' ${what}`)
    this.quantity = new Grid(spec.quantityStep, `'quantityStep' ${what}`)
    this.multiplier = new Grid(spec.multiplier ?? '1', `'multiplier' ${what}`)
    this.minSteps = this.stepsIn(spec.minQuantity, 'minQuantity') ?? 1
    this.maxSteps = this.stepsIn(spec.maxQuantity, 'maxQuantity') ?? Number.POSITIVE_INFINITY
  }

  private stepsIn(text: string | undefined, name: string): number | undefined {
    if (text === undefined || text === '') return undefined
    const steps = /^\d+(\.\d+)?$/.test(text) ? this.quantity.unitsOf(Number(text)) : Number.NaN
    if (steps >= 0) return steps
    throw new InvalidOptionError(
      `'${name}' of instrument ${this.symbol} is a multiple of its quantity step ${this.quantity.step}, as text; not ${formatValue(text)}`,
    )
  }
}

const decimal = (value: unknown): string | undefined =>
  typeof value === 'string' && /^(\d+(\.\d+)?)?$/.test(value) && value.length <= 24
    ? undefined
    : "a decimal as text, such as '0.001'"
const currency = (value: unknown): string | undefined =>
  typeof value === 'string' && /^\S+$/.test(value) && Buffer.byteLength(value) <= 12
    ? undefined
    : 'a currency of 1 to 12 bytes'

function checkSpec(spec: InstrumentSpec): void {
  checkOptions('an instrument', spec, {
    venue: value => (isVenueName(value) ? undefined : "1 to 16 letters, digits, '_' and '-'"),
    symbol: value => (isSymbol(value) ? undefined : '1 to 48 bytes of text without spaces'),
    kind: kinds.oneOf(...INSTRUMENT_KINDS),
    base: currency,
    quote: currency,
    settlement: currency,
    priceTick: kinds.string,
    quantityStep: kinds.string,
    multiplier: kinds.string,
    inverse: kinds.boolean,
    minQuantity: decimal,
    maxQuantity: decimal,
    minNotional: decimal,
    maxNotional: decimal,
    calendar: value =>
      typeof value === 'string' && Buffer.byteLength(value) <= 32 ? undefined : 'a name of at most 32 bytes',
  })
  for (const name of ['venue', 'symbol', 'kind', 'base', 'quote', 'priceTick', 'quantityStep'] as const) {
    if (spec[name] === undefined)
      throw new InvalidOptionError(`an instrument needs '${name}'; this one has ${formatValue(spec)}`)
  }
}

export function isVenueName(value: unknown): value is string {
  return typeof value === 'string' && /^[A-Za-z0-9_-]{1,16}$/.test(value)
}

/** Which symbols frames can hold, for messages. */
export const SYMBOLS = 'symbols of 1 to 48 bytes without spaces'

/** Whether frames can hold a symbol. */
export function isSymbol(value: unknown): value is string {
  // Cs: half of a surrogate pair, which UTF-8 cannot hold.
  return typeof value === 'string' && /^[^\s\p{Cc}\p{Cs}]+$/u.test(value) && Buffer.byteLength(value) <= 48
}

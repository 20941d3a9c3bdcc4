/**
 * Decimals as integers: a value of scale s is a bigint that counts units of 10^-s. Adding, subtracting and multiplying them is exact;
 * only dividing rounds, half to even.
 */

/** A decimal number in parts: `numerator / 10^decimals`. */
export interface DecimalParts {
  readonly numerator: bigint
  readonly decimals: number
}

/**
 * Reads a decimal from text ('0.0002', '-1.5', '1e-7') or from a number, as it is printed. Undefined when it is none.
 * Stricter than `parseDecimal`, because the text comes from venues and configurations: 1 to 30 digits on each side of
 * the point, and at most 2 in the exponent.
 */
export function readDecimal(value: unknown): DecimalParts | undefined {
  if (typeof value !== 'number' && typeof value !== 'string') return undefined
  const match = matchDecimal(String(value))
  if (match === undefined) return undefined
  const { negative, whole, hasPoint, fraction, exponent } = match
  const isLong = whole.length > MOST_DIGITS || fraction.length > MOST_DIGITS || Math.abs(exponent) > MOST_EXPONENT
  if (isLong || whole === '' || (hasPoint && fraction === '')) return undefined
  let digits = whole + fraction
  let decimals = fraction.length - exponent
  if (decimals < 0) {
    digits += '0'.repeat(-decimals)
    decimals = 0
  }
  while (decimals > 0 && digits.endsWith('0') && digits.length > 1) {
    digits = digits.slice(0, -1)
    decimals--
  }
  const numerator = BigInt(digits)
  return { numerator: negative ? -numerator : numerator, decimals: numerator === 0n ? 0 : decimals }
}

/**
 * The integer of a decimal text at a scale; undefined if the text is not a decimal or has more decimals than the scale.
 */
export function parseDecimal(text: string, scale: number): bigint | undefined {
  const match = matchDecimal(text)
  if (match === undefined) return undefined
  const { negative, whole, fraction, exponent } = match
  const digits = BigInt(whole + fraction)
  const shift = scale - fraction.length + exponent
  const value = shift >= 0 ? digits * power(shift) : digits / power(-shift)
  if (shift < 0 && value * power(-shift) !== digits) return undefined
  return negative ? -value : value
}

/** `units / 10^decimals` as the shortest decimal text: no exponent, no zeros at the end. */
export function decimalText(units: bigint, decimals: number): string {
  const digits = String(units < 0n ? -units : units).padStart(decimals + 1, '0')
  const fraction = digits.slice(digits.length - decimals).replace(/0+$/, '')
  const whole = digits.slice(0, digits.length - decimals)
  return `${units < 0n ? '-' : ''}${whole}${decimals > 0 && fraction !== '' ? `.${fraction}` : ''}`
}

/** `value / divisor`, rounded half to even. */
export function divide(value: bigint, divisor: bigint): bigint {
  const negative = value < 0n !== divisor < 0n
  const dividend = value < 0n ? -value : value
  const by = divisor < 0n ? -divisor : divisor
  const quotient = dividend / by
  const twice = 2n * (dividend % by)
  const rounded = twice > by || (twice === by && (quotient & 1n) === 1n) ? quotient + 1n : quotient
  return negative ? -rounded : rounded
}

/** Converts a value from one scale to a smaller one. */
export function reduce(value: bigint, from: number, to: number): bigint {
  return divide(value, power(from - to))
}

/** 10^exponent as a bigint. */
export function power(exponent: number): bigint {
  return (BIG_POWERS[exponent] ??= 10n ** BigInt(exponent))
}

const BIG_POWERS: bigint[] = []

/** The powers of ten that a double holds exactly: 10^0 to 10^22. */
export const POWERS: readonly number[] = Array.from({ length: 23 }, (_, exponent) => Number(`1e${exponent}`))

const MOST_DIGITS = 30
const MOST_EXPONENT = 99

interface DecimalMatch {
  readonly negative: boolean
  readonly whole: string
  readonly hasPoint: boolean
  readonly fraction: string
  readonly exponent: number
}

/** The one grammar of decimals: '1', '1.5', '.5', '1.', '-1.5e-7'. */
function matchDecimal(text: string): DecimalMatch | undefined {
  const match = /^([+-]?)(\d*)(\.(\d*))?(?:[eE]([+-]?\d{1,3}))?$/.exec(text)
  if (match === null) return undefined
  const [, sign, whole, point, fraction = '', exponent = '0'] = match
  if (whole === '' && fraction === '') return undefined
  return { negative: sign === '-', whole, hasPoint: point !== undefined, fraction, exponent: Number(exponent) }
}

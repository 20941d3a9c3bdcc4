/**
 * Decimals as integers: a value of scale s is a bigint of 10^-s. Adding, subtracting and multiplying them is exact;
 * only dividing rounds, half to even.
 */

/**
 * The integer of a decimal text at a scale; undefined if the text is not a decimal or has more decimals than the scale.
 */
export function parseDecimal(text: string, scale: number): bigint | undefined {
  const match = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,3}))?$/.exec(text)
  if (match === null) return undefined
  const [, sign, whole, fraction = '', exponent] = match
  if (whole === '' && fraction === '') return undefined
  const digits = BigInt(whole + fraction)
  const shift = scale - fraction.length + Number(exponent ?? 0)
  const value = shift >= 0 ? digits * power(shift) : digits / power(-shift)
  if (shift < 0 && value * power(-shift) !== digits) return undefined
  return sign === '-' ? -value : value
}

/** The shortest decimal text of an integer at a scale: no exponent, no zeros at the end. */
export function formatDecimal(value: bigint, scale: number): string {
  const digits = String(value < 0n ? -value : value).padStart(scale + 1, '0')
  const fraction = digits.slice(digits.length - scale).replace(/0+$/, '')
  const whole = scale === 0 ? digits : digits.slice(0, -scale)
  return `${value < 0n ? '-' : ''}${whole}${scale > 0 && fraction !== '' ? `.${fraction}` : ''}`
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

export function power(exponent: number): bigint {
  return (POWERS[exponent] ??= 10n ** BigInt(exponent))
}

const POWERS: bigint[] = []

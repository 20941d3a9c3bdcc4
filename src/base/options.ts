import { InvalidOptionError } from './errors.js'
import { formatValue } from './format-value.js'

type Kind = (value: unknown, name: string) => string | undefined

/** Each returns undefined for a valid value, else a description of the valid ones. */
export const kinds = {
  boolean: (value: unknown) => (typeof value === 'boolean' ? undefined : 'true or false'),
  string: (value: unknown) => (typeof value === 'string' && value !== '' ? undefined : 'a non-empty string'),
  path: (value: unknown) =>
    typeof value === 'string' && value !== '' && !value.includes('\0') ? undefined : 'the path of a directory or file',
  function: (value: unknown) => (typeof value === 'function' ? undefined : 'a function'),
  object: (value: unknown) => (typeof value === 'object' && value !== null ? undefined : 'an object'),
  array: (value: unknown) => (Array.isArray(value) ? undefined : 'an array'),
  signal: (value: unknown) => (value instanceof AbortSignal ? undefined : 'an AbortSignal'),
  integer:
    (min: number, max: number): Kind =>
    value =>
      Number.isInteger(value) && (value as number) >= min && (value as number) <= max
        ? undefined
        : `a whole number from ${min} to ${max}`,
  number:
    (min: number, max: number): Kind =>
    value =>
      typeof value === 'number' && value >= min && value <= max ? undefined : `a number from ${min} to ${max}`,
  oneOf:
    (...names: readonly string[]): Kind =>
    value =>
      names.includes(value as string) ? undefined : `one of ${names.map(name => `'${name}'`).join(', ')}`,
} as const

/**
 * Checks an options object: every key must be known, and every value of its kind. Keys whose value is undefined count as
 * not given.
 *
 * @throws {InvalidOptionError}
 */
export function checkOptions(what: string, options: unknown, spec: Readonly<Record<string, Kind>>): void {
  if (typeof options !== 'object' || options === null) {
    throw new InvalidOptionError(`${what} takes its options as an object, not ${formatValue(options)}`)
  }
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(spec, name)) {
      throw new InvalidOptionError(`${what} has no option '${name}'; its options are: ${Object.keys(spec).join(', ')}`)
    }
    if (value === undefined) continue
    const wanted = spec[name](value, name)
    if (wanted !== undefined)
      throw new InvalidOptionError(`option '${name}' of ${what} takes ${wanted}, not ${formatValue(value)}`)
  }
}

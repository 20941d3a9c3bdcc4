import { InvalidOptionError } from '../../base/errors.js'
import { formatValue } from '../../base/format-value.js'
import { FieldValueError } from '../../frames/errors.js'
import type { StateFile } from './state-file.js'

/**
 * Throws the reason why an index is refused. Hot paths only compare it with the table's size, which `close` sets to 0.
 *
 * @throws {ClosedError, InvalidOptionError}
 */
export function refuseIndex(file: StateFile, what: string, index: unknown, size: number): never {
  file.throwIfClosed()
  throw new InvalidOptionError(
    `a ${what} of ${file.path} is a whole number from 0 to ${size - 1}, not ${formatValue(index)}`,
    { path: file.path },
  )
}

/** @throws {ClosedError, FieldValueError} */
export function refuseValue(file: StateFile, what: string, wanted: string, value: unknown): never {
  file.throwIfClosed()
  throw new FieldValueError(`${what} takes ${wanted}, not ${formatValue(value)}`, { path: file.path })
}

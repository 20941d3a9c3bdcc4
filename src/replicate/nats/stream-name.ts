import { InvalidOptionError } from '../../base/errors.js'
import { formatValue } from '../../base/format-value.js'

const NAME = /^[A-Za-z0-9_-]{1,48}$/

/** @throws {InvalidOptionError} */
export function checkStreamName(name: string): void {
  if (NAME.test(name)) return
  throw new InvalidOptionError(
    `a stream has a name of 1 to 48 letters, digits, '-' and '_', not ${formatValue(name)}; give one with --stream`,
  )
}

/** A stream's name for a journal: its directory's name. */
export function streamNameOf(directory: string): string {
  return directory.replace(/^.*\//, '').replace(/[^A-Za-z0-9_-]+/g, '_')
}

import { UsageError } from '../output/failure.js'
import { parseAge } from '../output/units.js'

/** ms between two samples, for commander's options. @throws {UsageError} */
export function parseInterval(text: string): number {
  const ms = parseAge(text)
  if (ms < 100 || ms > 3_600_000) throw new UsageError(`'${text}' is not between 100ms and 1h`)
  return ms
}

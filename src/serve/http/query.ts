import { nearestName } from '../../base/nearest.js'
import type { Start } from '../../journal/read/options.js'
import { badRequest } from '../errors.js'

/** The parameters of a request, checked. Each throws a {RequestError} that says what there is. */
export class Query {
  constructor(
    private readonly params: URLSearchParams,
    known: readonly string[],
  ) {
    for (const name of params.keys()) {
      if (known.includes(name)) continue
      const near = nearestName(name, known)
      throw badRequest(
        `there is no parameter '${name.slice(0, 40)}'; ${near === undefined ? `there are: ${known.join(', ') || 'none'}` : `did you mean '${near}'?`}`,
      )
    }
  }

  text(name: string): string | undefined {
    return this.params.get(name) ?? undefined
  }

  flag(name: string): boolean {
    const value = this.params.get(name)
    if (value === null || value === 'false' || value === '0') return false
    if (value === 'true' || value === '1' || value === '') return true
    throw badRequest(`${name} is true or false`)
  }

  integer(name: string, least: number, most: number): number | undefined {
    const value = this.params.get(name)
    if (value === null) return undefined
    const number = Number(value)
    if (!/^\d{1,16}$/.test(value) || number < least || number > most)
      throw badRequest(`${name} is a whole number from ${least} to ${most}`)
    return number
  }

  oneOf<T extends string>(name: string, known: readonly T[]): T | undefined {
    const value = this.params.get(name)
    if (value === null) return undefined
    const found = known.find(one => one === value)
    if (found === undefined) throw badRequest(`${name} is one of ${known.join(', ')}`)
    return found
  }

  /** Names with commas between them. */
  list(name: string): ReadonlySet<string> | undefined {
    const value = this.params.get(name)
    return value === null ? undefined : new Set(value.split(','))
  }

  /** A position, or a time: ns since 1970, or ISO 8601. Undefined when neither is given. */
  start(): Start | undefined {
    const position = this.integer('position', 0, Number.MAX_SAFE_INTEGER)
    const time = this.params.get('time')
    if (position !== undefined && time !== null) throw badRequest('give a position or a time, not both')
    if (position !== undefined) return { position }
    return time === null ? undefined : { time: timeOf(time) }
  }
}

/** The latest time that a frame can have. */
const LAST_TIME = 2n ** 63n

/** @throws {RequestError} */
export function timeOf(text: string): bigint {
  if (/^\d{1,19}$/.test(text) && BigInt(text) < LAST_TIME) return BigInt(text)
  // A date without a zone is UTC.
  const [, zone] = /^\d{4}-\d\d-\d\d(?:T[\d:.]{5,16}(Z|[+-]\d\d:\d\d)?)?$/.exec(text) ?? ['', 'none']
  const ms = zone === 'none' ? Number.NaN : Date.parse(text.includes('T') && zone === undefined ? `${text}Z` : text)
  if (!Number.isNaN(ms) && ms >= 0) return BigInt(ms) * 1_000_000n
  throw badRequest('a time is ns since 1970, or a date such as 2026-01-31T09:30:00Z')
}

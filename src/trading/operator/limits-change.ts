import { InvalidOptionError } from '../../base/errors.js'
import { formatValue } from '../../base/format-value.js'
import { nearestName } from '../../base/nearest.js'
import { LIMIT_NAMES, type Limits, type RiskOptions } from '../risk/limits.js'

/**
 * Changes of limits: by the name of each, its new value; null removes it. A name is that of a limit of the desk, or with a
 * group and a name in front: 'maxOrderNotional', 'strategies.momentum.maxPosition', 'instruments.BTCUSDT.sim.priceBand'.
 */
export type LimitsChange = Readonly<Record<string, number | null>>

const GROUPS = ['strategies', 'instruments', 'accounts'] as const

/**
 * Reads changes as people type them: 'maxPosition=5', 'strategies.momentum.maxOpenOrders=none'.
 *
 * @throws {InvalidOptionError} for anything else, with the nearest name that there is.
 */
export function parseChanges(texts: readonly string[]): LimitsChange {
  const change: Record<string, number | null> = {}
  for (const text of texts) {
    const equals = text.indexOf('=')
    const name = text.slice(0, equals)
    const value = text.slice(equals + 1)
    if (equals < 1)
      throw new InvalidOptionError(`a limit is changed by NAME=VALUE, such as maxPosition=5, not ${formatValue(text)}`)
    placeOf(name)
    const number = Number(value)
    if (value !== 'none' && (value.trim() === '' || !Number.isFinite(number)))
      throw new InvalidOptionError(`the limit ${name} takes a number, or 'none', not ${formatValue(value)}`)
    change[name] = value === 'none' ? null : number
  }
  return change
}

/** The limits with changes. They are not checked: see `checkRisk`. @throws {InvalidOptionError} for an unknown name. */
export function changeLimits(options: RiskOptions, change: LimitsChange): RiskOptions {
  if (typeof change !== 'object' || change === null)
    throw new InvalidOptionError(`changes of limits are an object, not ${formatValue(change)}`)
  const changed = structuredClone(options) as Record<string, unknown>
  for (const [name, value] of Object.entries(change)) {
    const { group, owner, limit } = placeOf(name)
    let target = changed
    if (group !== undefined) {
      const owners = (changed[group] ??= {}) as Record<string, Record<string, unknown>>
      // An own property, whatever its name is.
      if (!Object.hasOwn(owners, owner))
        Object.defineProperty(owners, owner, { value: {}, enumerable: true, configurable: true, writable: true })
      target = owners[owner]
    }
    if (value === null) delete target[limit]
    else target[limit] = value
  }
  return changed
}

/** All limits by their names, as they are typed. */
export function namedLimits(options: RiskOptions): [name: string, value: number][] {
  const named: [string, number][] = []
  const add = (prefix: string, limits: Limits): void => {
    for (const name of LIMIT_NAMES) if (limits[name] !== undefined) named.push([`${prefix}${name}`, limits[name]])
  }
  add('', options)
  for (const group of GROUPS)
    for (const [owner, limits] of Object.entries(options[group] ?? {})) add(`${group}.${owner}.`, limits)
  return named
}

interface Place {
  readonly group: (typeof GROUPS)[number] | undefined
  readonly owner: string
  readonly limit: string
}

/** Names of strategies, instruments and accounts may have dots in them; names of groups and limits have none. */
function placeOf(name: string): Place {
  const group = GROUPS.find(one => name.startsWith(`${one}.`))
  const last = name.lastIndexOf('.')
  const limit = name.slice(last + 1)
  if (!(LIMIT_NAMES as readonly string[]).includes(limit)) {
    const near = nearestName(limit, LIMIT_NAMES)
    const hint = near === undefined ? `there are: ${LIMIT_NAMES.join(', ')}` : `did you mean '${near}'?`
    throw new InvalidOptionError(`there is no limit '${limit}'; ${hint}`)
  }
  if (last < 0) return { group: undefined, owner: '', limit }
  const owner = group === undefined ? '' : name.slice(group.length + 1, last)
  if (group === undefined || owner === '')
    throw new InvalidOptionError(
      `a limit is NAME, or GROUP.OWNER.NAME with one of the groups ${GROUPS.join(', ')}, not ${formatValue(name)}`,
    )
  return { group, owner, limit }
}

import { readFileSync } from 'node:fs'
import { InvalidOptionError } from '../../base/errors.js'
import { formatValue } from '../../base/format-value.js'
import { nearestName } from '../../base/nearest.js'
import { RULE_NAMES, RULES, type RuleName, type Threshold } from './rules.js'

/** The rules in effect, by name; a rule that is off is missing. */
export type WatchRules = Readonly<Partial<Record<RuleName, Threshold>>>

const FIELDS = ['above', 'below', 'clear', 'forMs', 'clearForMs'] as const

/** The defaults. */
export function defaultRules(): WatchRules {
  return rulesOf({})
}

/**
 * Reads a file of rules: `{ "lag": { "above": 500000 }, "profit": { "below": -5000 }, "halted": false }`. A rule that it does not name has
 * its default, and so has a field that a rule does not name; `false` switches a rule off.
 *
 * @throws {InvalidOptionError} for a file that cannot be read, is no JSON, or has something else in it.
 */
export function readRules(file: string): WatchRules {
  let json: unknown
  try {
    json = JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    throw new InvalidOptionError(`the rules in ${file} cannot be read: ${(error as Error).message}`, { path: file })
  }
  return rulesOf(json, `${file}: `)
}

/** @param where begins the message of an error. @throws {InvalidOptionError} */
export function rulesOf(json: unknown, where = ''): WatchRules {
  if (!isObject(json)) throw new InvalidOptionError(`${where}rules are an object, not ${formatValue(json)}`)
  for (const name of Object.keys(json)) checkName(name, RULE_NAMES, `${where}there is no rule`)
  return Object.fromEntries(
    RULES.flatMap(({ name, byDefault }) => {
      const given = json[name]
      if (given === false) return []
      if (given === undefined || given === true) return byDefault === undefined ? [] : [[name, byDefault]]
      return [[name, thresholdOf(name, given, byDefault, where)]]
    }),
  )
}

function thresholdOf(name: RuleName, given: unknown, byDefault: Threshold | undefined, where: string): Threshold {
  const what = `${where}the rule '${name}'`
  if (!isObject(given))
    throw new InvalidOptionError(`${what} is an object with ${FIELDS.join(', ')}, or false, not ${formatValue(given)}`)
  for (const [field, value] of Object.entries(given)) {
    checkName(field, FIELDS, `${what} has no field`)
    const isTime = field.endsWith('Ms')
    if (typeof value !== 'number' || !Number.isFinite(value) || (isTime && value < 0))
      throw new InvalidOptionError(
        `'${field}' of ${what} is a number${isTime ? ' of ms' : ''}, not ${formatValue(value)}`,
      )
  }
  const own = given as Threshold
  // Another limit than the default's makes the default's `clear` meaningless.
  const isMoved = own.above !== undefined || own.below !== undefined
  const { forMs, clearForMs } = byDefault ?? {}
  const threshold: Threshold = isMoved ? { forMs, clearForMs, ...own } : { ...byDefault, ...own }
  const { above, below, clear } = threshold
  if ((above === undefined) === (below === undefined))
    throw new InvalidOptionError(`${what} needs one of 'above' and 'below'`)
  if (clear !== undefined && ((above !== undefined && clear > above) || (below !== undefined && clear < below)))
    throw new InvalidOptionError(`'clear' of ${what} is ${clear}: at this value it would fire at once again`)
  return threshold
}

function checkName(name: string, known: readonly string[], what: string): void {
  if (known.includes(name)) return
  const near = nearestName(name, known)
  throw new InvalidOptionError(
    `${what} '${name}'; ${near === undefined ? `there are ${known.join(', ')}` : `did you mean '${near}'?`}`,
  )
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

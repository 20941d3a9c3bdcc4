import { formatValue } from '../base/format-value.js'
import { nearestName } from '../base/nearest.js'
import type { RootSchema, Schema } from './json-schema.js'

/** What is wrong with a value, and where: 'risk.maxPositon'. */
export interface Misfit {
  readonly where: string
  readonly what: string
}

/** Checks a value by a schema. Returns the first thing that does not fit; undefined when all does. */
export function checkValue(value: unknown, root: RootSchema): Misfit | undefined {
  return new Checker(root).check(value, root, '')
}

class Checker {
  constructor(private readonly root: RootSchema) {}

  check(value: unknown, schema: Schema, where: string): Misfit | undefined {
    if (schema.$ref !== undefined) return this.check(value, this.resolve(schema.$ref), where)
    if (schema.anyOf !== undefined) return this.checkAny(value, schema.anyOf, where)
    if (schema.type !== undefined && !hasType(value, schema.type)) return wrong(value, schema, where)
    if (schema.enum !== undefined && !schema.enum.includes(value as string)) return wrong(value, schema, where)
    if (typeof value === 'number' && !isWithin(value, schema)) return wrong(value, schema, where)
    if (typeof value === 'string' && !fits(value, schema)) return wrong(value, schema, where)
    if (Array.isArray(value)) return this.checkList(value, schema, where)
    if (typeof value === 'object' && value !== null)
      return this.checkObject(value as Record<string, unknown>, schema, where)
    return undefined
  }

  private resolve(ref: string): Schema {
    return this.root.$defs[ref.slice('#/$defs/'.length)]
  }

  /** Of several forms: what is wrong with the one that is meant, by the type of the value and by its keys. */
  private checkAny(value: unknown, forms: readonly Schema[], where: string): Misfit | undefined {
    const misfits = forms.map(form => this.check(value, form, where))
    if (misfits.includes(undefined)) return undefined
    const meant = forms.findIndex(form => this.isMeant(value, form))
    if (meant >= 0) return misfits[meant]
    const wanted = forms.map(form => this.wantedOf(form))
    return { where, what: `takes ${wanted.join(', or ')}, not ${formatValue(value)}` }
  }

  private isMeant(value: unknown, form: Schema): boolean {
    const schema = form.$ref === undefined ? form : this.resolve(form.$ref)
    if (schema.anyOf !== undefined) return schema.anyOf.some(one => this.isMeant(value, one))
    if (schema.type === undefined || !hasType(value, schema.type)) return false
    if (schema.type !== 'object') return true
    const { required = [] } = schema
    return required.length === 0 || required.some(name => Object.hasOwn(value as object, name))
  }

  private wantedOf(form: Schema): string {
    const schema = form.$ref === undefined ? form : this.resolve(form.$ref)
    if (schema.anyOf !== undefined) return schema.anyOf.map(one => this.wantedOf(one)).join(', or ')
    return wantedBy(schema)
  }

  private checkList(list: readonly unknown[], schema: Schema, where: string): Misfit | undefined {
    const { minItems = 0, maxItems = Number.POSITIVE_INFINITY, items, prefixItems = [] } = schema
    if (list.length < minItems || list.length > maxItems) {
      const count = minItems === maxItems ? `${minItems}` : `at least ${minItems}`
      return { where, what: `takes a list of ${count}, not of ${list.length}` }
    }
    for (const [n, item] of list.entries()) {
      const rule = prefixItems[n] ?? items
      const misfit = rule === undefined ? undefined : this.check(item, rule, `${where}[${n}]`)
      if (misfit !== undefined) return misfit
    }
    return undefined
  }

  private checkObject(value: Record<string, unknown>, schema: Schema, where: string): Misfit | undefined {
    const { properties = {}, additionalProperties, required = [] } = schema
    const names = Object.keys(properties)
    for (const [name, one] of Object.entries(value)) {
      const at = where === '' ? name : `${where}.${name}`
      const rule = Object.hasOwn(properties, name) ? properties[name] : additionalProperties
      if (rule === false) return { where: at, what: `is not known; ${adviceFor(name, names)}` }
      const misfit = rule === undefined ? undefined : this.check(one, rule, at)
      if (misfit !== undefined) return misfit
    }
    const missing = required.find(name => !Object.hasOwn(value, name))
    return missing === undefined ? undefined : { where, what: `needs '${missing}'` }
  }
}

function adviceFor(name: string, names: readonly string[]): string {
  const near = nearestName(name, names)
  return near === undefined ? `there are ${names.join(', ')}` : `did you mean '${near}'?`
}

function hasType(value: unknown, type: NonNullable<Schema['type']>): boolean {
  switch (type) {
    case 'object':
      return typeof value === 'object' && value !== null && !Array.isArray(value)
    case 'array':
      return Array.isArray(value)
    case 'integer':
      return Number.isInteger(value)
    default:
      return typeof value === type
  }
}

function isWithin(value: number, { minimum, exclusiveMinimum, maximum }: Schema): boolean {
  return (
    (minimum === undefined || value >= minimum) &&
    (exclusiveMinimum === undefined || value > exclusiveMinimum) &&
    (maximum === undefined || value <= maximum)
  )
}

/** Lengths count characters, as JSON Schema does. */
function fits(text: string, { pattern, minLength = 0, maxLength }: Schema): boolean {
  const { length } = Array.from(text)
  return (
    length >= minLength &&
    (maxLength === undefined || length <= maxLength) &&
    (pattern === undefined || new RegExp(pattern, 'u').test(text))
  )
}

function wrong(value: unknown, schema: Schema, where: string): Misfit {
  const near =
    typeof value === 'string' && schema.enum !== undefined ? nearestName(value, schema.enum.map(String)) : undefined
  const hint = near === undefined ? '' : `; did you mean '${near}'?`
  return { where, what: `takes ${wantedBy(schema)}, not ${formatValue(value)}${hint}` }
}

const TYPES = {
  object: 'an object',
  array: 'a list',
  string: 'a text',
  number: 'a number',
  integer: 'a whole number',
  boolean: 'true or false',
} as const

function wantedBy(schema: Schema): string {
  if (schema.enum !== undefined) return `one of ${schema.enum.map(one => `'${one}'`).join(', ')}`
  const { type = 'object', minimum, exclusiveMinimum, maximum, pattern, maxLength, required } = schema
  const least =
    exclusiveMinimum === undefined ? (minimum === undefined ? '' : ` from ${minimum}`) : ` above ${exclusiveMinimum}`
  const most = maximum === undefined ? '' : ` to ${maximum}`
  const form = pattern === undefined ? '' : ` of the form ${pattern}`
  const size = maxLength === undefined ? '' : ` of at most ${maxLength} characters`
  const keys =
    required === undefined || required.length === 0 ? '' : ` with ${required.map(one => `'${one}'`).join(', ')}`
  return `${TYPES[type]}${least}${most}${form}${size}${keys}`
}

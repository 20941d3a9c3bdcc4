/**
 * The part of JSON Schema (draft 2020-12) that describes a desk.json: what `checkValue` understands.
 */
export interface Schema {
  readonly title?: string
  readonly description?: string
  readonly $ref?: string
  readonly type?: 'object' | 'array' | 'string' | 'number' | 'integer' | 'boolean'
  readonly enum?: readonly (string | number | boolean)[]
  readonly minimum?: number
  readonly exclusiveMinimum?: number
  readonly maximum?: number
  readonly pattern?: string
  readonly minLength?: number
  readonly maxLength?: number
  readonly minItems?: number
  readonly maxItems?: number
  readonly items?: Schema
  /** The items of a list of a fixed length. */
  readonly prefixItems?: readonly Schema[]
  readonly properties?: Readonly<Record<string, Schema>>
  /** False for an object that has only its `properties`; else what the values of all others are. */
  readonly additionalProperties?: false | Schema
  readonly required?: readonly string[]
  readonly anyOf?: readonly Schema[]
}

export interface RootSchema extends Schema {
  readonly $schema: string
  readonly $id: string
  readonly $defs: Readonly<Record<string, Schema>>
}

export function object(properties: Readonly<Record<string, Schema>>, rest: Partial<Schema> = {}): Schema {
  return { type: 'object', ...rest, properties, additionalProperties: false }
}

export function mapOf(values: Schema, description: string): Schema {
  return { type: 'object', description, additionalProperties: values }
}

export const integer = (minimum: number, maximum: number, description?: string): Schema => ({
  type: 'integer',
  ...(description === undefined ? {} : { description }),
  minimum,
  maximum,
})
export const share: Schema = { type: 'number', minimum: 0, maximum: 1 }
export const ns: Schema = { type: 'integer', minimum: 0, maximum: 86_400e9 }
export const path: Schema = { type: 'string', minLength: 1 }
export const symbol: Schema = { type: 'string', minLength: 1, maxLength: 48 }
export const venueName: Schema = { type: 'string', pattern: '^[A-Za-z0-9_-]{1,16}$' }
export const decimalText: Schema = { type: 'string', pattern: '^\\d+(\\.\\d+)?$', maxLength: 24 }
export const decimal: Schema = { anyOf: [{ type: 'number' }, { type: 'string', pattern: '^-?\\d+(\\.\\d+)?$' }] }
export const currency: Schema = { type: 'string', pattern: '^\\S+$', maxLength: 12 }

import { formatValue } from '../base/format-value.js'
import type { FrameDefinition } from './definition.js'
import { FieldValueError } from './errors.js'

/** Conversions between plain objects and the views of one definition. */
export interface PlainValues {
  /**
   * Sets every field of a view.
   *
   * @throws {FieldValueError} for an unknown or missing field, or a value its field cannot hold.
   */
  assign(view: object, values: object): void
  /** The fields' values, as a new object. */
  toObject(view: object): object
}

/**
 * The conversions of one definition, created once and shared by all its views.
 *
 * They are functions generated for the definition, with one statement for each field such as `view.last = values.last`. V8 compiles these to
 * loads and stores, where a loop over names would look up each name. The code contains field names, which are always identifiers, because
 * definition.ts refuses other names. If the program forbids generated code (`--disallow-code-generation-from-strings`), loops are used.
 */
export function plainValues(definition: FrameDefinition): PlainValues {
  let values = made.get(definition)
  if (values === undefined) made.set(definition, (values = make(definition)))
  return values
}

const made = new WeakMap<FrameDefinition, PlainValues>()

function make(definition: FrameDefinition): PlainValues {
  const names = definition.fields.map(field => field.name)
  const compiled = compile(names)
  if (compiled === undefined) {
    return {
      assign: (view, values) => assignByName(definition, view, values),
      toObject: view => readByName(names, view),
    }
  }
  const { assign, toObject } = compiled
  return {
    assign(view, values) {
      // A field is missing or unknown: the slow path throws the error that names it.
      if (!assign(view, values)) assignByName(definition, view, values)
    },
    toObject,
  }
}

/**
 * Makes `assign` longer than what V8 inlines. Inlined into `Writer.write` it takes that function's budget with it, some setters stay calls, and
 * each of those makes an object of its number: 16 bytes a field. On its own it has all of them inlined. See docs/decisions/0011-hot-path.md.
 */
const NEVER_RUN = `if (fields < 0) { ${'fields += fields * fields; '.repeat(80)} }`

interface Compiled {
  /** False, with nothing set, unless `values` has as many fields as the definition, and all of them. */
  readonly assign: (view: object, values: object) => boolean
  readonly toObject: (view: object) => object
}

function compile(names: readonly string[]): Compiled | undefined {
  const count = `let fields = 0; for (const name in values) fields++; if (fields !== ${names.length}) return false;`
  const take = names.map((name, i) => `const v${i} = values.${name}; if (v${i} === undefined) return false;`)
  const store = names.map((name, i) => `view.${name} = v${i};`)
  const copy = names.map(name => `${name}: view.${name}`)
  // A definition without fields: the slow path must check that `values` is an object.
  const last = `return ${names.length > 0}`
  try {
    /* oxlint-disable no-new-func, typescript/no-implied-eval -- see plainValues */
    return {
      assign: new Function(
        'view',
        'values',
        [count, ...take, ...store, NEVER_RUN, last].join('\n'),
      ) as Compiled['assign'],
      toObject: new Function('view', `return { ${copy.join(', ')} }`) as Compiled['toObject'],
    }
    /* oxlint-enable */
  } catch (error) {
    if (error instanceof EvalError) return undefined
    throw error
  }
}

function assignByName({ name: frameName, fields }: FrameDefinition, view: object, values: object): void {
  if (typeof values !== 'object' || values === null) {
    throw new FieldValueError(
      `a ${frameName} is written from an object with its fields, not from ${formatValue(values)}`,
    )
  }
  for (const name in values) {
    if (!fields.some(field => field.name === name)) {
      const names = fields.map(field => field.name).join(', ')
      throw new FieldValueError(`a ${frameName} has no field '${name}'; its fields are ${names}`)
    }
  }
  for (const { name } of fields) {
    const value = (values as Record<string, unknown>)[name]
    if (value === undefined) throw new FieldValueError(`'${name}' of a ${frameName} is missing`)
    ;(view as Record<string, unknown>)[name] = value
  }
}

function readByName(names: readonly string[], view: object): object {
  const object: Record<string, unknown> = {}
  for (const name of names) object[name] = (view as Record<string, unknown>)[name]
  return object
}

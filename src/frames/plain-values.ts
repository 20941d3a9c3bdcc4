import type { Fields, FrameDefinition, ValuesOf } from './definition.js'
import type { BoundWriteView, FrameView, WriteView } from './view.js'

/** Plain objects to and from the views of one definition. */
export interface PlainValues<F extends Fields> {
  /** Sets every field of the view. @throws {FieldValueError} as `BoundWriteView.assign`. */
  assign(values: ValuesOf<F>): void
  toObject(view: FrameView<F>): ValuesOf<F>
}

type Assign = (view: object, values: object) => boolean
type ToObject = (view: object) => object

/**
 * As the views do it themselves, but straight: `view.last = values.last`, one statement a field, which V8 compiles to loads and stores
 * where a loop over names costs a lookup for each: half the time, for a ticker of five fields. The code is made from field names,
 * which are identifiers: layout/definition.ts refuses any other. Where a program forbids such code
 * (`--disallow-code-generation-from-strings`) the views' own way serves.
 */
export function plainValues<F extends Fields>(
  definition: FrameDefinition<F>,
  writing: BoundWriteView<F>,
): PlainValues<F> {
  const made = compile(definition.fields.map(field => field.name))
  if (made === undefined) return { assign: writing.assign, toObject: view => view.toObject() as ValuesOf<F> }
  const { assign, toObject } = made
  const view: WriteView<F> = writing.view
  return {
    assign(values) {
      // Where a field is missing, or one too many, the slow way finds the words for it.
      if (!assign(view, values)) writing.assign(values)
    },
    toObject: read => toObject(read) as ValuesOf<F>,
  }
}

function compile(names: readonly string[]): { assign: Assign; toObject: ToObject } | undefined {
  const count = `let fields = 0; for (const name in values) fields++; if (fields !== ${names.length}) return false;`
  const take = names.map((name, i) => `const v${i} = values.${name}; if (v${i} === undefined) return false;`)
  const store = names.map((name, i) => `view.${name} = v${i};`)
  const copy = names.map(name => `${name}: view.${name}`)
  try {
    /* oxlint-disable no-new-func, typescript/no-implied-eval -- see plainValues */
    return {
      assign: new Function('view', 'values', [count, ...take, ...store, 'return true'].join('\n')) as Assign,
      toObject: new Function('view', `return { ${copy.join(', ')} }`) as ToObject,
    }
    /* oxlint-enable */
  } catch (error) {
    if (error instanceof EvalError) return undefined
    throw error
  }
}

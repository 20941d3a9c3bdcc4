// schemas/desk.schema.json is for editors; what we check a desk.json by must be what it says. Another validator decides.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { checkValue } from '../../dist/desk-file/check.js'
import type { Schema } from '../../dist/desk-file/json-schema.js'
import { DESK_SCHEMA } from '../../dist/desk-file/schema.js'

const ROOT = join(import.meta.dirname, '../..')
const validate = new Ajv2020({ strict: true, strictTypes: false, strictTuples: false, allErrors: false }).compile(
  DESK_SCHEMA,
)

test('the schema in the package is the one that we check by', () => {
  expect(JSON.parse(readFileSync(join(ROOT, 'schemas/desk.schema.json'), 'utf8'))).toEqual(
    JSON.parse(JSON.stringify(DESK_SCHEMA)),
  )
})

/** Values that often fit a schema, and often nearly. */
function near(schema: Schema): fc.Arbitrary<unknown> {
  const wrong = fc.constantFrom<unknown>(0, -1, 1.5, '', 'x', '10', true, null, [], {})
  return fc.oneof({ weight: 80, arbitrary: fitting(schema) }, { weight: 1, arbitrary: wrong })
}

function fitting(schema: Schema): fc.Arbitrary<unknown> {
  if (schema.$ref !== undefined) return near(DESK_SCHEMA.$defs[schema.$ref.slice(8)])
  if (schema.anyOf !== undefined) return fc.oneof(...schema.anyOf.map(near))
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum)
  switch (schema.type) {
    case 'object': {
      const { properties = {}, additionalProperties, required = [] } = schema
      const known = fc.record(Object.fromEntries(Object.entries(properties).map(([name, one]) => [name, near(one)])), {
        requiredKeys: required as never[],
      })
      const more =
        additionalProperties === false || additionalProperties === undefined
          ? fc.dictionary(fc.constantFrom('unknown', 'maxPositon', 'seed'), fc.constant(1), { maxKeys: 1 })
          : fc.dictionary(fc.constantFrom('a', 'BTCUSDT'), near(additionalProperties), { maxKeys: 2 })
      const rarely = fc.oneof(
        { weight: additionalProperties === false ? 12 : 1, arbitrary: fc.constant({}) },
        { weight: 1, arbitrary: more },
      )
      return fc.tuple(known, rarely).map(([one, two]) => ({ ...one, ...two }))
    }
    case 'array': {
      const { items, prefixItems, minItems = 0 } = schema
      if (prefixItems !== undefined) return fc.tuple(...prefixItems.map(near))
      return fc.array(near(items ?? {}), { minLength: minItems, maxLength: minItems + 2 })
    }
    case 'boolean':
      return fc.boolean()
    case 'string': {
      const { pattern } = schema
      const any = fc.constantFrom(
        'a',
        'sim',
        'BTCUSDT',
        '0.1',
        '5',
        '17:00',
        '25:00',
        '-0.1',
        '2026-12-25',
        'x'.repeat(50),
      )
      if (pattern === undefined) return any
      return fc.oneof(
        { weight: 40, arbitrary: fc.stringMatching(new RegExp(pattern, 'u'), { size: 'small' }) },
        { weight: 1, arbitrary: any },
      )
    }
    default: {
      const { minimum = 0, maximum = 1e6, exclusiveMinimum = minimum } = schema
      const within =
        schema.type === 'integer'
          ? fc.integer({ min: minimum, max: Math.min(maximum, 2 ** 31 - 1) })
          : fc.double({ min: exclusiveMinimum + 1e-6, max: maximum, noNaN: true })
      return fc.oneof({ weight: 40, arbitrary: within }, { weight: 1, arbitrary: fc.constantFrom(-1, 0, 0.5, 1e18) })
    }
  }
}

test('what another validator of JSON Schema accepts, we accept, and what it refuses, we refuse', {
  timeout: 60_000,
}, () => {
  let [accepted, refused] = [0, 0]
  fc.assert(
    fc.property(near(DESK_SCHEMA), value => {
      const theirs = validate(value)
      const ours = checkValue(value, DESK_SCHEMA)
      if (theirs) accepted++
      else refused++
      expect(
        ours === undefined,
        `${JSON.stringify(value)}: ${JSON.stringify(ours)} ${JSON.stringify(validate.errors)}`,
      ).toBe(theirs)
    }),
    { numRuns: 1500 },
  )
  expect(Math.min(accepted, refused)).toBeGreaterThan(50)
})

import { type FieldLayout, type FrameDefinition, symbolNameOf } from '../../frames/definition.js'
import type { FieldKind } from '../../frames/field.js'

/** A module in Python with a class for each kind of frame: what the package for Python makes of them, as type checkers see it. */
export function pythonTypes(definitions: readonly FrameDefinition[]): string {
  return [HEAD, ...definitions.map(classOf)].join('\n\n')
}

const HEAD = `"""Types of frames, made by 'ticktape codegen python'. For annotations: frames themselves are made by ticktape.Reader."""
from __future__ import annotations

from typing import Literal

from ticktape import Frame
`

function classOf({ name, id, slots, fields }: FrameDefinition): string {
  const names = pythonNames(fields)
  const lines = fields.flatMap(field => {
    const own = `    ${names.get(field.name)}: ${typeOf(field)}`
    return field.kind === 'instrument' ? [own, `    ${snakeCase(symbolNameOf(field.name))}: str`] : [own]
  })
  const size = `${slots} ${slots === 1 ? 'slot' : 'slots'}`
  return [`class ${name}(Frame):`, `    """Id ${id}, ${size}."""`, '', ...lines, ''].join('\n')
}

function typeOf({ kind, values = [] }: FieldLayout): string {
  // JSON's texts are texts of Python too.
  return kind === 'enum' ? `Literal[${values.map(value => JSON.stringify(value)).join(', ')}]` : TYPES[kind]
}

const TYPES: Readonly<Record<Exclude<FieldKind, 'enum'>, string>> = {
  u8: 'int',
  i8: 'int',
  u16: 'int',
  i16: 'int',
  u32: 'int',
  i32: 'int',
  u64: 'int',
  i64: 'int',
  instrument: 'int',
  f32: 'float',
  f64: 'float',
  bool: 'bool',
  ascii: 'str',
  text: 'str',
  bytes: 'bytes',
}

/** The names of fields as the package for Python has them: where two would be the same, the names of the schema stay. */
function pythonNames(fields: readonly FieldLayout[]): ReadonlyMap<string, string> {
  const own = fields.map(({ name }) => name)
  const snakes = own.map(snakeCase)
  return new Map(
    own.map((name, i) => {
      const snake = snakes[i]
      const isAlone = snakes.filter(other => other === snake).length === 1 && (snake === name || !own.includes(snake))
      return [name, isAlone ? snake : name]
    }),
  )
}

/** 'venueTime' as 'venue_time'. A word of Python gets an underscore behind it. */
function snakeCase(name: string): string {
  const snake = name.replace(/(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])/g, '_').toLowerCase()
  return PYTHON_WORDS.has(snake) ? `${snake}_` : snake
}

/** Also the names of two functions that every tuple has. */
const PYTHON_WORDS = new Set(
  (
    'and as assert async await break class continue def del elif else except finally for from global if import in is lambda nonlocal not or ' +
    'pass raise return try while with yield none true false count index'
  ).split(' '),
)

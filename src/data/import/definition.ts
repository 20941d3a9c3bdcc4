import * as fs from 'node:fs'
import * as path from 'node:path'
import { InvalidOptionError } from '../../base/errors.js'
import { type FrameDefinition, frame } from '../../frames/definition.js'
import { FrameDefinitionError } from '../../frames/errors.js'
import * as kinds from '../../frames/field.js'
import type { InstrumentEntry } from '../../frames/instruments.js'
import { Schema } from '../../frames/schema.js'
import { FileName } from '../../journal/files/directory.js'
import { readInstruments } from '../../journal/files/instruments-file.js'
import { ImportError } from '../errors.js'

/** What an import needs of a schema. */
export interface ImportSchema {
  readonly definition: FrameDefinition
  /** What numbers of instruments mean: those of the journal that the schema is from. */
  readonly instruments: readonly InstrumentEntry[]
}

/**
 * The definition of a frame from a journal, or from a file: a schema.json, or one of the same form in which fields have no `size` and no
 * `offset`: `{ "name": "last", "kind": "f64" }`, `{ "name": "symbol", "kind": "ascii(16)" }`, `{ "name": "side", "kind": "enum", "values": [...] }`.
 *
 * @throws {ImportError}, {CorruptJournalError}, {InvalidOptionError} when there is no frame of this name.
 */
export function readImportSchema(from: string, name: string): ImportSchema {
  const isJournal = fs.statSync(from, { throwIfNoEntry: false })?.isDirectory() === true
  const file = isJournal ? path.join(from, FileName.SCHEMA) : from
  if (!fs.existsSync(file)) throw new ImportError(`there is no schema at ${file}`, { path: file })
  const text = fs.readFileSync(file, 'utf8')
  const definitions = isLaidOut(text) ? Schema.parse(text, file).definitions : laidOut(text, file)
  const definition = definitions.find(one => one.name === name)
  if (definition === undefined)
    throw new InvalidOptionError(
      `${file} has no frame '${name}'; it has ${definitions.map(one => one.name).join(', ')}`,
      {
        path: file,
      },
    )
  return { definition, instruments: isJournal ? readInstruments(from).entries : [] }
}

/** Whether fields have their places: then it is a journal's file, or a copy of one. */
function isLaidOut(text: string): boolean {
  return /"offset"\s*:/.test(text)
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null
}

interface GivenFrame {
  readonly name: string
  readonly id: number
  readonly slots?: number
  readonly fields: readonly { readonly name: string; readonly kind: string; readonly values?: readonly string[] }[]
}

function laidOut(text: string, file: string): FrameDefinition[] {
  const fail = (what: string, cause?: unknown): ImportError =>
    new ImportError(`${file} is no schema: ${what}`, { path: file, cause })
  let frames: readonly GivenFrame[]
  try {
    frames = (JSON.parse(text) as { readonly frames: readonly GivenFrame[] }).frames
  } catch (error) {
    throw fail((error as Error).message, error)
  }
  if (!Array.isArray(frames)) throw fail("it has no list 'frames'")
  if (!frames.every(isObject)) throw fail("its list 'frames' has something else than objects")
  return frames.map(({ name, id, slots, fields }: GivenFrame) => {
    if (!Array.isArray(fields) || !fields.every(isObject))
      throw fail(`frame '${String(name)}' has no list 'fields' of objects`)
    try {
      const given = fields.map(field => [field.name, fieldOf(field, fail)] as const)
      return frame(name, id, Object.fromEntries(given), slots === undefined ? {} : { slots }) as FrameDefinition
    } catch (error) {
      if (error instanceof FrameDefinitionError) throw fail(error.message, error)
      throw error
    }
  })
}

const SIZED = { ascii: kinds.ascii, text: kinds.text, bytes: kinds.bytes } as const
const PLAIN = {
  u8: kinds.u8,
  i8: kinds.i8,
  u16: kinds.u16,
  i16: kinds.i16,
  u32: kinds.u32,
  i32: kinds.i32,
  u64: kinds.u64,
  i64: kinds.i64,
  f32: kinds.f32,
  f64: kinds.f64,
  bool: kinds.bool,
  instrument: kinds.instrument,
} as const

function fieldOf(
  { name, kind, values }: GivenFrame['fields'][number],
  fail: (what: string) => ImportError,
): kinds.Field {
  if (kind === 'enum' && Array.isArray(values)) return kinds.enumOf(values)
  if (Object.hasOwn(PLAIN, kind)) return PLAIN[kind as keyof typeof PLAIN]
  const [, sized, size] = /^(ascii|text|bytes)\((\d+)\)$/.exec(kind) ?? []
  if (sized !== undefined) return SIZED[sized as keyof typeof SIZED](Number(size))
  throw fail(
    `field '${name}' has the kind '${kind}'; there are ${Object.keys(PLAIN).join(', ')}, ascii(n), text(n), bytes(n) and enum with values`,
  )
}

import { createHash } from 'node:crypto'
import { checkFieldName, checkId, checkName, checkSymbols, type FieldLayout, FrameDefinition } from './definition.js'
import { CorruptJournalError, type FieldDifference, FrameDefinitionError, SchemaMismatchError } from './errors.js'
import type { FieldKind } from './field.js'
import { Frame, SLOT_SIZE } from './format.js'

/**
 * The definitions of one journal, in the order they were first written. Stored as `schema.json` beside the pages, so that any
 * tool can decode frames without the program that wrote them. Definitions are only added, never changed or removed; only the list of names of an enum may become longer.
 */
export class Schema {
  private readonly byId = new Map<number, FrameDefinition>()

  constructor(definitions: Iterable<FrameDefinition> = []) {
    for (const definition of definitions) this.byId.set(definition.id, definition)
  }

  get definitions(): FrameDefinition[] {
    return [...this.byId.values()]
  }

  get(id: number): FrameDefinition | undefined {
    return this.byId.get(id)
  }

  /** The definition as the journal has it; undefined when it has none under this id yet, or one whose enums have fewer names.
   * @throws {SchemaMismatchError} when the journal has something else under the id or the name. */
  match(definition: FrameDefinition, path: string): FrameDefinition | undefined {
    const known = this.byId.get(definition.id)
    if (known !== undefined) {
      if (known === definition) return known
      const differences = compare(known, definition)
      if (differences.length === 0) return hasMoreNames(definition, known) ? undefined : known
      const list = differences
        .map(d => `${d.field}: ${d.journal} in the journal, ${d.program} in the program`)
        .join('; ')
      throw new SchemaMismatchError(
        `frame id ${definition.id} has another definition in ${path}: ${list}. Give the changed frame a new id, or use another journal`,
        differences,
        { path },
      )
    }
    for (const other of this.byId.values()) {
      if (other.name === definition.name) {
        const difference = { field: '(id)', journal: String(other.id), program: String(definition.id) }
        throw new SchemaMismatchError(
          `frame '${definition.name}' has id ${other.id} in ${path} and ${definition.id} in the program; use the journal's id, or another name`,
          [difference],
          { path },
        )
      }
    }
    return undefined
  }

  /** Adds a definition; returns false when it is there already. @throws {SchemaMismatchError} as `match`. */
  add(definition: FrameDefinition, path: string): boolean {
    if (this.match(definition, path) !== undefined) return false
    this.byId.set(definition.id, this.withKnownNames(definition))
    return true
  }

  /** A copy with one definition more, or with more names in one. */
  with(definition: FrameDefinition): Schema {
    return new Schema([...this.definitions, this.withKnownNames(definition)])
  }

  /** The definition with the names of its enums that only the journal has: one list may be longer there, another one here. */
  private withKnownNames(definition: FrameDefinition): FrameDefinition {
    const known = this.byId.get(definition.id)
    if (known === undefined || !hasMoreNames(known, definition)) return definition
    const fields = definition.fields.map((field, i) => {
      const { values } = known.fields[i]
      return values !== undefined && values.length > (field.values?.length ?? 0) ? { ...field, values } : field
    })
    return FrameDefinition.create(definition.name, definition.id, fields, definition.slots)
  }

  /** The first 8 bytes of the SHA-256 of the frames' canonical JSON. It identifies the definitions that existed when a page was created. */
  hash(): Uint8Array {
    return layoutHash(this.definitions)
  }

  /** The text of schema.json. */
  toJson(): string {
    const { definitions } = this
    return `${JSON.stringify({ format: formatOf(definitions), frames: definitions.map(plain) }, null, 2)}\n`
  }

  /** Parses the JSON of one definition, from a schema.json that is damaged elsewhere; undefined when it is damaged too. */
  static parseDefinition(json: string): FrameDefinition | undefined {
    try {
      return parseFrame(JSON.parse(json))
    } catch (error) {
      if (error instanceof FrameDefinitionError || error instanceof SyntaxError) return undefined
      throw error
    }
  }

  /**
   * Parses the text of schema.json. The text is not trusted.
   *
   * @throws {CorruptJournalError} when it is not a schema.
   */
  static parse(text: string, path: string): Schema {
    let json: unknown
    try {
      json = JSON.parse(text)
    } catch (error) {
      throw new CorruptJournalError(`${path} is not JSON: ${(error as Error).message}; run 'ticktape repair'`, {
        path,
        cause: error,
      })
    }
    try {
      return new Schema(parseFrames(json))
    } catch (error) {
      if (!(error instanceof FrameDefinitionError)) throw error
      throw new CorruptJournalError(`${path} is not a schema: ${error.message}; run 'ticktape repair'`, {
        path,
        cause: error,
      })
    }
  }
}

/** @internal */
export function layoutHash(definitions: readonly FrameDefinition[]): Uint8Array {
  return createHash('sha256')
    .update(JSON.stringify(definitions.map(plain)))
    .digest()
    .subarray(0, 8)
}

/** A definition as canonical JSON: these keys, in this order. */
function plain(definition: FrameDefinition): object {
  return {
    name: definition.name,
    id: definition.id,
    slots: definition.slots,
    fields: definition.fields.map(({ name, kind, size, offset, values }) =>
      values === undefined ? { name, kind, size, offset } : { name, kind, size, offset, values },
    ),
  }
}

/** The differences of two definitions with the same id, field by field; none when their layouts are equal. */
export function compare(journal: FrameDefinition, program: FrameDefinition): FieldDifference[] {
  const differences: FieldDifference[] = []
  const differ = (field: string, a: string, b: string): void => {
    if (a !== b) differences.push({ field, journal: a, program: b })
  }
  differ('(name)', journal.name, program.name)
  differ('(slots)', String(journal.slots), String(program.slots))
  const ours = new Map(program.fields.map(field => [field.name, field]))
  for (const field of journal.fields) {
    const other = ours.get(field.name)
    ours.delete(field.name)
    if (other !== undefined && isLongerList(field, other)) continue
    differ(field.name, describe(field), other === undefined ? 'absent' : describe(other))
  }
  for (const field of ours.values()) differ(field.name, 'absent', describe(field))
  return differences
}

/** Whether two enums differ only in names at the end of one list: their common names have the same stored values. */
function isLongerList(a: FieldLayout, b: FieldLayout): boolean {
  if (a.kind !== 'enum' || b.kind !== 'enum' || a.offset !== b.offset) return false
  const [first = [], second = []] = [a.values, b.values]
  return first.slice(0, second.length).every((name, i) => name === second[i])
}

/** Whether an enum of the first definition has more names than in the second, which is the same otherwise. */
function hasMoreNames(a: FrameDefinition, b: FrameDefinition): boolean {
  return a.fields.some(({ values = [] }, i) => values.length > (b.fields[i].values?.length ?? 0))
}

function describe({ kind, size, offset, values }: FieldLayout): string {
  const sized = SIZES[kind] === 0 ? `${kind}(${size})` : kind
  return `${values === undefined ? sized : `${sized}(${values.join('|')})`} at ${offset}`
}

/** The format of a schema.json with no field of a kind that came later. */
const FIRST_FORMAT = 1
/** The format of one that has such a field, so that programs which do not know the kind refuse the journal. */
const SECOND_FORMAT = 2
const KINDS_OF_SECOND: ReadonlySet<FieldKind> = new Set<FieldKind>(['text', 'instrument'])

/** The lowest format that has all the kinds of these definitions. */
function formatOf(definitions: readonly FrameDefinition[]): number {
  const later = definitions.some(({ fields }) => fields.some(({ kind }) => KINDS_OF_SECOND.has(kind)))
  return later ? SECOND_FORMAT : FIRST_FORMAT
}

const SIZES: Readonly<Record<FieldKind, number>> = {
  u8: 1,
  i8: 1,
  u16: 2,
  i16: 2,
  u32: 4,
  i32: 4,
  f32: 4,
  f64: 8,
  u64: 8,
  i64: 8,
  bool: 1,
  enum: 1,
  instrument: 4,
  ascii: 0,
  text: 0,
  bytes: 0,
}

function parseFrames(json: unknown): FrameDefinition[] {
  const { format, frames } = asObject(json, 'the schema')
  if (format !== FIRST_FORMAT && format !== SECOND_FORMAT)
    bad(`it has format ${JSON.stringify(format)}, but this library reads ${FIRST_FORMAT} and ${SECOND_FORMAT}`)
  if (!Array.isArray(frames)) bad("it has no list 'frames'")
  const definitions = (frames as unknown[]).map(parseFrame)
  if (new Set(definitions.map(d => d.id)).size !== definitions.length) bad('two frames have the same id')
  if (new Set(definitions.map(d => d.name)).size !== definitions.length) bad('two frames have the same name')
  const needed = formatOf(definitions)
  if (format !== needed) bad(`it has format ${format}, but the kinds of its fields are those of format ${needed}`)
  return definitions
}

function parseFrame(json: unknown): FrameDefinition {
  const { name, id, slots, fields } = asObject(json, 'a frame')
  checkName('a frame', name as string)
  checkId(name as string, id as number)
  if (!Number.isInteger(slots) || (slots as number) < 1 || (slots as number) > Frame.MAX_SLOTS) {
    bad(`frame '${String(name)}' takes ${JSON.stringify(slots)} slots`)
  }
  if (!Array.isArray(fields)) bad(`frame '${String(name)}' has no list 'fields'`)
  const size = (slots as number) * SLOT_SIZE
  const header = slots === 1 ? Frame.SMALL_HEADER_SIZE : Frame.LARGE_HEADER_SIZE
  const layouts = (fields as unknown[]).map(field => parseField(name as string, field, header, size))
  if (new Set(layouts.map(field => field.name)).size !== layouts.length)
    bad(`frame '${String(name)}' has a field twice`)
  checkSymbols(name as string, layouts)
  return FrameDefinition.create(name as string, id as number, layouts, slots as number)
}

function parseField(frameName: string, json: unknown, start: number, end: number): FieldLayout {
  const { name, kind, size, offset, values } = asObject(json, `a field of frame '${frameName}'`)
  checkFieldName(frameName, name as string)
  const what = `field '${String(name)}' of frame '${frameName}'`
  if (typeof kind !== 'string' || !Object.hasOwn(SIZES, kind))
    bad(`${what} has an unknown kind (${JSON.stringify(kind)})`)
  const scalar = SIZES[kind as FieldKind]
  const text = scalar === 0
  if (!Number.isInteger(size) || (size as number) < 1 || (!text && size !== scalar))
    bad(`${what} has size ${JSON.stringify(size)}`)
  const aligned = Number.isInteger(offset) && (text || (offset as number) % scalar === 0)
  if (!aligned || (offset as number) < start || (offset as number) + (size as number) > end) {
    bad(`${what} lies at ${JSON.stringify(offset)}, outside its frame or misaligned`)
  }
  const layout = { name: name as string, kind: kind as FieldKind, size: size as number, offset: offset as number }
  if (kind !== 'enum') return layout
  const named =
    Array.isArray(values) &&
    values.length >= 1 &&
    values.length <= 256 &&
    values.every(v => typeof v === 'string' && v !== '')
  if (!named) bad(`${what} has no list of names`)
  return { ...layout, values: values as string[] }
}

function asObject(json: unknown, what: string): Record<string, unknown> {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) bad(`${what} is not an object`)
  return json as Record<string, unknown>
}

function bad(message: string): never {
  throw new FrameDefinitionError(message)
}

import { formatValue } from '../base/format-value.js'
import { FrameDefinitionError } from './errors.js'
import { type Field, type FieldKind, type InstrumentField, isField } from './field.js'
import { Frame, SLOT_SIZE } from './format.js'

export type Fields = Readonly<Record<string, Field>>

/** The JavaScript values of a set of fields: `{ symbol: string, last: number, ... }`. */
export type ValuesOf<F extends Fields> = { -readonly [K in keyof F]: F[K] extends Field<infer T> ? T : never }

/** Where one field lies in its frame. */
export interface FieldLayout {
  readonly name: string
  readonly kind: FieldKind
  /** Bytes. */
  readonly size: number
  /** Bytes from the frame's start. */
  readonly offset: number
  readonly values?: readonly string[]
}

/** A kind of frame: its name, its id in the journal, and where its fields lie. Made by {@link frame}. */
export class FrameDefinition<F extends Fields = Fields> {
  /** 64-byte slots one frame takes. */
  readonly slots: number
  /** Bytes one frame takes. */
  readonly size: number

  private constructor(
    readonly name: string,
    /** The type stored in each frame, 1 to 65,535. */
    readonly id: number,
    /** In the order they were declared. */
    readonly fields: readonly FieldLayout[],
    slots: number,
  ) {
    this.slots = slots
    this.size = slots * SLOT_SIZE
    Object.freeze(this)
  }

  /** @internal The arguments must have been checked. */
  static create<F extends Fields = Fields>(
    name: string,
    id: number,
    fields: readonly FieldLayout[],
    slots: number,
  ): FrameDefinition<F> {
    const definition = new FrameDefinition<F>(name, id, fields, slots)
    definitions.add(definition)
    return definition
  }

  /** Only for the type checker; never present. */
  declare readonly values?: ValuesOf<F>
}

/** All definitions created here. Offsets decide which memory is accessed, so other objects of the same shape are not accepted. */
const definitions = new WeakSet<FrameDefinition>()

/** @internal Whether a value is a definition made by {@link frame} or read from a schema.json. */
export function isDefinition(value: unknown): value is FrameDefinition {
  return typeof value === 'object' && value !== null && definitions.has(value as FrameDefinition)
}

/** The values of a definition: `Values<typeof Ticker>`. */
export type Values<D> = D extends FrameDefinition<infer F> ? ValuesOf<F> : never

/** The fields of a definition: `FieldsOf<typeof Ticker>`. A set of fields is returned as it is. */
export type FieldsOf<D extends Fields | FrameDefinition> =
  D extends FrameDefinition<infer F> ? F : D extends Fields ? D : never

export interface FrameOptions {
  /** 64-byte slots of the frame, if more than the fields need. From 2 slots on a frame has a cause, a source and a destination. */
  readonly slots?: number
}

/**
 * Defines a kind of frame. Fields lie in the order they are given, each at its natural alignment, after a header of 16 bytes
 * in a 64-byte frame and of 32 bytes in a larger one; the frame takes as few 64-byte slots as hold them.
 *
 *     const Ticker = frame('Ticker', 1, { symbol: ascii(16), last: f64, bid: f64, ask: f64, volume: f64 })
 *
 * @param id 1 to 65,535, the same for as long as a journal with such frames is kept.
 * @throws {FrameDefinitionError} for a name, id, field or size that the format cannot hold.
 */
export function frame<const F extends Fields>(
  name: string,
  id: number,
  fields: F & UnreservedNames<F> & FreeSymbols<F>,
  options: FrameOptions = {},
): FrameDefinition<F> {
  checkName('a frame', name)
  checkId(name, id)
  if (typeof fields !== 'object' || fields === null) {
    throw new FrameDefinitionError(`frame '${name}' takes its fields as an object of name: kind`)
  }
  if (typeof options !== 'object' || options === null) {
    throw new FrameDefinitionError(`frame '${name}' takes its options as an object, not ${formatValue(options)}`)
  }
  for (const key of Object.keys(options)) {
    if (key !== 'slots') throw new FrameDefinitionError(`frame '${name}' has no option '${key}'; there is: slots`)
  }
  const wanted = options.slots ?? 1
  if (!Number.isInteger(wanted) || wanted < 1 || wanted > Frame.MAX_SLOTS) {
    throw new FrameDefinitionError(`frame '${name}' takes 1 to ${Frame.MAX_SLOTS} slots, not ${formatValue(wanted)}`)
  }
  let layout = wanted === 1 ? layOut(name, fields, Frame.SMALL_HEADER_SIZE) : undefined
  if (layout === undefined || layout.end > SLOT_SIZE) layout = layOut(name, fields, Frame.LARGE_HEADER_SIZE)
  const needed = Math.max(wanted, Math.ceil(layout.end / SLOT_SIZE))
  // A frame with the large header has 2 slots at least, even if its fields would fit into fewer.
  const slots = layout.header === Frame.LARGE_HEADER_SIZE ? Math.max(2, needed) : 1
  checkSymbols(name, layout.fields)
  if (slots > Frame.MAX_SLOTS) {
    throw new FrameDefinitionError(
      `frame '${name}' needs ${layout.end} bytes; the largest frame has ${Frame.MAX_SLOTS * SLOT_SIZE}`,
    )
  }
  return FrameDefinition.create<F>(name, id, layout.fields, slots)
}

/** Names that views use themselves. */
const RESERVED_NAMES = [
  'type',
  'position',
  'time',
  'slots',
  'cause',
  'causeJournal',
  'source',
  'dest',
  'sinceRoot',
  'definition',
  'is',
  'toObject',
  'constructor',
  'toString',
  'valueOf',
  'hasOwnProperty',
  '__proto__',
  'then',
] as const
const RESERVED: ReadonlySet<string> = new Set(RESERVED_NAMES)

/** A name that no field can have, because every frame has a property of that name. */
export type ReservedName = (typeof RESERVED_NAMES)[number] | 'toJSON'

/** Makes the type checker refuse a field with a reserved name. Fields whose names it does not know are not checked here. */
type UnreservedNames<F extends Fields> = string extends keyof F
  ? unknown
  : { readonly [K in keyof F & ReservedName]: `every frame has '${K}' already; give the field another name` }

/** The symbols that views have beside their `instrument` fields: `symbol` for `instrument`, `legSymbol` for `leg`. */
export type SymbolsOf<F extends Fields> = {
  readonly [K in keyof F as F[K] extends InstrumentField ? SymbolNameOf<K> : never]: string
}

type SymbolNameOf<K> = K extends 'instrument' ? 'symbol' : K extends string ? `${K}Symbol` : never

/** Makes the type checker refuse a field that has the name of an instrument's symbol. */
type FreeSymbols<F extends Fields> = string extends keyof F
  ? unknown
  : { readonly [K in keyof F & keyof SymbolsOf<F>]: `views have '${K & string}' already: the symbol of an instrument` }

/** @internal The name of the property that has the symbol of an `instrument` field. */
export function symbolNameOf(field: string): string {
  return field === 'instrument' ? 'symbol' : `${field}Symbol`
}

/** @internal Also used for schema.json. @throws {FrameDefinitionError} when a field has the name of an instrument's symbol. */
export function checkSymbols(frameName: string, fields: readonly FieldLayout[]): void {
  for (const { name, kind } of fields) {
    if (kind !== 'instrument') continue
    const symbol = symbolNameOf(name)
    if (fields.some(field => field.name === symbol)) {
      throw new FrameDefinitionError(
        `frame '${frameName}' cannot have a field '${symbol}' beside its instrument field '${name}', because views have the instrument's symbol there; give the field another name`,
      )
    }
  }
}

/** @internal Also used for schema.json. */
export function checkName(what: string, name: string): void {
  if (typeof name !== 'string' || !/^[A-Za-z_][A-Za-z0-9_]{0,63}$/.test(name)) {
    throw new FrameDefinitionError(
      `${what} needs a name of 1 to 64 letters, digits and underscores that does not start with a digit, not ${formatValue(name)}`,
    )
  }
}

/** @internal */
export function checkId(name: string, id: number): void {
  if (!Number.isInteger(id) || id < 1 || id > Frame.MAX_TYPE) {
    throw new FrameDefinitionError(`frame '${name}' needs an id of 1 to ${Frame.MAX_TYPE}, not ${formatValue(id)}`)
  }
}

/** @internal */
export function checkFieldName(frameName: string, name: string): void {
  checkName(`a field of frame '${frameName}'`, name)
  if (RESERVED.has(name)) throw reserved(frameName, name)
}

function reserved(frameName: string, name: string): FrameDefinitionError {
  return new FrameDefinitionError(
    `frame '${frameName}' cannot have a field '${name}': every frame has that already; give the field another name`,
  )
}

function layOut(
  frameName: string,
  fields: Fields,
  header: number,
): { fields: FieldLayout[]; header: number; end: number } {
  const placed: FieldLayout[] = []
  let end = header
  for (const [name, field] of Object.entries(fields)) {
    checkFieldName(frameName, name)
    // Only here: a schema.json from before views had it may have such a field.
    if (name === 'toJSON') throw reserved(frameName, name)
    if (!isField(field)) {
      throw new FrameDefinitionError(
        `field '${name}' of frame '${frameName}' needs a kind such as f64, u32 or ascii(16), not ${formatValue(field)}`,
      )
    }
    const offset = Math.ceil(end / field.align) * field.align
    const { kind, size, values } = field
    placed.push(
      Object.freeze(values === undefined ? { name, kind, size, offset } : { name, kind, size, offset, values }),
    )
    end = offset + size
  }
  return { fields: placed, header, end }
}

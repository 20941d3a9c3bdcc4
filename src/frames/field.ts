import { formatValue } from '../base/format-value.js'
import { FrameDefinitionError } from './errors.js'

export type FieldKind =
  | 'u8'
  | 'i8'
  | 'u16'
  | 'i16'
  | 'u32'
  | 'i32'
  | 'f32'
  | 'f64'
  | 'u64'
  | 'i64'
  | 'bool'
  | 'ascii'
  | 'text'
  | 'bytes'
  | 'enum'
  | 'instrument'

/**
 * What one field of a frame holds. `T` is the JavaScript type its value has.
 *
 * Numbers lie at their natural alignment, text and bytes anywhere.
 */
export interface Field<T = unknown> {
  readonly kind: FieldKind
  /** Bytes. */
  readonly size: number
  /** Bytes: the offset is a multiple of it. */
  readonly align: number
  /** The names of an enum, in the order of their stored values 0, 1, 2 ... */
  readonly values?: readonly string[]
  /** Only for the type checker; never present. */
  readonly type?: T
}

/** Raw bytes. The type has a name, because TypeScript before 5.7 cannot read its long form in our declaration files. */
export interface BytesField extends Field<Uint8Array> {
  readonly kind: 'bytes'
}

/** The number of an instrument. Views find these fields by this type, and answer the instrument's symbol beside it. */
export interface InstrumentField extends Field<number> {
  readonly kind: 'instrument'
}

/** All fields created here. Another object of the same shape could have a size or an alignment that its kind does not have. */
const fields = new WeakSet<object>()

function made<T, K extends Field<T> = Field<T>>(field: K): K {
  fields.add(field)
  return Object.freeze(field)
}

/** @internal Whether a value is one of the kinds below. */
export function isField(value: unknown): value is Field {
  return typeof value === 'object' && value !== null && fields.has(value)
}

function scalar<T>(kind: FieldKind, size: number): Field<T> {
  return made({ kind, size, align: size })
}

/** Unsigned integer, 0 to 255. */
export const u8 = scalar<number>('u8', 1)
/** Signed integer, -128 to 127. */
export const i8 = scalar<number>('i8', 1)
/** Unsigned integer, 0 to 65,535. */
export const u16 = scalar<number>('u16', 2)
/** Signed integer, -32,768 to 32,767. */
export const i16 = scalar<number>('i16', 2)
/** Unsigned integer, 0 to 2^32 - 1. */
export const u32 = scalar<number>('u32', 4)
/** Signed integer, -2^31 to 2^31 - 1. */
export const i32 = scalar<number>('i32', 4)
/** 32-bit float. A number is rounded to the nearest one; a number that is too large is refused. */
export const f32 = scalar<number>('f32', 4)
/** 64-bit float: any number, NaN and the infinities included. */
export const f64 = scalar<number>('f64', 8)
/** Unsigned 64-bit integer, as a bigint. Reading one allocates. */
export const u64 = scalar<bigint>('u64', 8)
/** Signed 64-bit integer, as a bigint. Reading one allocates. */
export const i64 = scalar<bigint>('i64', 8)
/** One byte, 0 or 1. */
export const bool = scalar<boolean>('bool', 1)

/** Text of at most `size` ASCII characters without NUL. Shorter text is padded with NULs. */
export function ascii(size: number): Field<string> {
  return made({ kind: 'ascii', size: checkedSize('ascii', size), align: 1 })
}

/**
 * Text of at most `size` bytes of UTF-8 without NUL. Shorter text is padded with NULs. Text that is too long, or that has
 * a NUL or half of a surrogate pair, is refused.
 */
export function text(size: number): Field<string> {
  return made({ kind: 'text', size: checkedSize('text', size), align: 1 })
}

/**
 * The number of an instrument, 0 to 2^32 - 1; 0 means none. The journal's instruments.json says what each number means:
 * see `Writer.addInstruments`. Views of a definition with such a field also have the instrument's symbol: `symbol` for a
 * field named `instrument`, `legSymbol` for one named `leg`.
 */
export const instrument: InstrumentField = made<number, InstrumentField>({ kind: 'instrument', size: 4, align: 4 })

/** `size` raw bytes. Shorter values are padded with zeros. Reading returns a copy. */
export function bytes(size: number): BytesField {
  return made<Uint8Array, BytesField>({ kind: 'bytes', size: checkedSize('bytes', size), align: 1 })
}

/** One of up to 256 names, stored as one byte: `enumOf('buy', 'sell')`. The first is 0. */
export function enumOf<const V extends readonly string[]>(...values: V): Field<V[number]>
export function enumOf<const V extends readonly string[]>(values: V): Field<V[number]>
export function enumOf(...args: readonly unknown[]): Field<string> {
  const values = (args.length === 1 && Array.isArray(args[0]) ? args[0] : args) as unknown[]
  if (values.length < 1 || values.length > 256) {
    throw new FrameDefinitionError(`enumOf takes 1 to 256 names, not ${values.length}`)
  }
  for (const value of values) {
    if (typeof value !== 'string' || value === '') {
      throw new FrameDefinitionError(`enumOf takes non-empty strings, not ${formatValue(value)}`)
    }
  }
  if (new Set(values).size !== values.length) {
    throw new FrameDefinitionError(`enumOf has a name twice: ${values.join(', ')}`)
  }
  return made({ kind: 'enum', size: 1, align: 1, values: Object.freeze([...values]) as readonly string[] })
}

const MAX_FIELD_SIZE = 255 * 64

function checkedSize(kind: string, size: number): number {
  if (!Number.isInteger(size) || size < 1 || size > MAX_FIELD_SIZE) {
    throw new FrameDefinitionError(`${kind}(n) takes a size of 1 to ${MAX_FIELD_SIZE} bytes, not ${formatValue(size)}`)
  }
  return size
}

import { formatValue } from '../base/format-value.js'
import type { FieldLayout, FrameDefinition } from './definition.js'
import { CorruptJournalError, FieldValueError, ViewExpiredError } from './errors.js'
import type { FramePointer } from './pointer.js'
import { decodeAscii, decodeUtf8, storeText, storeUtf8, TextCache } from './text.js'

/** Reads one field of the view it is called on. */
export type Getter = (this: View) => unknown
/** Checks and stores one field of the view it is called on. */
export type Setter = (this: View, value: never) => void

/**
 * The base class of all views. A view reads memory through a private pointer. Each definition has a subclass with an accessor for each
 * field. The accessors are made here, because only this class can access the pointer.
 *
 * There is one class for each definition, not for each reader: a handler then sees objects of one shape, whatever number of journals it is
 * used with, and V8 compiles `t.last` to a load.
 */
export class View {
  readonly #pointer: FramePointer

  constructor(pointer: FramePointer) {
    this.#pointer = pointer
  }

  /** The pointer of a view, undefined for anything else. */
  static pointerOf(value: unknown): FramePointer | undefined {
    return typeof value === 'object' && value !== null && #pointer in value ? value.#pointer : undefined
  }

  /** A getter for a value in the frame's header. */
  static headerGetter(name: string, read: (pointer: FramePointer) => unknown): Getter {
    return function (this: View) {
      const p = this.#pointer
      return p.at < 0 ? expired('frame', name) : read(p)
    }
  }

  /**
   * Makes the getter of one field. Each kind has its own function so that each compiles to one load.
   *
   * @throws (the getter) {ViewExpiredError} when the pointer is at no frame.
   */
  static getter(frameName: string, field: FieldLayout): Getter {
    const { offset, size } = field
    const gone = (): never => expired(frameName, field.name)
    switch (field.kind) {
      case 'u8':
        return function (this: View) {
          const p = this.#pointer
          const at = p.at
          return at < 0 ? gone() : p.u8[at + offset]
        }
      case 'i8':
        return function (this: View) {
          const p = this.#pointer
          const at = p.at
          return at < 0 ? gone() : p.i8[at + offset]
        }
      case 'u16':
        return function (this: View) {
          const p = this.#pointer
          const at = p.at
          return at < 0 ? gone() : p.u16[(at + offset) >> 1]
        }
      case 'i16':
        return function (this: View) {
          const p = this.#pointer
          const at = p.at
          return at < 0 ? gone() : p.i16[(at + offset) >> 1]
        }
      case 'u32':
      case 'instrument':
        return function (this: View) {
          const p = this.#pointer
          const at = p.at
          return at < 0 ? gone() : p.u32[(at + offset) >> 2]
        }
      case 'i32':
        return function (this: View) {
          const p = this.#pointer
          const at = p.at
          return at < 0 ? gone() : p.i32[(at + offset) >> 2]
        }
      case 'f32':
        return function (this: View) {
          const p = this.#pointer
          const at = p.at
          return at < 0 ? gone() : p.f32[(at + offset) >> 2]
        }
      case 'f64':
        return function (this: View) {
          const p = this.#pointer
          const at = p.at
          return at < 0 ? gone() : p.f64[(at + offset) >> 3]
        }
      case 'u64':
        return function (this: View) {
          const p = this.#pointer
          const at = p.at
          return at < 0 ? gone() : p.u64[(at + offset) >> 3]
        }
      case 'i64':
        return function (this: View) {
          const p = this.#pointer
          const at = p.at
          return at < 0 ? gone() : p.i64[(at + offset) >> 3]
        }
      case 'bool':
        return function (this: View) {
          const p = this.#pointer
          const at = p.at
          return at < 0 ? gone() : p.u8[at + offset] !== 0
        }
      case 'ascii':
      case 'text': {
        const texts = new TextCache(size, field.kind === 'ascii' ? decodeAscii : decodeUtf8)
        return function (this: View) {
          const p = this.#pointer
          const at = p.at
          return at < 0 ? gone() : texts.read(p.u8, at + offset, p.memory.path, p.position)
        }
      }
      case 'bytes':
        // A copy, because a Uint8Array over the page would let a program store into memory that is mapped read-only.
        return function (this: View) {
          const p = this.#pointer
          const at = p.at
          return at < 0 ? gone() : p.u8.slice(at + offset, at + offset + size)
        }
      case 'enum': {
        const values = field.values ?? []
        return function (this: View) {
          const p = this.#pointer
          if (p.at < 0) gone()
          const stored = p.u8[p.at + offset]
          return stored < values.length ? values[stored] : unknownEnum(frameName, field, stored, p)
        }
      }
    }
  }

  /**
   * Makes the getter of the symbol of one `instrument` field. It allocates nothing for a number that was read before.
   *
   * @throws (the getter) {ViewExpiredError} when the pointer is at no frame.
   */
  static symbolGetter(frameName: string, field: FieldLayout, name: string): Getter {
    const { offset } = field
    return function (this: View) {
      const p = this.#pointer
      const at = p.at
      // As an int32: V8 makes an object of a larger number.
      return at < 0 ? expired(frameName, name) : p.instruments.symbolOf(p.u32[(at + offset) >> 2] | 0)
    }
  }

  /**
   * Makes the setter of one field. It refuses a value that the field cannot hold, and never rounds or truncates one silently.
   *
   * @throws (the setter) {FieldValueError}: the frame is discarded. {ViewExpiredError} when the pointer is at no frame.
   */
  static setter(definition: FrameDefinition, field: FieldLayout): Setter {
    const { offset, size } = field
    // All errors are thrown by one function. This keeps the setters small enough for V8 to inline many of them into one loop.
    const no = (p: FramePointer, value: unknown): never => refuse(definition, field, p, value)
    switch (field.kind) {
      case 'u8':
        return function (this: View, v: number) {
          const p = this.#pointer
          const at = p.at
          if (at < 0 || typeof v !== 'number' || (v & 0xff) !== v) no(p, v)
          p.u8[at + offset] = v
        }
      case 'i8':
        return function (this: View, v: number) {
          const p = this.#pointer
          const at = p.at
          if (at < 0 || typeof v !== 'number' || (v << 24) >> 24 !== v) no(p, v)
          p.i8[at + offset] = v
        }
      case 'u16':
        return function (this: View, v: number) {
          const p = this.#pointer
          const at = p.at
          if (at < 0 || typeof v !== 'number' || (v & 0xffff) !== v) no(p, v)
          p.u16[(at + offset) >> 1] = v
        }
      case 'i16':
        return function (this: View, v: number) {
          const p = this.#pointer
          const at = p.at
          if (at < 0 || typeof v !== 'number' || (v << 16) >> 16 !== v) no(p, v)
          p.i16[(at + offset) >> 1] = v
        }
      case 'u32':
      case 'instrument':
        return function (this: View, v: number) {
          const p = this.#pointer
          const at = p.at
          if (at < 0 || typeof v !== 'number' || v >>> 0 !== v) no(p, v)
          p.u32[(at + offset) >> 2] = v
        }
      case 'i32':
        return function (this: View, v: number) {
          const p = this.#pointer
          const at = p.at
          if (at < 0 || typeof v !== 'number' || (v | 0) !== v) no(p, v)
          p.i32[(at + offset) >> 2] = v
        }
      case 'f32':
        return function (this: View, v: number) {
          const p = this.#pointer
          const at = p.at
          if (at < 0 || typeof v !== 'number' || (Math.abs(Math.fround(v)) === Infinity && Math.abs(v) !== Infinity))
            no(p, v)
          p.f32[(at + offset) >> 2] = v
        }
      case 'f64':
        return function (this: View, v: number) {
          const p = this.#pointer
          const at = p.at
          if (at < 0 || typeof v !== 'number') no(p, v)
          p.f64[(at + offset) >> 3] = v
        }
      case 'u64':
        return function (this: View, v: bigint) {
          const p = this.#pointer
          const at = p.at
          if (at < 0 || typeof v !== 'bigint' || v < 0n || v > U64_MAX) no(p, v)
          p.u64[(at + offset) >> 3] = v
        }
      case 'i64':
        return function (this: View, v: bigint) {
          const p = this.#pointer
          const at = p.at
          if (at < 0 || typeof v !== 'bigint' || v < I64_MIN || v > I64_MAX) no(p, v)
          p.i64[(at + offset) >> 3] = v
        }
      case 'bool':
        return function (this: View, v: boolean) {
          const p = this.#pointer
          const at = p.at
          if (at < 0 || typeof v !== 'boolean') no(p, v)
          p.u8[at + offset] = v ? 1 : 0
        }
      case 'ascii':
        return function (this: View, v: string) {
          const p = this.#pointer
          const at = p.at
          if (at < 0 || typeof v !== 'string' || !storeText(p.u8, at + offset, size, v)) no(p, v)
        }
      case 'text':
        return function (this: View, v: string) {
          const p = this.#pointer
          const at = p.at
          if (at < 0 || typeof v !== 'string' || !storeUtf8(p.u8, at + offset, size, v)) no(p, v)
        }
      case 'bytes':
        return function (this: View, v: Uint8Array) {
          const p = this.#pointer
          const at = p.at
          if (at < 0 || !(v instanceof Uint8Array) || lengthOf(v) > size) no(p, v)
          p.u8.set(v, at + offset)
          p.u8.fill(0, at + offset + lengthOf(v), at + offset + size)
        }
      case 'enum': {
        const values = field.values ?? []
        return function (this: View, v: string) {
          const p = this.#pointer
          const at = p.at
          const stored = values.indexOf(v)
          if (at < 0 || stored < 0) no(p, v)
          p.u8[at + offset] = stored
        }
      }
    }
  }
}

/** The length that `set` uses. A subclass may override `length` with any value. */
const trueLength = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), 'length')?.get as (
  this: Uint8Array,
) => number

function lengthOf(bytes: Uint8Array): number {
  try {
    return trueLength.call(bytes)
  } catch {
    return Number.POSITIVE_INFINITY // a Proxy, which no field accepts
  }
}

const U64_MAX = 2n ** 64n - 1n
const I64_MIN = -(2n ** 63n)
const I64_MAX = 2n ** 63n - 1n

function expired(frameName: string, field: string): never {
  throw new ViewExpiredError(
    `'${field}' of a ${frameName} was used after its frame was committed, aborted or discarded, or after its handler returned; set fields before commit(), and use toObject() to keep the values of a frame that was read`,
  )
}

/** @throws {CorruptJournalError} when the value has no name in the journal either. */
function unknownEnum(frameName: string, field: FieldLayout, stored: number, p: FramePointer): string {
  const name = p.laterNames?.laterName(p.u16[p.at >> 1], field.name, stored)
  if (name !== undefined) return name
  throw new CorruptJournalError(
    `'${field.name}' of the ${frameName} at position ${p.position} of ${p.memory.path} is ${stored}, but it has only ${field.values?.length} names here: the frame is damaged, or a newer version of the program wrote it`,
    { path: p.memory.path, position: p.position },
  )
}

/** The values that each kind accepts, for error messages. */
function wanted(field: FieldLayout): string {
  switch (field.kind) {
    case 'u8':
      return 'a whole number from 0 to 255'
    case 'i8':
      return 'a whole number from -128 to 127'
    case 'u16':
      return 'a whole number from 0 to 65535'
    case 'i16':
      return 'a whole number from -32768 to 32767'
    case 'u32':
      return 'a whole number from 0 to 4294967295'
    case 'instrument':
      return 'the number of an instrument, 0 to 4294967295'
    case 'i32':
      return 'a whole number from -2147483648 to 2147483647'
    case 'f32':
      return 'a number that a 32-bit float can hold'
    case 'f64':
      return 'a number'
    case 'u64':
      return 'a bigint from 0n to 2n ** 64n - 1n'
    case 'i64':
      return 'a bigint from -(2n ** 63n) to 2n ** 63n - 1n'
    case 'bool':
      return 'true or false'
    case 'ascii':
      return `a string of at most ${field.size} ASCII characters`
    case 'text':
      return `a string of at most ${field.size} bytes of UTF-8 without NUL or half surrogate pairs`
    case 'bytes':
      return `a Uint8Array of at most ${field.size} bytes`
    case 'enum':
      return `one of ${field.values?.map(value => `'${value}'`).join(', ')}`
  }
}

/** Discards the frame, so that it is not committed with a field unset, and so that the next `begin` works. */
function refuse(definition: FrameDefinition, field: FieldLayout, pointer: FramePointer, value: unknown): never {
  if (pointer.at < 0) expired(definition.name, field.name)
  pointer.discard(definition.size)
  throw new FieldValueError(
    `'${field.name}' of a ${definition.name} takes ${wanted(field)}, not ${formatValue(value)}; the frame is discarded`,
  )
}

import {
  type Fields,
  type FieldsOf,
  type FrameDefinition,
  isDefinition,
  type SymbolsOf,
  symbolNameOf,
  type ValuesOf,
} from './definition.js'
import { CAUSE_POSITION_BITS, Frame, FrameFlag } from './format.js'
import { plainValues } from './plain-values.js'
import { FramePointer } from './pointer.js'
import { View } from './view-accessors.js'
import { defineText } from './view-text.js'

/** The header that every frame has. Valid only while the handler that it was passed to runs. */
export interface FrameHeader {
  /** Its definition's id. */
  readonly type: number
  /** Slots since the journal's beginning. */
  readonly position: number
  /** ns since 1970; never decreases within a journal. Reading it allocates a bigint. */
  readonly time: bigint
  /** The frame's size in 64-byte slots. */
  readonly slots: number
  /** Position of the frame that led to this one, in the journal `causeJournal`; undefined when none was given or in 64-byte frames. */
  readonly cause: number | undefined
  /** Id of the journal that `cause` is a position in. */
  readonly causeJournal: number | undefined
  /** Who wrote it: a number that the program chose; undefined in 64-byte frames. */
  readonly source: number | undefined
  /** Whom it is for: a number that the program chose; undefined in 64-byte frames. */
  readonly dest: number | undefined
  /** ns since the first frame of the chain of causes, at most 2^32 - 1; undefined in 64-byte frames. */
  readonly sinceRoot: number | undefined
}

/** The methods of every read view. */
export interface FrameMethods<F extends Fields> {
  readonly definition: FrameDefinition<F>
  /** Whether this is a frame of that definition; narrows its type. */
  is<G extends Fields>(definition: FrameDefinition<G>): this is FrameView<G>
  /** A copy of the fields' values, to keep or to write again. Without the symbols of instruments, which are no fields. */
  toObject(): ValuesOf<F>
  /**
   * The object that `JSON.stringify` shows: `position`, `time`, `type` (the definition's name) and the fields, each instrument
   * followed by its symbol. 64-bit integers are decimal strings, bytes are hexadecimal, NaN and the infinities are strings. An expired view gives `{ type, expired: true }`. It never throws.
   */
  toJSON(): Record<string, unknown>
}

/**
 * A frame to read, with its fields as properties: `FrameView<typeof Ticker>` is what a handler of `Ticker` is passed. Beside each
 * field of kind `instrument` it has the instrument's symbol: `symbol` for a field named `instrument`, `legSymbol` for `leg`. The symbol is
 * that of the journal's instruments.json; '' for number 0, and '#7' for a number 7 that is not there, or in a ring or table.
 * Plain `FrameView` is a frame of any kind: call `is` to check which, or `toObject()`.
 */
export type FrameView<D extends Fields | FrameDefinition = Fields> = FrameHeader &
  (string extends keyof FieldsOf<D> ? unknown : Readonly<ValuesOf<FieldsOf<D>>> & SymbolsOf<FieldsOf<D>>) &
  FrameMethods<FieldsOf<D>>

/** A frame being written: set its fields, then commit. Its position is known already. `WriteView<typeof Ticker>` is what `begin(Ticker)` returns. */
export type WriteView<D extends Fields | FrameDefinition = Fields> = ValuesOf<FieldsOf<D>> & {
  readonly position: number
}

/** @internal The pointer of a view, undefined for anything else. */
export const pointerOf = View.pointerOf

/** A view and its pointer. */
export interface BoundView<V> {
  readonly view: V
  readonly pointer: FramePointer
}

/** @internal Makes a read view. It has no properties of its own and no setters. */
export function makeReadView<F extends Fields>(definition: FrameDefinition<F>): BoundView<FrameView<F>> {
  const known = readViews.get(definition)
  const ReadView = known ?? defineReadView(definition)
  if (known === undefined) readViews.set(definition, ReadView)
  const pointer = new FramePointer()
  return { view: Object.preventExtensions(new ReadView(pointer)) as unknown as FrameView<F>, pointer }
}

/** A write view, and a function that sets all fields from an object. */
export interface BoundWriteView<F extends Fields> extends BoundView<WriteView<F>> {
  /**
   * Sets every field.
   *
   * @throws {FieldValueError} for an unknown or missing field, or a value its field cannot hold.
   */
  assign(values: ValuesOf<F>): void
}

/** @internal Makes a write view. It is not extensible, so setting a name that is not a field throws. */
export function makeWriteView<F extends Fields>(definition: FrameDefinition<F>): BoundWriteView<F> {
  const known = writeViews.get(definition)
  const WriteView = known ?? defineWriteView(definition)
  if (known === undefined) writeViews.set(definition, WriteView)
  const pointer = new FramePointer()
  const view = Object.preventExtensions(new WriteView(pointer))
  const { assign } = plainValues(definition)
  return { view: view as unknown as WriteView<F>, pointer, assign: values => assign(view, values) }
}

type ViewClass = new (pointer: FramePointer) => View

/** One class for each definition, shared by all readers and writers. */
const readViews = new WeakMap<FrameDefinition, ViewClass>()
const writeViews = new WeakMap<FrameDefinition, ViewClass>()

function defineReadView(definition: FrameDefinition): ViewClass {
  class ReadView extends View {}
  const define = (name: string, get: (this: View) => unknown): void => {
    Object.defineProperty(ReadView.prototype, name, { get, enumerable: true })
  }
  for (const field of definition.fields) {
    define(field.name, View.getter(definition.name, field))
    if (field.kind !== 'instrument') continue
    const symbol = symbolNameOf(field.name)
    define(symbol, View.symbolGetter(definition.name, field, symbol))
  }
  defineHeader(define, definition.slots > 1)
  define('definition', () => definition)
  const methods = {
    is: (other: FrameDefinition): boolean => sameDefinition(definition, other),
    // Created at the first call: the views of most definitions are only read field by field.
    toObject(this: View): object {
      return plainValues(definition).toObject(this)
    },
  }
  Object.defineProperty(ReadView.prototype, 'is', { value: methods.is })
  Object.defineProperty(ReadView.prototype, 'toObject', { value: methods.toObject })
  defineText(ReadView.prototype, definition, 'read')
  return ReadView
}

function defineWriteView(definition: FrameDefinition): ViewClass {
  class WriteView extends View {}
  for (const field of definition.fields) {
    const get = View.getter(definition.name, field)
    const set = View.setter(definition, field)
    Object.defineProperty(WriteView.prototype, field.name, { get, set, enumerable: true })
  }
  const position = View.headerGetter('position', p => p.position)
  Object.defineProperty(WriteView.prototype, 'position', { get: position, enumerable: true })
  defineText(WriteView.prototype, definition, 'write')
  return WriteView
}

/** Whether two definitions are equal: the same object, or the same layout (when one of them was read from schema.json). */
function sameDefinition(a: FrameDefinition, b: FrameDefinition): boolean {
  if (a === b) return true
  return isDefinition(b) && a.id === b.id && a.name === b.name && JSON.stringify(a.fields) === JSON.stringify(b.fields)
}

function defineHeader(define: (name: string, get: (this: View) => unknown) => void, large: boolean): void {
  const header = (name: string, read: (p: FramePointer) => unknown): void => define(name, View.headerGetter(name, read))
  header('type', p => p.u16[(p.at + Frame.TYPE) >> 1])
  header('position', p => p.position)
  header('time', p => p.i64[(p.at + Frame.TIME) >> 3])
  header('slots', p => p.u8[p.at + Frame.SLOTS])
  if (!large) {
    for (const name of ['cause', 'causeJournal', 'source', 'dest', 'sinceRoot']) define(name, () => undefined)
    return
  }
  header('cause', p => {
    const word = (p.at + Frame.CAUSE) >> 2
    return hasCause(p) ? (p.u32[word + 1] & CAUSE_HIGH_MASK) * 2 ** 32 + p.u32[word] : undefined
  })
  header('causeJournal', p => (hasCause(p) ? p.u16[(p.at + Frame.CAUSE + CAUSE_POSITION_BITS / 8) >> 1] : undefined))
  header('source', p => (isLarge(p) ? p.u16[(p.at + Frame.SOURCE) >> 1] : undefined))
  header('dest', p => (isLarge(p) ? p.u16[(p.at + Frame.DEST) >> 1] : undefined))
  header('sinceRoot', p => (isLarge(p) ? p.u32[(p.at + Frame.SINCE_ROOT) >> 2] : undefined))
}

/** The high 16 of the position's 48 bits, in the cause's second word. */
const CAUSE_HIGH_MASK = 2 ** (CAUSE_POSITION_BITS - 32) - 1

function hasCause(p: FramePointer): boolean {
  return (p.u8[p.at + Frame.FLAGS] & FrameFlag.HAS_CAUSE) !== 0 && isLarge(p)
}

/** The frame's size decides, not its definition's: one view reads frames of all sizes if schema.json does not have their type. */
function isLarge(p: FramePointer): boolean {
  return p.u8[p.at + Frame.SLOTS] > 1
}

import { inspect } from 'node:util'
import { type FieldLayout, type FrameDefinition, symbolNameOf } from './definition.js'
import { CorruptJournalError } from './errors.js'
import { Frame, SLOT_SIZE } from './format.js'
import type { FramePointer } from './pointer.js'
import { View } from './view-accessors.js'

/** Header fields that only frames of 128 bytes or more have. */
const LARGE_HEADER = ['cause', 'causeJournal', 'source', 'dest', 'sinceRoot']

/** The method that Node's console and `util.inspect` call. */
const INSPECT = Symbol.for('nodejs.util.inspect.custom')

/**
 * Defines the methods of a definition's views that `JSON.stringify` and `console.log` call. Both show all fields, and neither throws: an
 * expired view is shown as expired, and a value that its kind cannot have is shown as bytes.
 *
 * JSON is that of `ticktape tail --json`: `position`, `time` (ns since 1970, a decimal string), `type` (the definition's name), from 128
 * bytes on `cause`, `causeJournal`, `source`, `dest` and `sinceRoot`, then the fields, each instrument followed by its symbol. 64-bit integers are decimal strings, bytes are
 * hexadecimal, NaN and the infinities are strings. A frame without definition has its number as `type`, its `slots`, and its payload as
 * `bytes`. A damaged value is `{ "damaged": hexadecimal }`. An expired view is `{ "type": name, "expired": true }`.
 */
export function defineText(prototype: View, definition: FrameDefinition, kind: 'read' | 'write'): void {
  const { name } = definition
  const define = (key: string | symbol, value: (...args: never[]) => unknown): void => {
    // A journal of an older version may have a field named toJSON: it stays a field.
    if (!Object.hasOwn(prototype, key)) Object.defineProperty(prototype, key, { value })
  }
  define('toJSON', function (this: View) {
    return toJson(this, definition, kind)
  })
  // Programs may call it themselves, with anything: only what is an option of `inspect` is passed on.
  define(INSPECT, function (this: View, depth: unknown, options: unknown) {
    const pointer = alive(this)
    if (pointer === undefined) return `${name} { <expired> }`
    if (typeof depth === 'number' && depth < 0) return `[${name}]`
    const { type: _, ...rest } = contentOf(this, pointer, definition, kind, value => value)
    const given = typeof options === 'object' ? options : null
    return `${name} ${inspect(rest, { ...given, depth: typeof depth === 'number' ? depth : null })}`
  })
}

/** The object that `JSON.stringify` shows for a read view. */
export function frameToJson(frame: { readonly definition: FrameDefinition }): Record<string, unknown> {
  return toJson(frame as unknown as View, frame.definition, 'read')
}

function toJson(view: View, definition: FrameDefinition, kind: 'read' | 'write'): Record<string, unknown> {
  const pointer = alive(view)
  if (pointer === undefined) return { type: definition.name, expired: true }
  return contentOf(view, pointer, definition, kind, jsonOf)
}

/** The pointer of a view that is at a frame. */
function alive(view: View): FramePointer | undefined {
  const pointer = View.pointerOf(view)
  return pointer === undefined || pointer.at < 0 ? undefined : pointer
}

function contentOf(
  view: View,
  pointer: FramePointer,
  definition: FrameDefinition,
  kind: 'read' | 'write',
  show: (value: unknown) => unknown,
): Record<string, unknown> {
  const values = view as unknown as Readonly<Record<string, unknown>>
  const known = isKnown(definition)
  const content: Record<string, unknown> = {}
  const add = (name: string): void => {
    if (values[name] !== undefined) content[name] = show(values[name])
  }
  // A frame that is being written has no header yet.
  const hasHeader = kind === 'read'
  if (hasHeader) for (const name of ['position', 'time']) add(name)
  content['type'] = known ? definition.name : values['type']
  if (hasHeader && pointer.u8[pointer.at + Frame.SLOTS] > 1) for (const name of LARGE_HEADER) add(name)
  if (!known) {
    const start = pointer.u8[pointer.at + Frame.SLOTS] > 1 ? Frame.LARGE_HEADER_SIZE : Frame.SMALL_HEADER_SIZE
    const slots = values['slots'] as number
    return Object.assign(content, { slots, bytes: hexOf(pointer, start, slots * SLOT_SIZE - start) })
  }
  for (const field of definition.fields) {
    content[field.name] = valueOf(values, field, pointer, show)
    if (field.kind === 'instrument' && kind === 'read') add(symbolNameOf(field.name))
  }
  return content
}

/** Whether it came from `frame()` or a schema.json. For a type without one, a reader makes a definition whose name has a space, which others cannot have. */
function isKnown(definition: FrameDefinition): boolean {
  return !definition.name.includes(' ')
}

function valueOf(
  values: Readonly<Record<string, unknown>>,
  field: FieldLayout,
  pointer: FramePointer,
  show: (value: unknown) => unknown,
): unknown {
  try {
    return show(values[field.name])
  } catch (error) {
    if (!(error instanceof CorruptJournalError)) throw error
    return { damaged: hexOf(pointer, field.offset, field.size) }
  }
}

function jsonOf(value: unknown): unknown {
  if (typeof value === 'bigint') return String(value)
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex')
  return typeof value === 'number' && !Number.isFinite(value) ? String(value) : value
}

function hexOf(pointer: FramePointer, offset: number, size: number): string {
  return Buffer.from(pointer.u8.slice(pointer.at + offset, pointer.at + offset + size)).toString('hex')
}

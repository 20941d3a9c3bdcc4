import type { FieldLayout } from '../../frames/definition.js'
import { CorruptJournalError } from '../../frames/errors.js'
import { Frame, SLOT_SIZE } from '../../frames/format.js'
import { type FrameView, pointerOf } from '../../frames/view.js'
import { formatTime } from './units.js'

/**
 * A frame as one JSON object: `position`, `time` (ns since 1970, a string), `type` (the definition's name), from 128 bytes on
 * `cause`, `causeJournal`, `source`, `dest` and `sinceRoot`, and the fields by their names. 64-bit integers are decimal strings,
 * bytes are hexadecimal, NaN and the infinities are strings.
 *
 * A frame without definition has its number as `type`, its `slots`, and its payload as `bytes`. A value that its kind cannot have is
 * `{ "damaged": hexadecimal }`.
 */
export function frameToObject(frame: FrameView): Record<string, unknown> {
  const known = isKnown(frame)
  const object: Record<string, unknown> = {
    position: frame.position,
    time: String(frame.time),
    type: known ? frame.definition.name : frame.type,
  }
  if (known ? frame.definition.slots > 1 : frame.slots > 1) {
    const { cause, causeJournal, source, dest, sinceRoot } = frame
    Object.assign(object, { cause, causeJournal, source, dest, sinceRoot })
  }
  if (!known) return Object.assign(object, { slots: frame.slots, bytes: payload(frame) })
  for (const field of frame.definition.fields) object[field.name] = valueOf(frame, field)
  return object
}

/** A frame as a line for people. */
export function frameToLine(frame: FrameView): string {
  const { position, type, time: _, ...rest } = frameToObject(frame)
  const name = typeof type === 'string' ? type : `type ${frame.type}`
  const parts: string[] = []
  for (const [key, value] of Object.entries(rest)) {
    // Nothing is said of what was not given.
    if (value !== undefined && !(HEADER.has(key) && value === 0)) parts.push(`${key}=${formatValue(value)}`)
  }
  return `${String(position).padStart(10)}  ${formatTime(frame.time)}  ${name.padEnd(12)} ${parts.join(' ')}`
}

/** Of a frame's header, what is 0 when it means nothing. */
const HEADER = new Set(['causeJournal', 'source', 'dest', 'sinceRoot'])

/** Whether schema.json has a definition for it: a reader that finds none makes one without fields, whose name none can have. */
function isKnown(frame: FrameView): boolean {
  return !frame.definition.name.includes(' ')
}

function valueOf(frame: FrameView, field: FieldLayout): unknown {
  let value: unknown
  try {
    value = (frame as unknown as Record<string, unknown>)[field.name]
  } catch (error) {
    if (!(error instanceof CorruptJournalError)) throw error
    return { damaged: rawBytes(frame, field.offset, field.size) }
  }
  if (typeof value === 'bigint') return String(value)
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex')
  return typeof value === 'number' && !Number.isFinite(value) ? String(value) : value
}

function payload(frame: FrameView): string {
  const start = frame.slots > 1 ? Frame.LARGE_HEADER_SIZE : Frame.SMALL_HEADER_SIZE
  return rawBytes(frame, start, frame.slots * SLOT_SIZE - start)
}

function rawBytes(frame: FrameView, offset: number, size: number): string {
  const pointer = pointerOf(frame)
  if (pointer === undefined || pointer.at < 0) return ''
  return Buffer.from(pointer.u8.slice(pointer.at + offset, pointer.at + offset + size)).toString('hex')
}

function formatValue(value: unknown): string {
  if (typeof value === 'string')
    return /^[\x21-\x7e]+$/.test(value) && !value.includes('"') ? value : JSON.stringify(value)
  if (typeof value === 'object' && value !== null) return `?${(value as { damaged: string }).damaged}`
  return String(value)
}

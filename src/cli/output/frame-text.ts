import type { FrameView } from '../../frames/view.js'
import { frameToJson } from '../../frames/view-text.js'
import { formatTime } from './units.js'

/** A frame as a line for people. */
export function frameToLine(frame: FrameView): string {
  const { position, type, time: _, ...rest } = frameToJson(frame)
  const name = typeof type === 'string' ? type : `type ${frame.type}`
  const parts: string[] = []
  for (const [key, value] of Object.entries(rest)) {
    // Header fields that were not set are left out.
    if (value !== undefined && !(HEADER.has(key) && value === 0)) parts.push(`${key}=${formatValue(value)}`)
  }
  return `${String(position).padStart(10)}  ${formatTime(frame.time)}  ${name.padEnd(12)} ${parts.join(' ')}`
}

/** Letters, digits, punctuation and symbols of any script: a text that needs no quotes. */
const PLAIN = /^[\p{L}\p{N}\p{P}\p{S}]+$/u

/** As JSON, which escapes control characters below U+0020. The others, and those that change the direction of text, are escaped too. */
function quoted(text: string): string {
  return JSON.stringify(text).replace(
    /[\x7f-\x9f\u2028\u2029]|\p{Cf}/gu,
    one => `\\u{${one.codePointAt(0)?.toString(16)}}`,
  )
}

/** The header fields that are 0 when they were not set. */
const HEADER = new Set(['causeJournal', 'source', 'dest', 'sinceRoot'])

function formatValue(value: unknown): string {
  if (typeof value === 'string') return PLAIN.test(value) && !value.includes('"') ? value : quoted(value)
  if (typeof value === 'object' && value !== null) return `?${(value as { damaged: string }).damaged}`
  return String(value)
}

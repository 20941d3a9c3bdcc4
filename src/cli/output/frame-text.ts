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

/** The header fields that are 0 when they were not set. */
const HEADER = new Set(['causeJournal', 'source', 'dest', 'sinceRoot'])

function formatValue(value: unknown): string {
  if (typeof value === 'string')
    return /^[\x21-\x7e]+$/.test(value) && !value.includes('"') ? value : JSON.stringify(value)
  if (typeof value === 'object' && value !== null) return `?${(value as { damaged: string }).damaged}`
  return String(value)
}

import type { FrameView } from '../../frames/view.js'
import { frameToJson } from '../../frames/view-text.js'
import type { Start } from '../../journal/read/options.js'
import { Reader } from '../../journal/read/reader.js'
import { positionOfLast } from '../../journal/seek/last-frames.js'

/** Frames that are read at most for one request, whether they are shown or not. */
const MOST_READ = 200_000
/** Frames that are read between two turns of the event loop. */
const SLICE = 2000

export interface FramePageRequest {
  /** 'last': so many frames before the end. */
  readonly from: Start | 'last'
  readonly limit: number
  /** The names or numbers of frames that are wanted; undefined for all. */
  readonly types: ReadonlySet<string> | undefined
}

export interface FramePage {
  /** Where reading began, and where the next page begins. */
  readonly from: number
  readonly next: number
  /** Whether `next` was the journal's end. */
  readonly atEnd: boolean
  readonly frames: readonly Record<string, unknown>[]
}

/**
 * A page of a journal's frames. When few of the frames are wanted, a page has fewer than `limit`: the next one continues.
 *
 * @throws {PositionError}, {PositionGoneError}, {CorruptJournalError}
 */
export async function readFrames(journal: string, { from, limit, types }: FramePageRequest): Promise<FramePage> {
  const start = from === 'last' ? { position: positionOfLast(journal, limit) } : from
  const reader = Reader.open(journal, { from: start })
  const frames: Record<string, unknown>[] = []
  try {
    const begin = reader.position
    let read = 0
    for (const frame of reader) {
      if (isWanted(frame, types)) frames.push(frameToJson(frame))
      read++
      if (frames.length >= limit || read >= MOST_READ)
        return { from: begin, next: reader.position, atEnd: reader.lag === 0, frames }
      if (read % SLICE === 0) await new Promise(resolve => setImmediate(resolve))
    }
    return { from: begin, next: reader.position, atEnd: true, frames }
  } finally {
    reader.close()
  }
}

export function isWanted(frame: FrameView, types: ReadonlySet<string> | undefined): boolean {
  return types === undefined || types.has(frame.definition.name) || types.has(String(frame.type))
}

import type { FrameView } from '../../frames/view.js'
import { Reader } from '../../journal/read/reader.js'
import type { HomeDirectory } from '../sequence/home.js'
import type { FrameDifference } from './verdict.js'

/** The frame that led to the frame at a position of the sequence. */
export function causeOf(home: HomeDirectory, position: number): FrameDifference['cause'] {
  const cause = readAt(home.sequence, position, frame => frame.cause)
  return cause === undefined ? undefined : causeAt(home, cause)
}

/** The frame at a position of the sequence. */
export function causeAt(home: HomeDirectory, position: number): FrameDifference['cause'] {
  const frame = readAt(home.sequence, position, found => found.toJSON())
  return frame === undefined ? undefined : { position, frame }
}

function readAt<T>(journal: string, position: number, read: (frame: FrameView) => T): T | undefined {
  const reader = Reader.open(journal, { from: { position } })
  try {
    for (const frame of reader) return read(frame)
    return undefined
  } finally {
    reader.close()
  }
}

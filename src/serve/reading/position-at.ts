import type { Start } from '../../journal/read/options.js'
import { Reader } from '../../journal/read/reader.js'

/** The position at which reading from a start begins: of a time the first frame at it or after it. */
export function seekPositionAt(journal: string, from: Start): number {
  const reader = Reader.open(journal, { from })
  try {
    return reader.position
  } finally {
    reader.close()
  }
}

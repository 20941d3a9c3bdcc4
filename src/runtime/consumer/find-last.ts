import { Handlers } from '../../frames/handlers.js'
import type { FrameView } from '../../frames/view.js'
import { JournalNotFoundError } from '../../journal/errors.js'
import { Reader } from '../../journal/read/reader.js'
import { lastPage } from '../../journal/seek/seek.js'

/**
 * Finds the last frame of a journal for which `pick` returns a value. Returns that value, or undefined when there is
 * none. Searches the newest page first, and forward within each page, so a frame near the end is found without reading
 * the others.
 */
export function findLast<T>(directory: string, pick: (frame: FrameView) => T | undefined): T | undefined {
  const last = lastPage(directory, undefined)
  const { number, capacity } = last
  last.mapping.close()
  for (let page = number; page >= 0; page--) {
    let found: T | undefined
    const end = (page + 1) * capacity
    const handlers = new Handlers().otherwise(frame => {
      found = pick(frame) ?? found
    })
    let reader: Reader
    try {
      reader = Reader.open(directory, { from: { position: page * capacity } })
    } catch (error) {
      if (error instanceof JournalNotFoundError || isGone(error)) return undefined
      throw error
    }
    try {
      while (reader.position < end && reader.poll(handlers, 1) > 0);
    } finally {
      reader.close()
    }
    if (found !== undefined) return found
  }
  return undefined
}

function isGone(error: unknown): boolean {
  return (error as { code?: unknown }).code === 'ERR_POSITION_GONE'
}

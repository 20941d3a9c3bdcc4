import type { FramePointer } from '../../frames/pointer.js'
import { type FrameView, pointerOf } from '../../frames/view.js'
import { Reader } from '../../journal/read/reader.js'
import { positionsOf } from '../../journal/seek/last-frames.js'
import { lastPage } from '../../journal/seek/seek.js'
import { BookTop, Trade } from '../messages/market-frames.js'
import { Taken } from '../messages/sequence-frames.js'
import { isSameFrame } from '../sequence/same-frame.js'

/** What a burst of the sequence was taken from. */
export interface Burst {
  /** Of its Taken frame in the sequence. */
  readonly position: number
  /** The number of the journal; 0 is the feed. */
  readonly journal: number
  /** Positions in that journal, or numbers of events of the feed. */
  readonly from: number
  readonly to: number
}

/**
 * The Taken frame before a frame of the sequence, and how many market events lie between the two. Undefined when there is
 * none: both are always on one page.
 */
export function burstOf(
  sequence: string,
  position: number,
): { readonly burst: Burst; readonly events: number } | undefined {
  const taken = lastTaken(sequence, position)
  if (taken === undefined || taken < startOfPage(sequence, position)) return undefined
  const reader = Reader.open(sequence, { from: { position: taken } })
  let burst: Burst | undefined
  let events = 0
  try {
    for (const frame of reader) {
      if (frame.position >= position) break
      if (frame.is(Taken)) burst = burstIn(frame)
      else if (frame.is(BookTop) || frame.is(Trade)) events++
    }
  } finally {
    reader.close()
  }
  return burst === undefined ? undefined : { burst, events }
}

export function burstIn({ position, journal, from, to }: FrameView<typeof Taken>): Burst {
  return { position, journal, from, to }
}

/** The position of the last Taken frame before a position. */
function lastTaken(sequence: string, position: number): number | undefined {
  for (const taken of positionsOf(sequence, Taken.id, position)) return taken
  return undefined
}

function startOfPage(journal: string, position: number): number {
  const page = lastPage(journal, undefined)
  page.mapping.close()
  return position - (position % page.capacity)
}

/**
 * The frame of which the sequence has a copy, in the journal that it was taken from.
 *
 * @param used positions that other copies of the same burst are of: a venue may say the same twice.
 * @param act is called with it, while its view is valid.
 * @returns whether it is there.
 */
export function withOriginal(
  journal: string,
  { from, to }: Burst,
  copy: FrameView,
  used: Set<number>,
  act: (original: FrameView) => void,
): boolean {
  const pointer = pointerOf(copy) as FramePointer
  const reader = Reader.open(journal, { from: from === 0 ? 'start' : { position: from } })
  try {
    for (const frame of reader) {
      if (frame.position >= to) return false
      if (used.has(frame.position) || !isSameFrame(pointerOf(frame) as FramePointer, pointer)) continue
      used.add(frame.position)
      act(frame)
      return true
    }
    return false
  } finally {
    reader.close()
  }
}

import { Handlers } from '../../frames/handlers.js'
import type { FrameHeader } from '../../frames/view.js'
import { Reader } from '../../journal/read/reader.js'
import { lastPage } from '../../journal/seek/seek.js'
import { OrderReport } from '../messages/frames.js'
import type { AnswerBook } from './answers.js'

export interface GatewayWalk {
  frames: number
  readonly pages: number
  /** How often a frame does not begin where the one before ended. */
  gaps: number
  /** The number of reports, by the number of the strategy they are for. */
  readonly reports: Map<number, number>
  /** The number of frames before each marked position. */
  readonly framesBefore: Map<number, number>
}

/** Reads the gateway's journal once. `marks` are ascending positions. */
export function walkGateway(journal: string, marks: readonly number[], answers: AnswerBook): GatewayWalk {
  const { capacity, number } = geometryOf(journal)
  const walk: GatewayWalk = { frames: 0, pages: number + 1, gaps: 0, reports: new Map(), framesBefore: new Map() }
  let mark = 0
  let expected = 0
  const countFrame = (frame: FrameHeader): void => {
    const { position } = frame
    for (; mark < marks.length && marks[mark] <= position; mark++) walk.framesBefore.set(marks[mark], walk.frames)
    // A page may end before its last slot: then the next frame is the next page's first.
    const nextPage = Math.ceil(expected / capacity) * capacity
    if (position !== expected && position !== nextPage) walk.gaps++
    expected = position + frame.slots
    walk.frames++
  }
  const handlers = new Handlers()
    .on(OrderReport, report => {
      countFrame(report)
      answers.record(report)
      const strategy = report.dest ?? 0
      walk.reports.set(strategy, (walk.reports.get(strategy) ?? 0) + 1)
    })
    .otherwise(countFrame)
  readAll(journal, handlers)
  for (; mark < marks.length; mark++) walk.framesBefore.set(marks[mark], walk.frames)
  return walk
}

export function countFrames(journal: string): number {
  return readAll(journal, new Handlers())
}

/** Reads a journal from its first frame to its last. Returns the number of frames. */
export function readAll(journal: string, handlers: Handlers): number {
  const reader = Reader.open(journal)
  let frames = 0
  try {
    for (let count = 1; count > 0; frames += count) count = reader.poll(handlers, 4096)
    return frames
  } finally {
    reader.close()
  }
}

function geometryOf(journal: string): { readonly capacity: number; readonly number: number } {
  const page = lastPage(journal, undefined)
  page.mapping.close()
  return page
}

import { Handlers } from '../../frames/handlers.js'
import type { FrameHeader } from '../../frames/view.js'
import { Reader } from '../../journal/read/reader.js'
import { lastPage } from '../../journal/seek/seek.js'
import { Fill, Order, OrderReport } from '../messages/order-frames.js'
import { Pair } from '../messages/pair-frames.js'
import { Taken } from '../messages/sequence-frames.js'
import { Intent, Lost } from '../sequence/frames.js'
import { STRATEGY_JOURNALS } from '../sequence/home.js'
import { Command, DeadMan } from '../sequence/supervision-frames.js'
import type { RequestBook } from './requests.js'

export interface SequenceWalk {
  frames: number
  readonly pages: number
  /** How often a frame does not begin where the one before ended, or something was taken twice or left out. */
  gaps: number
  /** The number of reports, by the number of the strategy they are for. */
  readonly reports: Map<number, number>
  /** The number of frames before each marked position. */
  readonly framesBefore: Map<number, number>
  /** By journal number: up to where it was taken. */
  readonly taken: Map<number, number>
}

/** Reads the sequence once. `marks` are ascending positions. */
export function walkSequence(journal: string, marks: readonly number[], requests: RequestBook): SequenceWalk {
  const { capacity, number } = geometryOf(journal)
  const walk: SequenceWalk = {
    frames: 0,
    pages: number + 1,
    gaps: 0,
    reports: new Map(),
    framesBefore: new Map(),
    taken: new Map(),
  }
  let mark = 0
  let expected = 0
  let strategy = 0
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
    .on(Taken, frame => {
      countFrame(frame)
      const before = walk.taken.get(frame.journal)
      // A feed of another identity begins at 0; frames that no sequence needs may lie between two bursts of a journal.
      if (before !== undefined && frame.from < before && !(frame.journal === 0 && frame.from === 0)) walk.gaps++
      if (frame.journal === 0 && before !== undefined && frame.from > before) walk.gaps++
      walk.taken.set(frame.journal, frame.to)
      strategy = frame.journal - STRATEGY_JOURNALS
    })
    .on(Lost, frame => {
      countFrame(frame)
      walk.taken.set(frame.journal, frame.taken)
    })
    .on(Order, frame => {
      countFrame(frame)
      requests.copy(strategy, frame.position, frame.orderId, frame.action)
    })
    .on(Pair, frame => {
      countFrame(frame)
      requests.pair(strategy, frame.position, frame.pairId)
    })
    .on(Intent, frame => {
      countFrame(frame)
      if (frame.action !== 'query' && frame.action !== 'reconcile')
        requests.intent(frame.cause ?? -1, frame.orderId, frame.action)
    })
    .on(Command, frame => {
      countFrame(frame)
      requests.isOwn(frame.position)
    })
    .on(DeadMan, frame => {
      countFrame(frame)
      requests.isOwn(frame.cause ?? -1)
    })
    .on(OrderReport, report => {
      countFrame(report)
      requests.report(report.cause, report.state)
      const dest = report.dest ?? 0
      walk.reports.set(dest, (walk.reports.get(dest) ?? 0) + 1)
    })
    .on(Fill, fill => {
      countFrame(fill)
      requests.fill(fill.orderId, fill.account, fill.instrument, fill.tradeId)
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
function readAll(journal: string, handlers: Handlers): number {
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

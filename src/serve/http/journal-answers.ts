import { inspect, type JournalInfo } from '../../journal/inspect/inspect.js'
import type { Start } from '../../journal/read/options.js'
import { badRequest } from '../errors.js'
import { readFrames } from '../reading/frame-pages.js'
import type { ServedDirectory } from '../reading/served-directory.js'
import { timelineOf } from '../reading/timeline.js'
import type { Query } from './query.js'

/** Frames of a page, unless the request says otherwise, and at most. */
const FRAMES = 100
const MOST_FRAMES = 10_000

/** All journals, without their pages. */
export function journalsAnswer(directory: ServedDirectory): unknown {
  return { journals: [...directory.journals].map(([name, path]) => shownJournal(name, inspect(path))) }
}

/** One journal with its pages. */
export function journalAnswer(directory: ServedDirectory, name: string): unknown {
  const info = inspect(directory.journal(name))
  return { ...shownJournal(name, info), pages: info.pages }
}

/** Paths of the server's machine are not shown: only names. */
function shownJournal(name: string, info: JournalInfo): Record<string, unknown> {
  const { firstPosition, endPosition, firstTime, lastTime, bytes, pages, writer, readers, frames, instruments } = info
  const problems = info.problems.map(({ code, message }) => ({ code, message }))
  const times = { firstTime, lastTime }
  return {
    name,
    firstPosition,
    endPosition,
    ...times,
    bytes,
    pageCount: pages.length,
    writer,
    readers,
    frames,
    instruments,
    problems,
  }
}

export const FRAME_PARAMETERS = ['journal', 'from', 'position', 'time', 'limit', 'type'] as const

/** A page of frames. */
export async function framesAnswer(directory: ServedDirectory, query: Query): Promise<unknown> {
  const name = query.text('journal') ?? directory.mainName
  const journal = directory.journal(name)
  const limit = query.integer('limit', 1, MOST_FRAMES) ?? FRAMES
  const page = await readFrames(journal, { from: startOf(query), limit, types: query.list('type') })
  return { journal: name, ...page }
}

function startOf(query: Query): Start | 'last' {
  const start = query.start()
  const from = query.text('from')
  if (start !== undefined && from !== undefined) throw badRequest('give from, position or time, and only one of them')
  if (start !== undefined) return start
  if (from === undefined || from === 'last') return 'last'
  if (from === 'start' || from === 'end') return from
  if (/^\d{1,16}$/.test(from)) return { position: Number(from) }
  throw badRequest("from is 'start', 'last', 'end', or a position")
}

export function timelineAnswer(directory: ServedDirectory, query: Query): unknown {
  const name = query.text('journal') ?? directory.mainName
  return { journal: name, points: timelineOf(directory.journal(name)) }
}

import { listDirectory } from '../../journal/files/directory.js'
import { firstTimeOf, lastTimeOf } from '../../journal/pages/page-times.js'
import { tryPage } from '../../journal/seek/seek.js'

/** A point of a journal's history: the first frame of a page, or the last one of all. */
export interface TimelinePoint {
  readonly position: number
  /** ns since 1970. */
  readonly time: bigint
}

/** Points between which a client may choose any position: at most this many. */
const MOST = 512

/** Which positions a journal has had at which times, from the first frames of some of its pages: no other frame is read. */
export function timelineOf(journal: string): readonly TimelinePoint[] {
  const { pages } = listDirectory(journal)
  const stride = Math.max(1, Math.ceil(pages.length / MOST))
  const points: TimelinePoint[] = []
  pages.forEach((number, index) => {
    const isLast = index >= pages.length - 2
    if (index % stride !== 0 && !isLast) return
    const page = tryPage(journal, number)
    if (page === undefined) return // retention has removed it
    try {
      const first = firstTimeOf(page)
      const last = lastTimeOf(page)
      if (first !== undefined) points.push({ position: page.firstPosition, time: first })
      if (isLast && last !== undefined) points.push({ position: page.firstPosition + page.cursor, time: last })
    } finally {
      page.mapping.close()
    }
  })
  return points
}

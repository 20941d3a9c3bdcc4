import { Frame, Page as P } from '../../frames/format.js'
import { native } from '../../native/index.js'
import type { MappedPage } from './page.js'

/** The time of a page's first frame, in ns since 1970; undefined when it has none. */
export function firstTimeOf(page: MappedPage): bigint | undefined {
  return page.cursor === 0 ? undefined : page.memory.i64[(P.HEADER_SIZE + Frame.TIME) >> 3]
}

/** The time of a page's last frame, in ns since 1970; undefined when it has none. Walks one stride of marks. */
export function lastTimeOf(page: MappedPage): bigint | undefined {
  const cursor = page.cursor
  if (cursor === 0) return undefined
  return native.walkFrames(page.mapping, page.markBefore(cursor, cursor), cursor, page.firstPosition, false, 0n)
    .lastTime
}

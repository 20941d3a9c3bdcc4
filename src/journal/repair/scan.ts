import * as fs from 'node:fs'
import { Frame, Page as P } from '../../frames/format.js'
import { native } from '../../native/index.js'
import { RepairError } from '../errors.js'
import { DEFAULT_MODE, pagePath } from '../files/directory.js'

/** Facts about a damaged journal that are collected before its pages are examined one by one. */

/** Whether a page's header, or its first frame, says that it has frames. */
export function hasFrames(directory: string, number: number): boolean {
  let mapping
  try {
    mapping = native.mapFile(pagePath(directory, number), false)
  } catch {
    return false // if it has frames, they cannot be read
  }
  try {
    const view = new DataView(mapping.buffer)
    return (
      mapping.size > P.HEADER_SIZE + 4 &&
      (view.getUint32(P.CURSOR, true) > 0 || view.getUint8(P.HEADER_SIZE + Frame.SLOTS) > 0)
    )
  } finally {
    mapping.close()
  }
}

/** The page size that most headers state, or that most files have: any single one may be damaged, truncated or extended. */
export function commonSize(directory: string, pages: readonly number[]): number {
  const counts = new Map<number, number>()
  const count = (size: number, weight: number): void => {
    if (size >= P.MIN_SIZE && size <= P.MAX_SIZE && size % P.HEADER_SIZE === 0)
      counts.set(size, (counts.get(size) ?? 0) + weight)
  }
  for (const number of pages) {
    const file = pagePath(directory, number)
    count(fs.lstatSync(file, { throwIfNoEntry: false })?.size ?? 0, 1)
    count(sizeInHeader(file), pages.length) // checked by its CRC
  }
  const [best] = [...counts].sort((a, b) => b[1] - a[1])
  if (best === undefined) throw new RepairError(`no page of ${directory} has a valid page size`, { path: directory })
  return best[0]
}

/** The page size in a header whose checksum is right, else 0. */
function sizeInHeader(file: string): number {
  let mapping
  try {
    mapping = native.mapFile(file, false)
  } catch {
    return 0 // the problem is reported when the page is examined
  }
  try {
    if (mapping.size < P.IDENTITY_SIZE) return 0
    const view = new DataView(mapping.buffer)
    const right =
      view.getUint32(P.IDENTITY_CRC, true) === native.crc32c(new Uint8Array(mapping.buffer, 0, P.IDENTITY_CRC), 0)
    return right ? view.getUint32(P.PAGE_SIZE, true) : 0
  } finally {
    mapping.close()
  }
}

export function modeOf(directory: string, pages: readonly number[]): number {
  const stat = pages.length === 0 ? undefined : fs.lstatSync(pagePath(directory, pages[0]), { throwIfNoEntry: false })
  return stat?.isFile() === true ? (stat.mode & 0o666) | 0o600 : DEFAULT_MODE
}

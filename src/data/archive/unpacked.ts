import * as fs from 'node:fs'
import * as os from 'node:os'
import * as path from 'node:path'
import { absolute } from '../../base/absolute.js'
import { restoreArchive } from './archive.js'
import { isArchive } from './archive-directory.js'
import type { ArchivedPage } from './archive-page.js'

export interface UnpackOptions {
  /** ns since 1970: only pages with frames from this time on, and before that one, are unpacked. */
  readonly since?: bigint
  readonly until?: bigint
  readonly signal: AbortSignal
  readonly onProgress: (done: number, total: number) => void
}

/** A journal to read: the directory itself, or an archive's pages in a temporary one. */
export interface ReadableJournal {
  readonly path: string
  readonly isArchive: boolean
  /** Removes what was unpacked. */
  readonly remove: () => void
}

/**
 * What reads journals reads archives by this: their pages, unpacked into a journal in the temporary folder, with the same positions, times and
 * causes. They need as much room there as the pages have bytes.
 *
 * @throws {ArchiveError} when the archive is damaged, and the signal's reason.
 */
export async function readableJournal(directory: string, options: UnpackOptions): Promise<ReadableJournal> {
  const from = absolute(directory)
  if (!isArchive(from)) return { path: directory, isArchive: false, remove: () => {} }
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'ticktape-archive-'))
  const remove = (): void => fs.rmSync(folder, { recursive: true, force: true })
  try {
    const journal = path.join(folder, path.basename(from))
    const { signal, onProgress } = options
    await restoreArchive(from, journal, { signal, onProgress, choose: pages => between(pages, options) })
    return { path: journal, isArchive: true, remove }
  } catch (error) {
    remove()
    throw error
  }
}

/** The pages with frames in these times, without a gap; one at least, whose definitions are wanted. */
function between(pages: readonly ArchivedPage[], { since, until }: UnpackOptions): readonly ArchivedPage[] {
  const isWanted = ({ firstTime, lastTime }: ArchivedPage): boolean =>
    firstTime !== undefined &&
    lastTime !== undefined &&
    (since === undefined || BigInt(lastTime) >= since) &&
    (until === undefined || BigInt(firstTime) < until)
  const first = pages.findIndex(isWanted)
  return first < 0 ? pages.slice(-1) : pages.slice(first, pages.findLastIndex(isWanted) + 1)
}

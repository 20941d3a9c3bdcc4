import { thisBoot } from '../../base/boot.js'
import type { Schema } from '../../frames/schema.js'
import type { Directory } from '../../native/addon.js'
import { Control } from '../control/control.js'
import { listDirectory } from '../files/directory.js'
import { readSchema } from '../files/schema-file.js'
import type { MappedPage } from '../pages/page.js'
import { lastPage, tryPage, whileRemoved } from '../seek/seek.js'

/** What a journal contained at one moment: its frames from the first page that existed to where it ended. */
export interface JournalMoment {
  /** The number of the first page. */
  readonly firstPage: number
  /** The page and the slot in it at which the frames ended. */
  readonly endPage: number
  readonly endSlot: number
  /** The inode of the end page: a journal that was created again in the same directory has another one. */
  readonly endInode: number
  /** Slots of each page. */
  readonly capacity: number
  /** The position of the first frame, and the position after the last one. */
  readonly first: number
  readonly end: number
  /** All definitions of these frames, unless one was lost in a repair. */
  readonly schema: Schema
  /** Whether only durable frames belong to it. */
  readonly durable: boolean
}

/**
 * Notes where a journal ends now, so that a scan of a journal that is being written has an end.
 *
 * @param durable only frames that survive power loss.
 * @throws {JournalNotFoundError} when it has no pages yet, {CorruptJournalError}, {NotAJournalError}.
 */
export function takeMoment(directory: Directory, durable = false): JournalMoment {
  const control = Control.openForReader(directory)
  try {
    return whileRemoved(() => momentOf(directory, control, durable))
  } finally {
    control?.close()
  }
}

function momentOf(directory: Directory, control: Control | undefined, durable: boolean): JournalMoment {
  let page = lastPage(directory, control)
  try {
    let endSlot = limitOf(page, durable)
    // Frames become durable in their order: when an earlier page is not complete, nothing after it counts.
    while (page.number > 0) {
      const before = tryPage(directory, page.number - 1)
      if (before === undefined) break
      const limit = limitOf(before, durable)
      if (limit === before.cursor) {
        before.mapping.close()
        break
      }
      page.mapping.close()
      page = before
      endSlot = limit
    }
    const { number, capacity, firstPosition } = page
    const [firstPage = number] = listDirectory(directory).pages
    return {
      firstPage: Math.min(firstPage, number),
      endPage: number,
      endSlot,
      endInode: page.mapping.inode,
      capacity,
      first: Math.min(firstPage, number) * capacity,
      end: firstPosition + endSlot,
      // Read last: a definition is in schema.json before its first frame is published.
      schema: readSchema(directory),
      durable,
    }
  } finally {
    page.mapping.close()
  }
}

/**
 * The slot at which a page's frames end. Frames above the durable cursor of a checked page from another boot may be damaged, and the next
 * writer may drop them: they do not count, as for readers.
 */
export function limitOf(page: MappedPage, durable: boolean): number {
  const inDoubt = page.checked && page.identity.bootId !== thisBoot()
  return durable || inDoubt ? Math.min(page.durable, page.cursor) : page.cursor
}

import { ArchiveError } from '../../journal/errors.js'
import { listDirectory, openToRead } from '../../journal/files/directory.js'
import { readSchema } from '../../journal/files/schema-file.js'
import { type MappedPage, openPage } from '../../journal/pages/page.js'
import type { ArchiverRequest, ArchiverTask } from '../../journal/retain/archiver.js'
import type { Directory } from '../../native/addon.js'
import { ArchiveDirectory } from './archive-directory.js'
import { archivePage, isSamePage } from './archive-page.js'

/**
 * Puts a page of a journal into its archive, or makes sure that it is there: afterwards the page may be removed. Without a page, checks that pages
 * of the journal can be added.
 *
 * @throws {ArchiveError}, the system's error. The page must stay then.
 */
export async function keepPage({ journal, archive }: ArchiverTask, request: ArchiverRequest): Promise<void> {
  using into = await ArchiveDirectory.open(archive)
  const opened = openToRead(journal)
  try {
    const number = request.page ?? listDirectory(opened).pages.at(0)
    if (number === undefined) return
    const page = openPage(opened, number, false)
    try {
      if (request.created !== undefined && String(page.identity.created) !== request.created)
        throw new ArchiveError(`another journal is at ${journal} by now, so its page ${number} is not archived`, {
          path: journal,
        })
      into.admit(page)
      into.describe(opened)
      if (request.page !== undefined) keepWhole(into, opened, page)
    } finally {
      page.mapping.close()
    }
  } finally {
    opened.close()
  }
}

function keepWhole(into: ArchiveDirectory, journal: Directory, page: MappedPage): void {
  const schema = readSchema(journal)
  // What is there is unpacked again: it may have been damaged since, and the page is the only other copy.
  if (into.page(page.number)?.sealed === true && isSamePage(page, into.path, schema)) {
    // Who added it may have been killed before it had synced the names.
    into.sync()
    return
  }
  const archived = archivePage(journal, page.number, into.path, schema)
  if (!archived.sealed || archived.cursor !== page.cursor)
    throw new ArchiveError(`${page.path} has frames that may be damaged: run 'ticktape verify' on its journal`, {
      path: page.path,
    })
  into.add(archived)
}

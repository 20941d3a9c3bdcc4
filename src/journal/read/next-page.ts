import { CorruptJournalError } from '../../frames/errors.js'
import type { Directory } from '../../native/addon.js'
import { JournalNotFoundError, JournalReplacedError, PositionGoneError } from '../errors.js'
import { listDirectory, pagePath } from '../files/directory.js'
import { pageFileName } from '../files/page-names.js'
import { asPage, type MappedPage, openPage } from '../pages/page.js'
import { borrowPageWorker, returnPageWorker } from '../pages/shared-page-worker.js'

/** Opens the page on which a reader continues after a sealed one. A thread can map it ahead, so that the reader does not wait for it. */
export class NextPage {
  private readonly worker = borrowPageWorker()
  private ticket: number | undefined = undefined

  constructor(private readonly directory: Directory) {}

  /** Begins to map a page on the thread. */
  mapAhead(number: number): void {
    this.ticket = this.worker.open(this.directory, pageFileName(number))
  }

  /**
   * The page after `last`, which is sealed. That page exists, or existed: it got its name before the seal.
   *
   * @throws {PositionGoneError} when retention has removed it, {JournalReplacedError} when the journal is no longer at its path,
   * {CorruptJournalError} when the page is missing or does not have the size of `last`.
   */
  openAfter(last: MappedPage): MappedPage {
    const number = last.number + 1
    const page = this.collect(number) ?? this.open(number, last)
    if (page.capacity === last.capacity) return page
    page.mapping.close()
    throw new CorruptJournalError(
      `${page.path} does not have the size of the page before it; run 'ticktape verify' on its journal`,
      { path: page.path, page: number, position: page.firstPosition },
    )
  }

  /** Unmaps, on the thread, a page that the reader has left. */
  unmap(page: MappedPage): void {
    this.worker.dispose(page.mapping)
  }

  /** Discards the page that was mapped ahead, if there is one. */
  discard(): void {
    if (this.ticket !== undefined) this.worker.abandon(this.ticket)
    this.ticket = undefined
  }

  close(): void {
    this.discard()
    returnPageWorker()
  }

  /** The page that was mapped ahead, if it can be used. */
  private collect(number: number): MappedPage | undefined {
    const { ticket } = this
    if (ticket === undefined) return undefined
    this.ticket = undefined
    let page: MappedPage | undefined
    try {
      page = asPage(this.worker.wait(ticket), pagePath(this.directory, number), number)
      // A page with frames is the right one, even if retention has removed its name since. An empty page was only prepared, and the next
      // writer creates a new one: then only the file that has the name now counts.
      if (page.cursor > 0 || this.directory.holds(pageFileName(number), page.mapping)) return page
    } catch {
      // It did not exist yet or was not complete: opening it now reports the problem, if there is one.
    }
    page?.mapping.close()
    return undefined
  }

  private open(number: number, last: MappedPage): MappedPage {
    try {
      return openPage(this.directory, number, false)
    } catch (error) {
      if (error instanceof JournalNotFoundError) throw this.missing(number, last)
      throw error
    }
  }

  /** The error for a page that is not there. */
  private missing(number: number, last: MappedPage): Error {
    const { directory } = this
    const position = last.firstPosition + last.capacity
    if (!directory.isAtPath()) {
      return new JournalReplacedError(
        `the journal ${directory.path} was removed, moved or created again while it was being read; its frames after position ${position} can no longer be found. Open another reader`,
        { path: directory.path, position },
      )
    }
    const first = listDirectory(directory).pages.find(page => page > number)
    if (first === undefined) {
      const path = pagePath(directory, number)
      return new CorruptJournalError(
        `${path} is missing, though the page before it is sealed; run 'ticktape verify' on its journal`,
        { path, page: number, position },
      )
    }
    const firstPosition = first * last.capacity
    return new PositionGoneError(
      `position ${position} of ${directory.path} was removed by retention; the first existing position is ${firstPosition}: seek to it`,
      firstPosition,
      { path: directory.path, position },
    )
  }
}

import { thisBoot } from '../../base/boot.js'
import { isNoSpace } from '../../base/system-error.js'
import { PageFlag } from '../../frames/format.js'
import type { Directory, Mapping, PageWorker } from '../../native/addon.js'
import { native } from '../../native/index.js'
import { channels } from '../diagnostics.js'
import { JournalFullError } from '../errors.js'
import { FileName, pagePath } from '../files/directory.js'
import { MAX_PAGE_NUMBER, pageFileName } from '../files/page-names.js'
import { encodePageHeader, slotsOf } from '../pages/header.js'
import { asPage, crc32c, type MappedPage } from '../pages/page.js'
import { fromSystemError } from '../system-error.js'
import type { JournalWatch } from './journal-watch.js'

/** Properties that all pages of one writer have in common. */
export interface PageKind {
  readonly directory: Directory
  readonly pageSize: number
  readonly mode: number
  readonly epoch: number
  readonly journalId: number
  readonly checksums: boolean
  readonly durable: boolean
}

/**
 * Creates the writer's pages on a native thread, one page ahead: allocated, populated, synced and named before the writer needs it. If
 * the disk has no room for the next page, the writer learns it one page early.
 */
export class PageSupply {
  private ticket: number | undefined = undefined
  private wanted = -1
  private warnedOf = -1
  private ready: MappedPage | undefined = undefined

  constructor(
    private readonly kind: PageKind,
    private readonly worker: PageWorker,
    private readonly journalWatch: JournalWatch,
    /** The hash of the definitions that exist when a page is created. */
    private readonly layoutHash: () => Uint8Array,
  ) {}

  /** Starts to create a page. */
  prepare(pageNumber: number): void {
    // There is no page after the last: `obtain` throws when the writer needs one.
    if (pageNumber > MAX_PAGE_NUMBER) return
    this.wanted = pageNumber
    const name = pageFileName(pageNumber)
    this.ticket = this.worker.create(
      this.kind.directory,
      name + FileName.TEMPORARY_SUFFIX,
      name,
      this.kind.pageSize,
      this.kind.mode,
      this.header(pageNumber),
      this.kind.durable,
    )
  }

  /**
   * Checks whether the page is ready, without waiting. If it could not be created, publishes that once on `lowSpace`.
   *
   * @throws {JournalReplacedError} when it could not be created because the journal was removed or replaced.
   */
  check(): void {
    if (this.ticket === undefined) return
    try {
      const mapping = this.worker.collect(this.ticket)
      if (mapping !== null) this.accept(mapping)
    } catch (error) {
      this.ticket = undefined
      this.journalWatch.check()
      this.warn(error)
    }
  }

  /** Publishes that the next page could not be created, once for each page. */
  private warn(error: unknown): void {
    if (this.warnedOf === this.wanted) return
    this.warnedOf = this.wanted
    if (channels.lowSpace.hasSubscribers)
      channels.lowSpace.publish({ path: this.kind.directory.path, page: this.wanted, error })
  }

  /**
   * Returns the page. Waits for it if it is not ready, and tries again if it could not be created before.
   *
   * @throws {JournalFullError} when there is no room for it: make room and call again. {JournalReplacedError}
   */
  obtain(pageNumber: number): { readonly page: MappedPage; readonly waited: boolean } {
    if (pageNumber > MAX_PAGE_NUMBER) {
      throw new JournalFullError(
        `${this.kind.directory.path} has ${MAX_PAGE_NUMBER + 1} pages, and no journal can have more; use another journal`,
        { path: this.kind.directory.path },
      )
    }
    this.check()
    let waited = false
    if (this.ready === undefined) {
      waited = true
      // It failed before or was never started. There may be room now.
      if (this.ticket === undefined) this.prepare(pageNumber)
      try {
        this.waitForIt()
      } catch (error) {
        this.warn(error)
        throw error
      }
    }
    const page = this.ready as unknown as MappedPage
    this.ready = undefined
    return { page, waited }
  }

  /** Unmaps, on the thread, a page that the writer has left. */
  dispose(mapping: Mapping): void {
    this.worker.dispose(mapping)
  }

  /** Ends the thread, and removes the prepared page. No reader can be on it, because the page before it is not sealed. */
  close(): void {
    try {
      if (this.ticket !== undefined) this.waitForIt()
    } catch {
      // The page could not be created, so there is nothing to remove.
    }
    if (this.ready !== undefined) {
      const { number, mapping } = this.ready
      this.ready = undefined
      const { directory } = this.kind
      const name = pageFileName(number)
      // If another writer has created a new journal in this same directory, the page of that name belongs to that writer.
      if (this.journalWatch.controlIsOurs && directory.holds(name, mapping)) directory.remove(name)
      mapping.close()
    }
    this.worker.close()
  }

  private waitForIt(): void {
    const ticket = this.ticket as number
    this.ticket = undefined
    const path = pagePath(this.kind.directory, this.wanted)
    let mapping: Mapping
    try {
      mapping = this.worker.wait(ticket)
    } catch (error) {
      this.journalWatch.check()
      if (isNoSpace(error)) {
        const [which, advice] =
          this.wanted === 0
            ? ['first', 'Make room, or open it with a smaller pageSize']
            : ['next', 'All frames so far are intact; make room and append again']
        throw new JournalFullError(
          `no space for the ${which} page, ${path} (${this.kind.pageSize} bytes): ${(error as Error).message}. ${advice}`,
          { path, position: this.wanted * slotsOf(this.kind.pageSize), cause: error },
        )
      }
      throw fromSystemError(error, 'creating', path)
    }
    this.accept(mapping)
  }

  private accept(mapping: Mapping): void {
    this.ticket = undefined
    this.ready = asPage(mapping, pagePath(this.kind.directory, this.wanted), this.wanted)
  }

  private header(pageNumber: number): Uint8Array {
    const { pageSize, epoch, journalId, checksums } = this.kind
    const identity = {
      flags: checksums ? PageFlag.CHECKED : 0,
      pageSize,
      pageNumber,
      firstPosition: pageNumber * slotsOf(pageSize),
      created: native.now(),
      bootId: thisBoot(),
      epoch,
      layoutHash: this.layoutHash(),
      journalId,
    }
    return encodePageHeader(identity, crc32c)
  }
}

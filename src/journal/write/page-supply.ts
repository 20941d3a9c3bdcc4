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
import type { PlaceWatch } from './place-watch.js'

/** What all pages of one writer have in common. */
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
 * Makes the writer's pages, one ahead of need, on a native thread: allocated, populated, synced and named before the writer
 * gets there. Where the disk has no room for the next page the writer learns of it a page early.
 */
export class PageSupply {
  private ticket: number | undefined = undefined
  private wanted = -1
  private warnedOf = -1
  private ready: MappedPage | undefined = undefined

  constructor(
    private readonly kind: PageKind,
    private readonly worker: PageWorker,
    private readonly place: PlaceWatch,
    /** The definitions' hash when a page is made. */
    private readonly layoutHash: () => Uint8Array,
  ) {}

  /** Starts making a page. */
  prepare(pageNumber: number): void {
    // There is none after the last: `take` says so once the writer gets there.
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
   * Looks whether the page is made, without waiting; says so once on `lowSpace` when there is no room for it.
   *
   * @throws {JournalReplacedError} when that is because the journal is gone.
   */
  check(): void {
    if (this.ticket === undefined) return
    try {
      const mapping = this.worker.collect(this.ticket)
      if (mapping !== null) this.accept(mapping)
    } catch (error) {
      this.ticket = undefined
      this.place.check()
      this.warn(error)
    }
  }

  /** Says that there is no room for the next page, once for each. */
  private warn(error: unknown): void {
    if (this.warnedOf === this.wanted) return
    this.warnedOf = this.wanted
    if (channels.lowSpace.hasSubscribers)
      channels.lowSpace.publish({ path: this.kind.directory.path, page: this.wanted, error })
  }

  /**
   * The page, waiting for it when it is not ready; tries once more when it could not be made before.
   *
   * @throws {JournalFullError} when there is no room for it: call again once there is. {JournalReplacedError}
   */
  obtain(pageNumber: number): { readonly page: MappedPage; readonly waited: boolean } {
    if (pageNumber > MAX_PAGE_NUMBER) {
      throw new JournalFullError(
        `${this.kind.directory.path} has all ${MAX_PAGE_NUMBER + 1} pages a journal can have; begin another`,
        { path: this.kind.directory.path },
      )
    }
    this.check()
    let waited = false
    if (this.ready === undefined) {
      waited = true
      // Failed before, or never begun: there may be room by now.
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

  /** Unmaps a page the writer is done with, on the thread. */
  dispose(mapping: Mapping): void {
    this.worker.dispose(mapping)
  }

  /** Ends the thread, and removes the page made ahead: nobody can have gone there, for the one before it is not sealed. */
  close(): void {
    try {
      if (this.ticket !== undefined) this.waitForIt()
    } catch {
      // The page that nobody needs any more could not be made: there is nothing to remove.
    }
    if (this.ready !== undefined) {
      const { number, mapping } = this.ready
      this.ready = undefined
      const { directory } = this.kind
      const name = pageFileName(number)
      // Where another writer has made the journal anew, in this very directory, the page of that name is the other's.
      if (this.place.isOurs && directory.holds(name, mapping)) directory.remove(name)
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
      this.place.check()
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
      throw fromSystemError(error, 'making', path)
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

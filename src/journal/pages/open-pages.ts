import type { Where } from '../../base/files/where.js'
import { type MappedPage, openPage } from './page.js'

/** Pages of one journal, each mapped once however often it is looked at, and unmapped at the end. */
export class OpenPages {
  private readonly pages = new Map<number, MappedPage>()

  constructor(readonly directory: Where) {}

  /** The page, mapped writable. @throws as `openPage`. */
  get(number: number): MappedPage {
    let page = this.pages.get(number)
    if (page === undefined) {
      page = openPage(this.directory, number, true)
      this.pages.set(number, page)
    }
    return page
  }

  /** Hands a page over: it stays mapped. */
  release(number: number): void {
    this.pages.delete(number)
  }

  close(number: number): void {
    this.pages.get(number)?.mapping.close()
    this.pages.delete(number)
  }

  closeAll(): void {
    for (const page of this.pages.values()) page.mapping.close()
    this.pages.clear()
  }
}

import type { Where } from '../../base/files/where.js'
import { type MappedPage, openPage } from './page.js'

/** Open pages of one journal. Each is mapped at its first use and stays mapped until it is closed. */
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

  /** Passes ownership of a page to the caller: it stays mapped. */
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

import type { Writer } from '../../journal/write/writer.js'
import { type HomeIdentity, readIdentity, writeIdentity } from './home.js'

/**
 * Writes again to which home a journal belongs, once on each page: retention removes the first ones, and every journal of a
 * home must say so.
 */
export class IdentityKeeper {
  private readonly identity: HomeIdentity | undefined
  private page: number

  constructor(private readonly writer: Writer) {
    this.identity = readIdentity(writer.path)
    this.page = this.pageOf()
  }

  /** To be called between two frames. */
  keep(): void {
    const page = this.pageOf()
    if (page === this.page || this.identity === undefined) return
    writeIdentity(this.writer, this.identity)
    this.page = page
  }

  private pageOf(): number {
    return Math.floor(this.writer.position / this.writer.pageSlots)
  }
}

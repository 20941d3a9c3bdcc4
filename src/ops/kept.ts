import { statSync } from 'node:fs'

/**
 * A file that stays open from sample to sample: mapping it and unmapping it again would be most of a sample's work. When there is another
 * one at its path, that one is opened.
 */
export class Kept<T extends { close(): void }> {
  private value: T | undefined = undefined
  private inode = 0

  /** @param open opens what is at the path; undefined for nothing. */
  constructor(
    private readonly path: string,
    private readonly open: () => T | undefined,
  ) {}

  /** @throws what `open` throws. */
  get(): T | undefined {
    const inode = statSync(this.path, { throwIfNoEntry: false })?.ino ?? 0
    if (inode !== this.inode) this.close()
    this.value ??= inode === 0 ? undefined : this.open()
    this.inode = inode
    return this.value
  }

  close(): void {
    this.value?.close()
    this.value = undefined
  }
}

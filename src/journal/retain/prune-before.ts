import { native } from '../../native/index.js'
import { Control } from '../control/control.js'
import type { ReaderInfo } from '../control/reader-registry.js'
import { openToRead } from '../files/directory.js'
import { planPruning, type RemovablePage, readersInNeed, removePages } from './plan.js'

/** What is kept in any case. */
export interface Keep {
  /** The last pages, with so many bytes together. */
  readonly bytes?: number
  /** Pages whose last frame is younger, in ms. */
  readonly age?: number
}

/**
 * Removes the pages of a journal that have nothing from a position on, as far as no named reader needs them. Also while the
 * journal is written and read, by any process. Returns them, the oldest first.
 */
export async function pruneBefore(path: string, position: number, keep: Keep = {}): Promise<RemovablePage[]> {
  const opened = openToRead(path)
  let control: Control | undefined
  try {
    control = Control.openForReader(opened)
    const readers = (): ReaderInfo[] => (control === undefined ? [] : readersInNeed(control))
    const plan = planPruning(opened, { before: position }, readers(), false)
    const last = plan.pages.at(-1) ?? 0
    const removable = plan.removable.filter(({ page, bytes, lastTime = 0n }) => {
      const isInBytes = keep.bytes !== undefined && (last - page + 1) * bytes <= keep.bytes
      const isYoung = keep.age !== undefined && native.now() - lastTime < BigInt(Math.ceil(keep.age * 1e6))
      return !isInBytes && !isYoung
    })
    return await removePages(opened, { ...plan, removable }, readers, () => false)
  } finally {
    control?.close()
    opened.close()
  }
}

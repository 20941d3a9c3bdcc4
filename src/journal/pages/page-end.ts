import { CorruptJournalError } from '../../frames/errors.js'
import { Frame, Page as P, SLOT_SHIFT } from '../../frames/format.js'
import { crashPoint } from '../../native/crash-point.js'
import { native } from '../../native/index.js'
import { markStride } from './header.js'
import { type MappedPage, Word } from './page.js'

/**
 * Makes `slot` the page's end: sets the cursor and the marks, and zeroes all bytes after it, so that no later recovery reads old bytes
 * as frames. Returns how many bytes were not zero.
 *
 * A crash in between is safe, and so is a second call: frames below `slot` are not changed, and no valid frame begins at `slot`.
 *
 * @param afterPowerLoss also removes a seal, because the pages after it are removed, and syncs the page.
 */
export function cutPage(page: MappedPage, slot: number, afterPowerLoss: boolean): number {
  const { u32, i32 } = page.memory
  let cleared = 0
  for (let word = (P.HEADER_SIZE + (slot << SLOT_SHIFT)) >> 2; word < u32.length; word++) {
    if (u32[word] === 0) continue
    u32[word] = 0
    cleared += 4
  }
  crashPoint('recovery-tail-cleared')
  // After the crash of a process all marks of frames below the cursor are there, because they were stored before the cursor.
  if (afterPowerLoss) setMarks(page, slot)
  else clearMarks(page, slot)
  if (page.cursor !== slot) {
    Atomics.store(i32, Word.PAGE_CRC_SET, 0)
    Atomics.store(i32, Word.CURSOR, slot)
    crashPoint('recovery-cursor-stored')
  }
  if (afterPowerLoss) {
    Atomics.store(i32, Word.SEALED, 0)
    makeDurable(page)
  }
  return cleared
}

/** Clears a page's marks and sets them again for the frames below `end`. */
export function setMarks(page: MappedPage, end: number): void {
  clearMarks(page, 0)
  const { u8, u32 } = page.memory
  const stride = markStride(page.identity.pageSize)
  let next = stride
  for (let slot = 0; slot < end; ) {
    if (slot >= next) {
      const i = Math.floor(slot / stride)
      u32[Word.MARKS + i] = slot
      next = (i + 1) * stride
    }
    const slots = u8[P.HEADER_SIZE + (slot << SLOT_SHIFT) + Frame.SLOTS]
    if (slots === 0) return // changed by another process; a later read throws an error
    slot += slots
  }
}

/** Clears the marks at or after `slot`. */
function clearMarks(page: MappedPage, slot: number): void {
  const { u32 } = page.memory
  const stride = markStride(page.identity.pageSize)
  for (let i = 1; i * stride < page.capacity; i++) {
    if (u32[Word.MARKS + i] >= slot) u32[Word.MARKS + i] = 0
  }
}

/**
 * Makes a page's frames durable, on the calling thread. Used when a writer opens a journal with frames that an earlier writer had not
 * synced; a running writer has a thread for syncing.
 */
export function makeDurable(page: MappedPage): void {
  const {
    mapping,
    memory: { i32 },
    firstPosition,
  } = page
  const { cursor, durable } = page
  const walk = native.walkFrames(mapping, durable, cursor, firstPosition, false, 0n)
  if (walk.reason !== 'end') throw damagedFrame(page, walk.slot, walk.reason)
  if (page.checked && durable < cursor) native.stampFrames(mapping, durable, cursor, firstPosition)
  writeAgain(page)
  mapping.sync(0, mapping.size)
  crashPoint('caught-up-data-synced')
  // Stored last, because only now the frames below it are on the disk.
  Atomics.store(i32, Word.DURABLE, cursor)
  if (page.checked && page.sealed) {
    Atomics.store(i32, Word.PAGE_CRC, native.pageCrc(mapping, cursor) | 0)
    Atomics.store(i32, Word.PAGE_CRC_SET, 1)
  }
  mapping.sync(0, P.HEADER_SIZE)
  crashPoint('caught-up-header-synced')
}

/**
 * Makes the next sync write every frame that is not known to be durable. After a failed sync the kernel marks blocks as written that are
 * not on the disk. The next writer must not rely on that mark, so it makes these blocks dirty again.
 */
export function writeAgain(page: MappedPage): void {
  const { i32 } = page.memory
  const end = P.HEADER_SIZE + (page.cursor << SLOT_SHIFT)
  // A store of the same value makes its block dirty. It is atomic, so that it cannot overwrite a store of another thread.
  for (let at = P.HEADER_SIZE + (page.durable << SLOT_SHIFT); at < end; at += BLOCK) Atomics.or(i32, at >> 2, 0)
  if (end > P.HEADER_SIZE) Atomics.or(i32, (end - 4) >> 2, 0)
}

const BLOCK = 4096

/** The error for a frame below the cursor that is not well-formed although the machine did not stop. */
export function damagedFrame(page: MappedPage, slot: number, reason: string): CorruptJournalError {
  return new CorruptJournalError(
    `the frame at slot ${slot} of ${page.path} is damaged (${reason}), which no crash can cause; save the good frames with 'ticktape repair'`,
    { path: page.path, page: page.number, slot, position: page.firstPosition + slot },
  )
}

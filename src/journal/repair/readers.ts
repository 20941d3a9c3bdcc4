import { tryReadIn, type Where } from '../../base/files/where.js'
import { Control as C, ReaderSlot as R, READER_SLOTS, ReaderState } from '../../frames/format.js'
import type { Directory } from '../../native/addon.js'
import { Control } from '../control/control.js'
import { checkReaderName, ReaderRegistration } from '../control/reader-registry.js'
import { PositionError } from '../errors.js'
import { FileName } from '../files/directory.js'
import { seekPosition } from '../seek/seek.js'

/** A named reader and the position where it stopped. */
export interface SavedReader {
  readonly name: string
  readonly position: number
}

/** The named readers in a control file, even when its header is damaged; none when it does not exist or has another size. */
export function saveReaders(directory: Where): SavedReader[] {
  // Without it readers start again; the report lists those that were kept.
  const bytes = tryReadIn(directory, FileName.CONTROL, C.SIZE)
  if (bytes?.length !== C.SIZE) return []
  const readers = new Map<string, SavedReader>()
  for (let i = 0; i < READER_SLOTS; i++) {
    const reader = readReaderSlot(bytes.subarray(C.HEADER_SIZE + i * R.SIZE, C.HEADER_SIZE + (i + 1) * R.SIZE))
    if (reader !== undefined && !readers.has(reader.name)) readers.set(reader.name, reader)
  }
  return [...readers.values()]
}

function readReaderSlot(slot: Buffer): SavedReader | undefined {
  const checkpoint = slot.readUInt32LE(R.CHECKPOINT)
  if (slot.readUInt32LE(R.STATE) !== ReaderState.USED || checkpoint === 0) return undefined
  const name = slot.toString('latin1', R.NAME, R.NAME + R.NAME_SIZE).replace(/\0.*$/s, '')
  const position = Number(slot.readBigUInt64LE(R.POSITION + 8 * (checkpoint & 1)))
  try {
    checkReaderName(name)
  } catch {
    return undefined // damaged
  }
  return Number.isSafeInteger(position) ? { name, position } : undefined
}

/** Registers readers in a copy, at the position where they stopped or at the last frame before it. Returns them with these positions. */
export function enterReaders(
  directory: Directory,
  readers: readonly SavedReader[],
  first: number,
  end: number,
  lastPage: number,
  mode: number,
): SavedReader[] {
  const control = Control.openForWriter(directory, mode)
  try {
    control.currentPage = lastPage
    return readers.map(({ name, position }) => {
      const entered = frameAt(directory, control, Math.min(Math.max(position, first), end))
      const registration = ReaderRegistration.acquire(control, name)
      registration.checkpoint(entered, false)
      registration.release()
      return { name, position: entered }
    })
  } finally {
    control.close()
  }
}

function frameAt(directory: Directory, control: Control, position: number): number {
  for (let at = position; ; at--) {
    try {
      seekPosition(directory, at, control).page.mapping.close()
      return at
    } catch (error) {
      // The position is inside a frame, at most 254 slots after its start.
      if (!(error instanceof PositionError)) throw error
    }
  }
}

import { replaceFile } from '../../base/files/replace-file.js'
import { mapIn, pathIn, type Where } from '../../base/files/where.js'
import { loadWord } from '../../base/load-word.js'
import { isIrregular, systemCode } from '../../base/system-error.js'
import { CorruptJournalError, FormatVersionError } from '../../frames/errors.js'
import { Control as C, CONTROL_MAGIC, CONTROL_VERSION, READER_SLOTS, ReaderSlot } from '../../frames/format.js'
import type { Directory, Mapping } from '../../native/addon.js'
import { crashPoint } from '../../native/crash-point.js'
import { native } from '../../native/index.js'
import type { Wakeable } from '../../wait/wakeable.js'
import { FileName } from '../files/directory.js'
import { fromSystemError } from '../system-error.js'

/** Indexes in an Int32Array over the file. */
export const ControlWord = {
  SIGNAL: C.SIGNAL >> 2,
  SLEEPERS: C.SLEEPERS >> 2,
  CURRENT_PAGE: C.CURRENT_PAGE >> 2,
  WAITED_ROLLS: C.WAITED_ROLLS >> 2,
} as const

const { SIGNAL, SLEEPERS, CURRENT_PAGE, WAITED_ROLLS } = ControlWord

/**
 * The `control` file, mapped. Sleepers announce themselves in it to the writer, and named readers store their positions in it
 * (reader-registry.ts).
 *
 * Sleeping and waking. No wake-up is lost, and a dead sleeper costs the writer one system call, once:
 * - a sleeper loads SIGNAL, stores 1 to SLEEPERS, makes a barrier in all writers, checks once more for frames, and sleeps while
 *   SIGNAL has the value that it loaded;
 * - a writer stores its cursor, loads SLEEPERS, and only when that is 1: stores 0, adds 1 to SIGNAL, wakes all.
 * Either the sleeper sees the frame or the writer sees the sleeper: the barrier acts between the writer's store and its load,
 * whichever instruction the writer is at. In a `control` of version 1 sleepers make no barrier, and the writer's store is a locked one.
 */
export class Control implements Wakeable {
  readonly words: Int32Array
  readonly signalOffset = C.SIGNAL

  /** Whether sleepers make a barrier before their last check: from version 2 on. */
  readonly needsBarrier: boolean

  private constructor(
    readonly file: string,
    readonly mapping: Mapping,
  ) {
    this.words = new Int32Array(mapping.buffer)
    this.needsBarrier = this.words[C.VERSION >> 2] >= 2
  }

  /** For a writer. Creates the file when there is none. */
  static openForWriter(directory: Directory, mode: number): Control {
    return Control.openExisting(directory) ?? Control.make(directory, mode)
  }

  /** For a writer. Undefined when there is no file yet. */
  static openExisting(directory: Directory): Control | undefined {
    const file = pathIn(directory, FileName.CONTROL)
    try {
      return new Control(file, checked(directory.mapFile(FileName.CONTROL, true), file))
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return undefined
      throw asControlError(error, file)
    }
  }

  private static make(directory: Directory, mode: number): Control {
    const file = pathIn(directory, FileName.CONTROL)
    try {
      const bytes = new Uint8Array(C.SIZE)
      bytes.set(encodeHeader())
      // Synced with every durability: if the file lost its header in a power loss, no writer could open the journal.
      replaceFile(directory, FileName.CONTROL, bytes, mode, {
        written: () => crashPoint('control-made'),
        renamed: () => crashPoint('control-renamed'),
      })
      return new Control(file, checked(directory.mapFile(FileName.CONTROL, true), file))
    } catch (error) {
      throw asControlError(error, file)
    }
  }

  /** For a reader. With write permission the reader can be woken; without, the file is mapped read-only. Undefined when it cannot be read. */
  static openForReader(directory: Where): Control | undefined {
    const file = pathIn(directory, FileName.CONTROL)
    for (const writable of [true, false]) {
      try {
        return new Control(file, checked(mapIn(directory, FileName.CONTROL, writable), file))
      } catch (error) {
        const code = systemCode(error)
        if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
        if (code !== 'EACCES' && code !== 'EPERM' && code !== 'EROFS') throw asControlError(error, file)
      }
    }
    return undefined
  }

  /**
   * Locks the journal for this writer, until the mapping is closed. `writer.lock` is locked first, so false means that there is a live writer
   * whose `writer.lock` was removed.
   */
  claim(): boolean {
    return this.mapping.lockRange(C.CURRENT_PAGE, 1)
  }

  get writable(): boolean {
    return this.mapping.writable
  }

  /** Whether the writer may publish with an ordinary store: sleepers of this file make the barrier, and the barrier reaches this process. */
  allowsOrdinaryStores(): boolean {
    return this.needsBarrier && native.registerBarrier()
  }

  /** The signal's value now, to sleep on. */
  signal(): number {
    return loadWord(this.words, SIGNAL)
  }

  /** Announces a sleeper. Afterwards make the barrier, check for frames once more, then sleep on the signal loaded before. */
  announceSleeper(): void {
    Atomics.store(this.words, SLEEPERS, 1)
  }

  /** Called by the writer after a publish. No system call unless SLEEPERS is set. */
  wakeSleepers(): void {
    if (loadWord(this.words, SLEEPERS) !== 0) this.wake()
  }

  /** Wakes all sleepers. */
  wake(): void {
    Atomics.store(this.words, SLEEPERS, 0)
    Atomics.add(this.words, SIGNAL, 1)
    native.wake(this.mapping, C.SIGNAL)
  }

  /** The page that the writer is on. A hint for finding the journal's end. */
  get currentPage(): number {
    return loadWord(this.words, CURRENT_PAGE) >>> 0
  }

  set currentPage(pageNumber: number) {
    Atomics.store(this.words, CURRENT_PAGE, pageNumber | 0)
  }

  /** How often writers of this journal continued on a page that was not ready in time. */
  get waitedRolls(): number {
    return loadWord(this.words, WAITED_ROLLS) >>> 0
  }

  countWaitedRoll(): void {
    Atomics.add(this.words, WAITED_ROLLS, 1)
  }

  close(): void {
    this.mapping.close()
  }
}

function encodeHeader(): Uint8Array {
  const bytes = new Uint8Array(C.HEADER_SIZE)
  const view = new DataView(bytes.buffer)
  for (let i = 0; i < CONTROL_MAGIC.length; i++) bytes[C.MAGIC + i] = CONTROL_MAGIC.charCodeAt(i)
  view.setUint32(C.VERSION, CONTROL_VERSION, true)
  view.setUint32(C.SLOT_COUNT, READER_SLOTS, true)
  view.setUint32(C.SLOT_SIZE, ReaderSlot.SIZE, true)
  view.setUint32(C.IDENTITY_CRC, native.crc32c(bytes.subarray(0, C.IDENTITY_CRC), 0), true)
  return bytes
}

function checked(mapping: Mapping, file: string): Mapping {
  const damaged = (what: string): never => {
    mapping.close()
    throw new CorruptJournalError(`${file} is damaged: ${what}; run 'ticktape repair' on its journal`, { path: file })
  }
  if (mapping.size !== C.SIZE) damaged(`it has ${mapping.size} bytes, not ${C.SIZE}`)
  const bytes = new Uint8Array(mapping.buffer)
  const view = new DataView(mapping.buffer)
  for (let i = 0; i < CONTROL_MAGIC.length; i++) {
    if (bytes[C.MAGIC + i] !== CONTROL_MAGIC.charCodeAt(i))
      damaged('it does not begin with the magic of a control file')
  }
  const version = view.getUint32(C.VERSION, true)
  if (version < 1 || version > CONTROL_VERSION) {
    mapping.close()
    throw new FormatVersionError(
      `${file} is in version ${version} of the format, this library reads 1 to ${CONTROL_VERSION}; use the ticktape that wrote it`,
      { path: file },
    )
  }
  if (view.getUint32(C.IDENTITY_CRC, true) !== native.crc32c(bytes.subarray(0, C.IDENTITY_CRC), 0))
    damaged('its checksum is wrong')
  if (view.getUint32(C.SLOT_COUNT, true) !== READER_SLOTS || view.getUint32(C.SLOT_SIZE, true) !== ReaderSlot.SIZE) {
    damaged('it lays out its readers differently')
  }
  return mapping
}

function asControlError(error: unknown, file: string): unknown {
  if (error instanceof CorruptJournalError || error instanceof FormatVersionError) return error
  if (systemCode(error) === 'EINVAL' && !isIrregular(file)) {
    return new CorruptJournalError(`${file} is empty or far too large; run 'ticktape repair' on its journal`, {
      path: file,
      cause: error,
    })
  }
  return fromSystemError(error, 'opening', file)
}

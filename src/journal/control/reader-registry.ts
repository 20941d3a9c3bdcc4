import { clockWords } from '../../base/clock.js'
import { formatValue } from '../../base/format-value.js'
import { loadWord } from '../../base/load-word.js'
import { sleepThread } from '../../base/sleep.js'
import { Control as C, ReaderSlot as R, READER_SLOTS, ReaderState } from '../../frames/format.js'
import { native } from '../../native/index.js'
import { ReaderBusyError, ReaderNameError } from '../errors.js'
import type { Control } from './control.js'

/** A named reader of a journal, open or closed. */
export interface ReaderInfo {
  readonly name: string
  readonly pid: number
  /** Its process's start time in clock ticks since boot: with the pid it names one process. */
  readonly processStart: number
  /** The position at which it continues. */
  readonly position: number
  /** ns since 1970 of its last checkpoint. */
  readonly heartbeat: bigint
  /** Whether it is open in a process that lives. */
  readonly alive: boolean
}

/**
 * A named reader's slot in `control`. While the reader is open, its process holds a file lock on the slot. The system releases the lock when
 * the process ends, so no stored pid has to be trusted.
 */
export class ReaderRegistration {
  private readonly words: Int32Array
  /** Index of the slot's first word. */
  private readonly base: number
  private checkpoints: number

  private constructor(
    private readonly control: Control,
    private readonly slot: number,
    /** The position at which the reader continues; undefined for a new name. */
    readonly resumeAt: number | undefined,
  ) {
    this.words = new Int32Array(control.mapping.buffer)
    this.base = offsetOf(slot) >> 2
    this.checkpoints = Atomics.load(this.words, this.base + (R.CHECKPOINT >> 2)) >>> 0
  }

  /**
   * Acquires the slot of this name, or a free slot.
   *
   * @throws {ReaderBusyError} when a live reader has the name, {ReaderNameError} for an invalid name or when no slot is free.
   */
  static acquire(control: Control, name: string): ReaderRegistration {
    checkReaderName(name)
    if (!control.writable) {
      throw new ReaderNameError(
        `a named reader stores its position in ${control.file}, which this process may not write; give it permission, or open the reader without a name`,
        { path: control.file },
      )
    }
    return withRegistryLock(control, () => {
      const slots = readSlots(control)
      const own = slots.findIndex(slot => slot?.name === name)
      if (own >= 0) {
        if (!control.mapping.lockRange(offsetOf(own), 1)) {
          throw new ReaderBusyError(
            `reader '${name}' is open already, in process ${slots[own]?.pid}; give this one another name`,
            { path: control.file },
          )
        }
        // The reader that had the slot may have stored another position, or freed the slot, before it gave up the lock.
        const registration = new ReaderRegistration(control, own, checkpointOf(control, own))
        registration.sign(name)
        return registration
      }
      const free = slots.findIndex((slot, i) => slot === undefined && control.mapping.lockRange(offsetOf(i), 1))
      if (free < 0) {
        throw new ReaderNameError(
          `all ${READER_SLOTS} slots for named readers in ${control.file} are in use; forget a reader with 'ticktape prune --forget NAME'`,
          { path: control.file },
        )
      }
      const registration = new ReaderRegistration(control, free, undefined)
      registration.sign(name)
      return registration
    })
  }

  /**
   * Stores the position at which to continue. A crash leaves the old one or the new one: the count, which selects the word pair, is stored last.
   *
   * @param clockIsRead whether the clock was read for the frame at hand.
   */
  checkpoint(position: number, clockIsRead: boolean): void {
    const { words, base } = this
    const next = nextCheckpoint(this.checkpoints)
    const at = base + (R.POSITION >> 2) + ((next & 1) << 1)
    words[at] = position | 0
    words[at + 1] = (position / 2 ** 32) | 0
    if (!clockIsRead) native.readClock()
    words[base + (R.HEARTBEAT >> 2)] = clockWords[0]
    words[base + (R.HEARTBEAT >> 2) + 1] = clockWords[1]
    Atomics.store(words, base + (R.CHECKPOINT >> 2), next)
    this.checkpoints = next
  }

  /** Closes the registration. Name and position stay for the next reader of that name; without a position the slot becomes free. */
  release(): void {
    if (this.checkpoints === 0) Atomics.store(this.words, this.base + (R.STATE >> 2), ReaderState.FREE)
    this.control.mapping.unlockRange(offsetOf(this.slot), 1)
  }

  private sign(name: string): void {
    const { words, base } = this
    const bytes = new Uint8Array(this.control.mapping.buffer)
    const fresh = this.resumeAt === undefined
    if (fresh) {
      Atomics.store(words, base + (R.STATE >> 2), ReaderState.WRITING)
      bytes.fill(0, offsetOf(this.slot) + 4, offsetOf(this.slot) + R.SIZE)
      this.checkpoints = 0
      bytes.set(Buffer.from(name, 'latin1'), offsetOf(this.slot) + R.NAME)
    }
    const start = native.processStart(process.pid) ?? 0
    words[base + (R.PID >> 2)] = process.pid
    words[base + (R.PROCESS_START >> 2)] = start | 0
    words[base + (R.PROCESS_START >> 2) + 1] = (start / 2 ** 32) | 0
    if (fresh) Atomics.store(words, base + (R.STATE >> 2), ReaderState.USED)
  }
}

/** All named readers of a journal. */
export function listReaders(control: Control): ReaderInfo[] {
  return readSlots(control).filter(slot => slot !== undefined)
}

/** Whether retention must keep pages for a reader. It need not for one that died before it stored its first position. */
export function isInNeed(reader: ReaderInfo): boolean {
  return reader.alive || reader.heartbeat !== 0n
}

/**
 * Frees a closed reader's slot and forgets its position.
 *
 * @returns false when there is no such reader.
 * @throws {ReaderBusyError} when it is open.
 */
export function forgetReader(control: Control, name: string): boolean {
  return withRegistryLock(control, () => {
    const slot = readSlots(control).findIndex(found => found?.name === name)
    if (slot < 0) return false
    if (!control.mapping.lockRange(offsetOf(slot), 1)) {
      throw new ReaderBusyError(`reader '${name}' is open in a live process; close it first`, { path: control.file })
    }
    Atomics.store(new Int32Array(control.mapping.buffer), offsetOf(slot) >> 2, ReaderState.FREE)
    control.mapping.unlockRange(offsetOf(slot), 1)
    return true
  })
}

/** Moves readers that are past `end` back to it: frames that they had read may be lost after a power loss. Returns their names. */
export function clampReaders(control: Control, end: number): string[] {
  const clamped: string[] = []
  readSlots(control).forEach((slot, i) => {
    if (slot === undefined || slot.position <= end) return
    const words = new Int32Array(control.mapping.buffer)
    const base = offsetOf(i) >> 2
    const next = nextCheckpoint(Atomics.load(words, base + (R.CHECKPOINT >> 2)) >>> 0)
    const at = base + (R.POSITION >> 2) + ((next & 1) << 1)
    words[at] = end | 0
    words[at + 1] = (end / 2 ** 32) | 0
    Atomics.store(words, base + (R.CHECKPOINT >> 2), next)
    clamped.push(slot.name)
  })
  return clamped
}

/** @throws {ReaderNameError} */
export function checkReaderName(name: unknown): void {
  if (typeof name !== 'string' || !/^[\x21-\x7e]{1,63}$/.test(name)) {
    throw new ReaderNameError(
      `a reader's name is 1 to ${R.NAME_SIZE - 1} printable ASCII characters without spaces, not ${formatValue(name)}`,
    )
  }
}

/** The count's lowest bit selects the word pair of the position. 0 means that no position was stored yet. */
function nextCheckpoint(count: number): number {
  return (count + 1) >>> 0 || 2
}

/** Where the slot's reader continues; undefined before its first checkpoint. */
function checkpointOf(control: Control, slot: number): number | undefined {
  const { buffer } = control.mapping
  const words = new Int32Array(buffer)
  if (loadWord(words, (offsetOf(slot) + R.CHECKPOINT) >> 2) === 0) return undefined
  return readPosition(words, new DataView(buffer), offsetOf(slot))
}

function offsetOf(slot: number): number {
  return C.HEADER_SIZE + slot * R.SIZE
}

/** The slots: undefined for one that is free or whose registration was not completed. */
function readSlots(control: Control): (ReaderInfo | undefined)[] {
  const bytes = new Uint8Array(control.mapping.buffer)
  const view = new DataView(control.mapping.buffer)
  const words = new Int32Array(control.mapping.buffer)
  const slots: (ReaderInfo | undefined)[] = []
  for (let i = 0; i < READER_SLOTS; i++) {
    const at = offsetOf(i)
    if (loadWord(words, (at + R.STATE) >> 2) !== ReaderState.USED) {
      slots.push(undefined)
      continue
    }
    let end = at + R.NAME
    while (end < at + R.NAME + R.NAME_SIZE && bytes[end] !== 0) end++
    slots.push({
      name: Buffer.from(bytes.subarray(at + R.NAME, end)).toString('latin1'),
      pid: view.getUint32(at + R.PID, true),
      processStart: Number(view.getBigUint64(at + R.PROCESS_START, true)),
      position: readPosition(words, view, at),
      heartbeat: view.getBigInt64(at + R.HEARTBEAT, true),
      alive: control.mapping.rangeLocked(at, 1),
    })
  }
  return slots
}

function readPosition(words: Int32Array, view: DataView, at: number): number {
  let position = 0
  // The word pair is written again only two checkpoints later, so a second attempt is rare, and a hundredth means hostile bytes.
  for (let attempt = 0; attempt < 100; attempt++) {
    const count = loadWord(words, (at + R.CHECKPOINT) >> 2)
    position = Number(view.getBigUint64(at + R.POSITION + 8 * (count & 1), true))
    if (loadWord(words, (at + R.CHECKPOINT) >> 2) === count) break
  }
  return Math.min(position, Number.MAX_SAFE_INTEGER)
}

const LOCK_ATTEMPTS = 2000

/** Allows one registration at a time, across processes: two new readers with the same name must not get two slots. */
function withRegistryLock<T>(control: Control, action: () => T): T {
  for (let i = 0; !control.mapping.lockRange(C.SLOT_COUNT, 1); i++) {
    if (i === LOCK_ATTEMPTS) {
      throw new ReaderBusyError(
        `another process has been registering a reader in ${control.file} for ${LOCK_ATTEMPTS} ms; check whether that process is stopped`,
        { path: control.file },
      )
    }
    sleepThread(1)
  }
  try {
    return action()
  } finally {
    control.mapping.unlockRange(C.SLOT_COUNT, 1)
  }
}

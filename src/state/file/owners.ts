import { native } from '../../native/index.js'
import { OwnerSlot as O } from './format.js'
import type { StateFile } from './state-file.js'

/** Who took a place in a state file. */
export interface OwnerInfo {
  readonly pid: number
  /** The process's start time in clock ticks since boot: with the pid it names one process. */
  readonly processStart: number
  /** ns since 1970 when it took the place. */
  readonly since: bigint
}

/**
 * A place in a state file that one opening of it at a time may have, told by a lock on its first byte: the lock goes with its
 * process, whatever ends it, and means the same in every pid namespace. What the place says of its owner is for people.
 */
export function acquireOwnerSlot(file: StateFile, offset: number): boolean {
  if (!file.mapping.lockRange(offset, 1)) return false
  signOwnerSlot(file, offset)
  return true
}

/** Says that this process has a place, whose lock is somewhere else. */
export function signOwnerSlot(file: StateFile, offset: number): void {
  const view = new DataView(file.mapping.buffer)
  view.setUint32(offset + O.PID, process.pid, true)
  view.setBigUint64(offset + O.PROCESS_START, BigInt(native.processStart(process.pid) ?? 0), true)
  view.setBigInt64(offset + O.SINCE, native.now(), true)
}

export function releaseOwnerSlot(file: StateFile, offset: number): void {
  if (!file.isClosed) file.mapping.unlockRange(offset, 1)
}

/** Whether another opening of the file has the place now. */
export function isOwnerSlotHeld(file: StateFile, offset: number): boolean {
  return file.mapping.rangeLocked(offset, 1)
}

/** Who took the place last, undefined when nobody ever did. */
export function readOwnerSlot(file: StateFile, offset: number): OwnerInfo | undefined {
  const view = new DataView(file.mapping.buffer)
  const pid = view.getUint32(offset + O.PID, true)
  if (pid === 0) return undefined
  return {
    pid,
    processStart: Number(view.getBigUint64(offset + O.PROCESS_START, true)),
    since: view.getBigInt64(offset + O.SINCE, true),
  }
}

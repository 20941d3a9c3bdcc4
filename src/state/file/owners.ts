import { native } from '../../native/index.js'
import { OwnerSlot as O } from './format.js'
import type { StateFile } from './state-file.js'

/** The process that acquired a slot in a state file. */
export interface OwnerInfo {
  readonly pid: number
  /** The process's start time in clock ticks since boot: together with the pid it identifies one process. */
  readonly processStart: number
  /** When it acquired the slot, in ns since 1970. */
  readonly since: bigint
}

/**
 * Acquires a slot that only one opening of the file may have at a time. A file lock on the slot's first byte says who
 * has it: the lock ends with its process, however that ends, and means the same in every pid namespace. What the slot
 * records about its owner is for messages. Returns false when another opening has it.
 */
export function acquireOwnerSlot(file: StateFile, offset: number): boolean {
  if (!file.mapping.lockRange(offset, 1)) return false
  signOwnerSlot(file, offset)
  return true
}

/** Records this process as the owner of a slot whose lock is on another byte. */
export function signOwnerSlot(file: StateFile, offset: number): void {
  const view = new DataView(file.mapping.buffer)
  view.setUint32(offset + O.PID, process.pid, true)
  view.setBigUint64(offset + O.PROCESS_START, BigInt(native.processStart(process.pid) ?? 0), true)
  view.setBigInt64(offset + O.SINCE, native.now(), true)
}

export function releaseOwnerSlot(file: StateFile, offset: number): void {
  if (!file.isClosed) file.mapping.unlockRange(offset, 1)
}

/** Whether another opening of the file has the slot now. */
export function isOwnerSlotHeld(file: StateFile, offset: number): boolean {
  return file.mapping.rangeLocked(offset, 1)
}

/** The process that acquired the slot last; undefined when none ever did. */
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

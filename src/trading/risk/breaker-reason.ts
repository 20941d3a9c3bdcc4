import { native } from '../../native/index.js'
import { fence } from '../../state/file/fence.js'
import type { StateFile } from '../../state/file/state-file.js'
import { BreakerWord as B, BreakerReason as R } from './breaker-format.js'

/**
 * Stores the reason for `word`. A reason that is incomplete, because its process died, or overwritten does not name
 * `word`.
 */
export function storeReason(file: StateFile, word: number, reason: string): void {
  const at = reasonAt(word)
  const { buffer } = file.mapping
  const words = new Int32Array(buffer)
  const view = new DataView(buffer)
  Atomics.store(words, (at + R.WORD) >> 2, 0)
  fence()
  view.setUint32(at + R.PID, process.pid, true)
  view.setBigInt64(at + R.TIME, native.now(), true)
  const text = new Uint8Array(buffer, at + R.TEXT, R.TEXT_SIZE)
  // Only complete characters: as many as fit.
  const { written } = new TextEncoder().encodeInto(reason, text)
  text.fill(0, written)
  Atomics.store(words, (at + R.WORD) >> 2, word)
}

/** The reason for `word`; empty when none was stored for it. */
export function readReason(file: StateFile, word: number): { reason: string; time: bigint; pid: number } {
  const at = reasonAt(word)
  const { buffer } = file.mapping
  const words = new Int32Array(buffer)
  const view = new DataView(buffer)
  const valid = Atomics.load(words, (at + R.WORD) >> 2) === word
  const text = Buffer.from(new Uint8Array(buffer, at + R.TEXT, R.TEXT_SIZE))
  const pid = view.getUint32(at + R.PID, true)
  const time = view.getBigInt64(at + R.TIME, true)
  fence()
  if (!valid || Atomics.load(words, (at + R.WORD) >> 2) !== word) return { reason: '', time: 0n, pid: 0 }
  const end = text.indexOf(0)
  return { reason: text.toString('utf8', 0, end < 0 ? R.TEXT_SIZE : end), time, pid }
}

function reasonAt(word: number): number {
  return B.REASONS + R.SIZE * ((word >>> B.CODE_BITS) & 1)
}

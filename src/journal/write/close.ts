import { crashPoint } from '../../native/crash-point.js'
import type { AppendPoint } from './append-point.js'
import type { WriterParts } from './parts.js'

/** Closes a writer: publishes what is committed, makes all published frames durable, and releases the lock. Any number of times. */
export function closeWriter(point: AppendPoint, parts: WriterParts): void {
  if (point.closed) return
  point.close()
  const { directory, durableLog, supply, control, lock } = parts
  try {
    durableLog?.close()
  } finally {
    crashPoint('close-synced')
    try {
      supply.close()
    } finally {
      // Whatever failed before: a journal that keeps its lock could not be opened again.
      crashPoint('close-prepared-page-removed')
      point.page.mapping.close()
      control.close()
      lock.release()
      directory.close()
    }
  }
}

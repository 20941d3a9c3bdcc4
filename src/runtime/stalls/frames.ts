import { frame } from '../../frames/definition.js'
import { enumOf, i64, u32 } from '../../frames/field.js'
import type { Writer } from '../../journal/write/writer.js'
import type { ObservedStall } from './stall-watch.js'

/**
 * A process could not do its work for a while. In its own journal, written after the pause; it has no cause, no decision depends on it,
 * and no strategy gets it.
 */
export const Stall = frame('Stall', 72, {
  /** When it began, ns since 1970; of 'loop' the latest time at which it can have begun. */
  began: i64,
  /** ns; of 'loop' at least. */
  lasted: i64,
  pid: u32,
  /** Garbage collection stopped the process, or its event loop did not turn: it was busy, or was not given a processor. */
  kind: enumOf('gc', 'loop'),
  /** What the garbage collector did. */
  collection: enumOf('none', 'minor', 'major', 'incremental', 'weak'),
})

/** Records a pause of this process. @throws as `Writer.write`. */
export function writeStall(writer: Writer, { kind, collection, began, lastedNs }: ObservedStall): void {
  writer.write(Stall, { kind, collection, began, lasted: BigInt(lastedNs), pid: process.pid })
}

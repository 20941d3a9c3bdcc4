import { frame } from '../../frames/definition.js'
import { ascii, bytes, enumOf, u32, u64 } from '../../frames/field.js'
import { LatencyHistogram } from './latency.js'

/**
 * The start or end of a consumer, in its own journal beside its outputs.
 *
 * 'started' has the input position where it continues: its memory is empty again there, live and in replay.
 * 'stopped' and 'failed' have the position after the last input frame it handled.
 */
export const Lifecycle = frame('Lifecycle', 64, {
  /** The consumer's name. */
  process: ascii(32),
  /** Position of the next input frame. */
  next: u64,
  /** Input frames handled since this start. */
  read: u64,
  pid: u32,
  /** Counts the consumer's starts, from 1. */
  run: u32,
  event: enumOf('started', 'stopped', 'failed'),
})

/**
 * The progress of a consumer at its end: its measurements. While it runs they are in shared memory (state/heartbeats), so
 * that one with nothing to do writes nothing.
 */
export const Progress = frame('Progress', 65, {
  /** Position of the next input frame. */
  next: u64,
  /** Input frames handled since this start. */
  read: u64,
  run: u32,
  /** How old frames were when they were handled: the counts of a LatencyHistogram since this start. */
  latencies: bytes(LatencyHistogram.SIZE),
})

import { frame } from '../../frames/definition.js'
import { ascii, bytes, enumOf, u32, u64 } from '../../frames/field.js'
import { LatencyHistogram } from './latency.js'

/**
 * What a consumer says of itself in its own journal, beside its outputs.
 *
 * 'started' names the input position it goes on at: what it held in memory begins anew there, live and in replay.
 * 'stopped' and 'failed' name the position after the last input it handled.
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

/** How far a consumer has come, written now and then: what it had measured survives it. */
export const Progress = frame('Progress', 65, {
  /** Position of the next input frame. */
  next: u64,
  /** Input frames handled since this start. */
  read: u64,
  run: u32,
  /** How old frames were when they were handled: the counts of a LatencyHistogram since this start. */
  latencies: bytes(LatencyHistogram.SIZE),
})

import type { InstrumentSpec } from '../instruments/instrument.js'
import type { AsyncVenue } from './async-venue.js'
import type { RequestLimits } from './request-limits.js'

/**
 * Stands for a venue that is not in this process: in replay, where what it said is in the sequence, and for one that an
 * adapter in a process of its own talks to. Nothing is sent to it.
 */
export class RecordedVenue implements AsyncVenue {
  readonly deterministic = false

  constructor(
    readonly name: string,
    readonly accounts: readonly string[],
    readonly canAmend: boolean,
    readonly instruments: readonly InstrumentSpec[] = [],
    readonly requestLimits?: RequestLimits | undefined,
  ) {}

  start(): void {}
  submit(): void {}
  amend(): void {}
  cancel(): void {}
  reconcile(): void {}
  query(): void {}
  close(): void {}
}

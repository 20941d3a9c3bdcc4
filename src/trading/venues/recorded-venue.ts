import type { AsyncVenue } from './async-venue.js'

/** Stands for a venue in replay: what it said is in the sequence, and nothing is sent to it. */
export class RecordedVenue implements AsyncVenue {
  readonly deterministic = false
  readonly instruments = []

  constructor(
    readonly name: string,
    readonly accounts: readonly string[],
    readonly canAmend: boolean,
  ) {}

  start(): void {}
  submit(): void {}
  amend(): void {}
  cancel(): void {}
  reconcile(): void {}
  query(): void {}
  close(): void {}
}

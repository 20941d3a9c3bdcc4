import type { StrategyRun } from '../replay/strategy-runs.js'

export interface ReadAudit {
  /** The number of frames of the gateway's journal between the start and end positions of the strategy's runs. */
  readonly read: number
  /** The number of frames that it recorded as handled. */
  readonly counted: number
  readonly gaps: number
  readonly duplicates: number
}

/** Compares a strategy's recorded counts with the number of frames between the positions recorded with them. */
export function auditReads(runs: readonly StrategyRun[], framesBefore: ReadonlyMap<number, number>): ReadAudit {
  const before = (position: number): number => framesBefore.get(position) ?? 0
  let [read, counted, gaps, duplicates] = [0, 0, 0, 0]
  const compare = (expected: number, recorded: number): void => {
    gaps += Math.max(0, expected - recorded)
    duplicates += Math.max(0, recorded - expected)
  }
  for (const [i, run] of runs.entries()) {
    read += before(run.to) - before(run.from)
    const known = run.read === undefined ? run.progress : { next: run.to, read: run.read }
    if (known !== undefined) {
      counted += known.read
      compare(before(known.next) - before(run.from), known.read)
    }
    const next = runs[i + 1]
    if (next === undefined) continue
    // The end of a killed run is not recorded: it handled at least the frames up to its last progress.
    if (run.ending !== 'killed') compare(before(next.from), before(run.to))
    else if (known !== undefined && known.next > next.from) duplicates += before(known.next) - before(next.from)
  }
  return { read, counted, gaps, duplicates }
}

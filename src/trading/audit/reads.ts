import type { StrategyRun } from '../replay/strategy-runs.js'

export interface ReadAudit {
  /** Frames of the gateway's journal between the places where the strategy began and ended. */
  readonly read: number
  /** Frames it says it has handled, where it wrote that down. */
  readonly counted: number
  readonly gaps: number
  readonly duplicates: number
}

/** Holds a strategy's own counts against the frames that lie between the positions it wrote down with them. */
export function auditReads(runs: readonly StrategyRun[], framesBefore: ReadonlyMap<number, number>): ReadAudit {
  const before = (position: number): number => framesBefore.get(position) ?? 0
  let [read, counted, gaps, duplicates] = [0, 0, 0, 0]
  const compare = (there: number, has: number): void => {
    gaps += Math.max(0, there - has)
    duplicates += Math.max(0, has - there)
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
    // A killed run's end is not on record: it had got at least as far as it wrote down.
    if (run.ending !== 'killed') compare(before(next.from), before(run.to))
    else if (known !== undefined && known.next > next.from) duplicates += before(known.next) - before(next.from)
  }
  return { read, counted, gaps, duplicates }
}

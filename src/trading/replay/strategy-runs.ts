import { readersOf } from '../../journal/inspect/inspect.js'
import { type RecordedEvent, type RecordedProgress, recordedOf } from './recorded.js'

/** One start of a strategy, as its journal tells it. */
export interface StrategyRun {
  /** Counts the starts, from 1. */
  readonly number: number
  /** Position in the gateway's journal of the first frame it handles. */
  readonly from: number
  /** Position after the last frame it handled: the next start goes on there. */
  to: number
  /** 'killed': its end is not on record, so the process was killed, or still runs. */
  ending: 'stopped' | 'failed' | 'killed'
  /** Frames it had handled when it stopped or failed; undefined when it was killed. */
  read: number | undefined
  /** What it wrote down last of how far it was. */
  progress: RecordedProgress | undefined
  /** Orders after this position of its own journal were sent by its `onStop`. */
  finalOrdersFrom: number
}

/**
 * The starts of a strategy, in order. Each start goes on where the one before had got to, so the end of a killed one is the beginning of
 * the next; that of the last is where its reader's position stands.
 */
export function strategyRuns(journal: string, gatewayJournal: string, id: string): StrategyRun[] {
  const runs: StrategyRun[] = []
  const saved = readersOf(gatewayJournal).find(reader => reader.name === id)?.position ?? 0
  let lastProgress = Number.POSITIVE_INFINITY
  let lastCause = -1
  for (const recorded of recordedOf(journal)) {
    const run = runs.at(-1)
    if (recorded.kind === 'started') {
      if (run?.ending === 'killed') run.to = recorded.next
      runs.push(begin(recorded))
      lastCause = -1
    } else if (run === undefined) {
      continue // Its beginning was removed by retention.
    } else if (recorded.kind === 'order') {
      lastCause = recorded.cause ?? lastCause
      if (run.ending === 'killed') run.to = Math.max(saved, lastCause + 1)
    } else if (recorded.kind === 'progress') {
      run.progress = recorded
      lastProgress = recorded.position
    } else {
      Object.assign(run, {
        ending: recorded.kind,
        to: recorded.next,
        read: recorded.read,
        finalOrdersFrom: lastProgress,
      })
    }
  }
  const last = runs.at(-1)
  if (last?.ending === 'killed') last.to = Math.max(last.to, saved)
  return runs
}

function begin({ run, next }: RecordedEvent): StrategyRun {
  return {
    number: run,
    from: next,
    to: next,
    ending: 'killed',
    read: undefined,
    progress: undefined,
    finalOrdersFrom: Number.POSITIVE_INFINITY,
  }
}

import { readersOf } from '../../journal/inspect/inspect.js'
import { type RecordedEvent, type RecordedProgress, recordedOf } from './recorded.js'

/** One run of a strategy, as recorded in its journal. */
export interface StrategyRun {
  /** Counts the starts, from 1. */
  readonly number: number
  /** Position in the sequence of the first frame it handles. */
  readonly from: number
  /** Position after the last frame it handled; the next run continues there. */
  to: number
  /** 'killed': its end is not recorded, so the process was killed or is still running. */
  ending: 'stopped' | 'failed' | 'killed'
  /** Frames it had handled when it stopped or failed; undefined when it was killed. */
  read: number | undefined
  /** The last progress that it wrote. */
  progress: RecordedProgress | undefined
  /**
   * Set when the power was lost after it: frames of the sequence from here on are not those that it handled, and what it sent
   * last may be gone. Infinity otherwise.
   */
  lostFrom: number
  /** What follows this position of its own journal was sent by its `onStop`. */
  finalOutputsFrom: number
  /** Position in its own journal of the frame that says so. */
  readonly startedAt: number
  /** Position in its own journal of the last frame that was there: a strategy that runs writes more meanwhile. */
  last: number
}

/**
 * The runs of a strategy, in order. Each run continues where the run before had stopped, so the end of a killed run is
 * the beginning of the next one. The end of the last run is its reader's position.
 */
export function strategyRuns(journal: string, gatewayJournal: string, id: string): StrategyRun[] {
  const runs: StrategyRun[] = []
  const saved = readersOf(gatewayJournal).find(reader => reader.name === id)?.position ?? 0
  let lastProgress = Number.POSITIVE_INFINITY
  let lastCause = -1
  for (const recorded of recordedOf(journal)) {
    const run = runs.at(-1)
    if (run !== undefined) run.last = recorded.position
    if (recorded.kind === 'lost') {
      if (run !== undefined) lose(run, recorded.from)
    } else if (recorded.kind === 'started') {
      if (run?.ending === 'killed') run.to = Math.min(recorded.next, run.lostFrom)
      runs.push(begin(recorded))
      lastCause = -1
    } else if (run === undefined) {
      continue // The beginning of the run was removed by retention.
    } else if (recorded.kind === 'output') {
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
        finalOutputsFrom: lastProgress,
      })
    }
  }
  const last = runs.at(-1)
  if (last?.ending === 'killed' && last.lostFrom === Number.POSITIVE_INFINITY) last.to = Math.max(last.to, saved)
  return runs
}

/** What it did for frames that are gone is not compared with other frames at their positions. */
function lose(run: StrategyRun, from: number): void {
  run.lostFrom = Math.min(run.lostFrom, from)
  if ((run.progress?.next ?? 0) > from) run.progress = undefined
  if (run.to <= from) return
  run.to = from
  run.ending = 'killed'
  run.read = undefined
  run.finalOutputsFrom = Number.POSITIVE_INFINITY
}

function begin({ run, next, position }: RecordedEvent): StrategyRun {
  return {
    number: run,
    from: next,
    to: next,
    ending: 'killed',
    read: undefined,
    progress: undefined,
    lostFrom: Number.POSITIVE_INFINITY,
    finalOutputsFrom: Number.POSITIVE_INFINITY,
    startedAt: position,
    last: position,
  }
}

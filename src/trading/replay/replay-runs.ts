import { PagesGoneError } from '../errors.js'
import { HomeDirectory, SEQUENCE } from '../sequence/home.js'
import { strategyIn } from '../sequence/lives.js'
import { allLives } from '../snapshots/lives.js'
import type { EpochStart } from '../strategies/epoch-start.js'
import { knownRuns } from './known-runs.js'
import { OutputComparison, type ReplayDifference } from './output-comparison.js'
import type { StrategyRun } from './strategy-runs.js'

/** What to replay. */
export interface ReplayTask {
  readonly home: string
  readonly strategy: string
  /** The strategy's module. */
  readonly file: string
  /** The numbers of the runs to replay. Default: all. */
  readonly runs: readonly number[] | undefined
}

export interface ReplayResult {
  readonly strategy: string
  /** The number of runs of the strategy that were replayed. */
  readonly runs: number
  /** The number of the first one, when earlier ones began on pages that are gone. */
  readonly firstRun: number | undefined
  /** The number of frames that were read. */
  readonly frames: number
  /** The number of orders and requests that are the same as the recorded ones. */
  readonly orders: number
  /** Undefined when everything was the same. */
  readonly difference: ReplayDifference | undefined
}

/** Handles again what one run of a strategy has handled. */
export interface RunPlayer {
  /** The number of frames that were read so far. */
  readonly frames: number
  readonly play: (run: StrategyRun, start: EpochStart) => Promise<void>
  readonly close: () => void
}

/** What a player works with. */
export interface PlayerPlace {
  readonly sequence: string
  /** The strategy's own journal. */
  readonly journal: string
  /** The position of the sequence up to which the last run came. */
  readonly end: number
  readonly comparison: OutputComparison
}

/**
 * Has every run of a strategy played again, each with a new instance of it, because its memory was lost between the runs.
 *
 * @throws {HomeError} for a home or strategy that does not exist, {PagesGoneError} when every run of it began on pages that are
 *   gone, what Reader.open throws, and what the player throws.
 */
export async function replayRuns(task: ReplayTask, playerIn: (place: PlayerPlace) => RunPlayer): Promise<ReplayResult> {
  const home = HomeDirectory.openExisting(task.home)
  const { sequence } = home
  const lives = allLives(home)
  const { number, epochs } = strategyIn(home, lives, task.strategy)
  const journal = home.strategy(task.strategy)
  const { all, known, isShort } = knownRuns(home, task.strategy)
  if (isShort && known.length === 0)
    throw new PagesGoneError(
      `the pages of ${sequence} are gone that strategy '${task.strategy}' has read since its last start`,
      { path: sequence },
    )
  const accounts = Object.fromEntries((lives.config?.venues ?? []).map(({ name, accounts: own }) => [name, own]))
  const comparison = new OutputComparison(journal, all.at(-1)?.last ?? -1)
  const player = playerIn({ sequence, journal, end: all.at(-1)?.to ?? 0, comparison })
  try {
    let done = 0
    for (const run of all) {
      comparison.beginRun(run.lostFrom)
      if (!known.includes(run)) continue
      if (task.runs?.includes(run.number) === false) continue
      // Its start was lost with the power: its random numbers are not known.
      if (!epochs.has(run.number) && run.lostFrom < Number.POSITIVE_INFINITY) continue
      const seed = epochs.get(run.number)?.seed ?? 0
      await player.play(run, {
        strategy: number,
        epoch: run.number,
        seed,
        replay: true,
        sequence: SEQUENCE,
        accounts,
      })
      done++
      if (comparison.difference !== undefined) break
    }
    return {
      strategy: task.strategy,
      runs: done,
      firstRun: isShort ? known[0]?.number : undefined,
      frames: player.frames,
      orders: comparison.orders,
      difference: comparison.difference,
    }
  } finally {
    comparison.close()
    player.close()
  }
}

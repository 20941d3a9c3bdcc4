import * as fs from 'node:fs'
import * as os from 'node:os'
import * as path from 'node:path'
import { listDirectory, pagePath } from '../../journal/files/directory.js'
import { Reader } from '../../journal/read/reader.js'
import { Writer } from '../../journal/write/writer.js'
import { Lifecycle, Progress } from '../../runtime/consumer/lifecycle.js'
import { askCommand } from '../../runtime/supervision/ask-process.js'
import { errorWithCode, ReplayError } from '../errors.js'
import { isStrategyFrame, STRATEGY_JOURNAL_FRAMES } from '../sequence/frames.js'
import type { EpochStart } from '../strategies/epoch-start.js'
import type { Runner } from '../strategies/runners.js'
import { SECRET_VARIABLES } from '../venues/secret-variables.js'
import type { OutputComparison } from './output-comparison.js'
import { type PlayerPlace, type ReplayResult, type ReplayTask, type RunPlayer, replayRuns } from './replay-runs.js'
import type { StrategyRun } from './strategy-runs.js'

export interface ReplayProgramOptions {
  readonly signal?: AbortSignal
  /** Gets the completed part, 0 to 1. */
  readonly onProgress?: (part: number) => void
}

/**
 * Replays a strategy in another language. Its program gets what the recorded one got, and writes what it sends into a journal of its own,
 * which is compared with the recorded one; docs/strategy-protocol.md.
 *
 * @throws as `replayStrategy`.
 */
export async function replayProgram(
  task: ReplayTask,
  runner: Runner,
  options: ReplayProgramOptions,
): Promise<ReplayResult> {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'ticktape-replay-'))
  try {
    return await replayRuns(task, place => new ProgramPlayer(task, runner, place, directory, options))
  } finally {
    fs.rmSync(directory, { recursive: true, force: true })
  }
}

/** What the program answers. */
interface Played {
  readonly kind: 'replayed' | 'failed'
  /** Frames of the sequence that were read. */
  readonly frames: number
  /** What the strategy has raised, null when nothing; and the position of the sequence behind the frame. */
  readonly thrown: { readonly text: string; readonly where: string; readonly position: number } | null
  readonly message?: string
  readonly code?: string
}

class ProgramPlayer implements RunPlayer {
  frames = 0

  constructor(
    private readonly task: ReplayTask,
    private readonly runner: Runner,
    private readonly place: PlayerPlace,
    /** For the journals that it writes. */
    private readonly directory: string,
    private readonly options: ReplayProgramOptions,
  ) {}

  async play(run: StrategyRun, start: EpochStart): Promise<void> {
    const { place, directory, options } = this
    const output = path.join(directory, `run-${run.number}`)
    this.createOutput(output)
    const played = await this.run(run, start, output)
    this.frames += played.frames
    comparePlayed(place.comparison, output, run)
    judge(place.comparison, run, played)
    fs.rmSync(output, { recursive: true })
    if (place.end > 0) options.onProgress?.(Math.min(1, run.to / place.end))
  }

  close(): void {}

  /** With pages as large as those of the recorded one: what fitted there fits here. */
  private createOutput(output: string): void {
    const { journal } = this.place
    const pageSize = fs.statSync(pagePath(journal, listDirectory(journal).pages[0])).size
    const frames = [...STRATEGY_JOURNAL_FRAMES, Lifecycle, Progress]
    Writer.open(output, { pageSize, durability: 'process', frames }).close()
  }

  private async run(run: StrategyRun, start: EpochStart, output: string): Promise<Played> {
    const { task, runner, place, options, directory } = this
    const { file, strategy } = task
    const config = {
      ...start,
      id: strategy,
      file,
      input: place.sequence,
      output,
      replay: { from: run.from, to: run.to, stop: run.ending !== 'killed', private: path.join(directory, 'private') },
    }
    const fail = (what: string): Error => new ReplayError(`the program of '${strategy}' ${what}`, { path: file })
    const played = await askCommand<Played>(
      runner.command('replay', file),
      JSON.stringify(config),
      ['replayed', 'failed'],
      fail,
      { hiddenVariables: SECRET_VARIABLES, signal: options.signal, isPatient: true },
    )
    if (played.kind === 'failed') throw errorWithCode(played.code, played.message ?? '', file)
    return played
  }
}

/** Compares what the program has sent, frame by frame. */
function comparePlayed(comparison: OutputComparison, output: string, run: StrategyRun): void {
  const reader = Reader.open(output)
  try {
    for (const frame of reader) if (isStrategyFrame(frame)) comparison.compareFrame(frame)
  } finally {
    reader.close()
  }
  comparison.expectSent(run.to, run.finalOutputsFrom)
}

function judge(comparison: OutputComparison, run: StrategyRun, { thrown }: Played): void {
  const failed = run.ending === 'failed'
  if (thrown !== null) {
    if (!failed || thrown.position < run.to)
      comparison.recordDifference(`raises ${thrown.text} in ${thrown.where}`, thrown.position)
  } else if (failed) {
    comparison.recordDifference('raises nothing, but failed when it was recorded', run.to)
  }
  comparison.expectSent(Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY)
}

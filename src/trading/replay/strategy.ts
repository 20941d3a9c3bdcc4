import { fork } from 'node:child_process'
import * as fs from 'node:fs'
import * as os from 'node:os'
import * as path from 'node:path'
import { absolute } from '../../base/absolute.js'
import { PRIVATE_DIRECTORY } from '../../base/files/private-path.js'
import { packageModule } from '../../native/package-files.js'
import { watchedArguments } from '../../runtime/supervision/end-with-parent.js'
import { inheritedOptions } from '../../runtime/supervision/node-options.js'
import { errorWithCode, ReplayError } from '../errors.js'
import { HomeDirectory } from '../sequence/home.js'
import { moduleOnRecord, strategyIn } from '../sequence/lives.js'
import { allLives } from '../snapshots/lives.js'
import { runnerOf } from '../strategies/runners.js'
import { replayProgram } from './replay-program.js'
import type { ReplayResult, ReplayTask } from './replay-runs.js'
import type { FromReplay } from './strategy-process.js'

export type { ReplayResult } from './replay-runs.js'

export interface ReplayOptions {
  readonly home: string
  /** The strategy's id. */
  readonly strategy: string
  /** Its module. Default: the module from which it was last started. */
  readonly file?: string
  readonly signal?: AbortSignal
  /** Called from time to time with the completed part, 0 to 1. */
  readonly onProgress?: (part: number) => void
}

/**
 * Passes to a strategy the frames that it handled live, and compares all that it sends with its journal. Its module runs in
 * a process of its own. What it opens of `ticktape/state` are private copies, and journals that it writes are others, which
 * are removed: a replay changes nothing.
 *
 * @throws {HomeError} for a home or strategy that does not exist, {PagesGoneError} when every run of
 * it began on pages that are gone, {StrategyError} when the module cannot be loaded,
 * {ReplayError} when it ends its process or rejects a promise, what Reader.open throws, and the signal's reason.
 */
export async function replayStrategy(options: ReplayOptions): Promise<ReplayResult> {
  const { strategy } = options
  const home = HomeDirectory.openExisting(options.home)
  const recorded = strategyIn(home, allLives(home), strategy)
  const file = absolute(options.file) ?? moduleOnRecord(home, strategy, recorded)
  return replayInChild({ home: home.path, strategy, file, runs: undefined }, options)
}

/** Replays in a process of its own. @throws as `replayStrategy`. */
export async function replayInChild(
  task: ReplayTask,
  { signal, onProgress }: Pick<ReplayOptions, 'signal' | 'onProgress'>,
): Promise<ReplayResult> {
  signal?.throwIfAborted()
  const runner = runnerOf(task.file)
  if (runner !== undefined) return replayProgram(task, runner, { signal, onProgress })
  const module = packageModule(
    'trading/replay/strategy-process.js',
    'A replay, which runs a strategy in a process of its own,',
  )
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'ticktape-replay-'))
  const child = fork(module, watchedArguments(JSON.stringify(task)), {
    execArgv: inheritedOptions(),
    stdio: ['ignore', 2, 2, 'ipc'],
    serialization: 'advanced',
    env: { ...process.env, [PRIVATE_DIRECTORY]: directory },
  })
  const kill = (): void => void child.kill('SIGKILL')
  signal?.addEventListener('abort', kill)
  try {
    return await new Promise<ReplayResult>((resolve, reject) => {
      child.on('message', (message: FromReplay) => {
        if (message.kind === 'progress') onProgress?.(message.part)
        else if (message.kind === 'result') resolve(message.result)
        else reject(errorWithCode(message.code, message.message, task.file))
      })
      child.on('error', error =>
        reject(new ReplayError(`a process for the replay of '${task.strategy}' cannot be started: ${error.message}`)),
      )
      child.on('exit', (status, killed) => {
        const how = killed === null ? `exit status ${status}` : killed
        const end = (): void =>
          reject(new ReplayError(`the module of '${task.strategy}' ended its process (${how})`, { path: task.file }))
        // Its last messages may not be read yet.
        if (child.connected) child.once('disconnect', end)
        else end()
      })
    })
  } catch (error) {
    signal?.throwIfAborted()
    throw error
  } finally {
    signal?.removeEventListener('abort', kill)
    kill()
    fs.rmSync(directory, { recursive: true, force: true })
  }
}

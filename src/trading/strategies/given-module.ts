import { absolute } from '../../base/absolute.js'
import { StrategyError } from '../errors.js'
import { isCommandFile } from './command.js'
import { runnerOf } from './runners.js'

/** A module with strategies, and where they run. */
export interface StrategyModule {
  readonly module: string
  /** They run inside the gateway's process instead of one process each: least latency, and no isolation. Default false. */
  readonly inProcess?: boolean
}

/** A module by its path alone: each of its strategies gets a process of its own. */
export type GivenModule = string | StrategyModule

/** A module with its absolute path. @throws {StrategyError} for one that cannot run inside a gateway. */
export function placeOf(given: GivenModule): { readonly file: string; readonly inProcess: boolean } {
  const { module, inProcess = false } = typeof given === 'string' ? { module: given } : given
  const file = absolute(module)
  if (inProcess && (isCommandFile(file) || runnerOf(file) !== undefined))
    throw new StrategyError(
      `${file} is run by a program of its own: only a module in JavaScript can run inside the gateway's process. Leave out 'inProcess'`,
      { path: file },
    )
  return { file, inProcess }
}

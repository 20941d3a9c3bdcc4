import { packageModule } from '../../native/package-files.js'
import { askProcess } from '../../runtime/supervision/ask-process.js'
import type { CommandLine } from '../../runtime/supervision/command-process.js'
import { StrategyError } from '../errors.js'
import { SECRET_VARIABLES } from '../venues/secret-variables.js'
import { isCommandFile, readCommandStrategy } from './command.js'

/** What a gateway must know of a strategy before it starts its process. */
export interface StrategyInfo {
  readonly id: string
  /** The module's file. */
  readonly file: string
  readonly symbols: readonly string[] | undefined
  readonly from: 'start' | 'end'
  /** Whether it has `onTicker`. */
  readonly wantsTicker: boolean
  /** SHA-256 of the module's file, hexadecimal. */
  readonly code: string
  /** The program that runs it; undefined for a module. */
  readonly command?: CommandLine
}

/** The answer of the process that loads the module. */
export type InspectAnswer =
  | { readonly kind: 'strategies'; readonly strategies: readonly StrategyInfo[] }
  | { readonly kind: 'failed'; readonly message: string }

/**
 * The strategies of a file: of a module, or of a description with a command. A process of its own loads it: what a module does at its top level (an endless loop, a timer
 * that throws, `process.exit`) must not happen in the gateway.
 *
 * @throws {StrategyError} when the module cannot be loaded, has no strategies, or does not finish loading.
 */
export async function inspectStrategies(file: string): Promise<readonly StrategyInfo[]> {
  // Nothing of it is run.
  if (isCommandFile(file)) return [{ file, ...readCommandStrategy(file) }]
  const module = packageModule(
    'trading/strategies/inspect-process.js',
    'A gateway, which loads each strategy in a process of its own,',
  )
  const fail = (what: string): StrategyError => new StrategyError(what, { path: file })
  const answer = await askProcess<InspectAnswer>(module, file, what => fail(`${file} ${what}`), SECRET_VARIABLES)
  if (answer.kind === 'failed') throw fail(answer.message)
  return answer.strategies
}

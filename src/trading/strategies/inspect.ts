import { existsSync } from 'node:fs'
import { packageModule } from '../../native/package-files.js'
import { askCommand, askProcess } from '../../runtime/supervision/ask-process.js'
import type { CommandLine } from '../../runtime/supervision/command-process.js'
import { StrategyError } from '../errors.js'
import { SECRET_VARIABLES } from '../venues/secret-variables.js'
import { isCommandFile, readCommandStrategy } from './command.js'
import { moduleCode } from './module-code.js'
import { type Runner, runnerOf } from './runners.js'

/** What a gateway must know of a strategy before it starts its process. */
export interface StrategyInfo {
  readonly id: string
  /** The module's file. */
  readonly file: string
  readonly symbols: readonly string[] | undefined
  readonly from: 'start' | 'end'
  /** Whether it has `onTicker`. */
  readonly wantsTicker: boolean
  /** SHA-256 of the module's file and of those that it imports, hexadecimal. */
  readonly code: string
  /** The program that runs it; undefined for a module. */
  readonly command?: CommandLine
  /** It runs inside the gateway's process. */
  readonly inProcess?: boolean
}

/** The answer of the process that loads the module. */
export type InspectAnswer =
  | { readonly kind: 'strategies'; readonly strategies: readonly StrategyInfo[] }
  | { readonly kind: 'failed'; readonly message: string }

/**
 * The strategies of a file: of a module in any language that has a runner, or of a description with a command. A process of its own loads it: what a module does at its top level (an endless loop, a timer
 * that throws, `process.exit`) must not happen in the gateway.
 *
 * @throws {StrategyError} when the module cannot be loaded, has no strategies, or does not finish loading.
 */
export async function inspectStrategies(file: string): Promise<readonly StrategyInfo[]> {
  // Nothing of it is run.
  if (isCommandFile(file)) return [{ file, ...readCommandStrategy(file) }]
  const runner = runnerOf(file)
  if (runner !== undefined) return inspectByRunner(file, runner)
  const module = packageModule(
    'trading/strategies/inspect-process.js',
    'A gateway, which loads each strategy in a process of its own,',
  )
  const fail = (what: string): StrategyError => new StrategyError(what, { path: file })
  const answer = await askProcess<InspectAnswer>(module, file, what => fail(`${file} ${what}`), SECRET_VARIABLES)
  if (answer.kind === 'failed') throw fail(answer.message)
  return answer.strategies
}

/** What a runner says of a strategy. JSON has no undefined. */
interface RunnerAnswer {
  readonly kind: 'strategies' | 'failed'
  readonly strategies?: readonly (Pick<StrategyInfo, 'id' | 'from' | 'wantsTicker'> & {
    readonly symbols: readonly string[] | null
  })[]
  readonly message?: string
}

async function inspectByRunner(file: string, runner: Runner): Promise<readonly StrategyInfo[]> {
  const fail = (what: string): StrategyError => new StrategyError(what, { path: file })
  if (!existsSync(file)) throw fail(`${file} does not exist`)
  const failed = (what: string): StrategyError => {
    // The folder of the file is there, so it is the program that is not.
    const advice = what.includes('ENOENT') ? `; it needs ${runner.needs}` : ''
    return fail(`${file} ${what}${advice}`)
  }
  const { message, strategies = [] } = await askCommand<RunnerAnswer>(
    runner.command('inspect', file),
    file,
    ['strategies', 'failed'],
    failed,
    { hiddenVariables: SECRET_VARIABLES },
  )
  if (message !== undefined) throw fail(message)
  const code = moduleCode(file)
  const command = runner.command('run', file)
  return strategies.map(({ symbols, ...info }) => ({ ...info, file, code, command, symbols: symbols ?? undefined }))
}

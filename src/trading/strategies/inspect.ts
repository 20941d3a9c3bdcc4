import { fork } from 'node:child_process'
import { packageModule } from '../../native/package-files.js'
import { inheritedOptions } from '../../runtime/supervision/node-options.js'
import { StrategyError } from '../errors.js'

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
}

/** The answer of the process that loads the module. */
export type InspectAnswer =
  | { readonly kind: 'strategies'; readonly strategies: readonly StrategyInfo[] }
  | { readonly kind: 'failed'; readonly message: string }

/** How long a module may take to load, in ms. */
const LOAD_MS = 20_000

/**
 * The strategies of a module. A process of its own loads it: what a module does at its top level (an endless loop, a timer
 * that throws, `process.exit`) must not happen in the gateway.
 *
 * @throws {StrategyError} when the module cannot be loaded, has no strategies, or does not finish loading.
 */
export async function inspectStrategies(file: string): Promise<readonly StrategyInfo[]> {
  const module = packageModule(
    'trading/strategies/inspect-process.js',
    'A gateway, which loads each strategy in a process of its own,',
  )
  const child = fork(module, [file], { execArgv: inheritedOptions(), stdio: ['ignore', 2, 2, 'ipc'] })
  const fail = (what: string): StrategyError => new StrategyError(`${file} ${what}`, { path: file })
  try {
    return await new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(fail(`was not loaded within ${LOAD_MS / 1000} s: something at its top level does not end`)),
        LOAD_MS,
      )
      child.on('message', message => {
        clearTimeout(timer)
        const answer = message as InspectAnswer
        if (answer.kind === 'strategies') resolve(answer.strategies)
        else reject(new StrategyError(answer.message, { path: file }))
      })
      child.on('error', error => {
        clearTimeout(timer)
        reject(fail(`cannot be loaded: ${error.message}`))
      })
      child.on('exit', (code, signal) => {
        clearTimeout(timer)
        reject(fail(`ended its process while it was loaded (${signal ?? `exit status ${code}`})`))
      })
    })
  } finally {
    child.kill('SIGKILL')
  }
}

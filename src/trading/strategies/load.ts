import * as fs from 'node:fs'
import * as path from 'node:path'
import { pathToFileURL } from 'node:url'
import { StrategyError } from '../errors.js'
import { isStrategy, type StrategyDefinition } from './strategy.js'

let loads = 0

/**
 * Loads a module's strategies: its default export, one strategy or a list. Each load evaluates the module again, so that the strategies
 * start with new variables (those of modules that it imports are shared).
 *
 * @throws {StrategyError}
 */
export async function loadStrategies(file: string): Promise<readonly StrategyDefinition[]> {
  const resolved = path.resolve(file)
  const fail = (what: string, cause?: unknown): StrategyError =>
    new StrategyError(`${resolved} ${what}`, { path: resolved, cause })
  if (!fs.existsSync(resolved)) throw fail('does not exist')
  if (/\.[cm]?ts$/.test(resolved) && !nodeLoadsTypeScript()) {
    throw fail(
      `is TypeScript, which Node ${process.versions.node} does not load; compile it with tsc and give the .js file`,
    )
  }
  let module: { readonly default?: unknown }
  try {
    module = (await import(`${pathToFileURL(resolved).href}?load=${++loads}`)) as typeof module
  } catch (error) {
    throw fail(
      `cannot be loaded: ${error instanceof Error ? error.message : String(error)}${whereToLook(error, resolved)}`,
      error,
    )
  }
  const exported = Array.isArray(module.default) ? (module.default as unknown[]) : [module.default]
  if (exported.length === 0 || !exported.every(isStrategy)) {
    throw fail(
      "has no strategies; its default export must be one made by defineStrategy of 'ticktape/runtime', or a list of them",
    )
  }
  const ids = exported.map(strategy => strategy.id)
  const twice = ids.find((id, i) => ids.indexOf(id) !== i)
  if (twice !== undefined) throw fail(`has two strategies '${twice}'; each needs a name of its own`)
  return exported
}

/** One strategy of a module. @throws {StrategyError} when the module has no strategy with this id. */
export async function loadStrategy(file: string, id: string): Promise<StrategyDefinition> {
  const found = (await loadStrategies(file)).find(strategy => strategy.id === id)
  if (found === undefined) throw new StrategyError(`${file} has no strategy '${id}'`, { path: file })
  return found
}

/** Advice for a syntax error: Node reports its location only with --check. A missing export of an imported module is named in the error itself. */
function whereToLook(error: unknown, file: string): string {
  return error instanceof SyntaxError && !error.message.startsWith('The requested module')
    ? `; node --check ${file} shows where`
    : ''
}

function nodeLoadsTypeScript(): boolean {
  return Boolean((process.features as { readonly typescript?: unknown }).typescript)
}

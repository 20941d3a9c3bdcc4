import * as fs from 'node:fs'
import * as path from 'node:path'
import { pathToFileURL } from 'node:url'
import { isBun } from '../../base/is-bun.js'
import { StrategyError } from '../errors.js'
import { isCommandFile } from './command.js'
import { runnerOf } from './runners.js'
import { isStrategy, type StrategyDefinition } from './strategy.js'

let loads = 0

/**
 * Loads a module's strategies: its default export, one strategy or a list. Each load evaluates the module again, so
 * that the strategies start with new variables (those of modules that it imports are shared).
 *
 * @throws {StrategyError}
 */
export async function loadStrategies(file: string): Promise<readonly StrategyDefinition[]> {
  const resolved = path.resolve(file)
  const fail = (what: string, cause?: unknown): StrategyError =>
    new StrategyError(`${resolved} ${what}`, { path: resolved, cause })
  if (!fs.existsSync(resolved)) throw fail('does not exist')
  if (isCommandFile(resolved))
    throw fail('describes a strategy that is run by a command: it cannot be loaded, and so not be replayed')
  if (runnerOf(resolved) !== undefined)
    throw fail('is not JavaScript: only a gateway and a replay run it, each in a process of its own')
  let module: { readonly default?: unknown }
  try {
    module = (await import(`${specifierOf(resolved)}?load=${++loads}`)) as typeof module
  } catch (error) {
    throw fail(
      `cannot be loaded: ${error instanceof Error ? error.message : String(error)}${adviceFor(error, resolved)}`,
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

/** The specifier to import a module by. Bun ignores a query after a URL, but not after a path. */
function specifierOf(file: string): string {
  return isBun ? file : pathToFileURL(file).href
}

/** One strategy of a module. @throws {StrategyError} when the module has no strategy with this id. */
export async function loadStrategy(file: string, id: string): Promise<StrategyDefinition> {
  const found = (await loadStrategies(file)).find(strategy => strategy.id === id)
  if (found === undefined) throw new StrategyError(`${file} has no strategy '${id}'`, { path: file })
  return found
}

/** The extensions of TypeScript's files. */
const TYPESCRIPT = /\.[cm]?tsx?\b/

/** Advice about an error of import(); '' when there is none. */
function adviceFor(error: unknown, file: string): string {
  const { code, message } = (error ?? {}) as { readonly code?: unknown; readonly message?: unknown }
  // Known only after import() has failed: a loader may allow this Node to load TypeScript.
  if (code === 'ERR_UNKNOWN_FILE_EXTENSION' && TYPESCRIPT.test(String(message))) {
    return (
      `. Node ${process.versions.node} does not load TypeScript by itself: run this with Node 22.18 or later, or with a loader ` +
      `(NODE_OPTIONS='--import tsx' ticktape run ...), or compile it with tsc and give the .js file`
    )
  }
  if (code === 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX')
    return `. Node only strips types: run this with a loader (NODE_OPTIONS='--import tsx' ticktape run ...), or compile it with tsc and give the .js file`
  // Node reports the location of a syntax error only with --check. A missing export of an imported module is named in
  // the error itself.
  return error instanceof SyntaxError && !error.message.startsWith('The requested module') && code === undefined
    ? `; node --check ${file} shows where`
    : ''
}

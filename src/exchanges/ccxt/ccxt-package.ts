import * as fs from 'node:fs'
import * as path from 'node:path'
import { pathToFileURL } from 'node:url'
import { InvalidOptionError, PackageMissingError } from '../../base/errors.js'
import { formatValue } from '../../base/format-value.js'
import { isFields } from '../fields.js'
import type { CcxtExchange, CcxtPackage } from './ccxt-types.js'

/** The entry of the package when only its folder is given: what its `exports` say for `import`. */
const ENTRY = 'js/ccxt.js'

/**
 * The package ccxt, an optional peer (docs/decisions/0075). It is large: only processes that need it load it.
 *
 * @param folder where it is, when it is not beside this package: '/home/me/node_modules/ccxt'.
 * @throws {PackageMissingError}
 */
export async function loadCcxt(folder: string | undefined): Promise<CcxtPackage> {
  try {
    const loaded: unknown = folder === undefined ? await importByName() : await importFrom(folder)
    if (isFields(loaded) && isFields(loaded['default'])) return loaded['default'] as unknown as CcxtPackage
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'ERR_MODULE_NOT_FOUND' && code !== 'ENOENT') throw error
    throw missing(folder, error)
  }
  throw missing(folder, undefined)
}

/** A new exchange of ccxt by its id. @throws {InvalidOptionError} for one that ccxt does not have. */
export function makeExchange({ pro, exchanges }: CcxtPackage, id: string): CcxtExchange {
  if (Object.hasOwn(pro, id)) return new pro[id]({})
  if (exchanges.includes(id)) throw new InvalidOptionError(`ccxt has ${id} without sockets, which this adapter needs`)
  const near = exchanges.filter(name => name.startsWith(id.slice(0, 3)))
  const hint = near.length === 0 ? '' : `; it has ${near.slice(0, 5).join(', ')}`
  throw new InvalidOptionError(`ccxt has no exchange ${formatValue(id)}${hint}`)
}

/** The name is no constant, so that no compiler looks for the package. */
async function importByName(): Promise<unknown> {
  const name = 'ccxt'
  return await import(name)
}

async function importFrom(folder: string): Promise<unknown> {
  const file = path.resolve(folder, ENTRY)
  // The message of a missing file names it; that of a missing module does not.
  fs.accessSync(file)
  return await import(pathToFileURL(file).href)
}

function missing(folder: string | undefined, cause: unknown): PackageMissingError {
  const where = folder === undefined ? '' : ` in ${folder}`
  return new PackageMissingError(
    `the venues ccxt:NAME need the package 'ccxt', which is not installed${where}: type npm install --ignore-scripts ccxt, then try again`,
    { cause },
  )
}

import type * as Ws from 'ws'
import { loadOptional } from '../../base/optional-package.js'

/**
 * The package `ws`, an optional peer (docs/decisions/0050).
 *
 * @param need what needs it, for the message.
 * @throws {PackageMissingError}
 */
export async function loadWs(need = 'real venues need'): Promise<typeof Ws> {
  return loadOptional(() => import('ws'), `${need} the package 'ws': type npm install ws, then try again`)
}

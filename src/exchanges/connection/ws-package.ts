import type * as Ws from 'ws'
import { PackageMissingError } from '../../base/errors.js'

/**
 * The package `ws`, an optional peer (docs/decisions/0050).
 *
 * @param need what needs it, for the message.
 * @throws {PackageMissingError}
 */
export async function loadWs(need = 'real venues need'): Promise<typeof Ws> {
  try {
    return await import('ws')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error
    throw new PackageMissingError(`${need} the package 'ws': type npm install ws, then try again`, {
      cause: error,
    })
  }
}

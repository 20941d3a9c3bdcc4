import { PackageMissingError } from './errors.js'

/**
 * Loads a package that only some users need. The import is the caller's, so that bundlers see its name.
 *
 * @param missing the message when it is not installed: what needs it, and what to type.
 * @throws {PackageMissingError}
 */
export async function loadOptional<T>(load: () => Promise<T>, missing: string): Promise<T> {
  try {
    return await load()
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'ERR_MODULE_NOT_FOUND' && code !== 'MODULE_NOT_FOUND') throw error
    throw new PackageMissingError(missing, { cause: error })
  }
}

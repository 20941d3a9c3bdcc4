import { resolve } from 'node:path'

/**
 * The absolute path. Everything that is opened keeps this path, so that a later change of the working directory has no effect. A value that is
 * not a path is returned unchanged, for the caller's check to refuse.
 */
export function absolute<T>(path: T): T {
  return typeof path === 'string' && path !== '' && !path.includes('\0') ? (resolve(path) as T & string) : path
}

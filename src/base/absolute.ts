import { resolve } from 'node:path'

/**
 * The path as it means now. Whatever is opened keeps this one: what is done at the path later must not depend on where the process is by
 * then. What is no path comes back as it is, for the check that refuses it by name.
 */
export function absolute<T>(path: T): T {
  return typeof path === 'string' && path !== '' && !path.includes('\0') ? (resolve(path) as T & string) : path
}

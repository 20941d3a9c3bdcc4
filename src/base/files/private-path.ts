import { existsSync, lstatSync } from 'node:fs'
import { join } from 'node:path'

/**
 * The environment variable of a process that must not change what other processes see, such as a replay: the path of a
 * directory that it writes into instead.
 */
export const PRIVATE_DIRECTORY = 'TICKTAPE_PRIVATE'

/** The path that this process uses for a file or directory: the path itself, or the same path below the private directory. */
export function privatePath(path: string): string {
  const directory = process.env[PRIVATE_DIRECTORY]
  return directory === undefined || directory === '' ? path : join(directory, path)
}

/** Whether there is a file at a path that has no private copy yet. */
export function needsCopy(path: string): boolean {
  const own = privatePath(path)
  return own !== path && !existsSync(own) && lstatSync(path, { throwIfNoEntry: false })?.isFile() === true
}

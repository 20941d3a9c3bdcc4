import { existsSync, lstatSync } from 'node:fs'
import { join } from 'node:path'

/**
 * The environment variable of a process that must not change what others see, such as a replay: a directory for what it
 * would write elsewhere.
 */
export const PRIVATE_PLACE = 'TICKTAPE_PRIVATE'

/** Where a file or directory is for this process: its own path, or a place of the same name in the private directory. */
export function placeOf(path: string): string {
  const directory = process.env[PRIVATE_PLACE]
  return directory === undefined || directory === '' ? path : join(directory, path)
}

/** Whether there is a file at a path that has no private copy yet. */
export function needsCopy(path: string): boolean {
  const place = placeOf(path)
  return place !== path && !existsSync(place) && lstatSync(path, { throwIfNoEntry: false })?.isFile() === true
}

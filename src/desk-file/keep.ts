import * as fs from 'node:fs'
import * as path from 'node:path'
import { replaceFile } from '../base/files/replace-file.js'
import { fromSystemError } from '../base/system-error.js'
import { native } from '../native/index.js'
import type { HomeDirectory } from '../trading/sequence/home.js'
import type { DeskDescription } from './read.js'

/**
 * Puts what a desk runs into `<home>/desk.json`, unless a person has written something there.
 *
 * @param earlier the description with which the home's gateway was started before.
 */
export function keepDeskFile(home: HomeDirectory, description: DeskDescription, earlier: unknown): void {
  const file = home.description
  if (fs.existsSync(file) && !isKept(file, earlier)) return
  const directory = native.openDirectory(home.path, false)
  try {
    replaceFile(directory, path.basename(file), Buffer.from(textOf(description)), 0o600)
  } catch (error) {
    throw fromSystemError(error, 'writing', file)
  } finally {
    directory.close()
  }
}

/** Whether a home's desk.json is a copy of what its gateway was started with before, byte for byte: nobody has changed it since. */
export function isKept(file: string, earlier: unknown): boolean {
  return earlier !== undefined && fs.readFileSync(file, 'utf8') === textOf(earlier)
}

function textOf(description: unknown): string {
  return `${JSON.stringify(description, undefined, 2)}\n`
}

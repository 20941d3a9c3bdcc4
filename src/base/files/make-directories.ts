import * as fs from 'node:fs'
import * as path from 'node:path'
import { systemCode } from '../system-error.js'

/**
 * Creates a directory and the missing ones above it. Returns the uppermost one that was created, undefined when all were there.
 *
 * Node's own `recursive` never returns where the system answers "no such file" although the directory above exists, as it
 * does in /proc.
 *
 * @param mode permissions of what is created, less the umask. Default 0o777.
 * @throws the system's error.
 */
export function makeDirectories(directory: string, mode = 0o777): string | undefined {
  const wanted = path.resolve(directory)
  const missing: string[] = []
  let first: string | undefined
  for (let at = wanted; ; at = path.dirname(at)) {
    try {
      fs.mkdirSync(at, { mode })
      first = at
      break
    } catch (error) {
      const code = systemCode(error)
      if (code === 'EEXIST') break
      if (code !== 'ENOENT' || fs.existsSync(path.dirname(at))) throw error
      missing.push(at)
    }
  }
  for (const at of missing.reverse()) {
    try {
      fs.mkdirSync(at, { mode })
      first ??= at
    } catch (error) {
      // Another process was faster.
      if (systemCode(error) !== 'EEXIST') throw error
    }
  }
  // What exists at the path may be a file.
  if (!fs.statSync(wanted).isDirectory()) fs.mkdirSync(wanted)
  return first
}

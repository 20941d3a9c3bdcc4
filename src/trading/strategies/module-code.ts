import { createHash } from 'node:crypto'
import * as fs from 'node:fs'
import * as path from 'node:path'
import { isCommandFile, readCommandStrategy } from './command.js'
import { localImports } from './local-imports.js'

/**
 * Which version of a strategy's code a file has: the SHA-256 of a module and of the files that it imports by relative paths, or of a
 * description with the program that it names. Hexadecimal. Where the files lie does not count, only where they lie from the module.
 *
 * @throws {StrategyError} for a description that is not valid, and what reading the files throws.
 */
export function moduleCode(file: string): string {
  if (isCommandFile(file)) return readCommandStrategy(file).code
  const hash = createHash('sha256').update(fs.readFileSync(file))
  const folder = path.dirname(path.resolve(file))
  for (const one of localImports(file)) hash.update(`\0${path.relative(folder, one)}\0${sha256(fs.readFileSync(one))}`)
  return hash.digest('hex')
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

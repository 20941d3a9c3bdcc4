import { createHash } from 'node:crypto'
import * as fs from 'node:fs'
import { isCommandFile, readCommandStrategy } from './command.js'

/**
 * Which version of a strategy's code a file has: the SHA-256 of a module, or of a description with the program that it names.
 * Hexadecimal. Files that a module imports do not count.
 *
 * @throws {StrategyError} for a description that is not valid, and what reading the file throws.
 */
export function moduleCode(file: string): string {
  if (isCommandFile(file)) return readCommandStrategy(file).code
  return createHash('sha256').update(fs.readFileSync(file)).digest('hex')
}

import { createHash } from 'node:crypto'
import * as fs from 'node:fs'
import * as path from 'node:path'
import { formatValue } from '../../base/format-value.js'
import { nearestName } from '../../base/nearest.js'
import type { CommandLine } from '../../runtime/supervision/command-process.js'
import { StrategyError } from '../errors.js'
import { isSymbol } from '../instruments/instrument.js'
import { isStrategyId } from './strategy.js'

/** A strategy that is run by a command, in any language: docs/strategy-protocol.md. */
export interface CommandStrategy {
  readonly id: string
  readonly symbols: readonly string[] | undefined
  readonly from: 'start' | 'end'
  readonly wantsTicker: boolean
  readonly command: CommandLine
  /** SHA-256 of the description and of the files in its folder that the command names, hexadecimal. */
  readonly code: string
}

/** Whether a strategy's file describes a command instead of being a module. */
export function isCommandFile(file: string): boolean {
  return path.extname(file) === '.json'
}

const NAMES = ['id', 'symbols', 'from', 'tickers', 'command'] as const

/**
 * Reads the description of a strategy that is run by a command: a JSON object with
 *
 * - `id`, `symbols`, `from`: as in `defineStrategy`. The process filters by itself; `symbols` are for messages;
 * - `tickers`: whether it reads Ticker frames. Default false;
 * - `command`: the program and its arguments. It is run in the folder of the file, with one argument more.
 *
 * @throws {StrategyError}
 */
export function readCommandStrategy(file: string): CommandStrategy {
  const fail = (what: string): StrategyError => new StrategyError(`${file} ${what}`, { path: file })
  if (!fs.existsSync(file)) throw fail('does not exist')
  const text = fs.readFileSync(file, 'utf8')
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw fail(`is not JSON: ${(error as Error).message}`)
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw fail('describes no strategy: it must have an object')
  const { id, symbols, from = 'start', tickers = false, command } = value as Record<string, unknown>
  for (const name of Object.keys(value)) {
    if ((NAMES as readonly string[]).includes(name)) continue
    const near = nearestName(name, NAMES)
    throw fail(
      `has '${name}', which is not known; ${near === undefined ? `there are ${NAMES.join(', ')}` : `did you mean '${near}'?`}`,
    )
  }
  if (!isStrategyId(id))
    throw fail(
      `has no good 'id': 1 to 32 letters, digits, '_', '.' and '-', and no '.' or '-' first; not ${formatValue(id)}`,
    )
  if (!isListOf(command, one => one !== '' && !one.includes('\0')))
    throw fail(`needs a 'command': a list of the program and its arguments, not ${formatValue(command)}`)
  if (symbols !== undefined && !isListOf(symbols, isSymbol))
    throw fail(`has 'symbols' that are no list of symbols: ${formatValue(symbols)}`)
  if (from !== 'start' && from !== 'end') throw fail(`takes 'start' or 'end' as 'from', not ${formatValue(from)}`)
  if (typeof tickers !== 'boolean') throw fail(`takes true or false as 'tickers', not ${formatValue(tickers)}`)
  const folder = path.dirname(path.resolve(file))
  return {
    id,
    symbols: symbols as readonly string[] | undefined,
    from,
    wantsTicker: tickers,
    command: { words: command as readonly string[], folder },
    code: codeOf(text, command as readonly string[], folder),
  }
}

function isListOf(value: unknown, isGood: (one: string) => boolean): boolean {
  return Array.isArray(value) && value.length > 0 && value.every(one => typeof one === 'string' && isGood(one))
}

/** Which version of a program it was: a script or a binary that lies beside the description. */
function codeOf(text: string, words: readonly string[], folder: string): string {
  const hash = createHash('sha256').update(text)
  for (const word of words) {
    const file = path.resolve(folder, word)
    if (fs.statSync(file, { throwIfNoEntry: false })?.isFile() === true) hash.update(fs.readFileSync(file))
  }
  return hash.digest('hex')
}

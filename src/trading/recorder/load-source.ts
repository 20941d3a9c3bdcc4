import * as path from 'node:path'
import { pathToFileURL } from 'node:url'
import { formatValue } from '../../base/format-value.js'
import { RecordingError } from '../errors.js'
import type { MessageSource } from './message-source.js'

/**
 * The source of messages that a module's default export is, or that it returns.
 *
 * @throws {RecordingError} when it is none.
 */
export async function loadSource(file: string): Promise<MessageSource> {
  let made: unknown
  try {
    const { default: exported } = (await import(pathToFileURL(path.resolve(file)).href)) as {
      readonly default?: unknown
    }
    made = typeof exported === 'function' ? await (exported as () => unknown)() : exported
  } catch (error) {
    throw new RecordingError(`${file} cannot be loaded: ${error instanceof Error ? error.message : String(error)}`, {
      path: file,
      cause: error,
    })
  }
  if (typeof (made as Partial<MessageSource> | undefined)?.receive === 'function') return made as MessageSource
  throw new RecordingError(
    `the default export of ${file} is ${formatValue(made)}; a source of messages is an object with a function 'receive', or a function that returns one`,
    { path: file },
  )
}

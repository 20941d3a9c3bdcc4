import * as fs from 'node:fs'
import * as path from 'node:path'
import { fromSystemError, systemCode } from '../../base/system-error.js'

/** How far a recording has come: in its directory, so that it continues there. */
export interface RecordingState {
  /** The name of the file that is written. */
  readonly file: string
  /** Bytes of it that are complete. */
  readonly bytes: number
  /** When the last message was received, ns since 1970, as digits. */
  readonly last: string
}

const NAME = 'recording.json'

/** Undefined when there is none, or when it is no such file: then the recording begins another file. */
export function readState(directory: string): RecordingState | undefined {
  let text: string
  try {
    text = fs.readFileSync(path.join(directory, NAME), 'utf8')
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined
    throw fromSystemError(error, 'reading', path.join(directory, NAME))
  }
  try {
    const { file, bytes, last } = JSON.parse(text) as Partial<RecordingState>
    const isState =
      typeof file === 'string' &&
      path.basename(file) === file &&
      Number.isSafeInteger(bytes) &&
      typeof last === 'string' &&
      /^\d{1,19}$/.test(last)
    return isState ? { file, bytes: bytes as number, last } : undefined
  } catch {
    return undefined
  }
}

/** Replaces it in one step. @throws the system's error. */
export function writeState(directory: string, state: RecordingState): void {
  const temporary = path.join(directory, `${NAME}.tmp`)
  fs.writeFileSync(temporary, JSON.stringify(state))
  fs.renameSync(temporary, path.join(directory, NAME))
}

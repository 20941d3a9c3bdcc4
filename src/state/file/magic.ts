import type { Mapping } from '../../native/addon.js'
import { CorruptStateError } from '../errors.js'
import { Header as H, STATE_MAGIC } from './format.js'

/**
 * Whether it begins as a state file does. Other files may be anything, so no message advises to remove or change them.
 */
export function isStateFile(mapping: Mapping): boolean {
  if (mapping.size < H.SIZE) return false
  return Buffer.from(mapping.buffer, H.MAGIC, STATE_MAGIC.length).toString('latin1') === STATE_MAGIC
}

export function noStateFile(file: string, cause?: unknown): CorruptStateError {
  return new CorruptStateError(
    `${file} does not begin as a state file does: it is not a state file, or it is damaged; use another path`,
    {
      path: file,
      cause,
    },
  )
}

import { createHash } from 'node:crypto'
import type { Schema } from './schema.js'

/**
 * The layout hash of the first n definitions, for every n, mapped to n. Definitions are only added, never removed, so each page was created
 * with one of these hashes. The result equals the layout hash of each prefix, but is computed in one pass.
 */
export function prefixHashes(schema: Schema): Map<string, number> {
  const { frames } = JSON.parse(schema.toJson()) as { frames: unknown[] }
  const hash = createHash('sha256').update('[')
  const lengths = new Map<string, number>([[digest(hash.copy()), 0]])
  frames.forEach((frame, i) => {
    hash.update(`${i === 0 ? '' : ','}${JSON.stringify(frame)}`)
    lengths.set(digest(hash.copy()), i + 1)
  })
  return lengths
}

function digest(hash: ReturnType<typeof createHash>): string {
  return hash.update(']').digest('hex').slice(0, 16)
}

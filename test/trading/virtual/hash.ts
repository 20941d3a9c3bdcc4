import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const [HEADER, CURSOR, SLOT] = [4096, 128, 64]

/** SHA-256 of all frames of a journal, headers included: of what its pages have up to their cursors. */
export function hashOfJournal(journal: string): string {
  const hash = createHash('sha256')
  const pages = readdirSync(journal).filter(name => name.endsWith('.page'))
  for (const name of pages.toSorted()) {
    const page = readFileSync(join(journal, name))
    hash.update(page.subarray(HEADER, HEADER + page.readUInt32LE(CURSOR) * SLOT))
  }
  return hash.digest('hex')
}

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

/** A new folder, on disk or in shared memory, removed when the test is over. */
export function makeFolder(where: 'disk' | 'memory' = 'disk'): string {
  const root = where === 'disk' ? tmpdir() : (process.env['TICKTAPE_TEST_MEMORY'] ?? tmpdir())
  const folder = mkdtempSync(join(root, 'journal-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, onTestFinished } from 'vitest'

/** A new folder, on disk or in shared memory, removed when the test is over. */
export function makeFolder(where: 'disk' | 'memory' = 'disk'): string {
  const folder = newFolder(where)
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** The same for all tests of a file: call it at the top of the file. */
export function makeFolderForAll(where: 'disk' | 'memory' = 'disk'): string {
  const folder = newFolder(where)
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

function newFolder(where: 'disk' | 'memory'): string {
  const root = where === 'disk' ? tmpdir() : (process.env['TICKTAPE_TEST_MEMORY'] ?? tmpdir())
  return mkdtempSync(join(root, 'journal-'))
}

/** Removes a journal whose writer is open. Its thread may create the next page meanwhile, so it is tried again. */
export function removeLive(directory: string): void {
  for (let attempt = 1; ; attempt++) {
    try {
      return rmSync(directory, { recursive: true, force: true })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOTEMPTY' || attempt === 10) throw error
    }
  }
}

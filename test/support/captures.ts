/** Real captures and real messages of venues, which are not part of the project. */
import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { gunzipSync } from 'node:zlib'
import type { TestContext } from 'vitest'

const FOLDER = resolve(import.meta.dirname, '../../../shared/data')

/** The path of a file, or of a folder, of the real data. The test is skipped where it is absent. */
export function realData(context: TestContext, ...names: readonly string[]): string {
  const path = join(FOLDER, ...names)
  context.skip(!existsSync(path), `there is no ${path}`)
  return path
}

/** The text of a file, unpacked. */
export function textIn(file: string): string {
  const bytes = readFileSync(file)
  return (bytes[0] === 0x1f ? gunzipSync(bytes) : bytes).toString()
}

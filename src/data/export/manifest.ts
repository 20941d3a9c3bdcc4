import * as fs from 'node:fs'
import * as path from 'node:path'
import { ExportError } from '../errors.js'
import type { ExportFormat } from './select.js'

/** How far one journal was exported. */
export interface JournalProgress {
  /** Frames before this position are in files. */
  readonly next: number
  /** When the page of the last of them was created, ns since 1970, as text: a journal that was created again has another one. */
  readonly created: string
}

/** `export.json` of an export's directory: what it has, so that the next run continues. */
export interface Manifest {
  readonly format: 1
  readonly files: ExportFormat
  readonly by: readonly string[]
  readonly decimals: Readonly<Record<string, number>>
  /** By the journal's name; '.' for a journal by itself. */
  readonly journals: Readonly<Record<string, JournalProgress>>
}

const FILE = 'export.json'

/** Undefined when there is none. @throws {ExportError} when it cannot be read. */
export function readManifest(directory: string): Manifest | undefined {
  const file = path.join(directory, FILE)
  let text: string
  try {
    text = fs.readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  try {
    const manifest = JSON.parse(text) as Manifest
    if (manifest.format === 1 && typeof manifest.journals === 'object') return manifest
  } catch (error) {
    throw new ExportError(`${file} is damaged: export into another directory`, { path: file, cause: error })
  }
  throw new ExportError(`${file} is of another version: export into another directory`, { path: file })
}

/** Replaces it in one step. The files that it counts must be synced before. */
export function writeManifest(directory: string, manifest: Manifest): void {
  const file = path.join(directory, FILE)
  const temporary = `${file}.tmp`
  const descriptor = fs.openSync(temporary, 'w', 0o600)
  try {
    fs.writeFileSync(descriptor, `${JSON.stringify(manifest, null, 2)}\n`)
    fs.fsyncSync(descriptor)
  } finally {
    fs.closeSync(descriptor)
  }
  fs.renameSync(temporary, file)
}

/** @throws {ExportError} when the directory has an export with other options. */
export function checkSameOptions(directory: string, known: Manifest, wanted: Manifest): void {
  const options = ({ files, by, decimals }: Manifest): string => JSON.stringify({ files, by, decimals })
  if (options(known) === options(wanted)) return
  throw new ExportError(
    `${directory} has an export with other options (${options(known)}): give the same ones to continue it, or another directory`,
    { path: directory },
  )
}

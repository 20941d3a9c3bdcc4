import * as fs from 'node:fs'
import * as path from 'node:path'
import { absolute } from '../../base/absolute.js'
import { FieldValueError } from '../../frames/errors.js'
import { makeDurableDirectories, syncDirectory } from '../../journal/files/directory.js'
import { Writer } from '../../journal/write/writer.js'
import { ImportError } from '../errors.js'
import { openCsv } from './csv.js'
import { readImportSchema } from './definition.js'
import { openJsonLines } from './json-lines.js'
import { Mapping, type MappingOptions } from './mapping.js'
import { openParquet } from './parquet.js'
import type { RowFile } from './rows.js'

export interface ImportOptions extends MappingOptions {
  /** A journal, or a file with definitions. */
  readonly schema: string
  /** The name of the frame that each row becomes. */
  readonly frame: string
  /** Bytes of a page; undefined for the default. */
  readonly pageSize: number | undefined
  readonly signal: AbortSignal
  /** Called from time to time with the files that are done, those that there are, and the frames. */
  readonly onProgress: (done: number, total: number, frames: number) => void
}

export interface ImportReport {
  readonly path: string
  readonly frames: number
  readonly files: number
  /** Columns that nothing was made of. */
  readonly unused: readonly string[]
}

const OPENERS: Readonly<Record<string, (file: string) => Promise<RowFile>>> = {
  '.csv': openCsv,
  '.jsonl': openJsonLines,
  '.ndjson': openJsonLines,
  '.parquet': openParquet,
}

/**
 * Makes a journal of files: a frame of each row, in their order. The journal appears complete, or not at all.
 *
 * @throws {ImportError} that names the file and the line of what cannot be imported; {PackageMissingError}, {JournalFullError}, and the
 * signal's reason.
 */
export async function importFiles(paths: readonly string[], to: string, options: ImportOptions): Promise<ImportReport> {
  const journal = absolute(to)
  if (fs.existsSync(journal))
    throw new ImportError(`${journal} exists already: give a directory that does not`, { path: journal })
  const { definition, instruments } = readImportSchema(options.schema, options.frame)
  const files = filesAt(paths)
  makeDurableDirectories(path.dirname(journal), 0o700)
  const temporary = `${journal}.${process.pid}.tmp`
  let frames = 0
  const unused = new Set<string>()
  try {
    const writer = Writer.open(temporary, {
      durability: 'interval',
      frames: [definition],
      ...(options.pageSize === undefined ? {} : { pageSize: options.pageSize }),
    })
    try {
      writer.addInstruments(instruments)
      for (const [done, file] of files.entries()) {
        const opened = await openRows(file)
        try {
          const mapping = new Mapping(file, opened, definition, options)
          for (const name of mapping.unused) unused.add(name)
          let before: bigint | undefined
          for await (const rows of opened.rows) {
            for (const row of rows) {
              const { values, options: header } = mapping.take(row)
              if (before !== undefined && header.time !== undefined && header.time < before)
                throw new ImportError(
                  `${mapping.place(row)} is older than the one before it: frames are in the order of their times, so sort the file`,
                  { path: file },
                )
              before = header.time
              try {
                writer.write(definition, values, header)
              } catch (error) {
                if (!(error instanceof FieldValueError)) throw error
                throw new ImportError(`${mapping.place(row)}: ${error.message}`, { path: file, cause: error })
              }
              frames++
            }
            options.signal.throwIfAborted()
            options.onProgress(done, files.length, frames)
            // The pages that are full are synced and the next ones made meanwhile.
            await new Promise(resolve => setImmediate(resolve))
          }
        } finally {
          await opened.close()
        }
      }
      await writer.flush()
    } finally {
      writer.close()
    }
    syncDirectory(temporary)
    fs.renameSync(temporary, journal)
    syncDirectory(path.dirname(journal))
  } catch (error) {
    fs.rmSync(temporary, { recursive: true, force: true })
    throw error
  }
  return { path: journal, frames, files: files.length, unused: [...unused] }
}

async function openRows(file: string): Promise<RowFile> {
  const name = file.endsWith('.gz') ? file.slice(0, -3) : file
  const open = OPENERS[path.extname(name)]
  if (open === undefined || (open === openParquet && name !== file))
    throw new ImportError(
      `${file} is of no known kind: names end in ${Object.keys(OPENERS).join(', ')}, or for text also in .gz`,
      { path: file },
    )
  return open(file)
}

/** A directory stands for its files, in the order of their names, of which numbers are compared as numbers. */
function filesAt(paths: readonly string[]): string[] {
  return paths.flatMap(one => {
    const status = fs.statSync(one, { throwIfNoEntry: false })
    if (status === undefined) throw new ImportError(`there is no file ${one}`, { path: one })
    if (!status.isDirectory()) return [one]
    const names = fs.readdirSync(one).sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
    if (names.length === 0) throw new ImportError(`${one} has no files`, { path: one })
    return names.map(name => path.join(one, name))
  })
}

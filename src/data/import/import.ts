import * as fs from 'node:fs'
import * as path from 'node:path'
import { absolute } from '../../base/absolute.js'
import type { FrameDefinition } from '../../frames/definition.js'
import { FieldValueError } from '../../frames/errors.js'
import { makeDurableDirectories, syncDirectory } from '../../journal/files/directory.js'
import { Writer } from '../../journal/write/writer.js'
import { ImportError } from '../errors.js'
import { openCsv } from './csv.js'
import { readImportSchema } from './definition.js'
import { openJsonLines } from './json-lines.js'
import { Mapping, type MappingOptions } from './mapping.js'
import { openParquet } from './parquet.js'
import type { Row, RowFile } from './rows.js'

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
 * @throws {ImportError} that names the file and the line of what cannot be imported; {InvalidOptionError}, {PackageMissingError},
 * {JournalFullError}, and the signal's reason.
 */
export async function importFiles(paths: readonly string[], to: string, options: ImportOptions): Promise<ImportReport> {
  const journal = absolute(to)
  if (fs.existsSync(journal))
    throw new ImportError(`${journal} exists already: give a directory that does not`, { path: journal })
  const { definition, instruments } = readImportSchema(options.schema, options.frame)
  const files = filesAt(paths)
  makeDurableDirectories(path.dirname(journal), 0o700)
  const temporary = `${journal}.${process.pid}.tmp`
  // Of an import that was killed, whose process had this number: what it wrote must not be in this one.
  fs.rmSync(temporary, { recursive: true, force: true })
  try {
    const writer = Writer.open(temporary, {
      durability: 'interval',
      frames: [definition],
      ...(options.pageSize === undefined ? {} : { pageSize: options.pageSize }),
    })
    const rows = new RowWriter(writer, definition, options)
    try {
      writer.addInstruments(instruments)
      for (const [done, file] of files.entries())
        await rows.add(file, frames => options.onProgress(done, files.length, frames))
      await writer.flush()
    } finally {
      writer.close()
    }
    syncDirectory(temporary)
    fs.renameSync(temporary, journal)
    syncDirectory(path.dirname(journal))
    return { path: journal, frames: rows.frames, files: files.length, unused: [...rows.unused] }
  } catch (error) {
    fs.rmSync(temporary, { recursive: true, force: true })
    throw error
  }
}

/** Writes a frame of each row of one file after another. */
class RowWriter {
  frames = 0
  /** Columns that nothing was made of. */
  readonly unused = new Set<string>()
  /** The time of the last row, of all files; undefined before the first one. */
  private last: bigint | undefined
  /** A file whose rows have no times: its frames have those of the import. */
  private untimed: string | undefined

  constructor(
    private readonly writer: Writer,
    private readonly definition: FrameDefinition,
    private readonly options: ImportOptions,
  ) {}

  /** @throws {ImportError} */
  async add(file: string, onBatch: (frames: number) => void): Promise<void> {
    const { options, unused } = this
    const opened = await openRows(file)
    try {
      const mapping = new Mapping(file, opened, this.definition, options)
      for (const name of mapping.unused) unused.add(name)
      if (!mapping.isTimed) this.untimed ??= file
      else if (this.untimed !== undefined)
        throw new ImportError(
          `${file} has times, but ${this.untimed} before it has none, so its frames have the time of the import: import it into a journal of its own`,
          { path: file },
        )
      for await (const rows of opened.rows) {
        for (const row of rows) this.write(mapping, row, file)
        options.signal.throwIfAborted()
        onBatch(this.frames)
        // The pages that are full are synced and the next ones made meanwhile.
        await new Promise(resolve => setImmediate(resolve))
      }
    } finally {
      await opened.close()
    }
  }

  private write(mapping: Mapping, row: Row, file: string): void {
    const { values, options } = mapping.take(row)
    const { time } = options
    if (time !== undefined && this.last !== undefined && time < this.last)
      throw new ImportError(
        `${mapping.place(row)} is older than the row before it: frames are in the order of their times, so sort the rows, and give the files in that order`,
        { path: file },
      )
    this.last = time ?? this.last
    try {
      this.writer.write(this.definition, values, options)
    } catch (error) {
      if (!(error instanceof FieldValueError)) throw error
      throw new ImportError(`${mapping.place(row)}: ${error.message}`, { path: file, cause: error })
    }
    this.frames++
  }
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

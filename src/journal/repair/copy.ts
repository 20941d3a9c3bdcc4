import * as fs from 'node:fs'
import * as path from 'node:path'
import { Page as P, SLOT_SIZE } from '../../frames/format.js'
import type { InstrumentTable } from '../../frames/instruments.js'
import type { Schema } from '../../frames/schema.js'
import { prefixHashes } from '../../frames/schema-prefixes.js'
import type { Directory } from '../../native/addon.js'
import { native } from '../../native/index.js'
import { RepairError } from '../errors.js'
import { pagePath } from '../files/directory.js'
import { writeInstruments } from '../files/instruments-file.js'
import { pageFileName } from '../files/page-names.js'
import { writeSchema } from '../files/schema-file.js'
import { encodePageHeader } from '../pages/header.js'
import { asPage, crc32c, type MappedPage, Word } from '../pages/page.js'
import { makeDurable, setMarks } from '../pages/page-end.js'
import { fromSystemError } from '../system-error.js'
import type { GoodPage } from './page.js'

/** Consecutive pages with all their frames; only the last page may have lost frames at its end. */
export type Run = readonly GoodPage[]

/** A directory in which a journal is being created, next to its final path. */
export class CopyDirectory {
  private constructor(
    private readonly parent: Directory,
    readonly directory: Directory,
    private readonly target: string,
  ) {}

  static make(target: string, like: string): CopyDirectory {
    let parent: Directory | undefined
    try {
      const copy = path.resolve(target)
      parent = native.openDirectory(path.dirname(copy), true)
      const directory = native.openDirectory(fs.mkdtempSync(`${copy}.making-`), false)
      directory.setMode(fs.statSync(like).mode & 0o777)
      return new CopyDirectory(parent, directory, path.basename(copy))
    } catch (error) {
      parent?.close()
      throw fromSystemError(error, 'making', target)
    }
  }

  /** Moves the finished journal to its final path. */
  finish(): void {
    this.directory.sync()
    this.parent.rename(path.basename(this.directory.path), this.target)
    this.parent.sync()
  }

  /** Removes what was created. */
  discard(): void {
    for (const name of this.directory.names()) this.directory.remove(name)
    // Removes only an empty directory.
    fs.rmdirSync(this.directory.path)
  }

  close(): void {
    this.directory.close()
    this.parent.close()
  }
}

/** Writes pages, schema.json, and instruments.json if there are instruments. All pages but the last are sealed; the last one is open for more frames, even if it was sealed before. */
export async function writeRun(
  directory: Directory,
  run: Run,
  schema: Schema,
  instruments: InstrumentTable,
  mode: number,
  onPage: () => Promise<void>,
): Promise<void> {
  writeSchema(directory, schema, mode)
  if (instruments.size > 0) writeInstruments(directory, instruments, mode)
  const hashes = prefixHashes(schema)
  const byLength = [...hashes.keys()]
  let definitions = 0
  for (const [i, good] of run.entries()) {
    // If a page's definitions are lost or unknown, it gets those of the page before it.
    definitions = Math.max(definitions, hashes.get(Buffer.from(good.identity.layoutHash).toString('hex')) ?? 0)
    copyPage(directory, good, Buffer.from(byLength[definitions], 'hex'), i < run.length - 1, mode)
    await onPage()
  }
}

function copyPage(directory: Directory, good: GoodPage, layoutHash: Uint8Array, sealed: boolean, mode: number): void {
  const { identity, slots } = good
  const file = pagePath(directory, identity.pageNumber)
  let made: MappedPage
  try {
    const header = encodePageHeader({ ...identity, layoutHash }, crc32c)
    made = asPage(
      directory.createFile(pageFileName(identity.pageNumber), identity.pageSize, mode, header),
      file,
      identity.pageNumber,
    )
  } catch (error) {
    throw fromSystemError(error, 'making', file)
  }
  try {
    const source = native.mapFile(good.path, false)
    try {
      if (source.size < P.HEADER_SIZE + slots * SLOT_SIZE)
        throw new RepairError(`${good.path} was truncated while it was being copied`, { path: good.path })
      made.memory.u8.set(new Uint8Array(source.buffer, P.HEADER_SIZE, slots * SLOT_SIZE), P.HEADER_SIZE)
    } finally {
      source.close()
    }
    setMarks(made, slots)
    Atomics.store(made.memory.i32, Word.CURSOR, slots)
    Atomics.store(made.memory.i32, Word.SEALED, sealed ? 1 : 0)
    makeDurable(made)
  } finally {
    made.mapping.close()
  }
}

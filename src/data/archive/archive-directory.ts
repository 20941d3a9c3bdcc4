import * as fs from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { readIn } from '../../base/files/where.js'
import { compare, Schema } from '../../frames/schema.js'
import { ArchiveError } from '../../journal/errors.js'
import { FileName, makeDurableDirectories, syncDirectory } from '../../journal/files/directory.js'
import { MAX_INSTRUMENTS_BYTES } from '../../journal/files/instruments-file.js'
import { readSchema } from '../../journal/files/schema-file.js'
import type { MappedPage } from '../../journal/pages/page.js'
import { firstTimeOf } from '../../journal/pages/page-times.js'
import type { Directory, FileLock } from '../../native/addon.js'
import { crashPoint } from '../../native/crash-point.js'
import { native } from '../../native/index.js'
import { type ArchivedPage, archiveFileName, writeSynced } from './archive-page.js'

/** `archive.json`: the pages of an archive, in their order. Times say which of them a question is about. */
interface ArchiveIndex {
  readonly format: 1
  readonly pages: readonly ArchivedPage[]
}

const INDEX = 'archive.json'
/** Locked by who adds pages: a command, or the retention of a writer. */
const LOCK = 'archive.lock'

/** How long to wait for another process that adds a page, in ms, and how often to look. */
const MOST_WAIT_MS = 60_000
const LOOK_MS = 10

/** An archive to add pages to. No other process adds any meanwhile. */
export class ArchiveDirectory {
  private constructor(
    readonly path: string,
    private readonly lock: FileLock,
    private known: readonly ArchivedPage[],
  ) {}

  /**
   * Makes the archive if there is none.
   *
   * @throws {ArchiveError} when the directory has other files, is damaged, or is in use for a minute; the system's error.
   */
  static async open(directory: string, mostWaitMs = MOST_WAIT_MS): Promise<ArchiveDirectory> {
    makeDurableDirectories(directory, 0o700)
    if (readIndex(directory) === undefined) checkEmpty(directory)
    const lock = await lockOf(directory, mostWaitMs)
    try {
      const pages = readIndex(directory)
      const opened = new ArchiveDirectory(directory, lock, pages ?? [])
      // Before anything else is there: an archive whose first page was interrupted is known as one.
      if (pages === undefined) opened.writeIndex()
      return opened
    } catch (error) {
      lock.close()
      throw error
    }
  }

  get pages(): readonly ArchivedPage[] {
    return this.known
  }

  page(number: number): ArchivedPage | undefined {
    return this.known.find(({ page }) => page === number)
  }

  /**
   * Checks that a page is one of the journal that the archive is of: the same that is there under its number, or the one after the
   * last.
   *
   * @throws {ArchiveError}
   */
  admit(page: MappedPage): void {
    const { number, firstPosition, capacity, identity } = page
    const refuse = (what: string): never => {
      throw new ArchiveError(`${this.path} ${what}: give another directory`, { path: this.path })
    }
    const have = this.page(number)
    if (have !== undefined) {
      if (have.created !== String(identity.created)) refuse(`has page ${number} of another journal`)
      return
    }
    const [last] = this.known.slice(-1)
    if (last === undefined) return
    const before = this.page(number - 1)
    if (before === undefined)
      return refuse(
        `ends with page ${last.page}, and page ${number} would leave a gap in it, because the journal has no page between them any more`,
      )
    const time = firstTimeOf(page)
    const isOlder = time !== undefined && before.lastTime !== undefined && time < BigInt(before.lastTime)
    if (isOlder || before.firstPosition + capacity !== firstPosition) refuse('is the archive of another journal')
  }

  /**
   * Copies what describes the frames: schema.json and instruments.json, which only become longer.
   *
   * @throws {ArchiveError} when the archive has definitions that the journal does not have.
   */
  describe(journal: Directory): void {
    const schema = readSchema(journal)
    for (const definition of readArchivedSchema(this.path)?.definitions ?? []) {
      const other = schema.get(definition.id)
      if (other === undefined || compare(definition, other).length > 0)
        throw new ArchiveError(
          `${this.path} has frames '${definition.name}' (id ${definition.id}) of another definition than ${journal.path}: it is the archive of another journal, give another directory`,
          { path: this.path },
        )
    }
    replaceIfChanged(this.path, FileName.SCHEMA, Buffer.from(schema.toJson()))
    if (journal.stat(FileName.INSTRUMENTS) !== null)
      replaceIfChanged(this.path, FileName.INSTRUMENTS, readIn(journal, FileName.INSTRUMENTS, MAX_INSTRUMENTS_BYTES))
  }

  /** Gives the packed file of a page its name. The page counts, and is durable, once this has returned. */
  add(page: ArchivedPage): void {
    const name = archiveFileName(page.page)
    crashPoint('archive-page-packed')
    fs.renameSync(join(this.path, `${name}.tmp`), join(this.path, name))
    crashPoint('archive-page-named')
    this.known = [...this.known.filter(one => one.page !== page.page), page].sort((a, b) => a.page - b.page)
    this.writeIndex()
    crashPoint('archive-page-listed')
  }

  /** Makes the names of its files durable. */
  sync(): void {
    syncDirectory(this.path)
  }

  close(): void {
    this.lock.close()
  }

  [Symbol.dispose](): void {
    this.close()
  }

  private writeIndex(): void {
    const index: ArchiveIndex = { format: 1, pages: this.known }
    const file = join(this.path, INDEX)
    writeSynced(`${file}.tmp`, Buffer.from(`${JSON.stringify(index, null, 1)}\n`))
    crashPoint('archive-index-written')
    fs.renameSync(`${file}.tmp`, file)
    // The name of a packed file too.
    this.sync()
  }
}

/** The pages of an archive; undefined when the directory is none. @throws {ArchiveError} when its index cannot be read. */
export function readIndex(archive: string): readonly ArchivedPage[] | undefined {
  const file = join(archive, INDEX)
  if (!fs.existsSync(file)) return undefined
  try {
    const index = JSON.parse(fs.readFileSync(file, 'utf8')) as ArchiveIndex
    if (index.format === 1 && Array.isArray(index.pages)) return index.pages
  } catch (error) {
    throw new ArchiveError(`${file} is damaged: ${(error as Error).message}`, { path: file, cause: error })
  }
  throw new ArchiveError(`${file} is of another version of ticktape`, { path: file })
}

/** The definitions of an archive; undefined while it has no page. */
export function readArchivedSchema(archive: string): Schema | undefined {
  const file = join(archive, FileName.SCHEMA)
  return fs.existsSync(file) ? Schema.parse(fs.readFileSync(file, 'utf8'), file) : undefined
}

/** Whether a directory is an archive, and not a journal. */
export function isArchive(directory: string): boolean {
  return fs.existsSync(join(directory, INDEX))
}

async function lockOf(archive: string, mostWaitMs: number): Promise<FileLock> {
  const directory = native.openDirectory(archive, true)
  try {
    for (const start = performance.now(); ; await sleep(LOOK_MS)) {
      const lock = directory.lockFile(LOCK, 0o600)
      if (lock !== null) return lock
      if (performance.now() - start >= mostWaitMs)
        throw new ArchiveError(
          `another process has been adding to ${archive} for ${Math.round(mostWaitMs / 1000)} s: wait for it, or stop it`,
          { path: archive },
        )
    }
  } finally {
    directory.close()
  }
}

function replaceIfChanged(archive: string, name: string, bytes: Buffer): void {
  const file = join(archive, name)
  if (fs.existsSync(file) && fs.readFileSync(file).equals(bytes)) return
  writeSynced(`${file}.tmp`, bytes)
  fs.renameSync(`${file}.tmp`, file)
}

/** What may be there before the index: of a process that died while it made the archive. */
const BEFORE_INDEX = new Set([LOCK, `${INDEX}.tmp`])

function checkEmpty(archive: string): void {
  const other = fs.readdirSync(archive).find(name => !BEFORE_INDEX.has(name))
  if (other !== undefined)
    throw new ArchiveError(`${archive} has other files ('${other}') and is no archive: give a directory of its own`, {
      path: archive,
    })
}

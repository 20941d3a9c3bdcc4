import * as fs from 'node:fs'
import { basename, dirname, join, resolve, sep } from 'node:path'
import { InvalidOptionError } from '../../base/errors.js'
import { privatePath } from '../../base/files/private-path.js'
import { formatValue } from '../../base/format-value.js'
import { checkOptions, kinds } from '../../base/options.js'
import { type FrameDefinition, isDefinition } from '../../frames/definition.js'
import { MAX_JOURNAL_ID, Page } from '../../frames/format.js'
import { DEFAULT_MODE } from '../files/directory.js'
import { archiverModule } from '../retain/archiver.js'
import type { WriterRetention } from '../retain/plan.js'
import { checkRetention } from '../retain/prune.js'

/** When frames become durable; see docs/guide.md. */
export type Durability = 'process' | 'interval' | 'commit'

export interface WriterOptions {
  /** Bytes of each page: 64 KiB to 1 GiB, a multiple of 4096. A journal keeps the size it was created with. Default 16 MiB. */
  readonly pageSize?: number
  /**
   * 'process' (the default in /dev/shm): frames survive the death of the process. 'interval' (the default on disk): they survive power loss,
   * except those of the last `syncInterval` ms or `syncFrames` slots. 'commit': `await writer.flush()` makes them survive power loss.
   */
  readonly durability?: Durability
  /** With 'interval': sync at least this often, in ms. Default 50. */
  readonly syncInterval?: number
  /** With 'interval': also sync after about this many slots. Default: by time only. */
  readonly syncFrames?: number
  /**
   * Give every frame a CRC32C before it is synced. Default: true, except with 'process'. Without it only the structure of frames can be checked
   * after power loss, not their bytes.
   */
  readonly checksums?: boolean
  /** Store the time in every frame. Default true; without, frames carry the time of the last `commit({ time })`. */
  readonly timestamps?: boolean
  /** Permissions of the files; the directory's follow from it. Default 0o600. */
  readonly mode?: number
  /** 0 to 65,535: the number by which causes name this journal. Default 0. */
  readonly journalId?: number
  /** Definitions to add to schema.json now, so that their first frame takes no longer than the others. */
  readonly frames?: readonly FrameDefinition[]
  /**
   * Remove the oldest pages beyond these limits, when the journal is opened and after each page, in the next turn of the event loop.
   * With `archive`, each page is packed into an archive before it is removed. Default: all pages are kept. See {@link WriterRetention}.
   */
  readonly retain?: WriterRetention
}

/** The options with their defaults, checked. */
export interface WriterSettings {
  readonly pageSize: number | undefined
  readonly durability: Durability
  readonly syncInterval: number
  readonly syncFrames: number
  readonly checksums: boolean
  readonly timestamps: boolean
  readonly mode: number
  readonly journalId: number
  readonly frames: readonly FrameDefinition[]
  readonly retain: WriterRetention | undefined
}

/** @throws {InvalidOptionError} */
export function checkWriterOptions(options: WriterOptions): void {
  checkOptions('Writer.open', options, {
    pageSize: kinds.integer(Page.MIN_SIZE, Page.MAX_SIZE),
    durability: kinds.oneOf('process', 'interval', 'commit'),
    syncInterval: kinds.integer(1, 60_000),
    syncFrames: kinds.integer(1, 2 ** 31),
    checksums: kinds.boolean,
    timestamps: kinds.boolean,
    mode: kinds.integer(0, 0o777),
    journalId: kinds.integer(0, MAX_JOURNAL_ID),
    frames: kinds.array,
    retain: kinds.object,
  })
  if (options.retain !== undefined)
    checkRetention("option 'retain' of Writer.open", options.retain, { archive: kinds.path })
  if (options.pageSize !== undefined && options.pageSize % Page.HEADER_SIZE !== 0) {
    throw new InvalidOptionError(
      `option 'pageSize' of Writer.open takes a multiple of ${Page.HEADER_SIZE}, not ${options.pageSize}`,
    )
  }
  if (options.mode !== undefined && (options.mode & 0o600) !== 0o600) {
    throw new InvalidOptionError(
      `option 'mode' of Writer.open must let the owner read and write (0o600), not 0o${options.mode.toString(8)}`,
    )
  }
  if (options.checksums === true && options.durability === 'process') {
    throw new InvalidOptionError(
      "option 'checksums' of Writer.open takes 'interval' or 'commit' for 'durability': checksums are computed when frames are synced, which 'process' never does",
    )
  }
  for (const definition of options.frames ?? []) {
    if (!isDefinition(definition)) {
      throw new InvalidOptionError(
        `option 'frames' of Writer.open takes definitions made by frame(), not ${formatValue(definition)}`,
      )
    }
  }
}

/** Sets the defaults. Some depend on the file system of the journal. */
export function resolveSettings(directory: string, options: WriterOptions): WriterSettings {
  const durability = options.durability ?? (isInMemory(directory) ? 'process' : 'interval')
  return {
    pageSize: options.pageSize,
    durability,
    syncInterval: options.syncInterval ?? 50,
    syncFrames: options.syncFrames ?? Number.POSITIVE_INFINITY,
    checksums: durability !== 'process' && (options.checksums ?? true),
    timestamps: options.timestamps ?? true,
    mode: options.mode ?? DEFAULT_MODE,
    journalId: options.journalId ?? 0,
    frames: options.frames ?? [],
    retain: options.retain,
  }
}

/**
 * The options with the path of the archive that will be used.
 *
 * @throws {InvalidOptionError} when it is in the journal, {BundledError} when the thread that archives could not be started.
 */
export function resolveArchive(directory: string, options: WriterOptions): WriterOptions {
  const { archive } = options.retain ?? {}
  if (archive === undefined) return options
  const path = privatePath(resolve(archive))
  const [journal, place] = [realPath(directory), realPath(path)]
  if (place === journal || place.startsWith(`${journal}${sep}`)) {
    throw new InvalidOptionError(
      `option 'archive' of 'retain' of Writer.open takes a directory outside of the journal ${directory}, not ${archive}`,
      { path },
    )
  }
  archiverModule()
  return { ...options, retain: { ...options.retain, archive: path } }
}

/** The path without symbolic links, as far as it exists. */
function realPath(path: string): string {
  if (fs.existsSync(path)) return fs.realpathSync(path)
  const above = dirname(path)
  return above === path ? path : join(realPath(above), basename(path))
}

const TMPFS_MAGIC = 0x01021994
const RAMFS_MAGIC = 0x858458f6

/** Whether a directory's file system is in memory, where nothing survives power loss. */
function isInMemory(directory: string): boolean {
  const type = fs.statfsSync(directory).type
  return type === TMPFS_MAGIC || type === RAMFS_MAGIC
}
